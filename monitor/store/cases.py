"""Cases: their histories, and the rows that picture what the history says.

`append` is the one way a case changes: it writes the events, the picture, the cancelled notices
and the edited card in the caller's one transaction. The key (case_id, seq) is the lock: of two
writers that read the same history, one fails and is run again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.case import EMPTY, Case, apply, fold, numbers_in
from monitor.domain.escalation import endings, goes_on, looks_different
from monitor.domain.event import Answered, Event, FollowedUp, Opened, Record
from monitor.domain.policy import Rule, rule_from
from monitor.domain.subscription import begins, happened
from monitor.domain.wait import Wait
from monitor.store import outbox, subscriptions, turns
from monitor.store.bulk import among
from monitor.store.codec import decode, encode
from monitor.store.engine import log_when_done, new_id
from monitor.store.failures import resting
from monitor.store.schema import case_event, case_post, cases, note, rule, wait

# what is asked again and again is put together once
_RECORD = (case_event.c[name] for name in ("seq", "at", "recorded_at", "by", "kind", "data"))
_HISTORY = (
    sa.select(*_RECORD)
    .where(case_event.c.case_id == sa.bindparam("case_id"))
    .order_by(case_event.c.seq)
)
_THIS = cases.c.id == sa.bindparam("case_id")
_LOCK = sa.select(cases.c.id).where(_THIS).with_for_update()
_PICTURE = cases.update().where(_THIS).returning(cases.c.brand_id, cases.c.network)
_POSTS = sa.select(case_post.c.post_id).where(case_post.c.case_id == sa.bindparam("case_id"))
_ROW = sa.select(cases).where(_THIS)
_KEY = ("brand_id", "network", "thread", "customer")
_FIND = sa.select(cases.c.id).where(*(cases.c[name] == sa.bindparam(name) for name in _KEY))
_OF_POST = (
    sa.select(cases)
    .join(case_post, case_post.c.case_id == cases.c.id)
    .where(case_post.c.post_id == sa.bindparam("post_id"))
)
_RULE = sa.select(rule.c.snapshot).where(rule.c.digest == sa.bindparam("digest"))


@dataclass(frozen=True, slots=True)
class CaseKey:
    """What makes a case one: `customer` is never empty (`anon:` + post id for the unknown)."""

    brand_id: int
    network: str
    thread: str
    customer: str


@dataclass(frozen=True, slots=True)
class Fact:
    """An event to be recorded, with when it was true and who says so."""

    at: datetime
    event: Event
    by: str


def customer_of(author_id: int | None, post_id: int) -> str:
    """The name of a customer in a case's key: a row number, so that no handle leaves `author`."""
    return str(author_id) if author_id is not None else f"anon:{post_id}"


def find(conn: Connection, key: CaseKey) -> int | None:
    """The id of the case, if there is one."""
    return conn.scalar(_FIND, asdict(key))


def in_thread(conn: Connection, brand_id: int, network: str, thread: str) -> dict[str, int]:
    """The cases of a thread by customer."""
    here = cases.c.brand_id == brand_id, cases.c.network == network, cases.c.thread == thread
    rows = conn.execute(sa.select(cases.c.customer, cases.c.id).where(*here))
    return {one.customer: one.id for one in rows}


def open_case(conn: Connection, key: CaseKey, *, root_post_id: int, opened_at: datetime) -> int:
    """A new case without history yet; its first `append` follows in the same transaction."""
    made = conn.execute(
        cases.insert().values(
            brand_id=key.brand_id,
            network=key.network,
            thread=key.thread,
            customer=key.customer,
            root_post_id=root_post_id,
            opened_at=opened_at,
            seq=0,
            status="open",
            confirmed=False,
            severity=0,
            level=0,
            claimed=False,
        )
    )
    return new_id(made)


def lock(conn: Connection, case_id: int) -> None:
    """Keep other writers of this case out until the transaction ends (SQLite: the whole file is)."""
    if conn.dialect.name == "postgresql":
        conn.execute(_LOCK, {"case_id": case_id})


def hold(conn: Connection, case_id: int) -> int:
    """Lock the case, or the one that it became part of in the end. Returns that one's number."""
    lock(conn, case_id)
    of_case = sa.select(cases.c.merged_into).where(cases.c.id == case_id)
    into = conn.scalar(of_case)
    return case_id if into is None else hold(conn, into)


def survivors(conn: Connection, case_ids: Collection[int]) -> dict[int, int]:
    """Each of these cases, by what it is now: itself, or the one that it became part of in the end."""
    found = {one: one for one in case_ids}
    while True:
        merged = sa.select(cases.c.id, cases.c.merged_into).where(
            among(conn, cases.c.id, set(found.values())), cases.c.merged_into.is_not(None)
        )
        into = {row.id: row.merged_into for row in conn.execute(merged)}
        if not into:
            return found
        found = {one: into.get(now, now) for one, now in found.items()}


def history(conn: Connection, case_id: int) -> tuple[Record, ...]:
    """The case's records in order."""
    return tuple(
        Record(seq, at, recorded_at, by, decode(kind, data))
        for seq, at, recorded_at, by, kind, data in conn.execute(_HISTORY, {"case_id": case_id})
    )


def load(conn: Connection, case_id: int) -> Case:
    """The case as its history tells it."""
    return fold(history(conn, case_id))


def append(
    conn: Connection,
    case_id: int,
    facts: Sequence[Fact],
    *,
    now: datetime,
    source: int | None = None,
) -> Case:
    """Record facts, redraw the picture, cancel notices of waits that ended, have the card edited.

    `source` is the case out of which they are moved: what was heard of there is not heard again.

    Returns the case afterwards. Recording nothing writes nothing.
    """
    lock(conn, case_id)
    before = load(conn, case_id)
    if not facts:
        return before
    records = [
        Record(before.seq + number, one.at, now, one.by, one.event)
        for number, one in enumerate(facts, start=1)
    ]
    after = before
    for one in records:
        after = apply(after, one)
    _write_records(conn, case_id, records)
    brand_id = _project(conn, case_id, before, after, now)
    moved = {} if source is None else _heard_there(conn, source, after)
    if source is not None:
        path = subscriptions.Path(source, case_id, moved, opens=begins(before, after))
        subscriptions.carry(conn, path, brand_id=brand_id, now=now)
    heard = happened(before, after, now, moved.values())
    subscriptions.write(conn, heard, brand_id=brand_id, case_id=case_id, now=now)
    for number, reason in endings(before, after).items():
        outbox.cancel(conn, case_id=case_id, wait=number, reason=reason)
    again = goes_on(before, after)
    if again is not None:
        outbox.want_again(conn, case_id=case_id, wait=again)
    if before is not EMPTY and looks_different(before, after):
        outbox.write_update(conn, brand_id=brand_id, case_id=case_id, seq=after.seq, now=now)
    return after


def _heard_there(conn: Connection, source: int, after: Case) -> dict[int, int]:
    """The waits of a case of which others may have heard, by what each is called in the other one."""
    there = load(conn, source)
    numbers = numbers_in(after, there)
    return {one: new for one, new in numbers.items() if _is_confirmed(there, one)}


def _is_confirmed(case: Case, number: int) -> bool:
    return any(one.number == number and case.is_confirmed(one) for one in case.waits)


def _write_records(conn: Connection, case_id: int, records: Sequence[Record]) -> None:
    rows = []
    posts = set()
    for one in records:
        kind, data = encode(one.event)
        log_when_done(conn, "case_changed", case=case_id, seq=one.seq, kind=kind)
        rows.append(
            {
                "case_id": case_id,
                "seq": one.seq,
                "kind": kind,
                "at": one.at,
                "recorded_at": one.recorded_at,
                "by": one.by,
                "data": data,
            }
        )
        match one.event:
            case Opened(ask=ask) | FollowedUp(ask=ask):
                posts.add(ask.post)
            case Answered(post=post):
                posts.add(post)
            case _:
                pass
    conn.execute(case_event.insert(), rows)
    _link(conn, case_id, posts)


def _link(conn: Connection, case_id: int, posts: set[int]) -> None:
    known = set(conn.scalars(_POSTS, {"case_id": case_id}))
    fresh = sorted(posts - known)
    if fresh:
        conn.execute(case_post.insert(), [{"case_id": case_id, "post_id": one} for one in fresh])


def _project(conn: Connection, case_id: int, before: Case, after: Case, now: datetime) -> int:
    """Write the picture: the case's row and its waits. Whatever changed, escalation looks again.

    Returns the brand's number.
    """
    said = {**case_row(after), "next_action_at": now if after.open_wait else None}
    key = conn.execute(_PICTURE, {**said, "case_id": case_id}).one()
    if before.waits:
        conn.execute(wait.delete().where(wait.c.case_id == case_id))
    rows = [
        {
            "case_id": case_id,
            "brand_id": key.brand_id,
            "network": key.network,
            **wait_row(after, one),
        }
        for one in after.waits
    ]
    if rows:
        conn.execute(wait.insert(), rows)
    return int(key.brand_id)


def case_row(case: Case) -> dict[str, Any]:
    """The columns of `cases` that picture the fold."""
    opened = case.open_wait or (case.waits[-1] if case.waits else None)
    return {
        "seq": case.seq,
        "status": case.status.value,
        "confirmed": opened is not None and case.is_confirmed(opened),
        "severity": int(case.severity),
        "level": case.level,
        "owner": case.owner,
        "claimed": case.claimed,
        "acknowledged_until": case.acknowledged_until,
        "snoozed_until": case.snoozed_until,
        "merged_into": case.merged_into,
    }


def wait_row(case: Case, one: Wait) -> dict[str, Any]:
    """The columns of `wait` that picture one wait of the fold."""
    return {
        "number": one.number,
        "started_at": one.started_at,
        "first_seen_at": one.first_seen_at,
        "due_at": one.due_at,
        "rule": one.rule,
        "severity": int(one.severity),
        "topics": ",".join(one.topics),
        "confirmed": case.is_confirmed(one),
        "owner": case.owner,
        "first_post_id": one.first_post,
        "ended_at": one.ended_at,
        "ended_after": one.ended_after,
        "outcome": one.outcome.value if one.outcome else None,
        "answer_post_id": one.answer,
        "channel": one.channel.value if one.channel else None,
        "dismissed": one.dismissed.value if one.dismissed else None,
        "dismissed_at": one.dismissed_at,
    }


def due(conn: Connection, stage: str, now: datetime, limit: int) -> list[int]:
    """The cases to look at that do not rest after a failure; brands take turns, longest due first."""
    is_due = cases.c.next_action_at.is_not(None) & (cases.c.next_action_at <= now)
    each = (
        sa.select(cases.c.id, cases.c.brand_id, cases.c.next_action_at)
        .where(is_due, ~resting(stage, sa.cast(cases.c.id, sa.Text), now))
        .order_by(cases.c.next_action_at)
        .limit(turns.SEEN)
        .subquery()
    )
    order = each.c.next_action_at, each.c.id
    turn = turns.turn_of(each.c.brand_id, *order)
    return list(conn.scalars(sa.select(each.c.id).order_by(turn, *order).limit(limit)))


def look_again(conn: Connection, case_id: int, at: datetime | None) -> None:
    """When escalation has to look at the case again; None: not before something happens."""
    conn.execute(cases.update().where(cases.c.id == case_id).values(next_action_at=at))


def move(conn: Connection, case_id: int, thread: str) -> None:
    """The case's thread became known under another name."""
    conn.execute(cases.update().where(cases.c.id == case_id).values(thread=thread))


def row(conn: Connection, case_id: int) -> sa.Row[Any] | None:
    """The stored picture of the case."""
    return conn.execute(_ROW, {"case_id": case_id}).one_or_none()


def count(conn: Connection) -> int:
    """How many cases there are."""
    return int(conn.scalar(sa.select(sa.func.count()).select_from(cases)) or 0)


def of_post(conn: Connection, post_id: int) -> list[sa.Row[Any]]:
    """The rows of the cases that a post has a part in."""
    return list(conn.execute(_OF_POST, {"post_id": post_id}))


def linked(conn: Connection, case_ids: Collection[int]) -> set[tuple[int, int]]:
    """Which posts have a part in these cases, as pairs (case, post)."""
    pairs = sa.select(case_post.c.case_id, case_post.c.post_id)
    found = conn.execute(pairs.where(among(conn, case_post.c.case_id, case_ids)))
    return {(case_id, post_id) for case_id, post_id in found}


def keep_note(conn: Connection, case_id: int, text: str, *, by: str, at: datetime) -> int:
    """Keep what staff wrote of a case; events hold its number only."""
    return new_id(conn.execute(note.insert().values(case_id=case_id, at=at, by=by, text=text)))


def move_notes(conn: Connection, source: int, into: int) -> None:
    """They are kept as long as the case that has their facts now."""
    conn.execute(note.update().where(note.c.case_id == source).values(case_id=into))


def notes(conn: Connection, records: Sequence[Record]) -> dict[int, str]:
    """What staff wrote of a case and is kept, by the numbers that its records hold."""
    held = (getattr(one.event, "note", None) for one in records)
    told: list[int] = [number for number in held if number is not None]
    if not told:
        return {}
    kept = among(conn, note.c.id, told) & note.c.text.is_not(None)
    rows = conn.execute(sa.select(note.c.id, note.c.text).where(kept))
    return {one.id: one.text for one in rows}


def keep_rule(conn: Connection, one: Rule) -> str:
    """Keep a rule's snapshot under its digest, once."""
    digest = one.digest
    known = conn.scalar(sa.select(rule.c.digest).where(rule.c.digest == digest))
    if known is None:
        insert: Any = _insert(conn)(rule).values(digest=digest, snapshot=one.snapshot)
        conn.execute(insert.on_conflict_do_nothing())
    return digest


def _insert(conn: Connection) -> Any:
    if conn.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert
    else:
        from sqlalchemy.dialects.sqlite import insert  # type: ignore[assignment]
    return insert


def kept_rule(conn: Connection, digest: str) -> Rule:
    """The rule that was frozen into a wait."""
    return rule_from(conn.execute(_RULE, {"digest": digest}).scalar_one())

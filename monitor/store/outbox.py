"""The outbox: notices as rows, written in the transaction of the state that caused them.

A row is `pending` until it is `sent` (with the other side's receipt), `suppressed` (with the reason)
or `failed` (refused for good). Whoever sends claims it first: a lease, and `attempted_at`, committed
*before* sending. So a row that is pending and attempted is of unknown fate, whatever died.

The sender sees all brands: what it works through is one list. Times called `at` and `until` are
transport time (the machine's), `now` is domain time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from monitor.domain.notice import NoticeKind, NoticeState, Planned, Reason, Receipt
from monitor.store import leases
from monitor.store.bulk import among
from monitor.store.cross_brand import Why, across
from monitor.store.leases import FREE
from monitor.store.leaving import CANCELLED, Pending, card_of
from monitor.store.schema import notice

_IS_PENDING = leases.is_pending(notice)
# A row whose fate was never in doubt. (A possibly repeated one was out once already.)
_NEVER_ATTEMPTED = sa.and_(notice.c.attempted_at.is_(None), notice.c.possibly_repeated.is_(False))
_ENDINGS = [
    one.value for one in (Reason.ANSWERED, Reason.WITHDRAWN, Reason.DISMISSED, Reason.ABSORBED)
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What became of a notice, for people."""

    key: str
    kind: NoticeKind
    audience: str
    reason: Reason
    state: NoticeState
    wait: int | None
    step: str | None
    due_at: datetime
    written_at: datetime
    sent_at: datetime | None
    attempts: int
    possibly_repeated: bool
    problem: str | None


_ENTRIES = sa.select(*(notice.c[name] for name in Entry.__dataclass_fields__))
_OF_CASE = _ENTRIES.where(notice.c.case_id == sa.bindparam("of_case")).order_by(notice.c.id)
_OF_KEY = _ENTRIES.where(notice.c.key == sa.bindparam("of_key"))


def write(
    conn: Connection,
    planned: Sequence[Planned],
    *,
    brand_id: int | None,
    case_id: int | None,
    now: datetime,
    payload: Mapping[str, Any] | None = None,
) -> None:
    """Write what was decided; a key that is already there says the same and stays as it is."""
    if not planned:
        return
    rows = [
        {
            "key": one.key,
            "brand_id": brand_id,
            "kind": one.kind.value,
            "audience": one.audience,
            "reason": one.reason.value,
            "state": (NoticeState.SUPPRESSED if one.suppressed else NoticeState.PENDING).value,
            "case_id": case_id,
            "wait": one.wait,
            "step": one.step,
            "under": one.under,
            "payload": payload,
            "due_at": one.due_at,
            "written_at": now,
            "attempts": 0,
            "possibly_repeated": False,
        }
        for one in planned
    ]
    dialect = postgresql if conn.dialect.name == "postgresql" else sqlite
    conn.execute(dialect.insert(notice).on_conflict_do_nothing(index_elements=["key"]), rows)


def cancel(conn: Connection, *, case_id: int, wait: int, reason: Reason) -> int:
    """Suppress the wait's pending alert and escalations. Returns how many.

    One that was attempted may have arrived: it is only marked, and dropped once a look at the other
    side has shown that it did not.
    """
    of_wait = sa.and_(_of_wait(case_id, wait), _IS_PENDING)
    number = _suppress(conn, of_wait, reason)
    # in this order: what a sender claims between the two statements is marked by the second one
    mark = {CANCELLED: reason.value}
    conn.execute(sa.update(notice).where(of_wait).values(payload=mark))
    return number


def want_again(conn: Connection, *, case_id: int, wait: int) -> None:
    """The wait goes on: what its end had cancelled is to be told after all."""
    was_cancelled = sa.and_(
        notice.c.state == NoticeState.SUPPRESSED.value, notice.c.reason.in_(_ENDINGS)
    )
    reason = sa.case(
        (notice.c.kind == NoticeKind.ALERT.value, Reason.OPENED.value), else_=Reason.STEP_DUE.value
    )
    conn.execute(
        sa.update(notice)
        .where(_of_wait(case_id, wait), sa.or_(was_cancelled, _IS_PENDING))
        .values(state=NoticeState.PENDING.value, reason=reason, payload=None)
    )


def move(conn: Connection, key: str, *, into: int, wait: int) -> None:
    """A notice goes to the case that has its wait now, under the wait's number there."""
    moved = sa.update(notice).where(notice.c.key == key).values(case_id=into, wait=wait)
    conn.execute(moved)


def _of_wait(case_id: int, wait: int) -> sa.ColumnElement[bool]:
    """What tells people of a wait: its alert and its escalations."""
    told = [NoticeKind.ALERT.value, NoticeKind.ESCALATION.value]
    return sa.and_(notice.c.case_id == case_id, notice.c.wait == wait, notice.c.kind.in_(told))


def card_audience(conn: Connection, case_id: int) -> str | None:
    """Whom the case's card is for (sent or about to be); None if the case has no card."""
    query = sa.select(notice.c.audience).where(notice.c.id == card_of(sa.literal(case_id)))
    return conn.execute(query).scalar()


def write_update(
    conn: Connection, *, brand_id: int, case_id: int, seq: int | str, now: datetime
) -> None:
    """Have what shows the case edited, if there is any: one edit for all that changed meanwhile.

    `seq` names what changed: its number in the case's history. That is its card, and each message of
    a storm that names it among others: there one edit is for all of them.
    """
    gathered = (notice.c.case_id == case_id) & (notice.c.reason == Reason.GATHERED.value)
    shown = sa.select(card_of(sa.literal(case_id))).union(sa.select(notice.c.under).where(gathered))
    query = sa.select(notice.c.id, notice.c.audience, notice.c.kind).order_by(notice.c.id)
    for one in conn.execute(query.where(notice.c.id.in_(shown))).all():
        key, shared = f"{NoticeKind.UPDATE}:{case_id}:{seq}", None
        if one.kind == NoticeKind.ROLL_UP.value:
            key, shared = f"{key}:{one.id}", one.id
        own = (notice.c.case_id == case_id) & notice.c.under.is_(None)
        supersede_updates(conn, own if shared is None else under(shared))
        planned = Planned(
            key, NoticeKind.UPDATE, one.audience, Reason.CHANGED, due_at=now, under=shared
        )
        write(conn, [planned], brand_id=brand_id, case_id=case_id, now=now)


def supersede_updates(conn: Connection, which: sa.ColumnElement[bool]) -> None:
    """An edit that follows shows what these would have shown."""
    _suppress(
        conn, which & (notice.c.kind == NoticeKind.UPDATE.value) & _IS_PENDING, Reason.SUPERSEDED
    )


def under(number: int) -> sa.ColumnElement[bool]:
    """What edits that notice or belongs under it. Literally as in the partial index."""
    return sa.and_(notice.c.under.is_not(None), notice.c.under == number)


def case_notices(conn: Connection, case_id: int) -> list[Entry]:
    """What was told of a case, and what was not and why, in the order of writing."""
    return [_entry(row) for row in conn.execute(_OF_CASE, {"of_case": case_id})]


def entry(conn: Connection, key: str) -> Entry | None:
    """What became of one notice."""
    row = conn.execute(_OF_KEY, {"of_key": key}).one_or_none()
    return None if row is None else _entry(row)


def there(conn: Connection, keys: Collection[str]) -> set[str]:
    """Those of the keys that have a notice, whatever became of it."""
    return set(conn.scalars(sa.select(notice.c.key).where(among(conn, notice.c.key, keys))))


def counts(conn: Connection) -> dict[tuple[NoticeState, Reason], int]:
    """How many notices there are of each state and reason."""
    pair = (notice.c.state, notice.c.reason)
    query = sa.select(*pair, sa.func.count()).group_by(*pair)
    return {
        (NoticeState(state), Reason(reason)): number
        for state, reason, number in conn.execute(across(query, Why.OPERATION))
    }


@dataclass(frozen=True, slots=True)
class HeldUp:
    """Notices to one audience that wait for the same problem to be mended, and since when the first does."""

    audience: str
    problem: str
    number: int
    since: datetime


def held_up(conn: Connection) -> list[HeldUp]:
    """What was tried in vain and waits to be tried again, the longest waiting first."""
    first = sa.func.min(notice.c.due_at)
    about = (notice.c.audience, notice.c.problem)
    query = sa.select(*about, sa.func.count(), first).where(
        _IS_PENDING, notice.c.problem.is_not(None)
    )
    query = query.group_by(*about).order_by(first, *about)
    return [HeldUp(*row) for row in conn.execute(across(query, Why.OPERATION))]


def claim(conn: Connection, one: Pending, *, token: str, at: datetime, until: datetime) -> bool:
    """Take the row and say that it is about to be sent. False: it changed since it was read."""
    return leases.take(
        conn,
        notice,
        one.id,
        attempts=one.attempts,
        at=at,
        token=token,
        until=until,
        attempted_at=at,
    )


def will_repeat(conn: Connection, one: Pending, token: str) -> bool:
    """Before sending again what may have arrived. False: the claim was lost."""
    return _settle(conn, one, token, possibly_repeated=True)


def sent(conn: Connection, one: Pending, token: str, receipt: Receipt, now: datetime) -> bool:
    """Keep the receipt. False: the claim was lost; if somebody else sent it too, the row says so."""
    kept = _settle(
        conn,
        one,
        token,
        **FREE,
        state=NoticeState.SENT.value,
        place=receipt.place,
        name=receipt.name,
        sent_at=now,
        problem=None,
    )
    if not kept:
        others = sa.or_(notice.c.name.is_(None), notice.c.name != receipt.name)
        twice = sa.update(notice).where(notice.c.id == one.id, others)
        conn.execute(twice.values(possibly_repeated=True))
    return kept


def postpone(
    conn: Connection,
    one: Pending,
    token: str,
    *,
    at: datetime,
    rest: timedelta,
    problem: str,
    fate_unknown: bool,
) -> bool:
    """Try again after a rest; with `fate_unknown` by looking first."""
    known = {} if fate_unknown else {"attempted_at": None}
    return _settle(conn, one, token, **leases.put_off(at, rest), **known, problem=problem)


def fail(conn: Connection, one: Pending, token: str, problem: str) -> bool:
    """The other side refuses it for good."""
    return _settle(conn, one, token, **FREE, state=NoticeState.FAILED.value, problem=problem)


def drop(
    conn: Connection, one: Pending, token: str, reason: Reason, *, may_be_there: bool = False
) -> bool:
    """A claimed one that is no longer wanted. `may_be_there`: if it is wanted again, that is a repeat."""
    values = {"state": NoticeState.SUPPRESSED.value, "reason": reason.value, "attempted_at": None}
    repeated = one.possibly_repeated or may_be_there
    return _settle(conn, one, token, **FREE, **values, possibly_repeated=repeated)


def suppress(conn: Connection, one: Pending, reason: Reason) -> bool:
    """Decide not to send one that was never attempted."""
    return _suppress(conn, sa.and_(notice.c.id == one.id, _IS_PENDING), reason) == 1


def hold_back(conn: Connection, brands: Iterable[int]) -> int:
    """Never send what a rehearsal of these brands wrote and left. Returns how many."""
    theirs = sa.and_(notice.c.brand_id.in_(list(brands)), _IS_PENDING)
    return _suppress(conn, theirs, Reason.SHADOW)


def release(conn: Connection) -> int:
    """End all leases. Only for who knows that no sender lives (`leases.release`)."""
    return leases.release(conn, notice)


def _suppress(conn: Connection, which: sa.ColumnElement[bool], reason: Reason) -> int:
    values = {"state": NoticeState.SUPPRESSED.value, "reason": reason.value}
    done = conn.execute(sa.update(notice).where(which, _NEVER_ATTEMPTED).values(values))
    return done.rowcount


def _settle(conn: Connection, one: Pending, token: str, **values: Any) -> bool:
    return leases.settle(conn, notice, one.id, token, **values)


def _entry(row: sa.Row[Any]) -> Entry:
    fields = row._asdict()
    fields["kind"] = NoticeKind(row.kind)
    fields["reason"] = Reason(row.reason)
    fields["state"] = NoticeState(row.state)
    return Entry(**fields)

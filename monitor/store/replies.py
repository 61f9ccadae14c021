"""Answers that leave from here: rows that are claimed, posted, looked for, and told of.

Like the outbox: whoever posts claims the row first and commits `attempted_at` *before* posting, so a
pending row that was attempted is of unknown fate, whatever died. Unlike a notice, an answer of unknown
fate is never posted again by itself. Its text is a row of `note`, and is erased there.

Times called `at` and `until` are transport time (the machine's), `now` is domain time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.notice import Reason
from monitor.domain.post import Post
from monitor.domain.reply import Draft, ReplyState
from monitor.domain.wait import Outcome
from monitor.store import cases, leases, mentions
from monitor.store.cross_brand import Why, across
from monitor.store.engine import new_id
from monitor.store.failures import resting
from monitor.store.leases import FREE
from monitor.store.schema import brand, note, reply, wait

STAGE = "reply"
"""The stage that works the list off; its items are the numbers of replies."""
ROUND = 100

_NO_WAIT = 0
_OF_WAIT = sa.and_(wait.c.case_id == reply.c.case_id, wait.c.number == reply.c.wait)
_IS_OVER = sa.or_(wait.c.number.is_(None), wait.c.ended_at.is_not(None))
_NEVER_OUT = sa.and_(leases.is_pending(reply), reply.c.attempted_at.is_(None))
"""It certainly does not stand there, and is not being posted."""
_ENDED: Mapping[str, Reason] = {
    Outcome.ANSWERED.value: Reason.ANSWERED,
    Outcome.ANSWERED_ELSEWHERE.value: Reason.ANSWERED,
    Outcome.WITHDRAWN.value: Reason.WITHDRAWN,
    Outcome.DISMISSED.value: Reason.DISMISSED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """An answer that is to be posted, looked for, or was asked about and may be closed."""

    number: int
    key: str
    brand_id: int
    brand: str
    case_id: int
    source: str
    to: Post
    text: str | None
    """None: it was erased."""
    was_asked: bool
    attempts: int
    attempted_at: datetime | None
    """Since when its fate is unknown."""
    tried_at: datetime | None
    """The very first attempt, in domain time."""
    written_at: datetime
    unwanted: Reason | None
    """Why nobody waits for it any more."""


def write(conn: Connection, one: Draft, *, brand_id: int, by: str, now: datetime) -> int:
    """A new answer that waits to be posted. Returns its number."""
    kept = cases.keep_note(conn, one.case_id, one.text, by=by, at=now)
    made = conn.execute(
        reply.insert().values(
            key=uuid4().hex,
            brand_id=brand_id,
            case_id=one.case_id,
            wait=one.wait,
            post_id=one.post,
            source=one.source,
            by=by,
            note=kept,
            state=ReplyState.PENDING.value,
            written_at=now,
            attempts=0,
        )
    )
    return new_id(made)


# ------------------------------------------------------------------------------------- what is due


class Due(NamedTuple):
    """An answer that can be worked on, by whoever has its source and brand."""

    number: int
    source: str
    brand: str
    attempts: int


def due(conn: Connection, *, now: datetime, at: datetime) -> list[Due]:
    """What may be posted or looked for, or was asked about and its wait is over; the oldest first."""
    query = (
        sa.select(reply.c.id, reply.c.source, brand.c.name, reply.c.attempts)
        .join(brand, brand.c.id == reply.c.brand_id)
        .outerjoin(wait, _OF_WAIT)
        .where(_is_due(at), ~resting(STAGE, sa.cast(reply.c.id, sa.Text), now))
        .order_by(reply.c.id)
        .limit(ROUND)
    )
    return [Due(*row) for row in conn.execute(across(query, Why.DUE))]


def case_of(conn: Connection, number: int) -> int:
    """The case that an answer is part of."""
    found: int = conn.execute(sa.select(reply.c.case_id).where(reply.c.id == number)).scalar_one()
    return found


def pending(conn: Connection, number: int, *, at: datetime) -> Pending | None:
    """One of them; None if somebody has it, it rests, or it has its end."""
    query = (
        sa.select(
            reply,
            brand.c.name.label("brand"),
            note.c.text,
            _IS_OVER.label("is_over"),
            wait.c.outcome,
        )
        .join(brand, brand.c.id == reply.c.brand_id)
        .outerjoin(note, note.c.id == reply.c.note)
        .outerjoin(wait, _OF_WAIT)
        .where(reply.c.id == number, _is_due(at))
    )
    row = conn.execute(query).one_or_none()
    if row is None:
        return None
    to = mentions.load(conn, row.brand_id, row.post_id)
    if to is None:
        raise LookupError(f"the post that answer {number} is for is not there")
    return Pending(
        number=row.id,
        key=row.key,
        brand_id=row.brand_id,
        brand=row.brand,
        case_id=row.case_id,
        source=row.source,
        to=to.post,
        text=row.text,
        was_asked=row.state == ReplyState.ASKED.value,
        attempts=row.attempts,
        attempted_at=row.attempted_at,
        tried_at=row.tried_at,
        written_at=row.written_at,
        unwanted=_unwanted(row, is_gone=to.gone_at is not None),
    )


def _is_due(at: datetime) -> sa.ColumnElement[bool]:
    was_asked = reply.c.state == sa.literal_column("'asked'")
    return sa.or_(
        sa.and_(leases.is_pending(reply), leases.nobody_has_it(reply, at)),
        sa.and_(was_asked, _IS_OVER),
    )


def _unwanted(row: sa.Row[Any], *, is_gone: bool) -> Reason | None:
    if row.is_over:
        return _ENDED.get(row.outcome, Reason.ABSORBED)
    if is_gone:
        return Reason.WITHDRAWN
    return Reason.ERASED if row.text is None else None


# --------------------------------------------------------------------------------- who posts it


def claim(
    conn: Connection, one: Pending, *, token: str, at: datetime, until: datetime, now: datetime
) -> bool:
    """Take it, and say that it is about to be posted, or only to be looked for."""
    to_post = {} if one.attempted_at else {"attempted_at": at, "tried_at": one.tried_at or now}
    return leases.take(
        conn,
        reply,
        one.number,
        attempts=one.attempts,
        at=at,
        token=token,
        until=until,
        **to_post,
    )


def postpone(
    conn: Connection,
    one: Pending,
    token: str,
    *,
    at: datetime,
    rest: timedelta,
    problem: str | None,
    fate_unknown: bool,
) -> bool:
    """Try again after a rest; with `fate_unknown` by looking."""
    known = {} if fate_unknown else {"attempted_at": None}
    off = leases.put_off(at, rest)
    return leases.settle(conn, reply, one.number, token, **off, **known, problem=problem)


def end(
    conn: Connection,
    one: Pending,
    token: str,
    state: ReplyState,
    *,
    reason: Reason | None = None,
    problem: str | None = None,
) -> bool:
    """Failed, asked about or cancelled. False: the claim was lost."""
    told = {"reason": reason.value if reason else None, "problem": problem}
    return leases.settle(conn, reply, one.number, token, **FREE, **told, state=state.value)


def sent(conn: Connection, number: int, post_id: int | None, at: datetime) -> bool:
    """It stands there: whoever learns that is right, also after the claim was lost, or people were asked."""
    told = {"state": ReplyState.SENT.value, "sent_at": at, "sent_post_id": post_id}
    free = {**FREE, "problem": None, "reason": None}
    fresh = sa.and_(reply.c.id == number, reply.c.state != ReplyState.SENT.value)
    return conn.execute(sa.update(reply).where(fresh).values(**told, **free)).rowcount == 1


def close(conn: Connection, number: int, reason: Reason) -> bool:
    """Cancel one that is certainly not being posted at the moment. False: it was tried, or has its end."""
    may = sa.or_(_NEVER_OUT, reply.c.state == ReplyState.ASKED.value)
    told = {"state": ReplyState.CANCELLED.value, "reason": reason.value, "problem": None}
    done = conn.execute(sa.update(reply).where(reply.c.id == number, may).values(told))
    return done.rowcount == 1


def want_again(conn: Connection, number: int) -> None:
    """A person has looked, and wants it posted (again)."""
    fresh = {"state": ReplyState.PENDING.value, "attempted_at": None, "not_before": None}
    fresh |= {"problem": None, "reason": None}
    conn.execute(sa.update(reply).where(reply.c.id == number).values(fresh))


def release(conn: Connection) -> int:
    """End all leases. Only for who knows that nobody else posts (`leases.release`)."""
    return leases.release(conn, reply)


def seconds(conn: Connection, source: int, into: int, numbers: Mapping[int, int]) -> Sequence[int]:
    """Of answers to what is one wait now, not tried yet, those that would be the second one there.

    To be asked before they `move`. Of the two cases the answers of one stay: of that whose answer is
    there already, or may be, else of that whose answer was written first.
    """
    alive = (ReplyState.PENDING.value, ReplyState.ASKED.value, ReplyState.SENT.value)
    query = sa.select(reply.c.id, reply.c.case_id, reply.c.wait, _NEVER_OUT.label("never_out"))
    rows = conn.execute(
        query.where(reply.c.case_id.in_([source, into]), reply.c.state.in_(alive))
    ).all()
    found: list[int] = []
    for name in set(numbers.values()):
        here = [one for one in rows if one.case_id == into and one.wait == name]
        moved = [one for one in rows if one.case_id == source and numbers.get(one.wait) == name]
        if here and moved:
            sides = [[(bool(one.never_out), one.id) for one in side] for side in (here, moved)]
            found += [number for never_out, number in max(sides, key=min) if never_out]
    return found


def move(conn: Connection, source: int, into: int, numbers: Mapping[int, int]) -> None:
    """The case became part of another one, in which its waits have these `numbers`."""
    rows = conn.execute(sa.select(reply.c.id, reply.c.wait).where(reply.c.case_id == source)).all()
    for one in rows:
        values = {"case_id": into, "wait": numbers.get(one.wait, _NO_WAIT)}
        conn.execute(sa.update(reply).where(reply.c.id == one.id).values(values))

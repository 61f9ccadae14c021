"""Who waits for an answer, first due first: page by page, as narrow as is asked. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.judgement import Severity
from monitor.domain.search import Search
from monitor.store import searching
from monitor.store.brands import NEVER
from monitor.store.bulk import among
from monitor.store.columns import EPOCH
from monitor.store.cross_brand import Why, across
from monitor.store.schema import author, case_event, cases, judgement, post, stream_network, wait

ONE_BY_ONE = 50
"""So many brands at most are asked each by itself."""
COUNTED = 1000
"""More are not counted one by one."""
NOBODY = "-"
"""As a person: nobody has it."""


class State(StrEnum):
    """How an open wait stands."""

    LATE = "late"
    IN_TIME = "in_time"
    CONFIRMED = "confirmed"
    UNCONFIRMED = "unconfirmed"
    CLAIMED = "claimed"
    ESCALATED = "escalated"
    SNOOZED = "snoozed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is looked for; empty parts leave everything in."""

    network: str = ""
    severity: Severity | None = None
    topic: str = ""
    language: str = ""
    person: str = ""
    state: State | None = None
    said: Search | None = None


class Place(NamedTuple):
    """Where a page ends: the next one goes on after it."""

    due_at: datetime
    case_id: int


class Line(NamedTuple):
    """One open wait."""

    case_id: int
    brand_id: int
    network: str
    severity: Severity
    topics: tuple[str, ...]
    started_at: datetime
    due_at: datetime
    confirmed: bool
    owner: str | None
    claimed: bool
    level: int
    snoozed_until: datetime | None
    acknowledged_until: datetime | None
    title: str | None
    text: str | None
    url: str | None
    author: str | None

    @property
    def place(self) -> Place:
        return Place(self.due_at, self.case_id)


def page(
    conn: Connection,
    brand_ids: Collection[int],
    wanted: Wanted,
    now: datetime,
    *,
    limit: int,
    after: Place | None = None,
) -> list[Line]:
    """The next `limit` open waits of these brands, first due first.

    Many brands are asked at once, and for keys first: to sort all that is open with its texts takes longer.
    """
    found: list[Line] = []
    for whose in _in_parts(conn, brand_ids):
        which = whose
        if len(brand_ids) > ONE_BY_ONE:
            keys = _behind(_open(conn, _keys(wanted, *_PLACE), whose, wanted, now), after)
            first = [row.case_id for row in conn.execute(keys.limit(limit))]
            which &= among(conn, wait.c.case_id, first)
        query = _behind(_open(conn, _ROWS, which, wanted, now), after)
        found += map(_line, conn.execute(query.limit(limit)).all())
    return sorted(found, key=lambda one: one.place)[:limit]


def count(conn: Connection, brand_ids: Collection[int], wanted: Wanted, now: datetime) -> int:
    """How many there are; `COUNTED` + 1 stands for more."""
    total = 0
    for whose in _in_parts(conn, brand_ids):
        # which stands in the index: no row is looked up
        its = _open(conn, _keys(wanted, wait.c.due_at), whose, wanted, now)
        # two-sided: the index of open waits, not of all
        some = its.where(wait.c.due_at.between(EPOCH, NEVER)).limit(COUNTED + 1).subquery()
        total += conn.scalar(sa.select(sa.func.count()).select_from(some)) or 0
    return min(total, COUNTED + 1)


def _in_parts(conn: Connection, brand_ids: Collection[int]) -> list[sa.ColumnElement[bool]]:
    """A few are asked one by one, each in the order of its index and for no more than is wanted of it."""
    if len(brand_ids) > ONE_BY_ONE:
        return [among(conn, wait.c.brand_id, brand_ids)]
    return [wait.c.brand_id == one for one in brand_ids]


def _keys(wanted: Wanted, *columns: sa.Column[Any]) -> sa.Select[Any]:
    query = sa.select(*columns)
    if wanted.state in _BY_CASE:
        query = query.join(cases, cases.c.id == wait.c.case_id)
    return query


def _behind(query: sa.Select[Any], after: Place | None) -> sa.Select[Any]:
    if after is not None:
        later = (wait.c.due_at > after.due_at) | (wait.c.case_id > after.case_id)
        query = query.where(wait.c.due_at >= after.due_at, later)
    return query.order_by(*_PLACE)


def networks(conn: Connection) -> list[str]:
    """Of which something was ever read."""
    return list(conn.scalars(across(_NETWORKS, Why.SHOWN)))


def pulse(conn: Connection) -> tuple[datetime | None, int]:
    """Another value than before: something happened to some case."""
    newest = sa.select(sa.func.max(case_event.c.recorded_at))
    last = conn.scalar(across(newest, Why.SHOWN))
    if last is None:
        return None, 0
    then = sa.select(sa.func.count()).where(case_event.c.recorded_at == last)
    return last, conn.scalar(across(then, Why.SHOWN)) or 0


_PLACE = (wait.c.due_at, wait.c.case_id)
_ROWS = (
    sa.select(
        wait.c.case_id,
        wait.c.brand_id,
        wait.c.network,
        wait.c.severity,
        wait.c.topics,
        wait.c.started_at,
        wait.c.due_at,
        wait.c.confirmed,
        wait.c.owner,
        cases.c.claimed,
        cases.c.level,
        cases.c.snoozed_until,
        cases.c.acknowledged_until,
        post.c.title,
        post.c.text,
        post.c.url,
        author.c.handle,
        author.c.name,
    )
    .join(cases, cases.c.id == wait.c.case_id)
    .outerjoin(post, post.c.id == wait.c.first_post_id)
    .outerjoin(author, author.c.id == post.c.author_id)
)
_BY_CASE = (State.CLAIMED, State.ESCALATED, State.SNOOZED)
"""What the row of the case tells, and not that of the wait."""
_NETWORKS = sa.select(stream_network.c.network).distinct().order_by("network")


def _open(
    conn: Connection,
    query: sa.Select[Any],
    whose: sa.ColumnElement[bool],
    wanted: Wanted,
    now: datetime,
) -> sa.Select[Any]:
    query = query.where(whose, wait.c.ended_at.is_(None))
    if wanted.network:
        query = query.where(wait.c.network == wanted.network)
    if wanted.severity is not None:
        query = query.where(wait.c.severity == int(wanted.severity))
    if wanted.topic:
        its = sa.literal(",") + wait.c.topics + ","
        query = query.where(its.contains(f",{wanted.topic},", autoescape=True))
    if wanted.language:
        said = sa.exists().where(
            judgement.c.post_id == wait.c.first_post_id, judgement.c.language == wanted.language
        )
        query = query.where(said)
    if wanted.person:
        is_theirs = wait.c.owner == wanted.person
        query = query.where(wait.c.owner.is_(None) if wanted.person == NOBODY else is_theirs)
    if wanted.state is not None:
        query = query.where(_is(wanted.state, now))
    if wanted.said is not None:
        query = query.where(searching.in_case(conn, wait.c.case_id, wanted.said))
    return query


def _is(state: State, now: datetime) -> sa.ColumnElement[bool]:
    tests: dict[State, sa.ColumnElement[bool]] = {
        State.LATE: wait.c.confirmed & (wait.c.due_at < now),
        State.IN_TIME: wait.c.due_at >= now,
        State.CONFIRMED: wait.c.confirmed.is_(True),
        State.UNCONFIRMED: wait.c.confirmed.is_(False),
        State.CLAIMED: cases.c.claimed.is_(True),
        State.ESCALATED: cases.c.level > 0,
        State.SNOOZED: cases.c.snoozed_until > now,
    }
    return tests[state]


def _line(row: Sequence[Any]) -> Line:
    case_id, brand_id, network, severity, topics, *facts, handle, name = row
    known_as = f"@{handle.lstrip('@')}" if handle else name
    about = tuple(topics.split(",")) if topics else ()
    return Line._make((case_id, brand_id, network, Severity(severity), about, *facts, known_as))

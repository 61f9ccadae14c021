"""Waits for those who count and list them: report, digest, open list. Reads only.

The rows picture the present. Of a moment in the past, the few cases to which something happened since
are folded again from their histories up to then, so a report is a function of (period, as_of).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.digest import Unanswered
from monitor.domain.event import DismissalReason, Escalated
from monitor.domain.judgement import Severity
from monitor.domain.notice import DigestLine
from monitor.domain.policy import Rule, rule_from
from monitor.domain.sla import WaitFacts, case_as_of
from monitor.domain.wait import Outcome, Wait
from monitor.store.brands import NEVER, first_run_at
from monitor.store.bulk import among
from monitor.store.cases import history
from monitor.store.columns import EPOCH, MICROSECOND
from monitor.store.cross_brand import Why, across
from monitor.store.schema import (
    author,
    brand,
    case_event,
    cases,
    failure,
    mention,
    post,
    rule,
    wait,
)

FIRST_SCREEN = 50
"""Lines of the open list, unless told otherwise."""

_PART = 1000
"""Rows fetched at once: one by one costs time, and ten thousand at once a full garbage collection."""


def of_period(
    conn: Connection, brand_id: int, *, since: datetime, until: datetime, as_of: datetime
) -> list[WaitFacts]:
    """The waits of a brand that began in [since, until), as they were at `as_of`."""
    changed = _changed_since(conn, brand_id, as_of)
    query = sa.select(*_FACTS).where(
        wait.c.brand_id == brand_id,
        wait.c.started_at >= since,
        wait.c.started_at < until,
        wait.c.started_at <= as_of,
    )
    parts = conn.execute(query).partitions(_PART)
    rows = (one for part in parts for one in _facts(part, _moments(conn)))
    again = (facts for facts, _ in _cases_as_of(conn, changed, as_of))
    return [
        *(one for one in rows if one.case_id not in changed),
        *(one for one in again if since <= one.started_at < until),
    ]


def begun(conn: Connection, since: datetime, until: datetime) -> dict[int, int]:
    """How many waits of each brand began in [since, until)."""
    query = (
        sa.select(wait.c.brand_id, sa.func.count())
        .where(wait.c.started_at >= since, wait.c.started_at < until)
        .group_by(wait.c.brand_id)
    )
    return dict(map(tuple, conn.execute(across(query, Why.DUE))))


def open_at(conn: Connection, brand_id: int, as_of: datetime) -> list[WaitFacts]:
    """The waits of a brand that were open at `as_of`, whenever they began."""
    changed = _changed_since(conn, brand_id, as_of)
    query = sa.select(*_FACTS).where(
        wait.c.brand_id == brand_id,
        wait.c.ended_at.is_(None),
        wait.c.due_at.between(EPOCH, NEVER),  # two-sided: the index of open waits, not of all
    )
    parts = conn.execute(query).partitions(_PART)
    rows = (one for part in parts for one in _facts(part, _moments(conn)))
    again = (facts for facts, _ in _cases_as_of(conn, changed, as_of))
    return [
        *(one for one in rows if one.exists(as_of) and one.case_id not in changed),
        *(one for one in again if one.exists(as_of) and not one.has_ended(as_of)),
    ]


def unanswered(conn: Connection, brand_id: int, as_of: datetime) -> list[Unanswered]:
    """The waits of a brand that are open at `as_of`, with what a digest prints, in no order."""
    changed = _changed_since(conn, brand_id, as_of)
    # `started_at` is compared here: in the query it would lure SQLite to the index of all waits
    found = [
        one
        for one in _lines(conn.execute(_open(brand_id)).all(), _moments(conn), as_of)
        if one.line.waiting_since <= as_of and one.line.case_id not in changed
    ]
    again = [
        (*_as_row(facts), one.rule, *_words_of(conn, one.first_post))
        for facts, one in _cases_as_of(conn, changed, as_of)
        if not facts.has_ended(as_of)
    ]
    return [*found, *_lines(again, _in_utc, as_of)]


def open_list(
    conn: Connection,
    brand_id: int,
    now: datetime,
    *,
    limit: int = FIRST_SCREEN,
    after: tuple[datetime, int] | None = None,
) -> list[Unanswered]:
    """What is open now, first due first; `after` goes on from a line's (due_at, case_id)."""
    query = _open(brand_id).order_by(wait.c.case_id)  # of those due at one moment
    if after is not None:
        due_at, case_id = after
        query = query.where(
            wait.c.due_at >= due_at, (wait.c.due_at > due_at) | (wait.c.case_id > case_id)
        )
    return list(_lines(conn.execute(query.limit(limit)).all(), _moments(conn), now))


def lines_of(conn: Connection, cases: Collection[int], as_of: datetime) -> tuple[DigestLine, ...]:
    """The open waits of these cases, of whatever brand, the longest waiting first."""
    found = conn.execute(_open_of(among(conn, wait.c.case_id, cases))).all()
    lines = (one.line for one in _lines(found, _moments(conn), as_of))
    return tuple(sorted(lines, key=lambda one: (one.waiting_since, one.case_id)))


def of_somebody(conn: Connection, brand_ids: Iterable[int]) -> list[int]:
    """The numbers of the open cases of these brands that somebody has, in order."""
    query = (
        sa.select(wait.c.case_id)
        .where(wait.c.brand_id.in_(list(brand_ids)), wait.c.ended_at.is_(None))
        .where(wait.c.due_at.between(EPOCH, NEVER), wait.c.owner.is_not(None))
        .order_by(wait.c.case_id)
    )
    return list(conn.scalars(query))


def rules_of(conn: Connection, digests: Iterable[str]) -> dict[str, Rule]:
    """The frozen rules by their digests."""
    query = sa.select(rule.c.digest, rule.c.snapshot).where(rule.c.digest.in_(sorted(set(digests))))
    return {digest: rule_from(snapshot) for digest, snapshot in conn.execute(query)}


def backlog(conn: Connection, brand_id: int) -> tuple[int, datetime] | None:
    """How many open waits are too old to alert (older than the first run), and since when the oldest waits.

    None: there are none, or the brand was never run so that people are told.
    """
    began_at = first_run_at(conn, brand_id)
    if began_at == NEVER:
        return None
    number, oldest_at = conn.execute(
        sa.select(sa.func.count(), sa.func.min(wait.c.started_at)).where(
            wait.c.brand_id == brand_id,
            wait.c.ended_at.is_(None),
            wait.c.due_at.between(EPOCH, NEVER),  # two-sided: the index of open waits, not of all
            wait.c.confirmed,
            wait.c.started_at < began_at,
        )
    ).one()
    return (number, oldest_at) if number else None


def with_backlog(conn: Connection) -> set[int]:
    """The brands that have such waits."""
    old = sa.exists().where(
        wait.c.brand_id == brand.c.id,
        wait.c.ended_at.is_(None),
        wait.c.due_at.between(EPOCH, NEVER),
        wait.c.confirmed,
        wait.c.started_at < brand.c.first_run_at,
    )
    return set(conn.scalars(across(sa.select(brand.c.id).where(old), Why.DUE)))


def unjudged(conn: Connection, brand_id: int) -> int:
    """Posts of a brand that wait for the classifier, but for those that wait for the operators."""
    aside = _set_aside(_CLASSIFY, sa.cast(post.c.id, sa.Text))
    to_judge = sa.select(post.c.id).where(_TO_JUDGE, ~aside)
    query = sa.select(sa.func.count()).where(
        mention.c.post_id.in_(to_judge), _plainly(mention.c.brand_id) == brand_id
    )
    return int(conn.execute(query).scalar_one())


def is_under_way(conn: Connection, brand_id: int) -> bool:
    """Whether posts of the brand have not come to a verdict, or a verdict not to its answers, yet."""
    key = sa.cast(mention.c.brand_id, sa.Text) + ":" + sa.cast(mention.c.post_id, sa.Text)
    waiting = sa.select(mention.c.post_id).where(
        mention.c.next.is_not(None) & (_plainly(mention.c.brand_id) == brand_id),
        ~_set_aside(mention.c.next, key),
        ~_set_aside(_CLASSIFY, sa.cast(mention.c.post_id, sa.Text)),
    )
    return conn.execute(waiting.limit(1)).one_or_none() is not None or bool(
        unjudged(conn, brand_id)
    )


def _set_aside(stage: object, item: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    return sa.exists().where(
        failure.c.stage == stage, failure.c.item == item, failure.c.quarantined_at.is_not(None)
    )


def _as_stored(column: sa.Column[datetime]) -> sa.ColumnElement[Any]:
    """The time as the database has it: SQLAlchemy's conversion costs thrice `_moments`."""
    return sa.type_coerce(column, sa.types.NullType()).label(column.name)


_FACTS = (
    wait.c.case_id,
    wait.c.number,
    wait.c.network,
    wait.c.severity,
    wait.c.topics,
    wait.c.owner,
    wait.c.confirmed,
    _as_stored(wait.c.started_at),
    _as_stored(wait.c.first_seen_at),
    _as_stored(wait.c.due_at),
    _as_stored(wait.c.ended_at),
    _as_stored(wait.c.ended_after),
    wait.c.outcome,
    wait.c.dismissed,
    _as_stored(wait.c.dismissed_at),
)
_OPEN_FACTS = (
    _as_stored(wait.c.started_at),
    _as_stored(wait.c.first_seen_at),
    _as_stored(wait.c.due_at),
    wait.c.case_id,
    wait.c.network,
    wait.c.severity,
    wait.c.topics,
    wait.c.owner,
    wait.c.confirmed,
)
"""Of a wait that has not ended."""
_WORDS = (post.c.title, post.c.text, post.c.url, author.c.handle, author.c.name)
# literal, as in the partial index: SQLAlchemy would say `= 1`, and SQLite read the whole table
_TO_JUDGE = sa.text("post.to_judge")
_CLASSIFY = "classify"
"""The stage before there is a verdict; its items are the numbers of posts."""
_SEVERITIES = tuple(Severity)
_OUTCOMES: Mapping[str | None, Outcome | None] = {None: None, **{one.value: one for one in Outcome}}
_DISMISSALS: Mapping[str | None, DismissalReason | None] = {
    None: None,
    **{one.value: one for one in DismissalReason},
}


def _plainly(column: sa.Column[int]) -> sa.ColumnElement[int]:
    """The column, out of the planner's reach: nearly all rows have that brand, some index does better."""
    return column + 0


_Moments: TypeAlias = Callable[[Iterable[Any]], list[Any]]
"""Makes times of a column that `_as_stored` finds; where it has none, there is none."""


def _moments(conn: Connection) -> _Moments:
    return _in_utc if conn.dialect.name == "postgresql" else _from_micros


def _from_micros(values: Iterable[int | None]) -> list[datetime | None]:
    return [None if value is None else EPOCH + value * MICROSECOND for value in values]


def _in_utc(values: Iterable[datetime | None]) -> list[datetime | None]:
    return [None if value is None else value.astimezone(UTC) for value in values]


@lru_cache(1000)
def _split(topics: str) -> tuple[str, ...]:
    return tuple(topics.split(",")) if topics else ()


def _facts(rows: Iterable[Sequence[Any]], moments: _Moments) -> Iterator[WaitFacts]:
    """What the figures know of waits, from rows of `_FACTS`; column by column, which is the faster way."""
    ids, numbers, networks, severities, topics, owners, confirmed, *times = zip(*rows, strict=True)
    started, seen, due, ended, after, outcomes, dismissed, dismissed_at = times
    return map(
        WaitFacts,
        *(ids, numbers, networks),
        *(map(_SEVERITIES.__getitem__, severities), map(_split, topics), owners, confirmed),
        *map(moments, (started, seen, due, ended, after)),
        *(map(_OUTCOMES.__getitem__, outcomes), map(_DISMISSALS.__getitem__, dismissed)),
        moments(dismissed_at),
    )


def _open(brand_id: int) -> sa.Select[Any]:
    """Open waits with what a line says of them, first due first: in the order of their partial index.

    By nothing more: SQLite would copy all these texts to sort them.
    """
    return _open_of(wait.c.brand_id == brand_id).order_by(wait.c.due_at)


def _open_of(which: sa.ColumnElement[bool]) -> sa.Select[Any]:
    return (
        sa.select(*_OPEN_FACTS, wait.c.rule, *_WORDS)
        .outerjoin(post, post.c.id == wait.c.first_post_id)
        .outerjoin(author, author.c.id == post.c.author_id)
        .where(which, wait.c.ended_at.is_(None))
    )


def _changed_since(conn: Connection, brand_id: int, as_of: datetime) -> dict[int, str]:
    """The cases to which something happened before `as_of` and after it, with their networks.

    Of one that began later there is nothing to fold; its rows tell by their start that it was not there.
    """
    earlier = case_event.alias()
    was_there = sa.exists().where(earlier.c.case_id == cases.c.id, earlier.c.at <= as_of)
    query = (
        sa.select(cases.c.id, cases.c.network)
        .join(case_event, case_event.c.case_id == cases.c.id)
        .where(
            (case_event.c.at > as_of)
            & (
                case_event.c.at <= NEVER
            )  # two-sided: the index of times, not one case after another
            & (case_event.c.kind != Escalated.__name__)
            & (_plainly(cases.c.brand_id) == brand_id)
            & was_there
        )
        .distinct()
    )
    return {row.id: row.network for row in conn.execute(query)}


def _cases_as_of(
    conn: Connection, changed: Mapping[int, str], as_of: datetime
) -> Iterator[tuple[WaitFacts, Wait]]:
    for case_id, network in changed.items():
        case = case_as_of(history(conn, case_id), as_of)
        for one in case.waits:
            yield WaitFacts.of(case_id, network, case, one), one


def _words_of(conn: Connection, post_id: int) -> Sequence[Any]:
    query = (
        sa.select(*_WORDS)
        .outerjoin(author, author.c.id == post.c.author_id)
        .where(post.c.id == post_id)
    )
    return conn.execute(query).one_or_none() or (None,) * len(_WORDS)


def _as_row(wait: WaitFacts) -> tuple[Any, ...]:
    """The wait as `_OPEN_FACTS` would have it."""
    times = wait.started_at, wait.first_seen_at, wait.due_at
    topics = ",".join(wait.topics)
    return *times, wait.case_id, wait.network, wait.severity, topics, wait.owner, wait.confirmed


def _lines(
    rows: Sequence[Sequence[Any]], moments: _Moments, as_of: datetime
) -> Iterator[Unanswered]:
    """What rows like those of `_open` say."""
    times = zip(*(moments([row[place] for row in rows]) for place in range(3)), strict=True)
    for row, (started_at, seen_at, due_at) in zip(rows, times, strict=True):
        _, _, _, case_id, network, severity, topics, owner, confirmed, *said = row
        rule_digest, title, text, url, handle, name = said
        line = DigestLine(
            case_id,
            network,
            _SEVERITIES[severity],
            _split(topics),
            title,
            text,
            f"@{handle.lstrip('@')}" if handle else name,
            url,
            started_at,
            as_of - started_at,
            due_at,
            owner,
        )
        yield Unanswered(line, confirmed, seen_at, due_at, rule_digest)

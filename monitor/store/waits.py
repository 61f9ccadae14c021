"""Waits for those who count and list them: report, digest, open list. Reads only.

The rows picture the present. Of a moment in the past, the few cases to which something happened since
are folded again from their histories up to then, so a report is a function of (period, as_of).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.digest import Unanswered
from monitor.domain.event import DismissalReason, Escalated
from monitor.domain.judgement import Severity
from monitor.domain.notice import DigestLine, Reason
from monitor.domain.policy import Rule, rule_from
from monitor.domain.sla import WaitFacts, case_as_of
from monitor.domain.wait import Outcome
from monitor.store.cases import history
from monitor.store.schema import (
    EPOCH,
    author,
    case_event,
    cases,
    mention,
    notice,
    post,
    rule,
    wait,
)

FIRST_SCREEN = 50
"""Lines of the open list, unless told otherwise."""

_CHUNK = 900
"""Ids in one query: SQLite takes 32,766, but its plan and ours stay short."""


class OpenWait(NamedTuple):
    """A wait that is not over, with what its line needs besides."""

    facts: WaitFacts
    rule: str
    first_post: int


class _Words(NamedTuple):
    """What is shown of a post; erased ones have none."""

    title: str | None
    text: str | None
    url: str | None
    author: str | None


def of_period(
    conn: Connection, brand_id: int, *, since: datetime, until: datetime, as_of: datetime
) -> list[WaitFacts]:
    """The waits of a brand that began in [since, until), as they were at `as_of`."""
    changed = _changed_since(conn, brand_id, as_of)
    query = _PICTURED.where(
        wait.c.brand_id == brand_id,
        wait.c.started_at >= since,
        wait.c.started_at < until,
        wait.c.started_at <= as_of,
    )
    found = [one.facts for one in _rows(conn, query) if one.facts.case_id not in changed]
    again = (one.facts for one in _as_of(conn, changed, as_of))
    return found + [one for one in again if since <= one.started_at < until]


def open_at(conn: Connection, brand_id: int, as_of: datetime) -> list[OpenWait]:
    """The waits of a brand that are open at `as_of`, in no order."""
    changed = _changed_since(conn, brand_id, as_of)
    # `started_at` is compared here: in the query it would lure SQLite to the index of all waits
    rows = _rows(conn, _open(brand_id))
    found = [one for one in rows if one.facts.exists(as_of) and one.facts.case_id not in changed]
    again = _as_of(conn, changed, as_of)
    return found + [one for one in again if not one.facts.has_ended(as_of)]


def unanswered(conn: Connection, brand_id: int, as_of: datetime) -> list[Unanswered]:
    """The lines of a digest, in no order."""
    return _lines(conn, open_at(conn, brand_id, as_of), as_of)


def open_list(
    conn: Connection,
    brand_id: int,
    now: datetime,
    *,
    limit: int = FIRST_SCREEN,
    after: tuple[datetime, int] | None = None,
) -> list[Unanswered]:
    """What is open now, first due first; `after` goes on from a line's (due_at, case_id)."""
    query = _open(brand_id)
    if after is not None:
        due_at, case_id = after
        query = query.where(
            wait.c.due_at >= due_at, (wait.c.due_at > due_at) | (wait.c.case_id > case_id)
        )
    return _lines(conn, _rows(conn, query.limit(limit)), now)


def _open(brand_id: int) -> sa.Select[Any]:
    """Open waits, first due first: in the order of their partial index."""
    return _PICTURED.where(wait.c.brand_id == brand_id, wait.c.ended_at.is_(None)).order_by(
        wait.c.due_at, wait.c.case_id
    )


def rules_of(conn: Connection, digests: Iterable[str]) -> dict[str, Rule]:
    """The frozen rules by their digests."""
    query = sa.select(rule.c.digest, rule.c.snapshot).where(rule.c.digest.in_(sorted(set(digests))))
    return {digest: rule_from(snapshot) for digest, snapshot in conn.execute(query)}


def backlog(conn: Connection, brand_id: int) -> tuple[int, datetime] | None:
    """How many waits were too old to alert when the program first ran, and since when the oldest waits."""
    told_of = (
        (notice.c.brand_id == brand_id)
        & (notice.c.reason == Reason.BEFORE_FIRST_RUN.value)
        & (wait.c.case_id == notice.c.case_id)
        & (wait.c.number == notice.c.wait)
        & wait.c.confirmed
    )
    waits = sa.select(wait.c.case_id, wait.c.number, wait.c.started_at).where(told_of).distinct()
    old = waits.subquery()
    number, oldest_at = conn.execute(
        sa.select(sa.func.count(), sa.func.min(old.c.started_at)).select_from(old)
    ).one()
    return (number, oldest_at) if number else None


def unjudged(conn: Connection, brand_id: int) -> int:
    """Posts of a brand that wait for the classifier."""
    to_judge = sa.select(post.c.id).where(_TO_JUDGE)
    query = sa.select(sa.func.count()).where(
        mention.c.post_id.in_(to_judge), _plainly(mention.c.brand_id) == brand_id
    )
    return int(conn.execute(query).scalar_one())


def is_under_way(conn: Connection, brand_id: int) -> bool:
    """Whether posts of the brand have not come to a verdict, or a verdict not to its answers, yet."""
    waiting = sa.select(mention.c.post_id).where(
        mention.c.next.is_not(None) & (_plainly(mention.c.brand_id) == brand_id)
    )
    return conn.execute(waiting.limit(1)).one_or_none() is not None or bool(
        unjudged(conn, brand_id)
    )


_COLUMNS = (
    wait.c.case_id,
    wait.c.number,
    wait.c.network,
    wait.c.severity,
    wait.c.topics,
    wait.c.owner,
    wait.c.confirmed,
    wait.c.outcome,
    wait.c.dismissed,
    wait.c.rule,
    wait.c.first_post_id,
)
# as the database has them: ten thousand rows a report, and SQLAlchemy's own conversion costs thrice as much
_TIMES = tuple(
    sa.type_coerce(wait.c[name], sa.types.NullType()).label(name)
    for name in (
        "started_at",
        "first_seen_at",
        "due_at",
        "ended_at",
        "ended_after",
        "dismissed_at",
    )
)
_PICTURED = sa.select(*_COLUMNS, *_TIMES)
# literal, as in the partial index: SQLAlchemy would say `= 1`, and SQLite read the whole table
_TO_JUDGE = sa.text("post.to_judge")
_SEVERITIES = tuple(Severity)
_OUTCOMES: Mapping[str | None, Outcome | None] = {None: None, **{one.value: one for one in Outcome}}
_DISMISSALS: Mapping[str | None, DismissalReason | None] = {
    None: None,
    **{one.value: one for one in DismissalReason},
}


def _plainly(column: sa.Column[int]) -> sa.ColumnElement[int]:
    """The column, out of the planner's reach: nearly all rows have that brand, some index does better."""
    return column + 0


def _rows(conn: Connection, query: sa.Select[Any]) -> Iterator[OpenWait]:
    """The pictured waits that a query on `_PICTURED` finds."""
    moment = _utc if conn.dialect.name == "postgresql" else _from_micros
    split: dict[str, tuple[str, ...]] = {"": ()}
    for row in conn.execute(query):
        (case_id, number, network, severity, topics, owner, confirmed, outcome, dismissed) = row[:9]
        started_at, seen_at, due_at, ended_at, ended_after, dismissed_at = row[11:]
        if topics not in split:
            split[topics] = tuple(topics.split(","))
        facts = WaitFacts(
            case_id,
            number,
            network,
            _SEVERITIES[severity],
            split[topics],
            owner,
            confirmed,
            moment(started_at),
            moment(seen_at),
            moment(due_at),
            None if ended_at is None else moment(ended_at),
            None if ended_after is None else moment(ended_after),
            _OUTCOMES[outcome],
            _DISMISSALS[dismissed],
            None if dismissed_at is None else moment(dismissed_at),
        )
        yield OpenWait(facts, row[9], row[10])


def _from_micros(value: int) -> datetime:
    return EPOCH + timedelta(microseconds=value)


def _utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


def _changed_since(conn: Connection, brand_id: int, as_of: datetime) -> dict[int, str]:
    """The cases to which something happened after `as_of`, with their networks."""
    query = (
        sa.select(cases.c.id, cases.c.network)
        .join(case_event, case_event.c.case_id == cases.c.id)
        .where(
            (case_event.c.at > as_of)
            & (case_event.c.kind != Escalated.__name__)
            & (_plainly(cases.c.brand_id) == brand_id)
        )
        .distinct()
    )
    return {row.id: row.network for row in conn.execute(query)}


def _as_of(conn: Connection, changed: Mapping[int, str], as_of: datetime) -> Iterator[OpenWait]:
    for case_id, network in changed.items():
        case = case_as_of(history(conn, case_id), as_of)
        for one in case.waits:
            yield OpenWait(WaitFacts.of(case_id, network, case, one), one.rule, one.first_post)


def _lines(conn: Connection, waits: Iterable[OpenWait], as_of: datetime) -> list[Unanswered]:
    waits = list(waits)
    words = _words(conn, {one.first_post for one in waits})
    return [_line(one, words[one.first_post], as_of) for one in waits]


def _line(one: OpenWait, words: _Words, as_of: datetime) -> Unanswered:
    facts = one.facts
    line = DigestLine(
        case_id=facts.case_id,
        network=facts.network,
        severity=facts.severity,
        topics=facts.topics,
        title=words.title,
        text=words.text,
        author=words.author,
        url=words.url,
        waiting_since=facts.started_at,
        waited=as_of - facts.started_at,
        due_at=facts.due_at,
        owner=facts.owner,
    )
    return Unanswered(line, facts.confirmed, facts.first_seen_at, facts.due_at, one.rule)


def _words(conn: Connection, posts: Collection[int]) -> dict[int, _Words]:
    """What is shown of some posts; an erased one shows nothing."""
    found = dict.fromkeys(posts, _Words(None, None, None, None))
    ids = sorted(posts)
    for first in range(0, len(ids), _CHUNK):
        query = (
            sa.select(
                post.c.id,
                post.c.title,
                post.c.text,
                post.c.url,
                author.c.handle,
                author.c.name,
            )
            .outerjoin(author, author.c.id == post.c.author_id)
            .where(post.c.id.in_(ids[first : first + _CHUNK]))
        )
        for post_id, title, text, url, handle, name in conn.execute(query):
            by = f"@{handle.lstrip('@')}" if handle else name
            found[post_id] = _Words(title, text, url, by)
    return found

"""Cases and posts a page at a time, the newest first: what the API lists. Reads only.

A page goes on from the number of the last line, so that it costs the same wherever it stands, and what
comes meanwhile neither repeats a line nor leaves one out. One that looked far enough in vain is short.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.case import Status
from monitor.domain.judgement import Band, Severity
from monitor.domain.search import Search
from monitor.store import searching
from monitor.store.bulk import among
from monitor.store.cross_brand import Why, across
from monitor.store.schema import author, brand, cases, judgement, mention, post, wait

LOOKED_THROUGH = 20_000
"""Numbers that one page goes through at most: what is rare takes several pages, and none takes long."""
MOST_BRANDS = 100
"""That one post is about."""
Row: TypeAlias = sa.Row[Any]
"""Of a list: what it has is what `_cases` and `_posts` select."""
_LANGUAGE = sa.func.coalesce(judgement.c.language, post.c.lang)
_PICTURED = (*("id", "network", "thread", "opened_at", "seq", "status", "confirmed", "severity"),)
_WORKED = ("level", "owner", "claimed", "acknowledged_until", "snoozed_until", "merged_into")
_WAIT = ("number", "started_at", "first_seen_at", "due_at", "ended_at", "outcome", "topics")
_POST = (
    *("id", "network", "external_id", "kind", "thread", "reply_to", "title", "text", "rating"),
    *("url", "posted_at", "first_seen_at", "edited_at", "gone_at", "purged_at"),
)
_AUTHOR = ("handle", "name", "followers")


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedCases:
    """Which cases; None: whatever."""

    brand: str | None = None
    network: str | None = None
    status: Status | None = None
    severity: Severity | None = None
    topic: str | None = None
    owner: str | None = None
    language: str | None = None
    confirmed: bool | None = None
    said: Search | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedPosts:
    """Which posts; None: whatever. `case`: those of its thread."""

    brand: str | None = None
    network: str | None = None
    band: Band | None = None
    own: bool | None = None
    case: int | None = None
    said: Search | None = None


class Listed(NamedTuple):
    """A page, and the number below which the next one begins; None: it was the last."""

    rows: Sequence[sa.Row[Any]]
    before: int | None


def cases_page(
    conn: Connection,
    wanted: WantedCases,
    brand_ids: Collection[int],
    *,
    before: int | None,
    limit: int,
) -> Listed:
    """The newest cases of those brands below `before`, each with its newest wait and its first post.

    Of a case that became part of another one nothing is told but that: ask for it by its number.
    """
    end = _end(conn, cases, before)
    looked_at: sa.ColumnElement[bool] = cases.c.id.between(end - LOOKED_THROUGH, end - 1)
    goes_on = _goes_on(end)
    if wanted.said is not None:  # they are found by the index, wherever they are
        looked_at = (cases.c.id < end) & searching.in_case(conn, cases.c.id, wanted.said)
        goes_on = None
    query = _cases().where(looked_at, cases.c.merged_into.is_(None), *_conditions(wanted))
    query = query.where(_is_of(cases.c.brand_id, brand_ids))
    rows = conn.execute(query.order_by(cases.c.id.desc()).limit(limit)).all()
    return Listed(rows, rows[-1].id if len(rows) == limit else goes_on)


def _end(conn: Connection, table: sa.Table, before: int | None) -> int:
    """The number below which to look."""
    newest = conn.scalar(across(sa.select(sa.func.max(table.c.id)), Why.SHOWN)) or 0
    return newest + 1 if before is None else min(before, newest + 1)


def _goes_on(end: int) -> int | None:
    """Where the next page begins after one that looked through all it may."""
    begin = end - LOOKED_THROUGH
    return begin if begin > 1 else None


def _is_of(brand_id: sa.Column[int], brand_ids: Collection[int]) -> sa.ColumnElement[bool]:
    # + 0: by its index all that a brand ever had would be read and sorted, for the newest lines of it
    return (brand_id + 0).in_(brand_ids)


def case(conn: Connection, case_id: int) -> sa.Row[Any] | None:
    """The same of one case."""
    return conn.execute(_cases().where(cases.c.id == case_id)).one_or_none()


def posts_page(
    conn: Connection,
    wanted: WantedPosts,
    brand_ids: Collection[int],
    *,
    before: int | None,
    limit: int,
) -> Listed:
    """The newest posts numbered below `before`, each as the brand of those sees it that it is about.

    One that several brands are named in comes once for each, and all of them on one page.
    """
    end = _end(conn, post, before)
    looked_at: sa.ColumnElement[bool] = post.c.id.between(end - LOOKED_THROUGH, end - 1)
    goes_on = _goes_on(end)
    if wanted.said is not None:
        found = searching.newest_posts(conn, wanted.said, before=end, limit=LOOKED_THROUGH)
        looked_at, goes_on = among(conn, post.c.id, found.ids), found.before
        if wanted.case is not None:
            looked_at &= _of_case(wanted.case)
    elif wanted.case is not None:  # a thread is found by its index
        looked_at, goes_on = (post.c.id < end) & _of_case(wanted.case), None
    asked = {
        brand.c.name: wanted.brand,
        post.c.network: wanted.network,
        mention.c.band: wanted.band and wanted.band.value,
    }
    query = _posts().where(looked_at, _is_of(mention.c.brand_id, brand_ids))
    query = query.where(*(column == value for column, value in asked.items() if value is not None))
    if wanted.own is not None:
        query = query.where(mention.c.own.is_(wanted.own))
    query = query.order_by(post.c.id.desc(), mention.c.brand_id)
    rows = conn.execute(query.limit(limit + MOST_BRANDS)).all()
    if len(rows) <= limit:
        return Listed(rows, goes_on)
    # whole posts: as many as fit, one at least
    last = rows[limit].id
    whole = [row for row in rows if row.id > last] or [row for row in rows if row.id == last]
    return Listed(whole, whole[-1].id)


def post_of(conn: Connection, post_id: int, brand_ids: Collection[int]) -> Sequence[sa.Row[Any]]:
    """One post, a line for each of those brands that it is about."""
    query = _posts().where(post.c.id == post_id, mention.c.brand_id.in_(brand_ids))
    return conn.execute(query.order_by(mention.c.brand_id)).all()


def _cases() -> sa.Select[Any]:
    of_case = wait.alias()
    newest = sa.select(sa.func.max(of_case.c.number)).where(of_case.c.case_id == cases.c.id)
    number = newest.correlate(cases).scalar_subquery()
    is_newest = (wait.c.case_id == cases.c.id) & (wait.c.number == number)
    # the open or last wait's first post; of a case without a wait the one that it began with
    first = sa.func.coalesce(wait.c.first_post_id, cases.c.root_post_id)
    return (
        sa.select(
            *(cases.c[name] for name in (*_PICTURED, *_WORKED)),
            *(wait.c[name].label(f"wait_{name}") for name in _WAIT),
            *(post.c[name].label(f"post_{name}") for name in ("id", "title", "text", "url")),
            post.c.posted_at.label("post_posted_at"),
            author.c.handle,
            author.c.name,
            _LANGUAGE.label("language"),
            brand.c.name.label("brand"),
        )
        .join(brand, brand.c.id == cases.c.brand_id)
        .outerjoin(wait, is_newest)
        .outerjoin(post, post.c.id == first)
        .outerjoin(author, author.c.id == post.c.author_id)
        .outerjoin(judgement, judgement.c.post_id == post.c.id)
    )


def _conditions(wanted: WantedCases) -> list[sa.ColumnElement[bool]]:
    asked = {
        brand.c.name: wanted.brand,
        cases.c.network: wanted.network,
        cases.c.status: wanted.status and wanted.status.value,
        cases.c.severity: None if wanted.severity is None else int(wanted.severity),
        cases.c.owner: wanted.owner,
        _LANGUAGE: wanted.language,
    }
    found = [column == value for column, value in asked.items() if value is not None]
    if wanted.confirmed is not None:
        found.append(cases.c.confirmed.is_(wanted.confirmed))
    if wanted.topic is not None:
        found.append(("," + wait.c.topics + ",").contains(f",{wanted.topic},", autoescape=True))
    return found


def _posts() -> sa.Select[Any]:
    return (
        sa.select(
            *(post.c[name] for name in _POST),
            *(author.c[name] for name in _AUTHOR),
            _LANGUAGE.label("language"),
            *(judgement.c[name] for name in ("complaint", "question", "praise", "other", "model")),
            brand.c.name.label("brand"),
            *(mention.c[name] for name in ("own", "automatic", "band", "severity", "topics")),
            *(mention.c[name] for name in ("asks", "reason", "filtered")),
        )
        .join(mention, mention.c.post_id == post.c.id)
        .join(brand, brand.c.id == mention.c.brand_id)
        .outerjoin(author, author.c.id == post.c.author_id)
        .outerjoin(judgement, judgement.c.post_id == post.c.id)
    )


def _of_case(case_id: int) -> sa.ColumnElement[bool]:
    """The posts of the case's thread, as its brand sees them."""
    its = {
        name: sa.select(cases.c[name]).where(cases.c.id == case_id).scalar_subquery()
        for name in ("brand_id", "network", "thread")
    }
    return sa.and_(
        mention.c.brand_id == its["brand_id"],
        post.c.network == its["network"],
        post.c.thread == its["thread"],
    )

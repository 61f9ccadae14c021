"""What is asked across brands: the door through `store.barrier`, and questions that are no brand's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from enum import Enum
from typing import Any, NamedTuple, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.judgement import Band
from monitor.store import turns
from monitor.store.schema import brand, judgement, mention, post

OPTION = "across_brands"
"""The execution option by which `store.barrier` knows what came through the door."""

_Asking = TypeVar("_Asking", bound=sa.Executable | Connection)


class Why(Enum):
    """For what reason a statement may reach rows of all brands."""

    DUE = "a stage asks what is due, whoever's it is, and takes each by its key"
    ONE_POST = "a post is one row: its edit, deletion, move or looking up is so for every brand named in it"
    SAME_PERSON = "who is erased or renamed is so for every brand"
    TOO_OLD = "what may not be kept any longer goes, whoever's it is"
    OPERATION = "numbers and upkeep of the whole installation, for whoever runs it"
    SHOWN = "a page of all brands, for who may see all: before others' eyes stands `sight`"
    CONFIGURED = "the config says it for all brands at once, and is compared with all rows"


def across(asking: _Asking, why: Why) -> _Asking:
    """The same statement, let through the barrier: it reaches every brand's rows on purpose.

    A connection lets through all that is sent on it from now on.
    """
    return cast("_Asking", asking.execution_options(**{OPTION: why.name}))


def to_judge(conn: Connection, limit: int) -> list[int]:
    """Posts that wait for the classifier, brands taking turns, of each the oldest first.

    A post that names two brands has its turn with the one that is sooner.
    """
    # the partial index's own words: with other ones no database would use it
    waiting = sa.text("to_judge")
    oldest = sa.select(post.c.id).where(waiting).order_by(post.c.id).limit(turns.SEEN).subquery()
    each = (
        sa.select(oldest.c.id, turns.turn_of(mention.c.brand_id, oldest.c.id))
        .outerjoin(mention, mention.c.post_id == oldest.c.id)
        .subquery()
    )
    sooner = sa.func.min(each.c.turn)
    query = sa.select(each.c.id).group_by(each.c.id).order_by(sooner, each.c.id).limit(limit)
    return list(conn.scalars(across(query, Why.DUE)))


def unjudged(conn: Connection) -> int:
    """How many posts wait for the classifier."""
    query = sa.select(sa.func.count()).select_from(post).where(sa.text("to_judge"))
    return int(conn.execute(across(query, Why.OPERATION)).scalar_one())


class Undecided(NamedTuple):
    """Posts of a brand that wait for a verdict, and since when the first of them does."""

    brand_id: int
    brand: str
    number: int
    since: datetime


_waits_since = sa.func.coalesce(judgement.c.judged_at, post.c.first_seen_at)


def undecided(conn: Connection) -> list[Undecided]:
    """What is judged and not decided on yet, by brand."""
    about = (brand.c.id, brand.c.name)
    query = _undecided(*about, sa.func.count(), sa.func.min(_waits_since))
    query = query.join(brand, brand.c.id == mention.c.brand_id)
    query = query.group_by(*about).order_by(brand.c.name)
    return [Undecided(*row) for row in conn.execute(across(query, Why.CONFIGURED))]


def undecided_since(
    conn: Connection, brand_ids: Collection[int], before: datetime, limit: int
) -> list[tuple[int, int]]:
    """Brand and post of what waits for a verdict since before then, of these brands; the oldest first."""
    query = _undecided(mention.c.brand_id, mention.c.post_id)
    query = query.where(mention.c.brand_id.in_(brand_ids), _waits_since <= before)
    query = query.order_by(mention.c.post_id).limit(limit)
    return [
        (brand_id, post_id) for brand_id, post_id in conn.execute(across(query, Why.CONFIGURED))
    ]


def _undecided(*columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
    return (
        sa.select(*columns)
        .select_from(mention)
        .join(post, post.c.id == mention.c.post_id)
        .outerjoin(judgement, judgement.c.post_id == post.c.id)
        .where(mention.c.next == "triage", sa.not_(post.c.to_judge))
    )


def newest_post(conn: Connection) -> int:
    """The row number of the post that was stored last; 0 if there is none."""
    return conn.scalar(across(sa.select(sa.func.max(post.c.id)), Why.OPERATION)) or 0


def found_after(conn: Connection, post_id: int) -> dict[Band | None, int]:
    """How many of the posts stored after that one came into which band; None: not decided (yet).

    A post that names two brands counts once, in the band that asks most. The brands' own posts, which
    nobody judges, are left out.
    """
    order = [Band.ALERT, Band.REVIEW, Band.PASS, None]
    bands: dict[int, Band | None] = {}
    query = sa.select(mention.c.post_id, mention.c.band).where(
        mention.c.post_id > post_id, mention.c.own.is_(False)
    )
    rows = conn.execute(across(query, Why.OPERATION))
    for number, word in rows:
        band = Band(word) if word else None
        bands[number] = min(band, bands.get(number), key=order.index)
    return {one: sum(band is one for band in bands.values()) for one in order}


def customers_posts(conn: Connection, since: datetime) -> list[int]:
    """Posts that came since then and are no brand's own, in the order of their coming."""
    asked = sa.exists().where(mention.c.post_id == post.c.id, mention.c.own.is_(False))
    query = sa.select(post.c.id).where(post.c.first_seen_at >= since, asked)
    return list(conn.scalars(across(query.order_by(post.c.id), Why.OPERATION)))


_EDGES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8)
"""Of bins of P(complaint): narrow where most posts are."""


def scores(conn: Connection, since: datetime, until: datetime) -> Mapping[str, dict[str, int]]:
    """By model, how many posts judged in that time scored below each edge (and above the one before)."""
    bins = [(judgement.c.complaint < edge, f"below {edge:g}") for edge in _EDGES]
    return _counted(conn, sa.case(*bins, else_=f"from {_EDGES[-1]:g}"), since, until)


def languages(conn: Connection, since: datetime, until: datetime) -> Mapping[str, dict[str, int]]:
    """By model, how many posts judged in that time were in which language."""
    return _counted(conn, sa.func.coalesce(judgement.c.language, "not told"), since, until)


def _counted(
    conn: Connection, name: sa.ColumnElement[str], since: datetime, until: datetime
) -> Mapping[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = defaultdict(dict)
    named = sa.select(judgement.c.model, name.label("name")).where(
        judgement.c.judged_at >= since, judgement.c.judged_at < until
    )
    each = named.subquery()
    query = sa.select(each.c.model, each.c.name, sa.func.count()).group_by(
        each.c.model, each.c.name
    )
    for model, bin_, number in conn.execute(across(query, Why.OPERATION)):
        found[model][bin_] = number
    return found

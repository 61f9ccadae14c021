"""Thresholds that staff's corrections gave a source, and which model was adopted: the last entry counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.judgement import Thresholds
from monitor.store.cross_brand import Why, across
from monitor.store.engine import Database
from monitor.store.schema import adoption, calibration, judgement, post, sighting, stream


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated:
    """From which scores of a model on posts of a source bring an alert, and ask people.

    Both None: the model's own again. `figures` says what they rest on.
    """

    source: str
    model: str
    at: datetime
    by: str
    alert: float | None
    review: float | None
    figures: Mapping[str, Any]

    def over(self, general: Thresholds) -> Thresholds:
        """The thresholds that these make of the general ones."""
        if self.alert is None or self.review is None:
            return general
        return Thresholds(self.alert, self.review, general.question)


class Adopted(NamedTuple):
    """Which model judges, since when, and who said so. `folder` None: the one of the config."""

    at: datetime
    by: str
    model: str
    folder: Path | None


def keep(conn: Connection, one: Calibrated) -> None:
    """Let it count from now on for its source and model, and for nothing else."""
    values = {name: getattr(one, name) for name in Calibrated.__dataclass_fields__}
    conn.execute(calibration.insert().values(**values | {"figures": dict(one.figures)}))


def in_force(conn: Connection, model: str) -> list[Calibrated]:
    """Of each source the last calibration of this model, by name."""
    return [one for one in _last(conn) if one.model == model and one.alert is not None]


def of_other_models(conn: Connection, model: str) -> list[Calibrated]:
    """Calibrations that rest on another model's scores, of sources that have none of this one."""
    own = {one.source for one in in_force(conn, model)}
    return [
        one
        for one in _last(conn)
        if one.model != model and one.alert is not None and one.source not in own
    ]


def thresholds(
    conn: Connection, brand_id: int, post_id: int, model: str, general: Thresholds
) -> Thresholds:
    """Those of the source that brought the post; of several sources, the most watchful."""
    own = {one.source: one for one in in_force(conn, model)}
    if not own:
        return general
    rows = conn.scalars(
        sa.select(stream.c.source)
        .join(sighting, sighting.c.stream_id == stream.c.id)
        .where(sighting.c.brand_id == brand_id, sighting.c.post_id == post_id)
    )
    found = [own[name].over(general) if name in own else general for name in set(rows)]
    found = found or [general]
    return Thresholds(
        min(one.alert for one in found), min(one.review for one in found), general.question
    )


def asked_about(
    conn: Connection, source: str, model: str, since: datetime, limits: Thresholds
) -> tuple[int, int]:
    """Of the posts that a source brought since and this model judged: how many it asks about, and all."""
    brought = (
        sa.select(sighting.c.post_id)
        .join(stream, stream.c.id == sighting.c.stream_id)
        .where(stream.c.source == source)
    )
    asked = (judgement.c.complaint >= limits.review) & (judgement.c.complaint < limits.alert)
    query = (
        sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(sa.case((asked, 1), else_=0)), 0))
        .join(post, post.c.id == judgement.c.post_id)
        .where(judgement.c.model == model, post.c.first_seen_at >= since)
        .where(post.c.id.in_(brought))
    )
    row = conn.execute(across(query, Why.OPERATION)).one()
    return int(row[1]), int(row[0])


def adopt(conn: Connection, one: Adopted) -> None:
    """Let this model judge from now on."""
    folder = str(one.folder) if one.folder else None
    conn.execute(adoption.insert().values(at=one.at, by=one.by, model=one.model, folder=folder))


def adoptions(conn: Connection) -> list[Adopted]:
    """All that were adopted, the last one first; none: the config's model judges."""
    rows = conn.execute(sa.select(adoption).order_by(adoption.c.id.desc()))
    return [
        Adopted(row.at, row.by, row.model, Path(row.folder) if row.folder else None) for row in rows
    ]


def way_here(entries: Sequence[Adopted]) -> list[Adopted | None]:
    """From the config's model (None, as is every entry without a folder) to the one that judges now.

    `entries` as `adoptions` gives them. Who lets the one before judge again goes back a step, so
    that a step that was undone is no part of the way.
    """
    way: list[Adopted | None] = [None]
    for entry in reversed(entries):
        now = entry if entry.folder else None
        if len(way) > 1 and _folder(way[-2]) == entry.folder:
            way.pop()
        elif _folder(way[-1]) != entry.folder:
            way.append(now)
    return way


def _folder(one: Adopted | None) -> Path | None:
    return one.folder if one else None


def adopted(database: Database) -> Adopted | None:
    """The last adoption; None without one, or without tables that could hold it."""
    if database.path is not None and not database.path.exists():
        return None
    with database.reading() as conn:
        if not sa.inspect(conn).has_table(adoption.name):
            return None
        return next(iter(adoptions(conn)), None)


# what is asked again and again is put together once
_NEWEST = sa.select(sa.func.max(calibration.c.id)).group_by(
    calibration.c.source, calibration.c.model
)
_LAST = sa.select(calibration).where(calibration.c.id.in_(_NEWEST)).order_by(calibration.c.source)


def _last(conn: Connection) -> list[Calibrated]:
    return [
        Calibrated(**{name: getattr(row, name) for name in Calibrated.__dataclass_fields__})
        for row in conn.execute(_LAST)
    ]

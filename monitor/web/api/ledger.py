"""What was looked at, and what could not be."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from monitor.domain.coverage import Why
from monitor.store import ledger as kept
from monitor.store.ledger import Kept
from monitor.web.api.params import Line, Reader
from monitor.web.site import Here

router = APIRouter(tags=["coverage"])


class Blind(BaseModel):
    """When nobody looked."""

    since: datetime
    until: datetime
    why: Why


class Gap(BaseModel):
    """What was cut off: not read, and not to be. The ends are the network's own ids or times."""

    reason: str
    since: str | None
    until: str | None
    first_told_at: datetime
    last_told_at: datetime


class Stream(BaseModel):
    """What a stream of a source brought, when it was looked at, and what that took."""

    source: str
    stream: str
    network: str
    kind: str
    brands: list[str]
    is_read: bool = Field(description="False: it is configured no longer.")
    watched_since: datetime | None
    read_through: datetime | None
    failing_since: datetime | None
    problem: str | None
    silent_since: datetime | None
    blind: list[Blind]
    gaps: list[Gap]
    sums: dict[str, int] = Field(
        description="read, stored, duplicate, rejected, edited, deleted, unnamed; calls; micros."
    )


class Coverage(BaseModel):
    """The ledger of a time."""

    since: datetime
    until: datetime
    streams: list[Stream]


class Asked(BaseModel):
    """Of which time, and whom."""

    model_config = ConfigDict(extra="forbid")

    brand: Line | None = None
    hours: int = Field(default=24 * 7, ge=1, le=24 * 400, description="Back from now.")


@router.get("/coverage")
def coverage(_: Reader, here: Here, asked: Annotated[Asked, Query()]) -> Coverage:
    """Tell of each stream when it was looked at, when nobody looked and why, gaps, calls and money."""
    until, brand = here.clock(), asked.brand
    since = until - timedelta(hours=asked.hours)
    with here.database.reading() as conn:
        names = {name: number for number, name in here.brand_names(conn).items()}
        if brand is not None and brand not in names:
            raise HTTPException(HTTPStatus.NOT_FOUND, f"there is no brand {brand!r}")
        found = kept.kept(conn, since, until, brand_id=names[brand] if brand else None)
    streams = [_stream(one, names) for one in found if not names.keys().isdisjoint(one.brands)]
    return Coverage(since=since, until=until, streams=streams)


def _stream(one: Kept, names: Collection[str]) -> Stream:
    plain = {name: getattr(one, name) for name in Stream.model_fields if hasattr(one, name)}
    return Stream(
        **plain
        | {
            "brands": [name for name in one.brands if name in names],
            "silent_since": one.silence.since if one.silence else None,
            "blind": [Blind(since=it.since, until=it.until, why=it.why) for it in one.blind],
            "gaps": [
                Gap(
                    reason=it.reason,
                    since=it.from_,
                    until=it.to,
                    first_told_at=it.first_at,
                    last_told_at=it.last_at,
                )
                for it in one.gaps
            ],
        }
    )

"""The figures of a period, and the waits behind each of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from http import HTTPStatus
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from starlette.exceptions import HTTPException

from monitor.domain.report import By, Counted, Period, Report
from monitor.domain.sla import State
from monitor.render.report_csv import in_order
from monitor.render.report_json import report_data, waits_data
from monitor.render.restated_text import restated_data
from monitor.store import readings, restating
from monitor.store.engine import Connection
from monitor.web.api.params import Limit, Line, Reader
from monitor.web.api.shapes import Page
from monitor.web.site import Here, Site

router = APIRouter(prefix="/numbers", tags=["numbers"])

_YEARS = range(1971, 3000)
_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


def _sane(day: date) -> date:
    if day.year not in _YEARS:
        raise ValueError(f"the years {_YEARS[0]} to {_YEARS[-1]} are understood")
    return day


class Asked(BaseModel):
    """Which figures."""

    model_config = ConfigDict(extra="forbid")

    brand: Line | None = Field(default=None, description="Default: the only one there is.")
    until: Annotated[date, AfterValidator(_sane)] | None = Field(
        default=None, description="The local day before which the period ends; default: now."
    )
    days: int = Field(default=30, ge=1, le=400, description="How long it is.")
    as_of: datetime | None = Field(
        default=None,
        description="The moment from which it is seen; default, and at the latest: now.",
    )


class AskedWaits(Asked):
    """Which waits of them."""

    by: By | None = Field(default=None, description="Of one group of that kind, …")
    name: Line | None = Field(default=None, description="… the one so called.")
    state: State | None = None
    cursor: Annotated[
        Annotated[str, StringConstraints(pattern=r"^[0-9]{1,16}\.[0-9]{1,9}$")] | None,
        Field(description="`next` of the page before: it goes on in the list of that moment."),
    ] = None
    limit: Limit = 50


class AskedRestated(Asked):
    """Which report that people were told."""

    told: datetime = Field(description="When they were told it.")


def _report(here: Site, asked: Asked, now: datetime) -> Report:
    """The figures that are asked for, as they stand."""
    period, seen = _period(here, asked, now)
    with here.database.reading() as conn:
        number = _brand(here, conn, asked)
        return readings.report(conn, number, period=period, as_of=seen)


def _period(here: Site, asked: Asked, now: datetime) -> tuple[Period, datetime]:
    """What is asked for, and the moment from which it is seen."""
    zone = here.zone
    seen = min(_aware(asked.as_of, zone), now) if asked.as_of else now
    if asked.until is None:
        end, begin = now, now - timedelta(days=asked.days)
    else:  # whole local days, also where one has 23 or 25 hours
        first = asked.until - timedelta(days=asked.days)
        begin, end = (
            datetime.combine(day, time(), zone).astimezone(UTC) for day in (first, asked.until)
        )
    return Period(begin, end), seen


def _brand(here: Site, conn: Connection, asked: Asked) -> int:
    """The number of the brand that is asked for, or of the only one. Raises HTTPException."""
    names = {name: number for number, name in here.brand_names(conn).items()}
    only = next(iter(names)) if len(names) == 1 else ""
    wanted = only if asked.brand is None else asked.brand
    if wanted not in names:
        known = ", ".join(sorted(names)) or "none yet: `complaint-monitor run` makes them"
        raise HTTPException(HTTPStatus.NOT_FOUND, f"say which brand; there are {known}")
    return names[wanted]


def _aware(moment: datetime, zone: ZoneInfo) -> datetime:
    try:
        found = (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError:
        found = None
    if found is None or found.year not in _YEARS:
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, f"as_of: {moment} is no such moment")
    return found


@router.get("")
def numbers(_: Reader, here: Here, asked: Annotated[Asked, Query()]) -> dict[str, Any]:
    """The report as JSON: the same as `complaint-monitor report --json` (docs/numbers.md).

    Spans are seconds, shares 0 to 1; a percentile that was not reached is null.
    """
    return report_data(_report(here, asked, here.clock()))


@router.get("/restated")
def restated(_: Reader, here: Here, asked: Annotated[AskedRestated, Query()]) -> dict[str, Any]:
    """Compare a report as people were told it with what is known of its period now.

    The same as `complaint-monitor restate --json` (docs/reports.md). `as_of` is by default when it was
    told, and so is the end of a period without `until`.
    """
    told_at = min(_aware(asked.told, here.zone), here.clock())
    period, as_of = _period(here, asked, told_at)
    if told_at < period.since:
        raise HTTPException(
            HTTPStatus.UNPROCESSABLE_ENTITY, "told: that is before the period began"
        )
    with here.database.reading() as conn:
        number = _brand(here, conn, asked)
        found = restating.restated(conn, number, period=period, as_of=as_of, told_at=told_at)
    return restated_data(found)


@router.get("/waits")
def waits(_: Reader, here: Here, asked: Annotated[AskedWaits, Query()]) -> Page[dict[str, Any]]:
    """List the waits that a figure counts, the oldest first; the unconfirmed among them, too."""
    seen_at, begin = _place(here, asked.cursor)
    counted = in_order(_of(_report(here, asked, seen_at), asked.by, asked.name))
    found = [one for one in counted if asked.state in (None, one.state)]
    end = begin + asked.limit
    next_ = f"{(seen_at - _EPOCH) // _MICROSECOND}.{end}" if end < len(found) else None
    return Page(items=waits_data(found[begin:end]), next=next_)


def _place(here: Site, cursor: str | None) -> tuple[datetime, int]:
    """The moment of the first page, from which all pages are seen, and where the page begins."""
    now = here.clock()
    if cursor is None:
        return now, 0
    micros, _, begin = cursor.partition(".")
    return min(_EPOCH + int(micros) * _MICROSECOND, now), int(begin)


def _of(report: Report, by: By | None, name: str | None) -> Sequence[Counted]:
    groups = [report.total] if by is None else [g for g in report.groups[by] if g.name == name]
    return [one for group in groups for one in (*group.waits, *group.unconfirmed)]

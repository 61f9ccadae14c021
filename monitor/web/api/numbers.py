"""The figures of a period, and the waits behind each of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from http import HTTPStatus
from itertools import islice
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query
from pydantic import AfterValidator
from starlette.exceptions import HTTPException

from monitor.domain.report import By, Counted, Period, Report
from monitor.domain.sla import State
from monitor.render.report_csv import in_order
from monitor.render.report_json import report_data, waits_data
from monitor.store import readings
from monitor.web.api.params import Cursor, Limit, Line, Reader
from monitor.web.api.shapes import Page
from monitor.web.site import Here

router = APIRouter(prefix="/numbers", tags=["numbers"])

_YEARS = range(1971, 3000)


def _sane(day: date) -> date:
    if day.year not in _YEARS:
        raise ValueError(f"the years {_YEARS[0]} to {_YEARS[-1]} are understood")
    return day


def _report(
    here: Here,
    brand: Annotated[Line | None, Query(description="Default: the only one there is.")] = None,
    until: Annotated[
        Annotated[date, AfterValidator(_sane)] | None,
        Query(description="The local day before which the period ends; default: now."),
    ] = None,
    days: Annotated[int, Query(ge=1, le=400, description="How long it is.")] = 30,
    as_of: Annotated[
        datetime | None,
        Query(description="The moment from which it is seen; default, and at the latest: now."),
    ] = None,
) -> Report:
    """The figures that are asked for, as they stand."""
    now, zone = here.clock(), ZoneInfo(here.settings.timezone)
    seen = min(_aware(as_of, zone), now) if as_of else now
    end = now if until is None else datetime.combine(until, time(), zone).astimezone(UTC)
    begin = end - timedelta(days=days)
    if until is not None:  # whole local days, also where one has 23 or 25 hours
        begin = datetime.combine(until - timedelta(days=days), time(), zone).astimezone(UTC)
    with here.database.reading() as conn:
        names = {name: number for number, name in here.brand_names(conn).items()}
        wanted = brand if brand is not None else here.settings.brand_names[0]
        if wanted not in names or (brand is None and len(here.settings.brand_names) > 1):
            known = ", ".join(sorted(names)) or "none yet: `complaint-monitor run` makes them"
            raise HTTPException(HTTPStatus.NOT_FOUND, f"say which brand; there are {known}")
        return readings.report(conn, names[wanted], period=Period(begin, end), as_of=seen)


def _aware(moment: datetime, zone: ZoneInfo) -> datetime:
    try:
        found = (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError:
        found = None
    if found is None or found.year not in _YEARS:
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, f"as_of: {moment} is no such moment")
    return found


Figures = Annotated[Report, Depends(_report)]


@router.get("")
def numbers(_: Reader, report: Figures) -> dict[str, Any]:
    """The report as JSON: the same as `complaint-monitor report --json` (docs/numbers.md).

    Spans are seconds, shares 0 to 1; a percentile that was not reached is null.
    """
    return report_data(report)


@router.get("/waits")
def waits(
    _: Reader,
    report: Figures,
    by: Annotated[By | None, Query(description="Of one group of that kind, …")] = None,
    name: Annotated[str | None, Query(max_length=200, description="… the one so called.")] = None,
    state: State | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[dict[str, Any]]:
    """List the waits that a figure counts, the oldest first; the unconfirmed among them, too."""
    found = [one for one in in_order(_of(report, by, name)) if state in (None, one.state)]
    begin = int(cursor or 0)
    some = list(islice(found, begin, begin + limit)) if begin < len(found) else []
    end = begin + len(some)
    following = str(end) if some and end < len(found) else None
    return Page(items=waits_data(some), next=following)


def _of(report: Report, by: By | None, name: str | None) -> Sequence[Counted]:
    groups = [report.total] if by is None else [g for g in report.groups[by] if g.name == name]
    return [one for group in groups for one in (*group.waits, *group.unconfirmed)]

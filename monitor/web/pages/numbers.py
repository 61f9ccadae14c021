"""The numbers: the report of a period with what stands beside it; every figure leads to its waits.

The address says the period and the moment: the same address shows the same figures, as far as no more
is known, and a list is of the very waits that were counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from monitor.domain.access import Principal, Role
from monitor.domain.numbers import Numbers, UnknownPartError
from monitor.domain.report import By, Counted, Period, Report, days, midnight
from monitor.domain.reporting import Every
from monitor.domain.sla import BREACHES, UNDECIDED, State
from monitor.render.figures import SECTIONS, STATES, TABLES, UNCONFIRMED, missed, named
from monitor.render.numbers_tables import BREACHED, sheets
from monitor.render.report_csv import in_order
from monitor.render.summary import sentences, tiles
from monitor.render.tongue import Tongue
from monitor.render.words import is_blind, source
from monitor.store import readings, waits
from monitor.web import looks
from monitor.web.access import needs
from monitor.web.site import Site

SPANS: Mapping[str, int] = {"7d": 7, "30d": 30, "90d": 90, "365d": 365}
"""Days up to the moment that is looked from; besides `week` and `month`, the last whole ones."""
NAMED = {Every.WEEK.value: "last week", Every.MONTH.value: "last month"}
DAYS = "last {number} days"
BY_BRAND = "brand"
BRANDS = 20
"""As many are set beside each other."""
AT_ONCE = 100
LIKELY = 10
_YEARS = range(1971, 3000)
_LONGEST = timedelta(days=400)
_STATES: Mapping[str, frozenset[State]] = {
    **{one.value: frozenset({one}) for one in State},
    BREACHED: BREACHES,
    "undecided": UNDECIDED,
}
_TILES = ("", "", "", BREACHED, "undecided", UNCONFIRMED)
"""To which state's list each of the report's tiles leads."""
router = APIRouter(include_in_schema=False)
Viewer = Annotated[Principal, Depends(needs(Role.VIEWER))]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the address asks for."""

    brand: str
    last: str
    period: Period
    as_of: datetime
    by: str

    @property
    def fixed(self) -> dict[str, str]:
        """The same for an address that will always ask for just this."""
        return {
            "brand": self.brand,
            "since": self.period.since.isoformat(),
            "until": self.period.until.isoformat(),
            "as_of": self.as_of.isoformat(),
        }


@router.get("/numbers")
def shown(request: Request, _: Viewer) -> Response:
    """The figures, the charts and the tables."""
    from monitor.web.pages.numbers_charts import charts_of

    asked = _asked(request)
    numbers = _numbers(request, asked.brand, asked)
    say_in = looks.tongue_of(request)
    report, zone = numbers.report, numbers.zone
    brands = _brands(request)
    beside = _of_brands(request, asked, brands) if asked.by == BY_BRAND else []

    def leads_to(of: str = "", state: str = "") -> str:
        return f"/numbers/waits?{urlencode({**asked.fixed, 'of': of, 'state': state})}"

    return looks.answered(
        request,
        "numbers",
        asked=asked,
        numbers=numbers,
        brands=brands,
        spans=(*SPANS, *NAMED),
        names=NAMED,
        many=DAYS,
        choices=(*By, *([BY_BRAND] if len(brands) > 1 else [])),
        sentences=sentences(numbers, say_in),
        tiles=list(zip(tiles(report.total, say_in), _TILES, strict=True)),
        charts=charts_of(numbers, asked.by, beside, say_in),
        sheets=sheets(numbers, say_in),
        tables=TABLES,
        groups=report.groups[By(asked.by)] if asked.by in set(By) else (),
        title=SECTIONS[By(asked.by)] if asked.by in set(By) else "",
        beside=beside,
        left_out=len(brands) - len(beside) if beside else 0,
        likely=[one for one in numbers.outlook.waits if one.late is not None][:LIKELY],
        missed=missed(report, say_in),
        blind=[source(one, zone, say_in) for one in report.sources if is_blind(one)],
        named=named,
        say_in=say_in,
        waits=leads_to,
        of_brand=lambda name: f"/numbers?{urlencode({**asked.fixed, 'brand': name})}",
        before=f"/numbers?{urlencode(_before(asked, numbers))}",
    )


@router.get("/numbers/waits")
def listed(request: Request, _: Viewer, of: str = "", state: str = "", page: int = 1) -> Response:
    """The waits behind a figure, oldest first."""
    asked = _asked(request)
    numbers = _numbers(request, asked.brand, asked)
    found = in_order(_chosen(numbers, of, state))
    begin = (max(1, page) - 1) * AT_ONCE
    said = {**asked.fixed, "of": of, "state": state}
    more = f"/numbers/waits?{urlencode({**said, 'page': str(page + 1)})}"
    return looks.answered(
        request,
        "waits",
        asked=asked,
        of=of,
        state=state,
        states={**STATES, State.MET: "in time"},
        number=len(found),
        rows=found[begin : begin + AT_ONCE],
        begin=begin,
        more=more if begin + AT_ONCE < len(found) else None,
        back=f"/numbers?{urlencode(asked.fixed)}",
        seconds=lambda one: timedelta(seconds=one),
        name=_figure_name(of, state, looks.tongue_of(request)),
    )


def _figure_name(of: str, state: str, say_in: Tongue) -> str:
    """What the list is of, as it was asked."""
    if state == UNCONFIRMED:
        what = say_in("unconfirmed")
    elif state in (BREACHED, "undecided"):
        what = say_in("breached" if state == BREACHED else "Not decided")
    else:
        what = say_in(STATES[State(state)]) if state in set(State) else ""
    return " · ".join(one for one in (of, what) if one)


def _chosen(numbers: Numbers, of: str, state: str) -> Sequence[Counted]:
    """As many as the figure says: the unconfirmed stand beside, and are a list of their own."""
    try:
        found = numbers.waits_of(of or None)
    except UnknownPartError as error:
        raise HTTPException(HTTPStatus.NOT_FOUND, str(error)) from None
    if state == UNCONFIRMED:
        return [one for one in found if not one.wait.confirmed and one.state is not State.DISMISSED]
    if state and state not in _STATES:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "there is no such state")
    confirmed = (one for one in found if one.wait.confirmed)
    return [one for one in confirmed if not state or one.state in _STATES[state]]


def _asked(request: Request) -> _Asked:
    """What the address asks for. Raises HTTPException: it cannot be read, or there is no such brand."""
    site: Site = request.app.state.site
    said, zone, now = request.query_params, site.zone, site.clock()
    brands = _brands(request)
    brand = said.get("brand") or next(iter(brands), "")
    if brand not in brands:
        raise HTTPException(HTTPStatus.NOT_FOUND, "there is no such brand, or nothing was read")
    by = said.get("by") or By.SEVERITY.value
    if by not in {*By, BY_BRAND}:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "there is no such break-down")
    as_of = min(_moment(said.get("as_of"), zone) or now, now)
    since, until = (_moment(said.get(one), zone) for one in ("since", "until"))
    last = said.get("last") or "30d"
    if since is not None:
        period = Period(since, until or as_of)
        last = ""
    else:
        period = _last(last, as_of, zone)
    if not timedelta(0) < period.until - period.since <= _LONGEST:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "a period has to end after it begins")
    return _Asked(brand, last, period, as_of, by)


def _last(last: str, as_of: datetime, zone: ZoneInfo) -> Period:
    today = as_of.astimezone(zone).date()
    if last in set(Every):
        begin = Every(last).begin(today)
        return days(Every(last).before(begin), begin, zone)
    if last not in SPANS:
        raise HTTPException(HTTPStatus.BAD_REQUEST, f"say {', '.join((*SPANS, *Every))}")
    return Period(midnight(today - timedelta(days=SPANS[last] - 1), zone), as_of)


def _moment(text: str | None, zone: ZoneInfo) -> datetime | None:
    """A local day (its midnight), or a time with its zone. Raises HTTPException."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
        if found.year in _YEARS:
            is_day = found.tzinfo is None
            return midnight(date.fromisoformat(text), zone) if is_day else found.astimezone(UTC)
    except ValueError:
        pass
    raise HTTPException(HTTPStatus.BAD_REQUEST, "that is no day like 2026-10-01")


def _brands(request: Request) -> dict[str, int]:
    """The config's brands of which something was read, by name."""
    site: Site = request.app.state.site
    with site.database.reading() as conn:
        return {name: number for number, name in sorted(site.brand_names(conn).items())}


def _numbers(request: Request, brand: str, asked: _Asked) -> Numbers:
    site: Site = request.app.state.site
    number = _brands(request)[brand]
    with site.database.reading() as conn:
        return readings.numbers(
            conn,
            number,
            period=asked.period,
            as_of=asked.as_of,
            zone=site.zone,
            staffed=site.settings.staffed(),
        )


def _of_brands(
    request: Request, asked: _Asked, brands: Mapping[str, int]
) -> list[tuple[str, Report]]:
    """Those with the most waits in the period, by name: each takes its time, and there may be thousands."""
    site: Site = request.app.state.site
    period, as_of = asked.period, asked.as_of
    with site.database.reading() as conn:
        begun = waits.begun(conn, period.since, min(period.until, as_of))
        most = sorted(brands, key=lambda name: (-begun.get(brands[name], 0), name))[:BRANDS]
        return [
            (name, readings.report(conn, brands[name], period=period, as_of=as_of))
            for name in sorted(most)
        ]


def _before(asked: _Asked, numbers: Numbers) -> dict[str, str]:
    """The address of the period before, from as far as it was compared."""
    before = numbers.before
    return {
        "brand": asked.brand,
        "since": before.period.since.isoformat(),
        "until": before.period.until.isoformat(),
        "as_of": before.as_of.isoformat(),
    }

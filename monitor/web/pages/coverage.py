"""The coverage: where was looked, where nobody could, and what it cost."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from monitor.domain.access import Principal, Role
from monitor.domain.coverage import Why
from monitor.render.words import WHY
from monitor.store import ledger
from monitor.store.ledger import Kept
from monitor.web import looks
from monitor.web.access import needs
from monitor.web.site import Site

SPANS: Mapping[str, timedelta] = {
    "24h": timedelta(days=1),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}
_MICROS = 1_000_000
router = APIRouter(include_in_schema=False)


@router.get("/coverage")
def shown(
    request: Request, _: Annotated[Principal, Depends(needs(Role.VIEWER))], since: str = "24h"
) -> Response:
    """Stream by stream."""
    site: Site = request.app.state.site
    now = site.clock()
    begin = now - SPANS.get(since, SPANS["24h"])
    with site.database.reading() as conn:
        names = set(site.brand_names(conn).values())
        found = [one for one in ledger.kept(conn, begin, now) if names & set(one.brands)]
    return looks.answered(
        request,
        "coverage",
        rows=[(one, watched(one, begin), _money(one)) for one in found],
        spans=SPANS,
        since=since if since in SPANS else "24h",
        begin=begin,
        now=now,
        why=lambda one: WHY[Why(one)],
    )


def watched(one: Kept, since: datetime) -> int | None:
    """How many percent of the time somebody looked, rounded down; None: nobody ever did."""
    if not one.watches or one.watched_since is None:
        return None
    end = max((one.watches[-1].ended_at, *(hole.until for hole in one.blind)))
    whole = (end - max(since, one.watched_since)).total_seconds()
    missed = sum(hole.lasted.total_seconds() for hole in one.blind)
    return 100 if whole <= 0 else max(0, int(100 * (1 - missed / whole)))


def _money(one: Kept) -> str:
    return f"{one.sums['micros'] / _MICROS:.3f}" if one.sums["micros"] else ""

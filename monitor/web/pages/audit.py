"""The audit: who did what to which case, and who was given access and used it."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from monitor.domain.access import Change, Principal, Role
from monitor.domain.storable import storable
from monitor.render.happened import happened
from monitor.store import access_events, cases, doings
from monitor.store.columns import EPOCH, MICROSECOND
from monitor.store.doings import Place
from monitor.web import acts, looks
from monitor.web.access import needs
from monitor.web.site import Site

AT_ONCE = 50
"""Lines of a page."""
_LAST_SEQ = 2**31 - 1
"""A case's entries are counted in 32 bits."""
CHANGES: Mapping[Change, str] = {
    Change.USER_ADDED: "User added",
    Change.ROLE_CHANGED: "Role changed",
    Change.BRANDS_CHANGED: "Brands changed",
    Change.PASSWORD_CHANGED: "Password changed",
    Change.USER_DISABLED: "User disabled",
    Change.USER_ENABLED: "User enabled",
    Change.TOKEN_ADDED: "Token added",
    Change.TOKEN_REVOKED: "Token revoked",
    Change.SIGNED_IN: "Signed in",
    Change.SIGNED_OUT: "Signed out",
    Change.SIGN_IN_REFUSED: "Sign-in refused",
}
router = APIRouter(include_in_schema=False)
Manager = Annotated[Principal, Depends(needs(Role.MANAGER))]


@router.get("/audit")
def shown(request: Request, _: Manager, by: str = "", before: str = "") -> Response:
    """What people did to cases."""
    site: Site = request.app.state.site
    say_in = looks.tongue_of(request)
    with site.database.reading() as conn:
        names = site.brand_names(conn)
        found = doings.latest(
            conn, AT_ONCE + 1, by=storable(by).strip() or None, before=_place(before)
        )
        notes = cases.notes(conn, [one.record for one in found])
    rows = [
        (one, happened(one.record, notes, site.zone, say_in))
        for one in found[:AT_ONCE]
        if one.brand_id in names
    ]
    more = None
    if len(found) > AT_ONCE:
        last = found[AT_ONCE - 1]
        micros = (last.record.recorded_at - EPOCH) // MICROSECOND
        place = f"{micros}.{last.case_id}.{last.record.seq}"
        more = f"/audit?{urlencode({'by': by, 'before': place})}"
    return looks.answered(
        request, "audit", rows=rows, brand_names=names, by=by, more=more, is_first=not before
    )


@router.get("/audit/access")
def access(
    request: Request, _: Manager, before: Annotated[int | None, Query(ge=1, le=acts.MOST)] = None
) -> Response:
    """Who was given access, and came in."""
    site: Site = request.app.state.site
    with site.database.reading() as conn:
        found = access_events.latest(conn, AT_ONCE + 1, before=before)
    more = f"/audit/access?before={found[AT_ONCE - 1].id}" if len(found) > AT_ONCE else None
    return looks.answered(request, "access", rows=found[:AT_ONCE], changes=CHANGES, more=more)


def _place(text: str) -> Place | None:
    if not text:
        return None
    try:
        micros, case_id, seq = text.split(".")
        at = EPOCH + acts.bounded(micros) * MICROSECOND
        return Place(at, acts.bounded(case_id), acts.bounded(seq, _LAST_SEQ))
    except (ValueError, OverflowError):
        raise HTTPException(HTTPStatus.BAD_REQUEST, "that page is none of ours") from None

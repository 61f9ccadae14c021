"""The language in which a browser is spoken to."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from monitor.render.tongue import LANGUAGES
from monitor.web.access import visits
from monitor.web.looks import LANGUAGE

_A_YEAR = 365 * 24 * 3600
router = APIRouter(include_in_schema=False)


@router.post("/language")
async def choose(request: Request) -> Response:
    """Keep the choice in the browser, and go back to where it was made."""
    await visits.require_ours(request)
    said = await visits.form(request)
    response = RedirectResponse(visits.within(said.get("next", "/")), HTTPStatus.SEE_OTHER)
    if said.get(LANGUAGE) in LANGUAGES:
        response.set_cookie(
            LANGUAGE,
            said[LANGUAGE],
            max_age=_A_YEAR,
            httponly=True,
            samesite="lax",
            secure=not visits.is_loopback(request),
        )
    return response

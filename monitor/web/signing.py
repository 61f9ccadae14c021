"""Where people sign in and out. Too many wrong passwords make the next one wait."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated, NamedTuple

import structlog
from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from monitor.clock import utc_now
from monitor.domain.access import Change, Principal, Role
from monitor.store import access_events, sessions, users
from monitor.store.users import User
from monitor.web.access import passwords, visits
from monitor.web.access.doors import SIGN_IN, needs, visitor
from monitor.web.looks import shown
from monitor.web.site import Site

WITHIN = timedelta(minutes=15)
MOST_OF_ONE, MOST_OF_ADDRESS, MOST_OF_NAME = 5, 30, 50
"""Wrong passwords in that time: for a name from an address, from an address, for a name."""
_LONGEST_NAME = 100
log = structlog.get_logger()


class _Try(NamedTuple):
    """One sign-in: of that name, counted under these keys at that time."""

    name: str
    keys: dict[str, int]
    at: datetime


router = APIRouter(include_in_schema=False)


@router.get(SIGN_IN)
def sign_in(request: Request, next: str = "/") -> Response:  # noqa: A002 - the field's name
    """The page. It, too, has a form that must be ours: nobody is signed in behind his back."""
    if visitor(request) is not None:
        return RedirectResponse(visits.within(next), HTTPStatus.SEE_OTHER)
    return page(request, next)


@router.post(SIGN_IN)
async def signed_in(request: Request) -> Response:
    """Let somebody in, under a new secret: one that was known before is worth nothing."""
    await visits.require_ours(request)
    said = await visits.form(request)
    name, back = said.get("name", "").strip()[:_LONGEST_NAME], visits.within(said.get("next", "/"))
    site: Site = request.app.state.site
    its = _Try(name, _keys(name, _address(request)), utc_now())
    may_go_on, user = await run_in_threadpool(_begun, site, its)
    if not may_go_on:
        return await run_in_threadpool(page, request, back, name=name, wait=WITHIN)
    kept, password = user.password if user else None, said.get("password", "")
    async with request.app.state.checking:  # who waits for his turn takes no thread from anybody
        checked = await run_in_threadpool(passwords.checked, kept, password)
    secret = visits.fresh_secret()
    if not await run_in_threadpool(_let_in, site, its, kept, checked, secret):
        return await run_in_threadpool(page, request, back, name=name, is_wrong=True)
    response = RedirectResponse(back, HTTPStatus.SEE_OTHER)
    visits.keep(response, request, secret)
    return response


@router.post("/sign-out")
def signed_out(
    request: Request, who: Annotated[Principal, Depends(needs(Role.VIEWER))]
) -> Response:
    """End this session, for good."""
    site: Site = request.app.state.site
    with site.database.writing() as conn:
        sessions.end(conn, visits.secret_of(request) or "")
        access_events.note(conn, Change.SIGNED_OUT, who.name, by=who.name, at=utc_now())
    response = RedirectResponse(SIGN_IN, HTTPStatus.SEE_OTHER)
    visits.forget(response, request)
    return response


def page(
    request: Request,
    back: str,
    *,
    name: str = "",
    is_wrong: bool = False,
    wait: timedelta | None = None,
    refused: str | None = None,
) -> Response:
    """The page where people sign in, with why somebody was not; it leads to `back`."""
    site: Site = request.app.state.site
    with site.database.reading() as conn:
        is_empty = not users.are_there(conn)
    secret = visits.secret_of(request) or visits.fresh_secret()
    minutes = math.ceil(wait / timedelta(minutes=1)) if wait else 0
    content = {"back": visits.within(back), "name": name, "is_wrong": is_wrong, "minutes": minutes}
    openid = site.settings.web.openid
    text = shown(
        request,
        "sign_in",
        is_empty=is_empty,
        proof=visits.proof(secret),
        refused=refused,
        openid=openid,
        **content,
    )
    status = HTTPStatus.OK
    headers = None
    if wait:
        status, headers = HTTPStatus.TOO_MANY_REQUESTS, {"retry-after": str(minutes * 60)}
    elif is_wrong or refused:
        status = HTTPStatus.UNAUTHORIZED
    response = HTMLResponse(text, status, headers)
    visits.keep(response, request, secret)
    return response


def _address(request: Request) -> str:
    """Whose address it is; a server before us says in its last word for whom it asks."""
    client = request.client.host if request.client else ""
    for_whom = ",".join(request.headers.getlist("x-forwarded-for")).rpartition(",")[2].strip()
    site: Site = request.app.state.site
    return for_whom if for_whom and site.settings.web.believes(client) else client


def _keys(name: str, address: str) -> dict[str, int]:
    return {
        f"{name}\0{address}": MOST_OF_ONE,
        f"\0{address}": MOST_OF_ADDRESS,
        f"{name}\0": MOST_OF_NAME,
    }


def _begun(site: Site, its: _Try) -> tuple[bool, User | None]:
    """Whether it may go on, and whose password it is about."""
    with site.database.writing() as conn:
        if not sessions.count(conn, its.keys, its.at, its.at - WITHIN):
            return False, None
        return True, users.named(conn, its.name)


def _let_in(
    site: Site, its: _Try, kept: str | None, checked: passwords.Checked, secret: str
) -> bool:
    """Begin a session, if it was the user's password, and `kept` is it still."""
    now = utc_now()
    with site.database.writing() as conn:
        user = users.named(conn, its.name, hold=True)
        if user is None or kept is None or not checked.is_right or user.password != kept:
            # of a name that is nobody's nothing is kept: it may be a password in the wrong field
            about = user.name if user else ""
            access_events.note(conn, Change.SIGN_IN_REFUSED, about, by="", at=now)
            log.warning("sign_in_refused", user=about)
            return False
        first, *others = its.keys
        sessions.forgive(conn, first, others, its.at)
        sessions.begin(conn, secret, user.id, now)
        if checked.anew is not None:
            users.rehash(conn, user.id, kept, checked.anew)
        access_events.note(conn, Change.SIGNED_IN, user.name, by=user.name, at=now)
    return True

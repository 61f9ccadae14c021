"""Tells open pages that something happened to some case; what it was they ask for themselves.

Server-sent events, without any content: a page that cannot hear them is right after a reload.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response, StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from monitor.domain.access import Principal, Role, Scope
from monitor.domain.errors import StoreError
from monitor.store import queue
from monitor.web.access import needs
from monitor.web.site import Site

EVERY = 2.0
"""Seconds between two looks."""
LASTS = 300.0
"""Seconds; the browser then asks anew, and with it whether it may."""
MOST = 100
"""Pages that are told at a time."""
_LOOKS_UNTIL_A_SIGN = 8
log = structlog.get_logger()
router = APIRouter(include_in_schema=False)
Watcher = Annotated[Principal, Depends(needs(Role.VIEWER, Scope.READ))]


@router.get("/news")
async def news(request: Request, _: Watcher) -> Response:
    """A line with each change, until the page is closed."""
    state = request.app.state
    if getattr(state, "listening", 0) >= MOST:
        raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, "too many pages listen: reload by hand")
    return StreamingResponse(
        _told(state.site, state),
        media_type="text/event-stream",
        headers={"x-accel-buffering": "no"},  # nginx would keep the lines until there are many
    )


async def _told(site: Site, state: object) -> AsyncIterator[str]:
    closing: asyncio.Event = state.closing  # type: ignore[attr-defined]
    state.listening = getattr(state, "listening", 0) + 1  # type: ignore[attr-defined]
    try:
        yield "retry: 3000\n\n"
        before = await run_in_threadpool(_pulse, site)
        for number in range(1, int(LASTS / EVERY)):
            if await _is_set_within(closing, EVERY):
                return
            now = await run_in_threadpool(_pulse, site)
            if now != before:
                before = now
                yield "data: news\n\n"
            elif number % _LOOKS_UNTIL_A_SIGN == 0:
                yield ": still here\n\n"
    except StoreError as error:
        log.warning("news_ended", problem=str(error))
    finally:
        state.listening -= 1  # type: ignore[attr-defined]


async def _is_set_within(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False


def _pulse(site: Site) -> object:
    with site.database.reading() as conn:
        return queue.pulse(conn)

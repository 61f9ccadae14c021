"""What is sent to a source: made sure of by the source, kept, and only then thanked for.

The source reads it from its inbox when it is its turn, like any other network.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from monitor.domain.errors import CallError, ConfigError, Refusal
from monitor.ports import Call, Letter, Receives
from monitor.store import inbox
from monitor.store.engine import Connection
from monitor.web.problems import Problem
from monitor.web.site import Here, Site

log = structlog.get_logger()

router = APIRouter(prefix="/intake", include_in_schema=False)

_STATUS = {
    Refusal.NOT_ASKED: HTTPStatus.NOT_FOUND,
    Refusal.NOT_SIGNED: HTTPStatus.UNAUTHORIZED,
    Refusal.WRONG_SIGNATURE: HTTPStatus.UNAUTHORIZED,
    Refusal.WRONG_TIME: HTTPStatus.UNAUTHORIZED,
    Refusal.NOT_READY: HTTPStatus.SERVICE_UNAVAILABLE,
}


async def _call(request: Request, here: Here) -> Call:
    return Call(
        asked=dict(request.query_params),
        headers=dict(request.headers),
        body=await request.body(),
        at=here.clock(),
    )


Said = Annotated[Call, Depends(_call)]


@router.get("/{name:path}")
def greet(name: str, call: Said, here: Here) -> Response:
    """Answer a network that asks whether this address is ours."""
    try:
        return PlainTextResponse(_door(name, here).greet(call))
    except (CallError, ConfigError) as error:
        return _refused(name, error, here)


@router.post("/{name:path}")
def take(name: str, call: Said, here: Here) -> Response:
    """Take in what a network, or a program of the shop's own, tells."""
    try:
        door = _door(name, here)
        letters = door.take(call)
    except (CallError, ConfigError) as error:
        return _refused(name, error, here)
    with here.database.writing() as conn:
        said = keep(conn, name, door, letters, call.at)
    return JSONResponse(said)


def keep(
    conn: Connection, name: str, door: Receives, letters: Sequence[Letter], now: datetime
) -> dict[str, Any]:
    """Keep them for the source of that name, and let it read them. Returns what became of each."""
    known = inbox.put(conn, name, letters, now)
    inbox.wake(conn, name, door.reading_stream(), now)
    flawed = [{"item": place, "reason": one.flaw} for place, one in enumerate(letters) if one.flaw]
    told = {one.key for one in letters if not one.flaw}
    return {
        "received": len(letters),
        "new": len(told - known),
        "known": len(letters) - len(flawed) - len(told - known),
        "rejected": flawed,
    }


def _door(name: str, here: Site) -> Receives:
    if name not in here.doors:
        raise CallError("nothing is taken in at this address", Refusal.NOT_ASKED)
    return here.doors[name]


def _refused(name: str, error: CallError | ConfigError, here: Site) -> Response:
    """Refuse it, and count that; what is wrong with our own configuration is for the log alone."""
    if isinstance(error, CallError):
        reason, said = error.reason, str(error)
    else:
        reason, said = Refusal.NOT_READY, "this address is not set up yet"
    source = name if name in here.doors else ""
    log.warning("call_refused", source=source, reason=reason.value, problem=str(error))
    here.refusals.count(source, reason)
    return Problem(_STATUS[reason], said, reason=reason.value)

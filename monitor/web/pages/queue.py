"""The queue: who waits for an answer, first due first. Its filters are its address."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlencode

import structlog
from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from monitor.domain.access import Principal, Role
from monitor.domain.errors import MonitorError, StoreError
from monitor.domain.judgement import Severity
from monitor.domain.search import search
from monitor.domain.storable import storable
from monitor.render.reply_words import without_commands
from monitor.store import queue, users
from monitor.store.columns import EPOCH, MICROSECOND
from monitor.store.queue import Line, Place, State, Wanted
from monitor.web import acts, looks
from monitor.web.access import needs, visits
from monitor.web.site import Site

AT_ONCE = 50
"""Lines of a page."""
SOON = timedelta(hours=1)
ME = "me"
STATES: Mapping[State, str] = {
    State.LATE: "overdue",
    State.IN_TIME: "in time",
    State.CONFIRMED: "confirmed",
    State.UNCONFIRMED: "unconfirmed",
    State.CLAIMED: "somebody is answering",
    State.ESCALATED: "escalated",
    State.SNOOZED: "put off",
}
OUT_OF_REACH = "The database cannot be used now: try again."
FILTERS = ("brand", "network", "severity", "topic", "language", "person", "state", "q")
_LONGEST = 200
_MOST_CASES, _MOST_DIGITS = 200, 19
log = structlog.get_logger()
router = APIRouter(include_in_schema=False)
Viewer = Annotated[Principal, Depends(needs(Role.VIEWER))]
Agent = Annotated[Principal, Depends(needs(acts.ROLE))]


@router.get("/")
def first(_: Viewer) -> Response:
    """The page that is looked at first."""
    return RedirectResponse("/queue", HTTPStatus.SEE_OTHER)


@router.get("/queue")
def shown(request: Request, who: Viewer) -> Response:
    """One page of it."""
    site: Site = request.app.state.site
    asked = request.query_params
    said = {name: storable(asked.get(name, "")).strip()[:_LONGEST] for name in FILTERS}
    now = site.clock()
    wanted, say_in = wanted_of(said, who), looks.tongue_of(request)
    after = _place(asked.get("after", ""))
    with site.database.reading() as conn:
        names = site.brand_names(conn)
        ids = [number for number, name in names.items() if said["brand"] in ("", name)]
        lines = queue.page(conn, ids, wanted, now, limit=AT_ONCE + 1, after=after)
        number = queue.count(conn, ids, wanted, now)
        choices = {
            "networks": queue.networks(conn),
            "people": users.names(conn),
            "topics": request.app.state.topics,
            "brands": sorted(names.values()),
        }
    more = None
    if len(lines) > AT_ONCE:
        more = _address(said, _written(lines[AT_ONCE - 1].place))
    return looks.answered(
        request,
        "queue",
        rows=[(one, _standing(one, now)) for one in lines[:AT_ONCE]],
        brand_names=names,
        now=now,
        number=number,
        counted=queue.COUNTED,
        said=said,
        is_narrowed=any(said.values()),
        is_first=after is None,
        first=_address(said, ""),
        more=more,
        bulk=acts.BULK,
        names=acts.NAMES,
        naps=acts.NAPS,
        severities={one: say_in(one.word) for one in reversed(Severity)},
        states=STATES,
        **choices,
    )


@router.post("/queue/acts")
async def act(request: Request, who: Agent) -> Response:
    """Do one act to each case that was chosen, and say of each what came of it."""
    fields = await visits.fields(request)
    said = {name: values[-1] for name, values in fields.items()}
    if said.get("act") not in acts.BULK:
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, "say what is to be done")
    chosen = list(dict.fromkeys(fields.get("case", ())))[:_MOST_CASES]
    done = await run_in_threadpool(_each, request, who, said, chosen)
    back = visits.within(said.get("next", "/queue"))
    return await run_in_threadpool(
        looks.answered, request, "acted", done=done, act=acts.NAMES[said["act"]], to=back
    )


def _each(
    request: Request, who: Principal, said: Mapping[str, str], chosen: list[str]
) -> list[tuple[str, str | None]]:
    """Of each case, why it was not done; None: it was."""
    found: list[tuple[str, str | None]] = []
    site, say_in = request.app.state.site, looks.tongue_of(request)
    for text in chosen:
        why = None
        try:
            is_number = text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS
            number = int(text) if is_number else 0
            once = said.get("once", "")
            acts.do(
                site, acts.Doing(act=said["act"], case_id=number, who=who, said=said, once=once)
            )
        except StoreError as error:
            log.warning("database_out_of_reach", path="/queue/acts", problem=str(error))
            why = OUT_OF_REACH
        except MonitorError as error:
            why = without_commands(say_in.why(error))
        found.append((text[:20], why))
    return found


def wanted_of(said: Mapping[str, str], who: Principal) -> Wanted:
    """What the address asks for. Raises HTTPException: there is no such thing."""
    try:
        return Wanted(
            network=said["network"],
            severity=Severity[said["severity"].upper()] if said["severity"] else None,
            topic=said["topic"],
            language=said["language"],
            person=who.name if said["person"] == ME else said["person"],
            state=State(said["state"]) if said["state"] else None,
            said=search(said["q"]) if said["q"] else None,
        )
    except (KeyError, ValueError):
        raise HTTPException(HTTPStatus.BAD_REQUEST, "there is no such severity or state") from None


def _standing(one: Line, now: datetime) -> str:
    """How urgent it is."""
    if not one.confirmed:
        return "unsure"
    if one.due_at < now:
        return "late"
    return "soon" if one.due_at - now < SOON else "fine"


def _address(said: Mapping[str, str], after: str) -> str:
    asked = {name: text for name, text in {**said, "after": after}.items() if text}
    return f"/queue?{urlencode(asked)}" if asked else "/queue"


def _written(place: Place) -> str:
    return f"{(place.due_at - EPOCH) // MICROSECOND}.{place.case_id}"


def _place(text: str) -> Place | None:
    """Where a page begins. Raises HTTPException: the address is not ours."""
    if not text:
        return None
    micros, _, number = text.partition(".")
    try:
        return Place(EPOCH + acts.bounded(micros) * MICROSECOND, acts.bounded(number))
    except (ValueError, OverflowError):
        raise HTTPException(HTTPStatus.BAD_REQUEST, "that page is none of ours") from None

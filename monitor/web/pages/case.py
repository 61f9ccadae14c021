"""One case: what was said, where it stands and why, what may be done, what happened."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from itertools import islice
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from monitor.domain.access import Principal, Role
from monitor.domain.case import Case, Status, fold
from monitor.domain.elapsed import Elapsed, elapsed
from monitor.domain.errors import MonitorError, StoreError
from monitor.domain.escalation_ahead import ahead
from monitor.domain.event import Channel
from monitor.domain.judgement import Band
from monitor.domain.notice import CaseCard, Planned
from monitor.domain.reply import Draft
from monitor.domain.template import fill
from monitor.render.happened import happened
from monitor.render.policy_words import why
from monitor.render.reply_words import why_cancelled, without_commands
from monitor.stages import answer
from monitor.stages.answer import ReplyError
from monitor.store import answers, cards, cases, conversations, foretelling, outbox, users
from monitor.store.engine import Connection
from monitor.web import acts, looks
from monitor.web.access import needs, visits
from monitor.web.acts import Doing, NoSuchCaseError
from monitor.web.site import Site

FORETOLD = 20
"""Steps that are shown of what is ahead."""
PROBE = "…"
"""Stands for an answer that is not written yet, to see who would post it where."""
Number = Annotated[int, Path(ge=1, le=acts.MOST)]
router = APIRouter(include_in_schema=False)
Viewer = Annotated[Principal, Depends(needs(Role.VIEWER))]
Agent = Annotated[Principal, Depends(needs(acts.ROLE))]


@router.get("/cases/{number}")
def shown(request: Request, number: Number, who: Viewer, template: str = "") -> Response:
    """The page. `template` names an approved answer to begin with."""
    return _page(request, number, who, template=template)


@router.post("/cases/{number}/{what}")
async def do(request: Request, number: Number, what: str, who: Agent) -> Response:
    """Do what the form says, and show the case as it is then; what was typed is not lost."""
    said = await visits.form(request)
    doing = Doing(act=what, case_id=number, who=who, said=said, once=said.get("once", ""))
    site: Site = request.app.state.site
    try:
        await run_in_threadpool(acts.do, site, doing)
    except NoSuchCaseError as error:
        return await run_in_threadpool(_absent, request, error)
    except StoreError:
        raise  # no conflict: `problems` says it, without our insides
    except MonitorError as error:
        wrong = without_commands(looks.tongue_of(request).why(error))
        return await run_in_threadpool(
            _page, request, number, who, wrong=wrong, typed=said, refused=what
        )
    to = visits.within(said.get("next") or f"/cases/{number}")
    return RedirectResponse(f"{to}#done" if to.startswith("/cases/") else to, HTTPStatus.SEE_OTHER)


def _absent(request: Request, error: Exception) -> Response:
    status = HTTPStatus.NOT_FOUND
    return looks.answered(request, "problem", status, title=status.phrase, problem=str(error))


def _page(
    request: Request,
    number: int,
    who: Principal,
    *,
    template: str = "",
    wrong: str | None = None,
    typed: Mapping[str, str] | None = None,
    refused: str = "",
) -> Response:
    site: Site = request.app.state.site
    now = site.clock()
    with site.database.reading() as conn:
        try:
            acts.require(site, conn, number)
        except NoSuchCaseError as error:
            return _absent(request, error)
        content = _content(request, conn, number, now)
        card: CaseCard = content["card"]
        if who.role >= acts.ROLE:
            content |= _answering(request, conn, card, who, template)
            content["people"] = users.names(conn)
    return looks.answered(
        request,
        "case",
        HTTPStatus.CONFLICT if wrong else HTTPStatus.OK,
        **{"draft": None, "cannot": None, "templates": [], "filled": "", "people": [], **content},
        now=now,
        may_act=who.role >= acts.ROLE and card.status != Status.MERGED,
        is_open=card.status == Status.OPEN,
        is_unsure=card.status == Status.OPEN and card.band is Band.REVIEW,
        names=acts.NAMES,
        naps=acts.NAPS,
        channels=list(Channel),
        local_now=now.astimezone(site.zone).strftime("%Y-%m-%dT%H:%M"),
        wrong=wrong,
        typed=defaultdict(str, typed or {}),
        refused=refused,
    )


def _content(request: Request, conn: Connection, number: int, now: datetime) -> dict[str, Any]:
    site: Site = request.app.state.site
    say_in = looks.tongue_of(request)
    history = cases.history(conn, number)
    notes = cases.notes(conn, history)
    said, others = conversations.of_case(conn, number)
    case = fold(history)
    return {
        "card": cards.card(conn, number, now, None),
        "case": case,
        "history": [(one, happened(one, notes, site.zone, say_in)) for one in history],
        "said": said,
        "others": others,
        "clock": _clock(conn, case, now),
        "ahead": _ahead(request, conn, number, case, now),
        "told": outbox.case_notices(conn, number),
        "replies": answers.of_case(conn, number),
        "why_cancelled": why_cancelled,
    }


def _clock(conn: Connection, case: Case, now: datetime) -> Elapsed | None:
    """Of the open wait, else of the last one."""
    wait = case.open_wait or (case.waits[-1] if case.waits else None)
    return None if wait is None else elapsed(wait, cases.kept_rule(conn, wait.rule), now)


def _ahead(
    request: Request, conn: Connection, number: int, case: Case, now: datetime
) -> list[tuple[datetime, Planned, str]]:
    """What will be told of it while nobody does anything: when, to whom, and why, or why not."""
    wait, row = case.open_wait, cases.row(conn, number)
    if wait is None or row is None:
        return []
    site: Site = request.app.state.site
    rule = cases.kept_rule(conn, wait.rule)
    watched = foretelling.watched(conn, row.brand_id)
    staff = foretelling.staff(conn, request.app.state.people)
    say_in = looks.tongue_of(request)
    told = islice(
        ahead(case, case_id=number, rule=rule, watched=watched, staff=staff, now=now), FORETOLD
    )
    return [
        (
            one.at,
            it,
            why(it, one, rule=rule, case=case, staff=staff, zone=site.zone, say_in=say_in),
        )
        for one in told
        for it in one.firing.notices
    ]


def _answering(
    request: Request, conn: Connection, card: CaseCard, who: Principal, template: str
) -> dict[str, Any]:
    """Who would post an answer where, and what to begin with; or why there is none to write."""
    if card.status != Status.OPEN:
        return {}
    site: Site = request.app.state.site
    approved = site.settings.answers.approved()
    chosen = approved.named(template)
    name = (card.author or "").lstrip("@")
    found = {
        "templates": approved.fitting(card.topics, card.lang),
        "filled": fill(chosen.text, {"name": name}) if chosen else "",
    }
    draft: Draft | None = None
    try:
        draft = answer.draft(
            conn, site.desks(), card.case_id, PROBE, approved=approved, by=who.name
        )
    except ReplyError as error:
        return {**found, "cannot": without_commands(looks.tongue_of(request).why(error))}
    return {**found, "draft": draft}

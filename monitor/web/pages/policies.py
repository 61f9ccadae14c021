"""The policies as people read them; what they will do (explain), and others would have done (simulate).

Whoever looks may read them and follow a case; agents try a text; managers try changed policies.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from monitor.domain.access import Principal, Role
from monitor.domain.errors import MonitorError, StoreError
from monitor.domain.escalation_difference import Change, Difference
from monitor.domain.judgement import Severity
from monitor.domain.report import Period
from monitor.domain.rota import ROTA
from monitor.policies.explaining import Explained, Said, of_case, of_post
from monitor.policies.proposing import LONGEST, proposed
from monitor.policies.simulating import difference
from monitor.render import policy_words
from monitor.render.reply_words import without_commands
from monitor.settings import Settings
from monitor.store import foretelling
from monitor.web import acts, looks
from monitor.web.access import needs, visits
from monitor.web.acts import NotUnderstoodError
from monitor.web.site import Site

SPANS: Mapping[str, int] = {"7d": 7, "30d": 30, "90d": 90}
"""Days up to now that changed policies are tried on."""
SIMULATES = Role.MANAGER
LISTED = 200
"""Changed messages that are shown."""
_PATIENCE = timedelta(seconds=20)
_SHORT = 100
_BUSY = "Somebody else tries something out just now: try again in a moment."
router = APIRouter(include_in_schema=False)
Viewer = Annotated[Principal, Depends(needs(Role.VIEWER))]
Agent = Annotated[Principal, Depends(needs(acts.ROLE))]
Manager = Annotated[Principal, Depends(needs(SIMULATES))]


@router.get("/policies")
def shown(request: Request, who: Viewer, case: str = "") -> Response:
    """The policies; with the number of a case, its whole future."""
    if not case:
        return _page(request, who)
    return _tried(request, who, {"case": case}, partial(_of_case, request, case))


@router.post("/policies/explain")
async def explain(request: Request, who: Agent) -> Response:
    """What would be ahead of a text. In no address: it may be a customer's."""
    said = await visits.form(request)
    return await _one_at_a_time(request, who, said, partial(_of_text, request, said))


@router.post("/policies/simulate")
async def simulate(request: Request, who: Manager) -> Response:
    """What a changed policy would have told of past cases. Nothing is adopted, nobody is told."""
    said = await visits.form(request)
    return await _one_at_a_time(request, who, said, partial(_simulated, request, said))


async def _one_at_a_time(
    request: Request, who: Principal, said: Mapping[str, str], work: Callable[[], dict[str, Any]]
) -> Response:
    """It keeps a core busy: who comes meanwhile is told so, and what was typed is not lost."""
    trying: asyncio.Semaphore = request.app.state.trying
    if trying.locked():
        return await run_in_threadpool(_page, request, who, said, wrong=_BUSY)
    async with trying:
        return await run_in_threadpool(_tried, request, who, said, work)


def _tried(
    request: Request, who: Principal, said: Mapping[str, str], work: Callable[[], dict[str, Any]]
) -> Response:
    """What came of it, or why nothing did."""
    try:
        found = work()
    except StoreError:
        raise  # `problems` says it, without our insides
    except MonitorError as error:
        return _page(
            request, who, said, wrong=without_commands(looks.tongue_of(request).why(error))
        )
    return _page(request, who, said, **found)


def _of_case(request: Request, case: str) -> dict[str, Any]:
    site: Site = request.app.state.site
    if not (case.isascii() and case.isdecimal() and len(case) < 18):  # noqa: PLR2004 - of 64 bits
        raise NotUnderstoodError(f"{case[:_SHORT]!r} is no number.")
    with site.database.reading() as conn:
        acts.require(site, conn, int(case))
        found = of_case(
            conn,
            int(case),
            site.settings.staff(),
            zone=site.zone,
            now=site.clock(),
            say_in=looks.tongue_of(request),
        )
    return {"explained": found}


def _of_text(request: Request, said: Mapping[str, str]) -> dict[str, Any]:
    site: Site = request.app.state.site
    settings, now = site.settings, site.clock()
    text, brand = said.get("text", "").strip(), said.get("brand") or _first(settings)
    if not text and not said.get("severity"):
        raise NotUnderstoodError("Write what a customer might write, or choose a severity.")
    if len(text) > acts.LONGEST:
        raise NotUnderstoodError(f"That is too long: {acts.LONGEST} characters at most.")
    if brand not in settings.brand_names:
        raise NotUnderstoodError("There is no such brand.")
    asked = Said(
        brand=brand,
        network=said.get("network", "").strip()[:_SHORT] or "x",
        text=text or None,
        severity=_severity(said.get("severity", "")),
        topics=tuple(filter(None, [said.get("topic", "").strip()[:_SHORT]])),
        language=said.get("language", "").strip()[:_SHORT] or None,
        followers=_number(said.get("followers", "")),
    )
    at = acts.moment(said["at"], site) if said.get("at") else now
    if abs(at - now) > timedelta(days=10 * 366):
        raise NotUnderstoodError("Choose a time within ten years of now.")
    with site.database.reading() as conn:
        staff = foretelling.staff(conn, settings.staff())
        found = of_post(
            settings,
            asked,
            staff=staff,
            judging=lambda: site.judge,
            zone=site.zone,
            now=at,
            say_in=looks.tongue_of(request),
        )
    return {"explained": found}


def _first(settings: Settings) -> str:
    return next(iter(settings.brand_names), "")


def _severity(word: str) -> Severity | None:
    if not word:
        return None
    found = next((one for one in Severity if one.word == word), None)
    if found is None:
        raise NotUnderstoodError("There is no such severity.")
    return found


def _number(text: str) -> int | None:
    if not text.strip():
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 18):  # noqa: PLR2004 - of 64 bits
        raise NotUnderstoodError(f"{text[:_SHORT]!r} is no number.")
    return int(text)


def _simulated(request: Request, said: Mapping[str, str]) -> dict[str, Any]:
    site: Site = request.app.state.site
    now = site.clock()
    last = said.get("last", "30d")
    if last not in SPANS:
        raise NotUnderstoodError("There is no such period.")
    if not said.get("toml", "").strip():
        raise NotUnderstoodError("Paste the changed policies, as they would stand in the config.")
    changed = proposed(said["toml"], site.settings, now=now)
    period = Period(now - timedelta(days=SPANS[last]), now)
    with site.database.reading() as conn:
        found = difference(
            conn,
            site.settings,
            changed,
            period,
            now=now,
            brands_of=site.settings.brand_names,
            patience=_PATIENCE,
        )
    return {"difference": found, "period": period, **_listed(request, found)}


def _listed(request: Request, found: Difference) -> dict[str, Any]:
    """The messages and summaries that would change, as many as are shown, and the places that would hear."""
    site: Site = request.app.state.site
    say_in = looks.tongue_of(request)
    changed = [one for one in found.lines if one.change is not Change.SAME]
    mornings = [one for one in found.summaries if not one.is_same]
    places = sorted({*found.messages["before"], *found.messages["after"]})
    return {
        "places": places,
        "changed": [
            (one, *policy_words.both_sides(one, site.zone, say_in)) for one in changed[:LISTED]
        ],
        "more": max(0, len(changed) - LISTED),
        "mornings": mornings[:LISTED],
        "more_mornings": max(0, len(mornings) - LISTED),
    }


def _page(
    request: Request,
    who: Principal,
    said: Mapping[str, str] | None = None,
    *,
    wrong: str | None = None,
    **found: Any,
) -> Response:
    site: Site = request.app.state.site
    settings, now = site.settings, site.clock()
    with site.database.reading() as conn:
        staff = foretelling.staff(conn, settings.staff())
        on_call = {name: staff.on_call(name, now) for name in settings.rotas}
    explained: Explained | None = found.get("explained")
    say_in = looks.tongue_of(request)
    return looks.answered(
        request,
        "policies",
        HTTPStatus.CONFLICT if wrong else HTTPStatus.OK,
        **{"explained": None, "difference": None, **found},
        foretold=list(explained.foretold(site.zone, say_in)) if explained else [],
        rules=settings.targets(),
        words=policy_words,
        whom=partial(_whom, on_call),
        say_in=say_in,
        zone_of=site.zone,
        brands=settings.brand_names,
        severities=[one.word for one in Severity],
        spans=SPANS,
        changes=list(Change),
        longest=LONGEST,
        said=defaultdict(str, said or {}),
        wrong=wrong,
        may_try=who.role >= acts.ROLE,
        may_simulate=who.role >= SIMULATES,
    )


def _whom(on_call: Mapping[str, Sequence[str]], audience: str) -> str:
    """A name of a step, with who is behind it now if it is a rota."""
    kind, _, name = audience.partition(":")
    people = on_call.get(name, ()) if kind == ROTA else ()
    return f"{audience} ({', '.join(people)})" if people else audience

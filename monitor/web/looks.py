"""How pages look: one layout, one menu, and the language of whoever reads."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus

from fastapi import Request
from fastapi.responses import HTMLResponse

from monitor import __version__
from monitor.domain.access import Principal, Role
from monitor.render.on_pages import address, excerpt, lines, time_in
from monitor.render.pages import page
from monitor.render.tongue import LANGUAGES, Tongue, tongue
from monitor.render.words import duration, plain
from monitor.web.access import visits
from monitor.web.site import Site

LANGUAGE = "language"
"""The cookie in which a browser keeps the language that was chosen."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A page in the menu, for whoever has the role."""

    path: str
    name: str
    role: Role = Role.VIEWER


MENU: Sequence[Entry] = (
    Entry("/queue", "Queue"),
    Entry("/review", "Review", Role.AGENT),
    Entry("/numbers", "Numbers"),
    Entry("/coverage", "Coverage"),
    Entry("/policies", "Policies"),
    Entry("/audit", "Audit", Role.MANAGER),
)
"""Pages enter themselves here, by hand, in the order of the menu."""


def shown(request: Request, template: str, **content: object) -> str:
    """The page of that template, laid out for whoever asks.

    Templates stand in `render/templates/web`. They extend `web/layout.html.j2`, speak by `t("…")`, begin
    each form that changes something with `{{ form.begin(…) }}` of `web/parts.html.j2`, and say times by
    `at(…)`, spans by `span(…)`. Neither styles nor scripts may stand in them (see `headers`): both are files.
    """
    who: Principal | None = getattr(request.state, "principal", None)
    say_in = tongue_of(request)
    site: Site = request.app.state.site
    secret = visits.secret_of(request)
    its = {
        "t": say_in,
        "language": say_in.language,
        "languages": LANGUAGES,
        "who": who,
        "menu": [one for one in MENU if who is not None and who.role >= one.role],
        "here": request.url.path,
        "back": here(request),
        "proof": visits.proof(secret) if secret else "",
        "once": secrets.token_urlsafe(9),
        "version": __version__,
        "zone": site.settings.timezone,
        "at": time_in(site.zone),
        "span": partial(duration, say_in=say_in),
        "lines_of": lines,
        "excerpt": excerpt,
        "address": address,
        "plain": plain,
    }
    return page(f"web/{template}.html.j2", **{**its, **content})


def answered(
    request: Request, template: str, status: int = HTTPStatus.OK, **content: object
) -> HTMLResponse:
    """The same, as an answer."""
    return HTMLResponse(shown(request, template, **content), status)


def here(request: Request) -> str:
    """The path that is looked at, with what is asked of it."""
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def tongue_of(request: Request) -> Tongue:
    """The language that was chosen, else the first of the browser's that we speak."""
    chosen = request.cookies.get(LANGUAGE)
    if chosen in LANGUAGES:
        return tongue(chosen)
    for one in request.headers.get("accept-language", "").split(","):
        language = one.partition(";")[0].strip().lower().partition("-")[0]
        if language in LANGUAGES:
            return tongue(language)
    return tongue(LANGUAGES[0])

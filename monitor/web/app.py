"""Puts the parts of the site together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from fastapi import APIRouter, FastAPI
from starlette.middleware.trustedhost import TrustedHostMiddleware

from monitor import __version__
from monitor.web import (
    api,
    fixed,
    health,
    intake,
    language,
    metrics,
    news,
    openid,
    problems,
    ready,
    signing,
)
from monitor.web.access import passwords
from monitor.web.headers import Headers
from monitor.web.limits import Limits
from monitor.web.pages import audit, case, coverage, numbers, policies, queue, review
from monitor.web.site import Site
from monitor.web.watch import wake, watching

_BODY_WITHIN = 30.0
"""Seconds that a body may take to come."""

PARTS: Sequence[APIRouter] = (
    health.router,
    ready.router,
    metrics.router,
    intake.router,
    api.router,
    fixed.router,
    signing.router,
    openid.router,
    language.router,
    news.router,
    queue.router,
    case.router,
    review.router,
    numbers.router,
    coverage.router,
    policies.router,
    audit.router,
)


def create(site: Site) -> FastAPI:
    """The application. No I/O before it is served."""
    # the generated pages of documentation load their scripts from a third party
    app = FastAPI(
        title="complaint-monitor",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=watching,
    )
    take_up(app, site)
    app.state.closing = asyncio.Event()
    app.state.checking = asyncio.Semaphore(passwords.AT_ONCE)
    app.state.trying = asyncio.Semaphore(1)
    app.state.openid = openid.Service()
    problems.say(app)
    for router in PARTS:
        app.include_router(router)
    table = site.settings.web
    app.add_middleware(Limits, most_bytes=table.most_bytes, seconds=_BODY_WITHIN)
    # a page on the loopback must not be reached under a stranger's name (DNS rebinding)
    app.add_middleware(
        TrustedHostMiddleware, allowed_hosts=list(table.known_as), www_redirect=False
    )
    app.add_middleware(Headers)
    return app


def take_up(app: FastAPI, site: Site) -> None:
    """Serve this from the next call on; calls under way end with what they began with."""
    before: Site | None = getattr(app.state, "site", None)
    app.state.people = site.settings.staff()
    app.state.topics = sorted(site.settings.lexicon().topics)  # some ms to find out
    app.state.site = site if before is None else replace(site, refusals=before.refusals)
    if before is not None:
        wake(app.state.site)

"""What a page or a route needs of whoever asks for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote

from fastapi import Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from monitor.clock import utc_now
from monitor.domain.access import Principal, Role, Scope, Via
from monitor.store import sessions, sight, tokens
from monitor.web.access.visits import SAFE, require_ours, secret_of
from monitor.web.site import Site

SIGN_IN = "/sign-in"
_CHALLENGE = {"www-authenticate": 'Bearer realm="complaint-monitor"'}
_bearer = HTTPBearer(
    auto_error=False, scheme_name="token", description="`complaint-monitor token add`"
)
Bearer = Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]


def needs(
    role: Role, scope: Scope | None = None
) -> Callable[[Request, Bearer], Awaitable[Principal]]:
    """A dependency that lets in whoever has that role at least, and gives who it is.

    Of tokens it asks for `scope`; without one it is a page, which is for people: no token opens it. Of
    a browser's session it asks, for what changes something, that the form be one of ours.

    Whoever is not signed in is shown the way to sign in (a page: 303; anything else: 401), and who may
    not do it is told so (403).
    """

    async def required(request: Request, bearer: Bearer) -> Principal:
        if bearer is None and "authorization" in request.headers:
            raise HTTPException(HTTPStatus.UNAUTHORIZED, "send a token: Bearer …", _CHALLENGE)
        if bearer is not None and scope is None:
            said = "a page is for people who sign in: tokens are for /api/v1 (docs/api.md)"
            raise HTTPException(HTTPStatus.FORBIDDEN, said)
        who = await run_in_threadpool(_found, request, bearer)
        if who is None:
            raise _stranger(request, was_token=bearer is not None)
        request.state.principal = who
        sight.narrow(who.brands)  # for the rest of this call: each has a context of its own
        if who.via is Via.SESSION and request.method not in SAFE:
            await require_ours(request)
        if who.role < role:
            said = f"that is for the role {role.word}, and {who.name} has the role {who.role.word}"
            raise HTTPException(HTTPStatus.FORBIDDEN, said)
        if scope is not None and scope not in who.scopes:
            said = f"that is for tokens with the scope {scope.value}"
            raise HTTPException(HTTPStatus.FORBIDDEN, said)
        return who

    return required


def visitor(request: Request) -> Principal | None:
    """Who has the session whose cookie is there; a page that needs nobody may still greet somebody."""
    site: Site = request.app.state.site
    secret, now = secret_of(request), utc_now()
    if secret is None:
        return None
    with site.database.reading() as conn:
        found = sessions.of(conn, secret, now)
    if found is None:
        return None
    if now - found.seen_at > sessions.TOUCHED:
        with site.database.writing() as conn:
            sessions.touch(conn, secret, now)
    return Principal(found.name, found.role, Via.SESSION, brands=found.brands)


def _found(request: Request, bearer: HTTPAuthorizationCredentials | None) -> Principal | None:
    if bearer is None:
        return visitor(request)
    site: Site = request.app.state.site
    now = utc_now()
    with site.database.reading() as conn:
        token = tokens.of(conn, bearer.credentials, now)
    if token is None:
        return None
    if token.used_at is None or now - token.used_at > tokens.TOUCHED:
        with site.database.writing() as conn:
            tokens.touch(conn, token.name, now)
    return Principal(f"api:{token.name}", token.role, Via.TOKEN, token.scopes, token.brands)


def _stranger(request: Request, *, was_token: bool) -> HTTPException:
    if was_token:
        said = "there is no such token, or it holds no longer"
        return HTTPException(HTTPStatus.UNAUTHORIZED, said, _CHALLENGE)
    if not wants_page(request):
        return HTTPException(HTTPStatus.UNAUTHORIZED, "sign in, or send a token", _CHALLENGE)
    back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    to = f"{SIGN_IN}?next={quote(back)}" if request.method in SAFE else SIGN_IN
    return HTTPException(HTTPStatus.SEE_OTHER, "sign in first", {"location": to})


def wants_page(request: Request) -> bool:
    """Whether somebody looks at it in a browser."""
    is_api = request.url.path.startswith("/api/")
    return not is_api and "text/html" in request.headers.get("accept", "")

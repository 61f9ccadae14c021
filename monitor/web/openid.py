"""Signing in by an account elsewhere: OpenID Connect, the authorization code flow with PKCE.

State, nonce and PKCE's secret are made from the browser's own cookie: nothing is kept until the service
has vouched for somebody, and what it sends to one browser is worth nothing in another.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

import httpx
import structlog
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import OAuth2Client
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from monitor.clock import utc_now
from monitor.domain.access import Change
from monitor.domain.errors import ConfigError, MonitorError, StoreError
from monitor.ports import Clock
from monitor.settings.web import OpenIdTable
from monitor.store import access_events, sessions, users
from monitor.web import signing
from monitor.web.access import visits
from monitor.web.site import Site

BEGIN, BACK = "/sign-in/openid", "/sign-in/openid/back"
_PATIENCE_S = 10.0
_AT_ONCE = 4
"""Calls that may wait for the service: the other pages need their threads."""
_KEPT, _KEPT_FAILURE = timedelta(minutes=5), timedelta(seconds=10)
"""For so long it is not asked again how it describes itself."""
_LEEWAY_S = 60
_UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, RecursionError)
"""What comes of an answer that says something else than it should."""
_ALGORITHMS = ["RS256", "ES256", "EdDSA"]
log = structlog.get_logger()
router = APIRouter(include_in_schema=False)


class NotVouchedError(MonitorError):
    """The service does not vouch for anybody who may come in; says why, without repeating what it sent."""


class Service:
    """What is known of the service between calls. Used by several threads."""

    def __init__(self) -> None:
        self.turns = asyncio.Semaphore(_AT_ONCE)
        self._kept: tuple[str, datetime, Mapping[str, str] | str] | None = None
        """Of which issuer, until when, and its description or why there is none."""

    def described(self, table: OpenIdTable, clock: Clock) -> Mapping[str, str]:
        """Its own description. Raises NotVouchedError."""
        kept = self._kept
        if kept is None or kept[0] != table.issuer or not timedelta(0) < kept[1] - clock() <= _KEPT:
            try:
                found = _described(table)
                kept = table.issuer, clock() + _KEPT, found
            except NotVouchedError as error:
                kept = table.issuer, clock() + _KEPT_FAILURE, str(error)
            self._kept = kept
        its = kept[2]
        if isinstance(its, str):
            raise NotVouchedError(its)
        return its


@router.get(BEGIN)
async def begin(request: Request, next: str = "/") -> Response:  # noqa: A002 - the field's name
    """Lead the browser to the service."""
    async with _service(request).turns:
        return await run_in_threadpool(_led, request, next)


def _led(request: Request, to: str) -> Response:
    table = _table(request)
    secret = visits.secret_of(request) or visits.fresh_secret()
    try:
        its = _its_description(request, table)
        with _client(request, table) as client:
            address, _ = client.create_authorization_url(
                its["authorization_endpoint"],
                state=_state(secret, visits.within(to)),
                nonce=_made(secret, "nonce"),
                code_verifier=_made(secret, "pkce"),
            )
    except MonitorError as error:
        return _refused(request, error)
    response = RedirectResponse(address, HTTPStatus.SEE_OTHER)
    visits.keep(response, request, secret)
    return response


@router.get(BACK)
async def back(request: Request, state: str = "", code: str = "") -> Response:
    """Let in whom the service vouches for, if that is a user here."""
    async with _service(request).turns:
        return await run_in_threadpool(_brought, request, state, code)


def _brought(request: Request, state: str, code: str) -> Response:
    table = _table(request)
    secret = visits.secret_of(request) or ""
    proof, _, to = state.partition(".")
    site: Site = request.app.state.site
    try:
        if not secret or not hmac.compare_digest(proof.encode(), _made(secret, "state").encode()):
            raise NotVouchedError("This browser did not ask for that: try again.")
        if not code:
            raise NotVouchedError("The service vouches for nobody.")
        name = _name(table, _claims(request, table, code, secret))
        fresh = visits.fresh_secret()
        _let_in(site, name, fresh)
    except StoreError:
        raise  # nobody was refused: `problems` says it, without our insides
    except MonitorError as error:
        return _refused(request, error)
    response = RedirectResponse(visits.within(to), HTTPStatus.SEE_OTHER)
    visits.keep(response, request, fresh)
    return response


def _let_in(site: Site, name: str, secret: str) -> None:
    now = utc_now()
    with site.database.writing() as conn:
        user = users.named(conn, name)
        if user is not None:
            sessions.begin(conn, secret, user.id, now)
            access_events.note(conn, Change.SIGNED_IN, user.name, by=user.name, at=now)
            return
        access_events.note(conn, Change.SIGN_IN_REFUSED, "", by="", at=now)
    raise NotVouchedError("You have no access here yet: ask whoever runs this page.")


def _claims(request: Request, table: OpenIdTable, code: str, secret: str) -> Mapping[str, Any]:
    """What the service says of the person, made sure of: by its keys, for us, in answer to this browser."""
    its = _its_description(request, table)
    try:
        with _client(request, table) as client:
            told = client.fetch_token(
                its["token_endpoint"], code=code, code_verifier=_made(secret, "pkce")
            )
        keys = KeySet.import_key_set(_asked(its["jwks_uri"]))
        token = jwt.decode(told["id_token"], keys, algorithms=_ALGORITHMS)
        jwt.JWTClaimsRegistry(
            now=int(utc_now().timestamp()),
            leeway=_LEEWAY_S,
            iss={"essential": True, "value": table.issuer},
            aud={"essential": True, "value": table.client_id},
            exp={"essential": True},
            nonce={"essential": True, "value": _made(secret, "nonce")},
        ).validate(token.claims)
    except (AuthlibBaseError, JoseError, httpx.HTTPError, *_UNREADABLE) as error:
        log.warning("openid_failed", problem=type(error).__name__)
        raise NotVouchedError(
            "The service's answer cannot be trusted; the log says more."
        ) from None
    audience = token.claims["aud"]
    if (
        isinstance(audience, list)
        and len(audience) > 1
        and token.claims.get("azp") != table.client_id
    ):
        raise NotVouchedError("The service vouches to somebody else.")
    claims: Mapping[str, Any] = token.claims
    return claims


def _name(table: OpenIdTable, claims: Mapping[str, Any]) -> str:
    name = claims.get(table.name_claim)
    if not isinstance(name, str) or not name:
        raise NotVouchedError(f"The service does not tell your {table.name_claim}.")
    if table.name_claim == "email" and claims.get("email_verified") is not True:
        raise NotVouchedError("The service has not verified your e-mail address.")
    return name


def _service(request: Request) -> Service:
    service: Service = request.app.state.openid
    return service


def _its_description(request: Request, table: OpenIdTable) -> Mapping[str, str]:
    site: Site = request.app.state.site
    return _service(request).described(table, site.clock)


def _described(table: OpenIdTable) -> Mapping[str, str]:
    """The service's own description. Raises NotVouchedError."""
    address = f"{table.issuer.rstrip('/')}/.well-known/openid-configuration"
    try:
        said = _asked(address)
        wanted = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        its = {name: str(said[name]) for name in wanted}
    except (httpx.HTTPError, *_UNREADABLE) as error:
        log.warning("openid_failed", problem=type(error).__name__)
        raise NotVouchedError("The service cannot be reached: try again later.") from None
    scheme = table.issuer.partition(":")[0]
    is_safe = all(one.startswith(("https://", f"{scheme}://")) for one in its.values())
    if said.get("issuer") != table.issuer or not is_safe:
        raise NotVouchedError(
            "The service describes itself as another one: see issuer in the config."
        )
    return its


def _asked(address: str) -> Any:
    answer = httpx.get(address, timeout=_PATIENCE_S)
    answer.raise_for_status()
    return answer.json()


def _client(request: Request, table: OpenIdTable) -> OAuth2Client:
    site: Site = request.app.state.site
    if site.secrets is None:
        raise ConfigError("there are no secrets here")
    scheme = "http" if visits.is_loopback(request) else "https"
    return OAuth2Client(
        table.client_id,
        site.secrets.get(table.client_secret),
        scope="openid email profile",
        redirect_uri=f"{scheme}://{request.headers['host']}{BACK}",
        code_challenge_method="S256",
        timeout=_PATIENCE_S,
    )


def _made(secret: str, what: str) -> str:
    return hashlib.sha256(f"{what}:{secret}".encode(errors="replace")).hexdigest()


def _state(secret: str, to: str) -> str:
    return f"{_made(secret, 'state')}.{to}"


def _table(request: Request) -> OpenIdTable:
    site: Site = request.app.state.site
    if site.settings.web.openid is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, "nobody elsewhere vouches for people here")
    return site.settings.web.openid


def _refused(request: Request, error: MonitorError) -> Response:
    said = str(error) if isinstance(error, NotVouchedError) else "It is not set up yet."
    log.warning("sign_in_refused", problem=str(error))
    return signing.page(request, "/", refused=said)

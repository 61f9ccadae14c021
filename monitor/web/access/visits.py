"""A browser's visit: its cookie, what it proves, and forms that are surely our own."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from fastapi import Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from monitor.domain.storable import storable

FIELD, HEADER = "csrf", "x-csrf-token"
SAFE = ("GET", "HEAD", "OPTIONS")
FORM = "application/x-www-form-urlencoded"
_FIELDS = 500
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def fresh_secret() -> str:
    """For a session: 256 random bits."""
    return secrets.token_urlsafe(32)


def secret_of(request: Request) -> str | None:
    """The secret that the browser's cookie holds."""
    return request.cookies.get(_cookie(request)) or None


def keep(response: Response, request: Request, secret: str) -> None:
    """Give the browser a cookie that no script reads and no other site sends."""
    response.set_cookie(
        _cookie(request),
        secret,
        path="/",
        httponly=True,
        samesite="lax",
        secure=not is_loopback(request),
    )


def forget(response: Response, request: Request) -> None:
    """Take the cookie back."""
    response.delete_cookie(
        _cookie(request), path="/", httponly=True, samesite="lax", secure=not is_loopback(request)
    )


def is_loopback(request: Request) -> bool:
    """Whether it is called under this machine's own name: there is no TLS, and need be none."""
    return request.url.hostname in _LOOPBACK


def _cookie(request: Request) -> str:
    # `__Host-`: no other host of the domain can set it; browsers take that over TLS only
    return "session" if is_loopback(request) else "__Host-session"


def proof(secret: str) -> str:
    """What a form of ours holds: who does not know the cookie cannot make it."""
    return hashlib.sha256(f"form:{secret}".encode(errors="replace")).hexdigest()


async def require_ours(request: Request) -> None:
    """Return if the request comes from a page of ours.

    Raises:
        HTTPException: it does not, or nobody can tell (403).

    """
    secret = secret_of(request)
    if secret is None:
        raise _forged("the browser sent no cookie: over a network it does so by https alone")
    if not _is_from_here(request):
        raise _forged("it comes from another site")
    said = request.headers.get(HEADER) or (await form(request)).get(FIELD, "")
    if not hmac.compare_digest(said.encode(errors="replace"), proof(secret).encode()):
        raise _forged("the page is too old: load it again")


def _is_from_here(request: Request) -> bool:
    """By the host alone: a server with TLS before us changes the scheme."""
    here = request.headers.get("host", "").lower()
    said = request.headers.get("origin") or request.headers.get("referer")
    if said is None:
        return request.headers.get("sec-fetch-site") == "same-origin"
    return bool(here) and urlsplit(said).netloc.lower() == here


def _forged(why: str) -> HTTPException:
    return HTTPException(HTTPStatus.FORBIDDEN, f"nothing was done: {why}")


def within(path: str) -> str:
    """The path, if it is one of this site; else the first page: nobody is led elsewhere."""
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\"))
    return path if is_ours and path.isprintable() and "\\" not in path else "/"


async def form(request: Request) -> dict[str, str]:
    """The fields of a form that was sent, the last of each name; empty for anything else."""
    return {name: said[-1] for name, said in (await fields(request)).items()}


async def fields(request: Request) -> dict[str, list[str]]:
    """The same, with all of each name, as they can be stored. Raises HTTPException: it cannot be read."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != FORM:
        return {}
    try:
        text = (await request.body()).decode("ascii")
        found = parse_qs(text, keep_blank_values=True, errors="strict", max_num_fields=_FIELDS)
    except ValueError:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "the form cannot be read") from None
    return {name: [storable(one) for one in said] for name, said in found.items()}

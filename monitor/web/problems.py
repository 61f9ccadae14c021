"""Errors as they leave: problem+json (RFC 9457), in words for whoever called, without our insides."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, RedirectResponse, Response

from monitor.domain.errors import StoreError
from monitor.log import tell
from monitor.web.access.doors import wants_page
from monitor.web.headers import HEADERS
from monitor.web.looks import answered

log = structlog.get_logger()

_RETRY = {"retry-after": "30"}


class Problem(JSONResponse):
    """An error's answer. Further fields by name, such as the items that are meant."""

    media_type = "application/problem+json"

    def __init__(
        self, status: int, detail: str, headers: dict[str, str] | None = None, **more: Any
    ) -> None:
        title = HTTPStatus(status).phrase
        said = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
        super().__init__(said, status, headers)


def say(app: FastAPI) -> None:
    """Let every error of `app` leave so."""
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(StoreError, _store)
    app.add_exception_handler(Exception, _unforeseen)


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - what it is registered for
    if error.status_code == HTTPStatus.SEE_OTHER and error.headers:
        return RedirectResponse(error.headers["location"], HTTPStatus.SEE_OTHER)
    if wants_page(request):
        title, problem = HTTPStatus(error.status_code).phrase, error.detail
        return answered(request, "problem", error.status_code, title=title, problem=problem)
    return Problem(error.status_code, error.detail, dict(error.headers or {}))


def _malformed(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    if wants_page(request):
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        problem = "the address is not as it should be"
        return answered(request, "problem", status, title=status.phrase, problem=problem)
    wrong = [
        {"where": "/".join(map(str, one["loc"])), "what": one["msg"]} for one in error.errors()
    ]
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "the call is not as it should be", wrong=wrong)


def _gone(_: Request, __: Exception) -> Response:
    return Response(status_code=HTTPStatus.BAD_REQUEST)  # nobody is there to read it


def _store(request: Request, error: Exception) -> Response:
    log.error("database_out_of_reach", path=request.url.path, problem=str(error))
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE, "the database cannot be used now: try again", _RETRY
    )


def _unforeseen(request: Request, error: Exception) -> Response:
    tell("call_failed", error, path=request.url.path)
    # made outside of all middleware, so the headers are not added there
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "that failed; the log says why", dict(HEADERS))

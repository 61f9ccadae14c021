"""A link that signs in once: for whoever has just started the server at a terminal, as the demo does.

No other site has one: the way in is /sign-in.
"""

from __future__ import annotations

import hmac
from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from monitor.clock import utc_now
from monitor.domain.access import Change
from monitor.store import access_events, sessions, users
from monitor.web.access import visits
from monitor.web.site import Site

_PATH = "/welcome"


class Welcome:
    """The link, for one user."""

    def __init__(self, name: str) -> None:
        """`name`: the user as whom its first opener is signed in."""
        self._name = name
        self._key = visits.fresh_secret()
        self._left = [name]

    @property
    def path(self) -> str:
        """The link, without the host: 256 random bits in it."""
        return f"{_PATH}?key={self._key}"

    def router(self) -> APIRouter:
        """The route that it leads to."""
        router = APIRouter(include_in_schema=False)
        router.add_api_route(_PATH, self._opened, methods=["GET"])
        return router

    def _opened(self, request: Request, key: str = "") -> Response:
        is_it = hmac.compare_digest(key.encode(errors="replace"), self._key.encode())
        try:
            name = self._left.pop() if is_it else None  # of two that come at once, one finds it
        except IndexError:
            name = None
        if name is None:
            said = "that link is none, or was opened already: sign in by name and password"
            raise HTTPException(HTTPStatus.FORBIDDEN, said)
        site: Site = request.app.state.site
        now, secret = utc_now(), visits.fresh_secret()
        with site.database.writing() as conn:
            user = users.named(conn, name)
            if user is None:
                raise HTTPException(HTTPStatus.FORBIDDEN, f"there is no user {name}")
            sessions.begin(conn, secret, user.id, now)
            access_events.note(conn, Change.SIGNED_IN, name, by=name, at=now)
        response = RedirectResponse("/", HTTPStatus.SEE_OTHER)
        visits.keep(response, request, secret)
        return response

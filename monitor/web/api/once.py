"""Whatever is POSTed is done once: the key that comes with it is kept with the change and its answer."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, TypeAlias

from fastapi import Depends, Header, Request
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from monitor.domain.errors import MonitorError, StoreError
from monitor.store import calls
from monitor.store.calls import CallKey, Said, Within
from monitor.store.engine import Connection
from monitor.web.site import Here, Site

REPLAYED = "idempotency-replayed"
"""A header of an answer that was given before."""

Do: TypeAlias = Callable[[Connection, datetime], Mapping[str, Any]]
"""Makes the change in the transaction, and says what is answered: without anybody's words."""
Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[\x21-\x7e]{1,200}$",
        description="Yours, another for each thing to be done; told again, it is not done again.",
    ),
]


@dataclass(frozen=True, slots=True)
class Told:
    """One call that changes something."""

    site: Site
    key: str
    digest: str

    def once(self, who: str, do: Do, status: int = HTTPStatus.OK) -> JSONResponse:
        """Do it, or answer what was answered when it was done.

        Raises:
            HTTPException: it cannot be done as things stand, or the key was used for something else (409).
            StoreError: the database cannot be used: nothing was done.

        """
        one, now = CallKey(who, self.key, self.digest), self.site.clock()
        try:
            with self.site.database.writing() as conn:
                before = calls.answered(conn, one, now)
                if before is not None:
                    return JSONResponse(before.said, before.status, {REPLAYED: "true"})
                said = do(conn, now)
                calls.keep(conn, one, Said(status, said))
        except StoreError:
            raise
        except MonitorError as error:
            raise HTTPException(HTTPStatus.CONFLICT, str(error)) from error
        return JSONResponse(said, status)

    def within(self, conn: Connection, case_id: int) -> Within:
        """The transaction, for what is done to a case that there is. Raises HTTPException (404)."""
        require_case(self.site, conn, case_id)
        return Within(conn)


async def _told(request: Request, here: Here, key: Key) -> Told:
    body = await request.body()
    what = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    return Told(here, key, hashlib.sha256(what + body).hexdigest())


OneCall = Annotated[Told, Depends(_told)]


def require_case(here: Site, conn: Connection, case_id: int) -> None:
    """Return if there is such a case, of a brand of the config's. Raises HTTPException (404)."""
    if not here.has_case(conn, case_id):
        raise HTTPException(HTTPStatus.NOT_FOUND, f"there is no case {case_id}")

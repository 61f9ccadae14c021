"""How much, and how slowly, anybody may send."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Limits:
    """Breaks off bodies that are too long, or that take too long to come. Answers may take any time."""

    def __init__(self, app: ASGIApp, *, most_bytes: int, seconds: float) -> None:
        """`most_bytes` of one body; `seconds` from its first byte to its last."""
        self._app = app
        self._most_bytes = most_bytes
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            receive = self._limited(scope, receive)
        await self._app(scope, receive, send)

    def _limited(self, scope: Scope, receive: Receive) -> Receive:
        announced = Headers(scope=scope).get("content-length", "")
        ends = asyncio.get_running_loop().time() + self._seconds
        come, is_whole = 0, False

        async def limited() -> Message:
            nonlocal come, is_whole
            if is_whole:  # what follows tells that the caller hung up, whenever that is
                return await receive()
            if announced.isdecimal() and int(announced) > self._most_bytes:
                raise self._too_long()
            try:
                async with asyncio.timeout_at(ends):
                    message = await receive()
            except TimeoutError:
                raise HTTPException(
                    HTTPStatus.REQUEST_TIMEOUT, f"the body did not come within {self._seconds:g} s"
                ) from None
            come += len(message.get("body", b""))
            is_whole = not message.get("more_body", False)
            if come > self._most_bytes:
                raise self._too_long()
            return message

        return limited

    def _too_long(self) -> HTTPException:
        return HTTPException(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a body may have {self._most_bytes} bytes at most"
        )

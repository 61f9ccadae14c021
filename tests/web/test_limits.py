"""A body that takes too long to come is broken off; an answer may take any time."""

from __future__ import annotations

import asyncio

import pytest
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope, Send

from monitor.web.limits import Limits

SCOPE: Scope = {"type": "http", "headers": []}


async def nothing(_: Message) -> None:
    """Where answers go that nobody reads."""


def test_a_body_that_never_ends_is_broken_off() -> None:
    async def trickle() -> Message:
        await asyncio.sleep(0.01)
        return {"type": "http.request", "body": b"x", "more_body": True}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["more_body"]:
            pass

    with pytest.raises(HTTPException) as raised:
        asyncio.run(Limits(app, most_bytes=10**6, seconds=0.1)(SCOPE, trickle, nothing))
    assert raised.value.status_code == 408


def test_after_the_body_nobody_is_hurried() -> None:
    messages: list[Message] = [
        {"type": "http.request", "body": b"x"},
        {"type": "http.disconnect"},
    ]
    seen: list[str] = []

    async def caller() -> Message:
        if len(messages) == 1:
            await asyncio.sleep(0.3)
        return messages.pop(0)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.extend([(await receive())["type"], (await receive())["type"]])

    asyncio.run(Limits(app, most_bytes=10, seconds=0.1)(SCOPE, caller, nothing))
    assert seen == ["http.request", "http.disconnect"]

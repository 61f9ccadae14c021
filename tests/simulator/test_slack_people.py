"""The simulated people of Slack: what the wire says, and what Slack would refuse."""

from __future__ import annotations

import base64
import json
import os
import socket
import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest

from monitor.simulator.slack import SlackServer
from monitor.simulator.slack_page import Page
from monitor.simulator.slack_staff import APP_TOKEN
from monitor.simulator.slack_surfaces import RefusedError, Surfaces
from monitor.simulator.slack_workspace import Channel
from monitor.simulator.websocket import WebSocket, accept

ANA = "U0ANA00001"


@pytest.fixture
def server() -> Iterator[SlackServer]:
    with SlackServer([Channel("C0CARE0001", "care")]) as running:
        yield running


def masked(text: bytes, *, code: int = 0x81) -> bytes:
    """A client's frame."""
    mask = os.urandom(4)
    body = bytes(one ^ mask[at % 4] for at, one in enumerate(text))
    size = len(text)
    if size < 126:
        head = struct.pack("!BB", code, 0x80 | size)
    elif size < 1 << 16:
        head = struct.pack("!BBH", code, 0x80 | 126, size)
    else:
        head = struct.pack("!BBQ", code, 0x80 | 127, size)
    return head + mask + body


def test_the_handshake_is_the_standards_own_example() -> None:
    assert accept("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


@pytest.mark.parametrize("size", [1, 125, 126, 65_535, 65_536])
def test_texts_of_all_lengths_come_and_go_whole(size: int) -> None:
    text = "ș" * (size // 2) + "x" * (size % 2)
    there = WebSocket(BytesIO(masked(text.encode())), BytesIO())
    assert there.receive() == text
    assert there.receive() is None
    sent = BytesIO()
    WebSocket(BytesIO(), sent).send(text)
    assert sent.getvalue().endswith(text.encode())


def test_a_ping_is_answered_and_parts_are_put_together() -> None:
    said = masked(b"one ", code=0x01) + masked(b"hey", code=0x89) + masked(b"two", code=0x80)
    answered = BytesIO()
    there = WebSocket(BytesIO(said + masked(b"", code=0x88)), answered)
    assert there.receive() == "one two"
    assert answered.getvalue() == b"\x8a\x03hey"
    assert there.receive() is None


def test_only_the_apps_token_gets_a_connection(server: SlackServer) -> None:
    import urllib.request

    def asks(token: str) -> Any:
        headers = {"Authorization": f"Bearer {token}"}
        request = urllib.request.Request(f"{server.url}apps.connections.open", b"", headers)
        with urllib.request.urlopen(request, timeout=5) as response:
            return json.loads(response.read())

    assert asks("xapp-wrong") == {"ok": False, "error": "invalid_auth"}
    url = asks(APP_TOKEN)["url"]
    host, port = url.split("/")[2].split(":")
    key = base64.b64encode(b"0123456789abcdef").decode()
    with socket.create_connection((host, int(port)), timeout=5) as line:
        asked = f"GET /link/?t HTTP/1.1\r\nHost: x\r\nSec-WebSocket-Key: {key}\r\n\r\n"
        line.sendall(asked.encode())
        answer = line.recv(4096)
        assert answer.startswith(b"HTTP/1.1 101")
        assert accept(key).encode() in answer
        line.sendall(masked(b"", code=0x88))


def test_a_press_opens_one_modal_and_not_a_second(server: SlackServer) -> None:
    surfaces = server.workspace.surfaces
    view = {"type": "modal", "title": {"type": "plain_text", "text": "T"}, "blocks": []}
    trigger = surfaces.trigger(ANA)
    surfaces.methods["views.open"]({"trigger_id": trigger, "view": view})
    with pytest.raises(RefusedError, match="invalid_trigger_id"):
        surfaces.methods["views.open"]({"trigger_id": trigger, "view": view})


BUTTON = {"type": "button", "action_id": "a", "text": {"type": "plain_text", "text": "B"}}
ENTRY = {"type": "plain_text_input", "action_id": "t"}


@pytest.mark.parametrize(
    "change",
    [
        {"title": {"type": "plain_text", "text": "x" * 25}},
        {"blocks": [{"type": "input", "label": {"text": "L"}, "element": ENTRY}]},  # no submit
        {"blocks": [{"type": "actions", "elements": []}]},
        {"blocks": [{"type": "actions", "elements": [BUTTON] * 26}]},
        {"blocks": [{"type": "actions", "elements": [{**BUTTON, "action_id": ""}]}]},
        {"blocks": [{"type": "actions", "elements": [{**BUTTON, "text": {"text": "x" * 76}}]}]},
        {"blocks": [{"type": "actions", "elements": [{**ENTRY, "type": "unknown"}]}]},
        {
            "blocks": [
                {
                    "type": "actions",
                    "elements": [{"type": "overflow", "action_id": "a", "options": []}],
                }
            ]
        },
        {"private_metadata": "x" * 3001},
        {"type": "home"},
    ],
)
def test_what_slack_would_not_show_is_refused(change: dict[str, Any]) -> None:
    surfaces = Surfaces()
    view = {"type": "modal", "title": {"type": "plain_text", "text": "T"}, "blocks": []}
    args = {"trigger_id": surfaces.trigger(ANA), "view": json.dumps(view | change)}
    with pytest.raises(RefusedError, match="invalid_arguments"):
        surfaces.methods["views.open"](args)


def test_a_page_shows_times_as_slack_does_and_strangers_words_as_they_are() -> None:
    now = datetime(2026, 3, 3, 12, tzinfo=UTC)
    soon = int((now + timedelta(hours=2)).timestamp())
    page = Page(now)
    page.message(
        [
            {"type": "header", "text": {"type": "plain_text", "text": "🔴 <b>"}},
            {
                "type": "section",
                "text": {
                    "type": "mrkdwn",
                    "text": f"*Due* <!date^{soon}^{{time}} ({{ago}})|late> <https://x.example/?a&amp;b|there>",
                },
            },
        ]
    )
    assert "<b>Due</b> 14:00 (in 2 hours)" in page.html
    assert '<a href="https://x.example/?a&amp;b">there</a>' in page.html
    assert "&lt;b&gt;" in page.html

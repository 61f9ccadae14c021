"""The simulated Slack, asked through Slack's own client: it must refuse what Slack refuses."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from monitor.simulator import slack as faults
from monitor.simulator.serving import Fault
from monitor.simulator.slack import TOKEN, SlackServer
from monitor.simulator.slack_workspace import Channel

CARE, LEADS = "C0CARE0001", "G0LEADS001"
MARK = {"event_type": "seen", "event_payload": {"key": "k"}}


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with SlackServer([Channel(CARE, "care"), Channel(LEADS, "leads", is_private=True)]) as running:
        yield running


@pytest.fixture
def client(slack: SlackServer) -> WebClient:
    return WebClient(TOKEN, base_url=slack.url, retry_handlers=[], timeout=5)


def error_of(do: Callable[[], Any]) -> str:
    with pytest.raises(SlackApiError) as caught:
        do()
    return str(caught.value.response["error"])


def post(client: WebClient, text: str = "hello", **more: Any) -> str:
    return str(client.chat_postMessage(channel=CARE, text=text, **more)["ts"])


def test_a_message_is_posted_edited_read_and_deleted(client: WebClient) -> None:
    ts = post(client, metadata=MARK)
    client.chat_update(channel=CARE, ts=ts, text="changed")
    (seen,) = client.conversations_history(channel=CARE, include_all_metadata=True)["messages"]
    assert (seen["ts"], seen["text"], seen["metadata"]) == (ts, "changed", MARK)
    (plainly,) = client.conversations_history(channel=CARE)["messages"]
    assert "metadata" not in plainly
    client.chat_delete(channel=CARE, ts=ts)
    assert client.conversations_history(channel=CARE)["messages"] == []


def test_metadata_stay_unless_an_edit_brings_others(client: WebClient) -> None:
    ts = post(client, metadata=MARK)
    other = {"event_type": "other", "event_payload": {}}
    client.chat_update(channel=CARE, ts=ts, text="changed", metadata=other)
    (seen,) = client.conversations_history(channel=CARE, include_all_metadata=True)["messages"]
    assert seen["metadata"] == other


def test_threads_stand_apart_from_the_channel(client: WebClient, slack: SlackServer) -> None:
    ts = post(client)
    reply = post(client, "a reply", thread_ts=ts)
    slack.workspace.say(CARE, "a person's", thread=ts)
    assert [one["ts"] for one in client.conversations_history(channel=CARE)["messages"]] == [ts]
    replies = client.conversations_replies(channel=CARE, ts=ts)["messages"]
    assert [one["ts"] for one in replies][:2] == [ts, reply]
    assert len(replies) == 3
    missing = error_of(lambda: client.conversations_replies(channel=CARE, ts="1.000000"))
    assert missing == "thread_not_found"


def test_history_comes_in_pages_the_newest_first(client: WebClient) -> None:
    stamps = [post(client, str(number)) for number in range(7)]
    seen, cursor = [], None
    while True:
        page = client.conversations_history(channel=CARE, limit=3, cursor=cursor)
        seen += [one["ts"] for one in page["messages"]]
        cursor = page["response_metadata"]["next_cursor"]
        if not cursor:
            break
    assert seen == stamps[::-1]
    newer = client.conversations_history(channel=CARE, oldest=stamps[4])["messages"]
    assert [one["ts"] for one in newer] == stamps[:4:-1]


def test_history_and_threads_show_a_message_late() -> None:
    now = [10**18]
    with SlackServer([Channel("C0CARE0001", "care")], clock=lambda: now[0]) as slack:
        slack.workspace.late_s = 5
        client = WebClient(TOKEN, base_url=slack.url, retry_handlers=[])
        ts = client.chat_postMessage(channel="C0CARE0001", text="hello")["ts"]
        assert client.conversations_history(channel="C0CARE0001")["messages"] == []
        now[0] += 6 * 10**9
        assert [
            one["ts"] for one in client.conversations_history(channel="C0CARE0001")["messages"]
        ] == [ts]


def test_time_stamps_never_come_twice() -> None:
    with SlackServer([Channel(CARE, "care")], clock=lambda: 1_000_000_000) as slack:
        client = WebClient(TOKEN, base_url=slack.url)
        stamps = [post(client) for _ in range(3)]
    assert stamps == ["1.000000", "1.000001", "1.000002"]


def test_a_file_is_uploaded_and_shared(client: WebClient, slack: SlackServer) -> None:
    ts = post(client)
    client.files_upload_v2(content="<p>", filename="report.html", channel=CARE, thread_ts=ts)
    shared = slack.messages(CARE)[-1]
    assert (shared.thread_ts, [slack.workspace.files[one] for one in shared.files]) == (
        ts,
        [b"<p>"],
    )


@pytest.mark.parametrize(
    ("blocks", "error"),
    [
        ([{"type": "divider"}] * 51, "invalid_blocks"),
        ([{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}], "invalid_blocks"),
        ([{"type": "header", "text": {"type": "plain_text", "text": "😀" * 76}}], "invalid_blocks"),
        ([{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}], "invalid_blocks"),
        ([{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}], "invalid_blocks"),
        ([{"type": "context", "elements": []}], "invalid_blocks"),
        ([{"type": "rich_text", "elements": []}], "invalid_blocks"),
        ([{"type": "rich_text", "elements": [{"type": "image"}]}], "invalid_blocks"),
        ([{"type": "unheard of"}], "invalid_blocks"),
        (
            [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 2900}}] * 5,
            "msg_blocks_too_long",
        ),
    ],
)
def test_blocks_beyond_the_limits_are_refused(
    client: WebClient, blocks: list[Any], error: str
) -> None:
    assert error_of(lambda: post(client, blocks=blocks)) == error


def test_what_else_is_refused(client: WebClient, slack: SlackServer) -> None:
    theirs = slack.workspace.say(CARE, "a person's")
    refusals = {
        "no_text": lambda: client.api_call("chat.postMessage", json={"channel": CARE}),
        "msg_too_long": lambda: post(client, "x" * 40_001),
        "metadata_too_large": lambda: post(
            client, metadata={"event_type": "e", "event_payload": {"x": "x" * 20_000}}
        ),
        "invalid_metadata_format": lambda: post(client, metadata={"event_type": "e"}),
        "channel_not_found": lambda: client.chat_postMessage(channel="C0NOTHERE1", text="x"),
        "message_not_found": lambda: client.chat_update(channel=CARE, ts="1.000000", text="x"),
        "cant_update_message": lambda: client.chat_update(channel=CARE, ts=theirs, text="x"),
        "cant_delete_message": lambda: client.chat_delete(channel=CARE, ts=theirs),
        "unknown_method": lambda: client.api_call("chat.whisper"),
        "invalid_auth": lambda: WebClient("xoxb-bad", base_url=slack.url).auth_test(),
        "not_authed": lambda: WebClient(base_url=slack.url).auth_test(),
        "file_not_found": lambda: client.files_completeUploadExternal(files=[{"id": "F1"}]),
    }
    assert {name: error_of(do) for name, do in refusals.items()} == {
        name: name for name in refusals
    }


def test_a_workspace_changes_while_it_is_used(client: WebClient, slack: SlackServer) -> None:
    ts = post(client)
    channels = slack.workspace.channels
    channels[CARE].is_archived = True
    assert error_of(lambda: post(client)) == "is_archived"
    assert error_of(lambda: client.chat_update(channel=CARE, ts=ts, text="x")) == "is_inactive"
    assert client.conversations_info(channel=CARE)["channel"]["is_archived"]
    channels[CARE].is_archived, channels[CARE].is_member = False, False
    assert error_of(lambda: post(client)) == "not_in_channel"
    assert error_of(lambda: client.conversations_history(channel=CARE)) == "not_in_channel"
    channels[LEADS].is_member = False
    assert error_of(lambda: client.conversations_info(channel=LEADS)) == "channel_not_found"
    slack.workspace.scopes -= {"chat:write"}
    assert error_of(lambda: post(client)) == "missing_scope"
    slack.revoked = True
    assert error_of(client.auth_test) == "token_revoked"


@pytest.mark.parametrize(
    ("fault", "arrives"),
    [
        (faults.DROP_BEFORE, False),
        (faults.DROP_AFTER, True),
        (faults.TRUNCATED_AFTER, True),
        (faults.GARBAGE, False),
        (faults.GARBAGE_AFTER, True),
        (faults.broken(503), False),
        (faults.broken(500, accepted=True), True),
        (faults.refused("fatal_error"), False),
        (faults.limited(7), False),
    ],
)
def test_faults_go_as_planned(
    client: WebClient, slack: SlackServer, fault: Fault, arrives: bool
) -> None:
    slack.plan("chat.postMessage", None, fault)
    post(client, "well")
    with pytest.raises((OSError, HTTPException, SlackApiError)):
        post(client, "ill")
    assert len(slack.messages(CARE)) == 1 + arrives
    post(client, "well again")
    assert slack.calls["chat.postMessage"] == 3


def test_a_channel_alone_can_be_limited(client: WebClient, slack: SlackServer) -> None:
    slack.plan(f"chat.postMessage {CARE}", faults.limited(7))
    client.chat_postMessage(channel=LEADS, text="x")
    with pytest.raises(SlackApiError) as caught:
        post(client)
    assert caught.value.response.status_code == 429
    assert caught.value.response.headers["Retry-After"] == "7"


def test_faults_that_struck_nobody_end(client: WebClient, slack: SlackServer) -> None:
    slack.plan("chat.postMessage", faults.limited(1), None, faults.DROP_AFTER)
    assert error_of(lambda: post(client)) == "ratelimited"
    assert slack.is_ill("chat.postMessage")
    assert slack.heal() == [faults.DROP_AFTER]
    assert not slack.is_ill("chat.postMessage")
    post(client)
    post(client)


def test_what_a_caller_did_not_finish_saying_is_not_done(slack: SlackServer) -> None:
    """A process that dies between two packets has asked for nothing."""
    address = urlsplit(slack.url)
    body = f"channel={CARE}&text=half a sen"
    head = f"POST /api/chat.postMessage HTTP/1.1\r\nHost: slack\r\nAuthorization: Bearer {TOKEN}"
    kind = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 200"
    with socket.create_connection((address.hostname, address.port), timeout=5) as line:
        line.sendall(f"{head}\r\n{kind}\r\n\r\n{body}".encode())
        line.shutdown(socket.SHUT_WR)
        assert line.recv(100) == b""
    assert slack.messages(CARE) == []

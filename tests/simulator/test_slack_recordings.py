"""The simulated Slack against what Slack publishes of its own answers: their fields, their types, its errors.

Slack's specification and the samples of its Java library are beside the checkout and never in it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, TypeAlias

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from monitor.simulator.slack import TOKEN, SlackServer
from monitor.simulator.slack_workspace import Channel
from tests.plugins.needs import SHARED

pytestmark = pytest.mark.needs("shared")

Json: TypeAlias = dict[str, Any]

CARE, PRIVATE = "C0CARE0001", "G0LEADS001"
SPECIFICATION = SHARED / "recordings/slack-specs/web-api/slack_web_openapi_v2.json"
SAMPLES = SHARED / "recordings/slack-java/json-logs/samples/api"
LATER = {
    "messages[].metadata": "object",
    "messages[].blocks": "array",
    "message.blocks": "array",
    "message.user": "string",
}
"""Fields that Slack has brought in since, with their types; apps post as users now."""
WITHIN_LATER = tuple(f"{name}{sign}" for name in LATER for sign in ".[")
"""What stands in those is as the caller wrote it."""


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with SlackServer([Channel(CARE, "care"), Channel(PRIVATE, "leads", is_private=True)]) as made:
        yield made


@pytest.fixture
def client(slack: SlackServer) -> WebClient:
    return WebClient(TOKEN, base_url=slack.url, retry_handlers=[], timeout=5)


@cache
def specification() -> Json:
    found: Json = json.loads(SPECIFICATION.read_text())
    return found


def responses(method: str) -> Json:
    (one,) = specification()["paths"][f"/{method}"].values()
    found: Json = one["responses"]
    return found


def recorded(method: str) -> Json:
    """An answer of Slack's to the method."""
    sample = SAMPLES / f"{method}.json"
    if f"/{method}" not in specification()["paths"]:
        found: Json = json.loads(sample.read_text())
    else:
        found = responses(method)["200"]["examples"]["application/json"]
    return found


def shape(value: Any, place: str = "") -> dict[str, str]:
    """The type of each field; of a list's members, all together, under `[]`."""
    match value:
        case dict():
            inner = {
                name: found
                for key, one in value.items()
                for name, found in shape(one, f"{place}.{key}" if place else key).items()
            }
            return {place: "object", **inner}
        case list():
            members = {
                name: found for one in value for name, found in shape(one, f"{place}[]").items()
            }
            return {place: "array", **members}
        case bool():
            return {place: "boolean"}
        case int() | float():
            return {place: "number"}
        case None:
            return {place: "null"}
        case _:
            return {place: "string"}


def answers(client: WebClient, slack: SlackServer) -> dict[str, Json]:
    """What the simulated Slack answers, by method; a thread, metadata and a file are in it."""
    blocks = [{"type": "divider"}]
    mark = {"event_type": "seen", "event_payload": {"key": "k"}}
    posted = client.chat_postMessage(channel=CARE, text="hello", blocks=blocks, metadata=mark)
    ts = str(posted["ts"])
    client.chat_postMessage(channel=CARE, text="a reply", thread_ts=ts)
    slack.workspace.say(CARE, "a person's")
    address = client.files_getUploadURLExternal(filename="a.html", length=3)
    file = [{"id": address["file_id"]}]
    made = {
        "auth.test": client.auth_test(),
        "chat.postMessage": posted,
        "chat.update": client.chat_update(channel=CARE, ts=ts, text="changed"),
        "conversations.history": client.conversations_history(
            channel=CARE, include_all_metadata=True, limit=1
        ),
        "conversations.replies": client.conversations_replies(channel=CARE, ts=ts, limit=1),
        "conversations.info": client.conversations_info(channel=CARE),
        "files.getUploadURLExternal": address,
        "files.completeUploadExternal": client.files_completeUploadExternal(
            files=file, channel_id=CARE
        ),
        "chat.delete": client.chat_delete(channel=CARE, ts=ts),
    }
    found: dict[str, Json] = {}
    for method, answer in made.items():
        assert isinstance(answer.data, dict)
        found[method] = answer.data
    return found


def test_every_field_is_one_of_slack_s_and_of_its_type(
    client: WebClient, slack: SlackServer
) -> None:
    for method, answer in answers(client, slack).items():
        theirs = LATER | shape(recorded(method))
        ours = {
            name: kind for name, kind in shape(answer).items() if not name.startswith(WITHIN_LATER)
        }
        assert {name: theirs.get(name) for name in ours} == ours, method


REFUSED: dict[str, Callable[[WebClient], Any]] = {
    "auth.test": lambda client: WebClient("xoxb-bad", base_url=client.base_url).auth_test(),
    "chat.postMessage": lambda client: client.chat_postMessage(channel="C0", text="x"),
    "chat.update": lambda client: client.chat_update(channel=CARE, ts="1.0", text="x"),
    "chat.delete": lambda client: client.chat_delete(channel=CARE, ts="1.0"),
    "conversations.history": lambda client: client.conversations_history(channel="C0"),
    "conversations.replies": lambda client: client.conversations_replies(
        channel=CARE, ts="1.000000"
    ),
    "conversations.info": lambda client: client.conversations_info(channel="C0"),
}


@pytest.mark.parametrize("method", REFUSED)
def test_a_refusal_looks_like_one_of_slack_s_and_is_one_that_it_knows(
    client: WebClient, method: str
) -> None:
    with pytest.raises(SlackApiError) as caught:
        REFUSED[method](client)
    said = caught.value.response.data
    assert isinstance(said, dict)
    of_slack_s = responses(method)["default"]
    assert shape(said) == shape(of_slack_s["examples"]["application/json"])
    assert said["error"] in of_slack_s["schema"]["properties"]["error"]["enum"]

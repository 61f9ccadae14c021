"""What has not the shape that Slack says: refused before anybody takes it apart, without repeating it."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from copy import deepcopy
from typing import Any
from urllib.parse import urlencode

import pytest
from structlog.testing import capture_logs

from monitor.simulator.slack import SlackServer
from monitor.store.engine import Database
from tests.notifiers.slack_side import ANA, CARE
from tests.slackapp.office import Office, office, typed

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
WORD = "quokka"


@pytest.fixture
def by_http(database: Database, server: SlackServer) -> Iterator[Office]:
    with office(database, server, mode="http") as there:
        yield there


def status(team: Office, payload: dict[str, Any]) -> int:
    """Of a payload that Slack has signed."""
    is_event = payload.get("type") == "event_callback"
    said = json.dumps(payload)
    body = said if is_event else urlencode({"payload": said})
    request = team.server.staff.signed(body.encode(), form=not is_event)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


WRONG: list[tuple[str, Any]] = [
    ("actions", []),
    ("actions", WORD),
    ("actions", [WORD]),
    ("actions", [{"action_id": "case.claim", "value": "\ud800"}]),
    ("container", WORD),
    ("enterprise", WORD),
    ("user", None),
    ("user", {"id": {"a": WORD}}),
    ("view", {"id": "V1", "private_metadata": f'{{"act": "{WORD}"}}'}),
]


def test_a_press_of_another_shape_is_refused_and_named_in_the_log(by_http: Office) -> None:
    case = by_http.complains()
    whole = dict(by_http.press(case, "claim").payload)
    by_http.did(case, ("Claimed", "ana"))
    with capture_logs() as lines:
        assert [status(by_http, deepcopy(whole) | {name: one}) for name, one in WRONG] == [
            400
        ] * len(WRONG)
    assert {one["event"] for one in lines} == {"slack_unreadable"}
    for line, (name, _) in zip(lines, WRONG, strict=True):
        assert line["fields"].startswith(name)
        assert WORD not in str(line)
    assert status(by_http, {"type": "event_callback", "event": None}) == 404
    assert by_http.events(case) == [("Claimed", "ana")]


def test_a_button_that_bears_no_number_is_said_to_whoever_pressed_it(team: Office) -> None:
    case = team.complains()
    done = team.press(case, "claim")
    said = deepcopy(dict(done.payload))
    said["actions"][0] |= {"value": WORD, "action_ts": "1.0"}
    with capture_logs() as lines:
        team.server.staff.deliver("interactive", said)
        team.hears("cannot be read")
    assert WORD not in str(lines)


@pytest.mark.parametrize("number", ["77.5", "", "many", "9" * 30])
def test_a_number_that_is_none_is_said(team: Office, number: str) -> None:
    case = team.complains()
    team.chooses(case, "duplicate")
    team.submits(team.modal(), case=typed(number))
    team.hears("cannot be read")
    assert team.events(case) == []


def test_what_somebody_typed_is_said_to_them_and_not_to_the_log(team: Office) -> None:
    team.complains()
    with capture_logs() as lines:
        team.server.staff.command(ANA, CARE, f"handover {WORD}@shop.example")
        team.server.staff.command(ANA, CARE, f"new 2099-01-01 09:00 {WORD}")
        team.hears("still to come")
        team.hears("Say to whom")
    assert lines
    assert WORD not in str(lines)

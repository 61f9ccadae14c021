"""What comes in is acknowledged whatever else is slow, and only from Slack."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from monitor.simulator import slack as faults
from monitor.simulator.slack import SlackServer
from monitor.store.engine import Database
from tests.notifiers.slack_side import ANA
from tests.slackapp.office import ION, Office, office, typed

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def by_http(database: Database, server: SlackServer) -> Iterator[Office]:
    with office(database, server, mode="http") as there:
        yield there


def test_a_database_that_is_held_keeps_no_press_waiting(team: Office) -> None:
    case = team.complains()
    with team.database.writing():
        for _ in range(6):  # more than there are hands
            team.press(case, "ack")
        team.press(case, "claim", by=ION)
        assert team.events(case) == []
    team.until(lambda: len(team.events(case)) == 7)


def test_a_web_api_that_does_not_answer_keeps_no_press_waiting(team: Office) -> None:
    case = team.complains()
    team.server.plan("views.open", *[faults.SLOW] * 5)
    for _ in range(5):
        team.press(case, "assign")
    assert team.press(case, "claim").took_s is not None


def test_a_modal_that_could_not_be_opened_is_said(team: Office) -> None:
    case = team.complains()
    team.server.plan("views.open", faults.refused("expired_trigger_id"))
    team.press(case, "assign")
    team.hears("expired_trigger_id")
    assert team.server.calls["views.open"] == 1


def test_a_dropped_call_is_not_made_again(team: Office) -> None:
    case = team.complains()
    team.server.plan("views.open", faults.DROP_AFTER)
    team.press(case, "assign")
    team.hears("views.open")
    assert team.server.calls["views.open"] == 1
    assert len(team.server.workspace.surfaces.views) == 1


def test_signed_http_does_the_same(by_http: Office) -> None:
    case = by_http.complains()
    done = by_http.press(case, "claim")
    by_http.did(case, ("Claimed", "ana"))
    by_http.server.staff.again(done)
    by_http.chooses(case, "duplicate")
    by_http.submits(by_http.modal(), case=typed("77"))
    by_http.hears("There is no case 77")
    by_http.did(case, ("Claimed", "ana"))


@pytest.mark.parametrize("secret", ["", "another"])
def test_what_slack_has_not_signed_is_refused(by_http: Office, secret: str) -> None:
    case = by_http.complains()
    press = {"action_id": "case.claim", "value": str(case)}
    payload = {"type": "block_actions", "user": {"id": ANA}, "actions": [press]}
    body = urlencode({"payload": json.dumps(payload)})
    request = by_http.server.staff.signed(body.encode(), form=True, secret=secret)
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(request, timeout=5)
    assert by_http.events(case) == []

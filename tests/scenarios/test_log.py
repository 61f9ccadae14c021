"""The log tells a case's story by its number, from stage to stage, and quotes nobody."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

import pytest
import structlog

from monitor import log
from tests.scenarios.world import World

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

WORDS = ("canary", "zebrafinch", "yellowhammer")


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """As `[log] level = "debug"` and `format = "json"` have it."""
    said = io.StringIO()
    log.configure(level="debug", format="json", stream=said)
    yield said
    structlog.reset_defaults()


def test_a_case_is_followed_through_all_stages(world: World, lines: io.StringIO) -> None:
    complaint = world.x.posts("Still no canary", at="09:00", by="zebrafinch")
    world.runs_until("11:30").slack.hears("#care", "Still no canary")
    world.x.we_answer(complaint, at="11:45", text="So sorry, yellowhammer!")
    world.runs_until("12:30")
    said = [json.loads(one) for one in lines.getvalue().splitlines()]
    case = next(one["case"] for one in said if one["event"] == "case_changed")
    story = [
        (one["stage"], one.get("kind"), one["event"]) for one in said if one.get("case") == case
    ]
    assert story == [
        ("triage", "Opened", "case_changed"),
        ("escalate", "Escalated", "case_changed"),
        ("deliver", "alert", "notice_sent"),
        ("escalate", "Escalated", "case_changed"),
        ("deliver", "update", "notice_sent"),
        ("deliver", "escalation", "notice_sent"),
        ("settle", "Answered", "case_changed"),
        ("deliver", "update", "notice_sent"),
    ]
    assert [word for word in WORDS if word in lines.getvalue()] == []

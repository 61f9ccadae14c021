"""What operators are given: metrics that are described, a dashboard of them, a log without words."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from prometheus_client.parser import text_string_to_metric_families

from monitor import log
from monitor.domain.access import Role
from tests.stages.told import NOW
from tests.web.served import Served
from tests.web.shop import opened

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

DOCS = Path(__file__).parents[2] / "docs"
NAME = r"complaint_monitor_[a-z_]+"
WORDS = ("refund", "ana1", "We are so sorry", "0712 000 111", "the courier", "mail.example")


@pytest.fixture
def families(database_url: str) -> set[str]:
    """The metrics, by the name under which they are asked for."""
    with Served(database_url, "[web]\nopen_metrics = true", clock=lambda: NOW) as served:
        text = served.client.get("/metrics").text
    return {
        f"{one.name}_total" if one.type == "counter" else one.name
        for one in text_string_to_metric_families(text)
    }


def test_every_metric_is_described_and_no_other(families: set[str]) -> None:
    rows = re.findall(rf"^\| `({NAME})` \|", (DOCS / "metrics.md").read_text(), re.MULTILINE)
    assert sorted(rows) == sorted(families)


def test_the_dashboard_shows_every_metric_and_asks_for_no_other(families: set[str]) -> None:
    board = json.loads((DOCS / "grafana" / "complaint-monitor.json").read_text())
    asked = [one["expr"] for panel in board["panels"] for one in panel["targets"]]
    assert set(re.findall(NAME, "\n".join(asked))) == families
    places = [tuple(one["gridPos"].values()) for one in board["panels"]]
    assert len(set(places)) == len(places)


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What the program says of its work, as `[log] format = "json"` has it."""
    said = io.StringIO()
    log.configure(level="debug", format="json", stream=said)
    yield said
    structlog.reset_defaults()


def test_a_case_is_followed_through_the_log_and_nobody_s_words_are_in_it(
    database_url: str, lines: io.StringIO
) -> None:
    with opened(database_url) as shop:
        case = shop.front.complains(text="Still no refund")
        of_case = f"/cases/{case}"
        shop.post(f"{of_case}/assign", {"to": "ion"}, by=Role.AGENT)
        shop.post(f"{of_case}/contact", {"channel": "phone", "address": "0712 000 111"})
        shop.post(f"{of_case}/snooze", {"seconds": 86_400, "why": "the courier is asked"})
        shop.post(f"{of_case}/snooze", {"seconds": "ana1@mail.example"})
        shop.post(f"{of_case}/answers", {"text": "We are so sorry"})
        shop.get(of_case)
        shop.get("/cases", topic="refund")
    said = [json.loads(one) for one in lines.getvalue().splitlines()]
    changed = [(one["case"], one["kind"]) for one in said if one["event"] == "case_changed"]
    kinds = ["Opened", "Assigned", "ContactNoted", "Snoozed"]
    assert changed == [(case, kind) for kind in kinds]
    assert [word for word in WORDS if word in lines.getvalue()] == []

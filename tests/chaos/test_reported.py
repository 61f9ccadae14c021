"""What the drills' checker sees in a report that is wrong (a right one: every drill)."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import pytest

from tests.chaos.found import Verdict
from tests.chaos.people import Said
from tests.chaos.reported import compare
from tests.chaos.rules import Expected

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
AS_OF = NOW + timedelta(minutes=1)
Report: TypeAlias = dict[str, Any]


def wait(number: int, outcome: str | None, seconds: float, *, confirmed: bool = True) -> Expected:
    said = Said(str(number), "x", str(number), "ana", "complaint", NOW, f"k{number:05d}", "")
    ended_at = NOW + timedelta(seconds=seconds) if outcome else None
    since = frozenset([NOW])
    return Expected(said, since, (), outcome, ended_at, None, confirmed)


EXPECTED = {
    1: wait(1, "answered", 4),
    2: wait(2, "answered", 8),
    3: wait(3, None, 0),
    4: wait(4, "withdrawn", 2),
    5: wait(5, None, 0, confirmed=False),
}
STATES = {1: "met", 2: "breached_answered", 3: "breached_open", 4: "withdrawn"}


def right() -> Report:
    listed = [
        {
            "case": number,
            "wait": 1,
            "confirmed": True,
            "state": state,
            "started_at": NOW.isoformat(),
            "ended_at": EXPECTED[number].ended_at and str(EXPECTED[number].ended_at),
            "outcome": EXPECTED[number].outcome,
            "waited_s": {1: 4.0, 2: 8.0}.get(number, 60.0),
        }
        for number, state in STATES.items()
    ]
    total = {
        "waits": 4,
        "unconfirmed": 1,
        "states": {**dict.fromkeys(STATES.values(), 1), "pending": 0},
        # 1/4 after 4 s (one was deleted before), and 1/2 after 8 s
        "response": {"n_open": 1, "n_withdrawn": 1, "median_s": 8.0},
    }
    return {"as_of": AS_OF.isoformat(), "total": total, "listed": listed}


def findings(report: Report) -> list[str]:
    found = Verdict(expected=EXPECTED)
    compare(report, report["listed"], {(number, 1): number for number in EXPECTED}, found)
    return found.wrong


HARMS: dict[str, Callable[[Report], object]] = {
    "a wait too few": lambda one: one["listed"].pop(),
    "one twice": lambda one: one["listed"].append(one["listed"][0]),
    "a wait that nobody has": lambda one: one["listed"][0].update(case=9),
    "met, though late": lambda one: one["listed"][1].update(state="met"),
    "answered, though open": lambda one: one["listed"][2].update(outcome="answered"),
    "too short": lambda one: one["listed"][1].update(waited_s=7.5),
    "begun too late": lambda one: one["listed"][0].update(started_at=AS_OF.isoformat()),
    "a sum": lambda one: one["total"].update(waits=5),
    "to confirm": lambda one: one["total"].update(unconfirmed=0),
    "states": lambda one: one["total"]["states"].update(met=2),
    "open": lambda one: one["total"]["response"].update(n_open=0),
    "withdrawn": lambda one: one["total"]["response"].update(n_withdrawn=0),
    "of the answered alone": lambda one: one["total"]["response"].update(median_s=6.0),
    "not reached": lambda one: one["total"]["response"].update(median_s=None),
}


def test_a_right_report_is_right() -> None:
    assert findings(right()) == []


@pytest.mark.parametrize("harm", HARMS)
def test_a_wrong_report_is_seen(harm: str) -> None:
    report = deepcopy(right())
    HARMS[harm](report)
    assert findings(report) != []

"""Compares what the report says in the end with the waits that there must be.

The states, the sums, how long the answered waited and the median are worked out a second time, from
what was written and from nothing that the program keeps.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from tests.chaos.found import Verdict, opened
from tests.chaos.installation import TARGET, Installation
from tests.chaos.rules import Expected

NEAR_S = 0.001
PERIOD = ("--last", "30d", "--format", "json")
END = "answered", "withdrawn"


def agrees(home: Installation, found: Verdict) -> Verdict:
    """With what `replay --check` and `report` say, on a database at rest."""
    replayed = home.run("replay", "--check")
    if replayed.returncode != 0:
        found.wrong.append(f"replay --check: {replayed.stdout}{replayed.stderr}")
    said = [home.run("report", *PERIOD), home.run("report", "--waits", *PERIOD)]
    if any(one.returncode for one in said):
        found.wrong += [f"report: {one.stdout}{one.stderr}" for one in said if one.returncode]
        return found
    report, waits = (json.loads(one.stdout) for one in said)
    with opened(home.database) as rows:
        sql = "SELECT case_id, number, first_post_id FROM wait"
        first = {(case, number): post for case, number, post in rows.execute(sql).fetchall()}
    compare(report, waits, first, found)
    return found


def compare(
    report: Mapping[str, Any],
    waits: Sequence[Mapping[str, Any]],
    first: Mapping[tuple[int, int], int],
    found: Verdict,
) -> None:
    """The report's total and its list, against `found.expected`; `first`: the post of each wait."""
    must = {number: wait for number, wait in found.expected.items() if wait.confirmed}
    listed = [one for one in waits if one["confirmed"]]
    seen = Counter(first.get((one["case"], one["wait"])) for one in listed)
    for number, wait in must.items():
        if seen[number] != 1:
            found.wrong.append(f"the report lists {wait.first.mark} {seen[number]} times")
    for one in listed:
        its = must.get(first.get((one["case"], one["wait"]), -1))
        if its is None:
            found.wrong.append(f"the report lists a wait that must not be: {one}")
        else:
            found.wrong += [
                f"the report of {its.first.mark}: {that}" for that in _differs(one, its)
            ]
    _compare_sums(report["total"], _moment(report["as_of"]), listed, found)


def _compare_sums(
    total: Mapping[str, Any],
    as_of: datetime,
    listed: Sequence[Mapping[str, Any]],
    found: Verdict,
) -> None:
    confirmed = [wait for wait in found.expected.values() if wait.confirmed]
    ends = Counter(wait.outcome for wait in confirmed)
    states = Counter(one["state"] for one in listed)
    median = _median(listed, as_of)
    sums = {
        "waits": (total["waits"], len(confirmed)),
        "unconfirmed": (total["unconfirmed"], len(found.expected) - len(confirmed)),
        "answered": (states["met"] + states["breached_answered"], ends["answered"]),
        "states": (+Counter(total["states"]), states),
        "unanswered": (total["response"]["n_open"], ends[None]),
        "withdrawn": (total["response"]["n_withdrawn"], ends["withdrawn"]),
    }
    for name, (has, is_right) in sums.items():
        if has != is_right:
            found.wrong.append(f"the report's {name}: {has}, not {is_right}")
    said = total["response"]["median_s"]
    if (said is None) != (median is None) or abs((said or 0) - (median or 0)) > NEAR_S:
        found.wrong.append(f"the report's median: {said}, not {median}")


def _differs(one: Mapping[str, Any], its: Expected) -> Iterable[str]:
    """What the report says of a wait, and the rules do not."""
    since = _moment(one["started_at"])
    if since not in its.starts:
        yield f"began at {since}, not {sorted(map(str, its.starts))}"
    if one["outcome"] != its.outcome:
        yield f"{one['outcome']}, not {its.outcome}"
        return
    in_time = its.ended_at is not None and its.ended_at <= since + TARGET
    state = {
        "answered": "met" if in_time else "breached_answered",
        "withdrawn": "withdrawn" if in_time else "breached_open",
        None: "breached_open",
    }[its.outcome]
    if one["state"] != state:
        yield f"{one['state']}, not {state}"
    if its.outcome == "answered" and its.ended_at is not None:
        waited = (its.ended_at - since).total_seconds()
        if abs(one["waited_s"] - waited) > NEAR_S:
            yield f"waited {one['waited_s']} s, not {waited}"


def _median(listed: Sequence[Mapping[str, Any]], as_of: datetime) -> float | None:
    """When half of them had their answer, the open ones counted as long as they are, deletions as rivals.

    Aalen and Johansen's estimate, as a textbook has it. None: not reached.
    """
    spans = sorted(
        (_moment(one["ended_at"] or str(as_of)) - _moment(one["started_at"]), str(one["outcome"]))
        for one in listed
    )
    left, standing, answered = len(spans), 1.0, 0.0
    for span, those in groupby(spans, key=lambda one: one[0]):
        ends = Counter(outcome for _, outcome in those)
        answered += standing * ends["answered"] / left
        if answered >= 0.5 - 1e-9:
            return float(span.total_seconds())
        standing *= 1 - sum(ends[one] for one in END) / left
        left -= ends.total()
    return None


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)

"""The report as text and as data: all figures are there, and agree."""

from __future__ import annotations

import csv
import json
from io import StringIO

from monitor.domain.report import By
from monitor.domain.sla import State
from monitor.render.report_csv import report_csv, waits_csv
from monitor.render.report_json import report_data, waits_data
from monitor.render.report_text import report_text, waits_text
from tests.render.reported import EVERYTHING, EVIL, ZONE, a_wait, answered, health, report


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text)))


def table(text: str, title: str) -> list[str]:
    """The lines of one of the report's tables."""
    _, _, after = text.partition(f"\n{title}\n")
    return after.partition("\n\n")[0].splitlines()


def test_the_terminal_says_period_moment_and_every_figure() -> None:
    text = report_text(report(*EVERYTHING), ZONE)
    assert text.startswith("Shop: waits that began from Mon 4 May 2026 15:00 EEST to before Mon 11")
    assert "as of Tue 12 May 2026 15:00 EEST\n" in text
    sla = table(text, "Within the SLA")
    assert sla[1].split()[:8] == ["all", "9", "3", "1", "1", "1", "1", "1"]
    assert sla[1].split()[9:] == ["60.0", "%", "42.9–71.4", "%"]
    assert [line.strip() for line in sla if line.startswith("  By")] == [
        "By network",
        "By severity",
        "By person",
        "By topic (a wait of two topics counts in both)",
    ]
    assert table(text, "Time to an answer")[1].split()[:3] == ["all", "8", "3"]
    assert "not reached" in table(text, "Time to an answer")[1]
    assert table(text, "What else to know")[1].split() == [
        *("all", "1", "50.0", "%", "1", "40.0", "%", "1", "1")
    ]


def test_nothing_in_a_period_is_not_a_hundred_percent() -> None:
    text = report_text(report(), ZONE)
    assert table(text, "Within the SLA")[1].split()[-2:] == ["–", "–"]
    assert "–" in table(text, "Time to an answer")[1]


def test_what_could_not_be_read_is_said() -> None:
    blind = health(None, failing_since=at_noon(), problem="out of credit")
    text = report_text(report(sources=(blind,)), ZONE)
    assert "feed/all: could not be read since Mon 4 May 2026 15:00 EEST" in text
    assert "out of credit" in text
    assert "nothing could be seen" in report_text(report(sources=()), ZONE)


def test_a_report_leaves_out_what_a_network_said() -> None:
    said = "X refuses (400): “no such post: my parcel”"
    refused = health(None, failing_since=at_noon(), problem=said)
    made = report(sources=(refused,))
    assert "X refuses (400): “…”" in report_text(made, ZONE)
    assert "my parcel" not in report_text(made, ZONE)
    assert report_data(made)["sources"][0]["problem"] == "X refuses (400): “…”"


def at_noon() -> object:
    return a_wait(1).started_at


def test_hostile_names_stay_on_their_line() -> None:
    text = report_text(report(a_wait(1, owner=f"{EVIL}\n\x1b[2J")), ZONE)
    assert "\x1b" not in text
    assert "\u202e" not in text
    text.encode()  # no lone surrogate is left


def test_the_csv_has_one_row_a_group_and_its_totals_agree() -> None:
    made = report(*EVERYTHING)
    found = rows(report_csv(made))
    assert len(found) == 1 + sum(len(groups) for groups in made.groups.values())
    whole = found[0]
    assert (whole["by"], whole["name"], whole["waits"]) == ("all", "all", "9")
    for by in ("network", "severity", "person"):
        parts = [row for row in found if row["by"] == by]
        for column in ("waits", *State):
            assert sum(int(row[column]) for row in parts) == int(whole[column])
    assert whole["within_sla"] == "0.6"
    assert whole["p90_s"] == "not reached"
    assert rows(report_csv(report()))[0]["median_s"] == ""


def test_a_spreadsheet_gets_no_formula() -> None:
    for start in ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1"):
        made = report(a_wait(1, owner=start, network=start))
        [group] = [row for row in rows(report_csv(made)) if row["by"] == "person"]
        assert group["name"] == f"'{start}"
        [wait] = rows(waits_csv(made.total.waits))
        assert wait["person"] == wait["network"] == f"'{start}"


def test_numbers_may_be_negative() -> None:
    """A post that was seen before its own time: the lag is no formula."""
    early = a_wait(1, first_seen_at=a_wait(1).started_at - (a_wait(1).first_seen_at - at_noon()))  # type: ignore[operator]
    [wait] = rows(waits_csv(report(early).total.waits))
    assert wait["lag_s"] == "-300"


def test_json_holds_every_figure_and_the_waits_behind_it() -> None:
    data = json.loads(json.dumps(report_data(report(*EVERYTHING))))
    assert data["as_of"] == "2026-05-12T12:00:00+00:00"
    total = data["total"]
    assert total["states"] == {
        "met": 3,
        "breached_answered": 1,
        "breached_open": 1,
        "pending": 1,
        "unverified": 1,
        "withdrawn": 1,
        "dismissed": 1,
    }
    assert total["within_sla"]["value"] == 0.6
    assert total["response"]["method"] == "Aalen–Johansen"
    assert total["response"]["p90_s"] is None
    assert total["cases"]["met"] == ["1.1", "8.1", "10.1"]
    assert total["unconfirmed_cases"] == ["9.1"]
    assert list(data["groups"]) == list(By)
    assert data["sources"][0]["read_through"] == "2026-05-12T12:00:00+00:00"
    never = report_data(report(sources=(health(None),)))
    assert never["sources"][0]["read_through"] is None


def test_the_waits_behind_a_figure_are_listed_oldest_first() -> None:
    made = report(answered(2, 60), a_wait(1, started_at=a_wait(1).first_seen_at))
    assert [row["case"] for row in rows(waits_csv(made.total.waits))] == ["2", "1"]
    [first, second] = waits_data(made.total.waits)
    assert (first["case"], first["waited_s"], first["team_s"]) == (2, 3600, 3300)
    assert (second["state"], second["team_s"]) == ("breached_open", None)
    lines = waits_text(
        (*made.total.waits, *report(a_wait(3, confirmed=False)).total.unconfirmed), ZONE
    )
    assert [line.split()[:2] for line in lines.splitlines()[1:]] == [
        ["2.1", "in"],
        ["3.1", "unconfirmed"],
        ["1.1", "unanswered"],
    ]

"""`restate`: a report that was told stands beside what is known now, with the reasons."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from monitor.cli import cli
from monitor.domain.event import (
    Answered,
    AnsweredElsewhere,
    AnswerWithdrawn,
    Channel,
    Claimed,
    DismissalReason,
    Dismissed,
    Event,
    Opened,
    Undone,
)
from monitor.domain.notice import NoticeKind, Planned, Reason
from monitor.store import cases, maintenance, outbox, schema
from monitor.store.cases import CaseKey, Fact
from monitor.store.engine import Database
from tests.domain.histories import an_ask, at
from tests.store.shop import Shop

CONFIG = """
database = "sqlite:///{folder}/monitor.db"
timezone = "Europe/Bucharest"
[[brands]]
name = "shop"
"""
TOLD = at(240)
DAY = ("--from", "2026-05-04", "--to", "2026-05-05", "--as-of", "2026-05-04T18:00")
Command = Callable[..., Result]


class Past(Shop):
    """Cases whose facts were learnt at different times."""

    def learns(self, thread: str, facts: list[tuple[float, Event]], *, learnt: datetime) -> int:
        with self.database.writing() as conn:
            key = CaseKey(self.brand, "x", thread, "1")
            found = cases.find(conn, key)
            case = found or cases.open_case(conn, key, root_post_id=1, opened_at=learnt)
            known = [Fact(at(minute), event, "ana") for minute, event in facts]
            cases.append(conn, case, known, now=learnt)
        return case


@pytest.fixture
def past(tmp_path: Path) -> Iterator[Past]:
    """Of a Monday, told at seven: answered in time, late, open, and what was learnt at eight."""
    (tmp_path / "config.toml").write_text(CONFIG.format(folder=tmp_path))
    database = Database(f"sqlite:///{tmp_path / 'monitor.db'}")
    maintenance.upgrade(database)
    one, later = Past(database), at(300)
    one.learns("in time", [(0, Opened(an_ask(1, 0))), (30, Answered(100))], learnt=at(40))
    one.learns("late", [(0, Opened(an_ask(2, 0))), (90, Answered(101))], learnt=at(100))
    one.learns("open", [(5, Opened(an_ask(3, 5)))], learnt=at(10))
    one.learns("open", [(50, Answered(102))], learnt=later)
    one.learns("unseen", [(20, Opened(an_ask(4, 20)))], learnt=later)
    one.learns("late", [(170, Dismissed(DismissalReason.NOT_A_COMPLAINT, (2,)))], learnt=later)
    # what was true after the moment of the report moves nothing
    one.learns("in time", [(290, AnswerWithdrawn(100))], learnt=later)
    yield one
    database.close()


@pytest.fixture
def command(past: Past, tmp_path: Path) -> Command:
    del past

    def run(*words: object) -> Result:
        return CliRunner().invoke(
            cli, ["--config", str(tmp_path / "config.toml"), *map(str, words)]
        )

    return run


def said(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.stdout


def data(command: Command, *words: str) -> Any:
    return json.loads(said(command("restate", *words, "--json")))


def test_old_and_new_stand_side_by_side_with_the_reasons(command: Command) -> None:
    found = data(command, *DAY, "--told", TOLD.isoformat())
    assert (found["before"]["waits"], found["after"]["waits"]) == (3, 4)
    assert found["before"]["within_sla"]["value"] == 0.5
    assert {one["case"]: one["because"] for one in found["moved"]} == {
        2: ["dismissed"],
        3: ["answer_late"],
        4: ["post_late"],
    }
    moved = {one["case"]: one for one in found["moved"]}
    assert (moved[2]["before"]["state"], moved[2]["after"]["state"]) == (
        "breached_answered",
        "dismissed",
    )
    assert moved[3]["after"]["state"] == "met"
    assert moved[4]["before"] is None
    assert moved[4]["learnt_at"] == at(300).isoformat()


def test_it_is_printed_and_in_romanian(command: Command) -> None:
    text = said(command("restate", *DAY, "--told", TOLD.isoformat(), "--limit", "2"))
    assert "% within SLA *" in text
    assert "an answer was found later" in text
    assert "and 1 more" in text
    text = said(command("restate", *DAY, "--told", TOLD.isoformat(), "--language", "ro"))
    assert "un răspuns s-a găsit mai târziu" in text
    assert "nenumărat" in text


def test_what_was_told_last_moves_nothing(command: Command) -> None:
    assert data(command, *DAY, "--told", at(400).isoformat())["moved"] == []
    text = said(command("restate", *DAY, "--told", at(400).isoformat()))
    assert "No wait counts otherwise." in text
    assert "*" not in text


def test_staff_who_take_back_or_say_more_are_named(command: Command, past: Past) -> None:
    past.learns("open", [(60, Undone(2))], learnt=at(310))
    past.learns("open", [(70, AnsweredElsewhere(Channel.PHONE)), (80, Claimed())], learnt=at(320))
    [moved] = list(data(command, *DAY, "--told", at(305).isoformat())["moved"])
    assert moved["because"] == ["taken_back", "said_elsewhere", "handed_on"]


def test_the_report_that_was_sent_last_is_meant(command: Command, past: Past) -> None:
    assert "no report by schedule was sent yet" in command("restate").output
    assert command("restate").exit_code == 2
    payload = {
        "since": at(-900).isoformat(),
        "until": at(540).isoformat(),
        "as_of": at(180).isoformat(),
        "language": "en",
        "attached": [],
    }
    with past.database.writing() as conn:
        planned = Planned("report", NoticeKind.REPORT, "console", Reason.SCHEDULED, at(180))
        outbox.write(
            conn, [planned], brand_id=past.brand, case_id=None, now=at(200), payload=payload
        )
    assert command("restate").exit_code == 2
    with past.database.writing() as conn:
        conn.execute(schema.notice.update().values(sent_at=TOLD, state="sent"))
    assert len(data(command)["moved"]) == 3
    assert len(data(command, "--from", "2026-05-04", "--to", "2026-05-05")["moved"]) == 3
    [told] = data(command, "--list")
    assert told["told_at"] == TOLD.isoformat().replace("+00:00", told["told_at"][-6:])
    assert "told" in said(command("restate", "--list"))


def test_what_cannot_be_meant_is_refused(command: Command) -> None:
    for words, remedy in (
        (("--from", "2026-05-01", "--to", "2026-05-02"), "say by --told when it was told"),
        ((*DAY, "--told", "2999-01-01"), "in the future"),
        ((*DAY, "--told", "soon"), "neither a day"),
        ((*DAY, "--told", "2026-05-04T12:00"), "--as-of"),
        ((*DAY[:4], "--told", "2026-05-01"), "before the period began"),
    ):
        refused = command("restate", *words)
        assert refused.exit_code == 2
        assert remedy in refused.output, words

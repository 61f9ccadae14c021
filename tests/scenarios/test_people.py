"""People who sleep, and people who are on call, told as stories."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from monitor.domain.hours import BusinessHours
from monitor.domain.notice import NoticeState, Reason
from monitor.domain.policy import Anchor, Match, Step
from monitor.domain.rota import Person
from monitor.settings.rules import lexicon_of
from monitor.stages import act
from monitor.store import held_back, outbox, rotas
from monitor.store.rotas import OnDuty
from monitor.store.schema import notice
from tests.scenarios.world import RULE, Said, World, clock_time

ZONE = "Europe/Bucharest"
BY_DAY = BusinessHours(zone=ZONE, weekly=(((420, 1320),),) * 7)
ANA = Person(name="ana", audience="slack:ana", awake=BY_DAY)
DAN = Person(name="dan", audience="slack:dan", awake=BY_DAY)
PAGE = Step(
    name="page", anchor=Anchor.START, offset=timedelta(minutes=30), audiences=("person:ana",)
)
ON_CALL = replace(PAGE, audiences=("rota:care",))
BURNED = "Still no refund, it exploded and I am burned, in hospital"


def world_of(folder: Path, url: str, step: Step, **more: object) -> World:
    rule = replace(RULE, target=timedelta(hours=24), match=Match(), steps=(step,))
    return World(folder, url, rules=(rule,), people=(ANA, DAN), **more)  # type: ignore[arg-type]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = world_of(tmp_path, f"sqlite:///{tmp_path / 'shop.db'}", PAGE)
    yield made
    made.database.close()


@pytest.fixture
def either(tmp_path: Path, database_url: str) -> Iterator[World]:
    """On both databases: for what is SQL of its own."""
    made = world_of(tmp_path, database_url, PAGE)
    yield made
    made.database.close()


def reasons(world: World, case_id: int) -> list[Reason]:
    with world.database.reading() as conn:
        found = outbox.case_notices(conn, case_id)
    return [one.reason for one in found if one.step == "page"]


def test_what_came_at_night_is_one_summary_in_the_morning(either: World) -> None:
    world = either
    world.x.posts("Still no refund", at="22:10", by="ana")
    answered = world.x.posts("Never again", at="22:40", by="bo")
    world.x.posts("All broken", at="23:30", by="carl")
    world.runs_until("23:59", every=timedelta(minutes=30))
    world.slack.hears("#care", "refund").hears("#care", "Never").hears("#care", "broken")
    world.x.we_answer(answered, at="+1 06:00")
    world.runs_until("+1 06:59", every=timedelta(hours=1)).slack.hears_nothing_more()
    assert reasons(world, 1) == [Reason.QUIET_HOURS]
    world.runs_until("+1 07:00").slack.hears("ana", "still open: 1 3")
    world.runner = world.start()
    world.runs_until("+1 09:00").slack.hears_nothing_more()
    assert reasons(world, 1) == [Reason.SUMMED_UP]


def test_what_is_held_back_goes_along_when_cases_become_one(tmp_path: Path) -> None:
    """And who was told of the step at night is not told again."""
    both = replace(PAGE, audiences=("slack:#leads", "person:ana"))
    world = world_of(tmp_path, f"sqlite:///{tmp_path / 'shop.db'}", both)
    root = world.x.posts("Still no refund", at="22:10", by="ana")
    world.x.we_answer(root, at="22:12")
    world.x.posts("broken", at="22:15", by="ana", to=Said("x-4", "x-4", "bob"))
    world.x.posts("me too", at="22:13", by="bob", to=root, seen="23:30")
    world.runs_until("23:20").slack.hears("#care", "refund").hears("#care", "broken")
    world.slack.hears("#leads", "page: broken").hears_nothing_more()
    assert reasons(world, 2) == [Reason.STEP_DUE, Reason.QUIET_HOURS]
    world.runs_until("23:59").slack.hears_nothing_more()
    assert reasons(world, 1) == [Reason.QUIET_HOURS]
    world.runs_until("+1 07:00", every=timedelta(hours=1)).slack.hears("ana", "still open: 1")
    world.slack.hears_nothing_more()
    with world.database.reading() as conn:  # a summary that waited while they became one
        late = held_back.still_open(conn, [1, 2], world.now)
    assert [one.case_id for one in late.lines] == [1]
    world.database.close()


def test_what_one_place_has_not_heard_yet_is_told_there_alone_when_cases_become_one(
    tmp_path: Path,
) -> None:
    both = replace(PAGE, audiences=("slack:#leads", "slack:#care"))
    world = world_of(tmp_path, f"sqlite:///{tmp_path / 'shop.db'}", both)
    root = world.x.posts("Still no refund", at="12:10", by="ana")
    world.x.we_answer(root, at="12:12")
    world.x.posts("broken", at="12:15", by="ana", to=Said("x-4", "x-4", "bob"))
    world.x.posts("me too", at="12:13", by="bob", to=root, seen="13:30")
    world.runs_until("13:20").slack.hears("#care", "refund").hears("#care", "broken")
    world.slack.hears("#leads", "page").hears("#care", "page").hears_nothing_more()
    page = (
        (notice.c.case_id == 2) & (notice.c.step == "page") & (notice.c.audience == "slack:#care")
    )
    waiting = {"state": "pending", "attempted_at": None, "not_before": clock_time("+9 12:00")}
    with world.database.writing() as conn:  # as if it could not be sent for days
        conn.execute(sa.update(notice).where(page).values(waiting))
    world.runs_until("14:30").slack.hears_nothing_more()
    with world.database.reading() as conn:
        (moved,) = [one for one in outbox.case_notices(conn, 1) if one.step == "page"]
    assert (moved.audience, moved.state) == ("slack:#care", NoticeState.PENDING)
    world.database.close()


def test_nothing_is_said_in_the_morning_of_what_was_answered_at_night(world: World) -> None:
    said = world.x.posts("Still no refund", at="22:10")
    world.x.we_answer(said, at="23:00")
    world.runs_until("23:30").slack.hears("#care", "refund")
    world.runs_until("+1 07:30", every=timedelta(hours=1)).slack.hears_nothing_more()
    assert reasons(world, 1) == [Reason.SUMMED_UP]


def test_by_day_a_person_hears_at_once(world: World) -> None:
    world.x.posts("Still no refund", at="20:00")
    world.runs_until("20:30").slack.hears("#care", "refund").hears("ana", "page")


def test_who_sleeps_is_told_in_the_morning_what_was_handed_over(world: World) -> None:
    world.x.posts("Still no refund", at="21:00", by="ana")
    answered = world.x.posts("Never again", at="21:10", by="bo")
    world.runs_until("21:20")
    for number in (1, 2):
        act.assign(world.database, number, "eve", by="eve", now=world.now)
    world.runs_until("22:30")
    world.slack.heard = len(world.slack.messages)
    told: dict[str, Any] = {
        "to": "dan",
        "by": "eve",
        "now": world.now,
        "tell": DAN.told_at(world.now),
    }
    assert act.hand_over(world.database, [1], "eve".__eq__, **told) == (1, 2)
    world.x.we_answer(answered, at="23:00")
    world.runs_until("+1 06:50", every=timedelta(hours=2)).slack.hears_nothing_more()
    world.runs_until("+1 07:00").slack.hears("dan", "still open: 1").hears_nothing_more()


def test_what_is_critical_passes_through_quiet_hours(tmp_path: Path) -> None:
    world = world_of(tmp_path, f"sqlite:///{tmp_path / 'shop.db'}", PAGE, lexicon=lexicon_of({}))
    world.x.posts(BURNED, at="23:00")
    world.runs_until("23:30").slack.hears("#care", "exploded").hears("ana", "page")
    assert reasons(world, 1) == [Reason.STEP_DUE]
    world.database.close()


def test_a_step_tells_whoever_is_on_call_then_also_asleep(
    tmp_path: Path, database_url: str
) -> None:
    world = world_of(tmp_path, database_url, ON_CALL)
    tell_who_is_on_call(world)
    world.database.close()


def tell_who_is_on_call(world: World) -> None:
    duty = [
        OnDuty(clock_time("18:00"), clock_time("23:15"), "ana"),
        OnDuty(clock_time("23:15"), clock_time("+1 08:00"), "dan"),
    ]
    with world.database.writing() as conn:
        rotas.keep(conn, "care", duty, world.now)
    world.x.posts("Still no refund", at="22:30")
    world.x.posts("All broken", at="22:50", by="bo")
    world.runs_until("23:20").slack.hears("#care", "refund").hears("#care", "broken")
    world.slack.hears("ana", "page: Still").hears("dan", "page: All").hears_nothing_more()


def test_where_nobody_is_on_call_the_step_goes_to_the_teams_place(tmp_path: Path) -> None:
    world = world_of(tmp_path, f"sqlite:///{tmp_path / 'shop.db'}", ON_CALL)
    world.x.posts("Still no refund", at="12:00")
    world.runs_until("12:30").slack.hears("#care", "refund").hears("#care", "page")
    assert reasons(world, 1) == [Reason.NOBODY_ON_CALL]
    world.database.close()


def test_a_person_whose_quiet_hours_were_taken_out_of_the_config_is_told_then(
    world: World,
) -> None:
    world.x.posts("Still no refund", at="22:10")
    world.runs_until("23:00").slack.hears("#care", "refund").hears_nothing_more()
    world.people = {}
    world.runner = world.start()
    world.runs_until("23:10").slack.hears("ana", "still open: 1")

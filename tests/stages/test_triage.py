"""Triage: from when on a post asks, and that no edit is lost while it is decided on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest

from monitor.domain.judgement import Thresholds
from monitor.domain.policy import Rule
from monitor.domain.sla import State
from monitor.runner import Runner, Stage
from monitor.stages.classify import Classify
from monitor.stages.settle import Settle
from monitor.stages.triage import Triage
from monitor.store import cases, mentions
from monitor.store.engine import Database
from tests.scenarios.world import NO_WORDS, RULE, Keywords, World, clock_time
from tests.store.written import SHOP, TEN, Bringing, gone, rows, written

QUIET = "2 h without an answer"
MINUTE = timedelta(minutes=1)


class Meanwhile(Sequence[Rule]):
    """Rules; while they are looked up for the first time, something else happens."""

    def __init__(self, happens: Callable[[], object]) -> None:
        self._happens: list[Callable[[], object]] = [happens]

    def __iter__(self) -> Iterator[Rule]:
        while self._happens:
            self._happens.pop()()
        yield RULE

    def __len__(self) -> int:
        return 1

    def __getitem__(self, _: Any) -> Any:
        return RULE


def _triage(database: Database, rules: Sequence[Rule] = (RULE,)) -> Triage:
    return Triage(database, rules, Thresholds(alert=0.6, review=0.3), NO_WORDS)


def _judge(database: Database) -> None:
    Runner([Classify(database, Keywords())], database, clock=lambda: TEN).until_idle()


def _bands(database: Database) -> list[tuple[Any, ...]]:
    """What was made of the posts, once everything has had its turn."""
    stages: list[Stage] = [Classify(database, Keywords()), _triage(database), Settle(database)]
    Runner(stages, database, clock=lambda: TEN + 2 * MINUTE).until_idle()
    return rows(database, "SELECT band, next FROM mention ORDER BY post_id")


def _waiting_for_locks(database: Database) -> int:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    ((found,),) = rows(database, f"{waiting} AND datname = current_database()")
    return int(found)


def test_what_was_deleted_before_it_was_judged_asks_nothing(database: Database) -> None:
    brought = Bringing(database)
    brought.brings(written("1", text="broken"))
    brought.brings(gone("1"))
    with database.writing() as conn:  # a worker judged it meanwhile, as it thinks
        mentions.hand_on(conn, 1, 1, mentions.TRIAGE)
    assert _bands(database) == [(None, None)]
    assert rows(database, "SELECT id FROM cases") == []


def test_praise_edited_into_a_complaint_waits_from_the_edit_though_nothing_dates_it(
    world: World,
) -> None:
    praise = world.x.posts("Love it", at="09:00")
    world.x.we_answer(praise, at="09:10")
    world.x.edits(praise, "It is broken now", at="12:00", posted="09:00", dated=False)
    world.runs_until("12:00").slack.hears("#care", "It is broken now").hears_nothing_more()
    world.runs_until("14:00").slack.hears("#care", QUIET)
    world.pictures_are_true()


@pytest.mark.parametrize("dated", [True, False])
def test_an_edited_complaint_is_due_from_its_edit_and_was_not_seen_before_it(
    world: World, dated: bool
) -> None:
    complaint = world.x.posts("Still no refund", at="09:00")
    world.x.we_answer(complaint, at="09:30")
    world.x.edits(complaint, "Still no refund!", at="15:00", posted="09:00", dated=dated)
    world.runs_until("15:10")
    edited_at, due_at = clock_time("15:00"), clock_time("19:00")
    with world.database.reading() as conn:
        wait = cases.load(conn, world.the_case()).waits[-1]
    assert (wait.started_at, wait.first_seen_at, wait.due_at) == (edited_at, edited_at, due_at)
    figures = world.report().total.figures
    assert (figures.states[State.MET], figures.states[State.BREACHED_OPEN]) == (1, 0)


def test_an_edit_stored_since_a_worker_took_the_item_is_judged_first(database: Database) -> None:
    bringing = Bringing(database, SHOP)
    bringing.brings(written("1", text="still no parcel"))
    _judge(database)
    triage = _triage(database)
    (item,) = triage.due(TEN)
    bringing.brings(written("1", text="love it", edited_at=TEN), at=TEN + MINUTE)
    triage.handle(item, TEN + MINUTE)
    assert _bands(database) == [("pass", None)]


def test_an_edit_stored_since_settle_took_the_item_is_judged_first(database: Database) -> None:
    bringing = Bringing(database, SHOP)
    bringing.brings(written("1", text="still no parcel"))
    _judge(database)
    triage, settle = _triage(database), Settle(database)
    triage.handle(triage.due(TEN)[0], TEN)
    (item,) = settle.due(TEN)
    bringing.brings(written("1", text="love it", edited_at=TEN), at=TEN + MINUTE)
    settle.handle(item, TEN + MINUTE)
    assert _bands(database) == [("pass", None)]
    assert rows(database, "SELECT outcome FROM wait") == [("withdrawn",)]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("change", ["edit", "deletion"])
def test_what_happens_to_a_post_while_it_is_decided_on_is_not_overwritten(
    database: Database, change: str
) -> None:
    bringing = Bringing(database, SHOP)
    bringing.brings(written("1", text="still no parcel"))
    _judge(database)
    edit = written("1", text="love it", edited_at=TEN)
    other = Thread(
        target=bringing.brings,
        args=[edit if change == "edit" else gone("1", TEN)],
        kwargs={"at": TEN + MINUTE},
    )

    def happens() -> None:
        other.start()
        while other.is_alive() and not _waiting_for_locks(database):
            other.join(0.01)

    triage = _triage(database, Meanwhile(happens))
    triage.handle(triage.due(TEN)[0], TEN)
    other.join()
    ((_, following),) = rows(database, "SELECT band, next FROM mention")
    assert following == ("triage" if change == "edit" else "settle")
    _bands(database)
    assert rows(database, "SELECT outcome FROM wait") == [("withdrawn",)]

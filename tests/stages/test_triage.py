"""Triage: from when on a post asks, and that no edit is lost while it is decided on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from structlog.testing import capture_logs

from monitor.domain.identity import Brand
from monitor.domain.judgement import Thresholds
from monitor.domain.keeping import Keep
from monitor.domain.policy import Rule
from monitor.domain.sla import State
from monitor.runner import Runner, Stage
from monitor.stages.classify import Classify
from monitor.stages.settle import Settle
from monitor.stages.triage import LEFT, Triage
from monitor.store import cases, cross_brand, mentions
from monitor.store.engine import Database
from tests.scenarios.world import NO_WORDS, RULE, Keywords, World, clock_time
from tests.store.written import RIVAL, SHOP, TEN, Bringing, gone, rows, written

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


def _triage(
    database: Database, rules: Sequence[Rule] = (RULE,), brands: Sequence[Brand] = (SHOP,)
) -> Triage:
    limits = Thresholds(alert=0.6, review=0.3)
    return Triage(database, rules, limits, NO_WORDS, brands, operators="ops")


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


def test_a_brand_that_this_config_does_not_name_is_left_to_one_that_does(
    database: Database,
) -> None:
    """Workers take up a new brand's file seconds apart, and a wait keeps the policy with which it begins."""
    bringing = Bringing(database, SHOP, RIVAL)
    bringing.brings(
        written("1", text="rival: still no parcel"), written("2", text="shop: still no refund")
    )
    _judge(database)
    its = replace(RULE, name="rival's own")
    old, new = _triage(database), _triage(database, (its,), (SHOP, RIVAL))
    shops, rivals = sorted(new.due(TEN))
    with capture_logs() as said:
        assert list(old.due(TEN)) == [shops]
        old.handle(rivals, TEN)  # a job that another worker's look made
        assert list(old.due(TEN)) == [shops]
    assert [one for one in said if one["event"] == "brand_not_here"] == [
        {"event": "brand_not_here", "brand": "Rival", "log_level": "warning"}
    ]
    assert rows(database, "SELECT id FROM cases") == []
    new.handle(rivals, TEN)
    assert rows(database, "SELECT rule FROM wait") == [(its.digest,)]


def test_posts_of_a_brand_that_was_removed_wait_and_the_operators_hear_of_it(
    database: Database,
) -> None:
    bringing = Bringing(database, RIVAL)
    bringing.brings(written("1", text="still no parcel"), written("2", by="bo", text="never again"))
    _judge(database)
    left = _triage(database)
    for minute in range(90):
        assert list(left.due(TEN + minute * MINUTE)) == []
        told = rows(database, "SELECT audience, reason FROM notice")
        assert told == ([("ops", "brand_unknown")] if minute * MINUTE >= LEFT else [])
    with database.reading() as conn:
        [waits] = cross_brand.undecided(conn)
    assert (waits.brand, waits.number, waits.since) == ("Rival", 2, TEN)
    back = _triage(database, brands=(SHOP, RIVAL))
    for item in back.due(TEN + 90 * MINUTE):
        back.handle(item, TEN + 90 * MINUTE)
    assert len(rows(database, "SELECT id FROM cases")) == 2
    with database.reading() as conn:
        assert cross_brand.undecided(conn) == []


def test_what_waited_for_a_brand_as_long_as_words_are_kept_is_set_aside(database: Database) -> None:
    """Else words of a brand that was removed on purpose would be kept for ever."""
    bringing = Bringing(database, SHOP, RIVAL)
    bringing.brings(
        written("1", text="rival: still no parcel"), written("2", text="rival: love it")
    )
    _judge(database)
    left = _triage(database)
    end = TEN + Keep().without_case
    assert list(left.due(end - MINUTE)) == []
    assert rows(database, "SELECT count(*) FROM mention WHERE next = 'triage'") == [(2,)]
    later = end + LEFT
    for item in left.due(later):
        left.handle(item, later)
    assert left.due(later) == []
    query = "SELECT band, filtered, would_be, next FROM mention ORDER BY post_id"
    assert rows(database, query) == [
        ("pass", "brand_unknown", "alert", None),
        ("pass", "brand_unknown", "pass", None),
    ]
    assert rows(database, "SELECT id FROM cases") == []


def test_an_edit_in_a_case_of_a_brand_that_was_removed_leaves_the_case_as_it_is(
    database: Database,
) -> None:
    bringing = Bringing(database, RIVAL)
    bringing.brings(written("1", text="still no parcel"), written("2", text="love it"))
    _judge(database)
    before = _triage(database, brands=(RIVAL,))
    for item in before.due(TEN):
        before.handle(item, TEN)
    bringing.brings(written("1", text="love it", edited_at=TEN), gone("2"), at=TEN + MINUTE)
    _judge(database)
    left, later = _triage(database), TEN + Keep().without_case + MINUTE
    assert list(left.due(later)) == []  # its config may just be the elder of two
    for item in left.due(later + LEFT):
        left.handle(item, later + LEFT)
    assert rows(database, "SELECT next FROM mention WHERE next = 'triage'") == []
    assert rows(database, "SELECT status FROM cases") == [("open",)]

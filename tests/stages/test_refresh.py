"""What networks are asked for again, and what becomes of their answers."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.errors import SourceError
from monitor.domain.identity import Brand
from monitor.domain.post import Gone, PostKey, Rejected
from monitor.stages import refresh
from monitor.store import cases, looking, schema
from monitor.store.cases import CaseKey
from monitor.store.engine import Database
from tests.stages.asked import DAY, HOUR, KEEP, Knows, Told, Watch
from tests.stages.network import Network
from tests.store.written import SHOP, TEN, Bringing, gone, rows, written

_MINUTE = timedelta(minutes=1)


@pytest.fixture
def watch(database_url: str) -> Iterator[Watch]:
    database = Database(database_url)
    yield Watch(database)
    database.close()


def test_a_post_is_asked_for_a_day_after_it_was_seen_last(watch: Watch) -> None:
    watch.reads("1", "2")
    watch.passes(DAY - _MINUTE)
    assert watch.asks() == []
    watch.network.posts("2")  # the stream shows it still: that is as good
    watch.looks()
    watch.passes(_MINUTE)
    assert watch.asks() == [["1"]]
    watch.passes(DAY - _MINUTE)
    assert watch.asks() == [["2"]]
    assert watch.tally() == {"stands": 2}


def test_what_is_not_due_is_not_even_looked_for_for_a_minute(watch: Watch) -> None:
    watch.reads("1")
    watch.passes(DAY - HOUR)
    assert watch.asks() == []
    with watch.database.writing() as conn:
        conn.execute(schema.post.update().values(looked_up_at=watch.now - DAY))
    assert watch.asks() == []
    watch.passes(_MINUTE)
    assert watch.asks() == [["1"]]


def test_an_edited_post_is_judged_again(watch: Watch) -> None:
    watch.reads("1")
    with watch.database.writing() as conn:
        conn.execute(schema.post.update().values(to_judge=False))
    watch.network.knows["1"] = written("1", text="never again", edited_at=watch.passes(DAY))
    watch.asks()
    assert watch.column("text") == {"1": "never again"}
    assert [bool(one) for one in watch.column("to_judge").values()] == [True]
    assert watch.tally() == {"edited": 1}


def test_a_deleted_post_was_deleted_between_two_looks(watch: Watch) -> None:
    watch.reads("1")
    watch.network.knows["1"] = gone("1", before=watch.passes(DAY))
    watch.asks()
    assert watch.column("text") == {"1": None}
    with watch.database.reading() as conn:
        dates = conn.execute(schema.post.select()).one()
    assert (dates.gone_after, dates.gone_at) == (TEN, TEN + DAY)
    assert rows(watch.database, "SELECT next FROM mention") == [("settle",)]
    assert watch.tally() == {"deleted": 1}
    watch.passes(7 * DAY)
    assert watch.asks() == []


@pytest.mark.parametrize("after", [None, TEN], ids=["at a known time", "between two times"])
def test_a_deletion_that_the_network_dates_is_taken_as_it_is(
    watch: Watch, after: datetime | None
) -> None:
    watch.reads("1")
    watch.passes(DAY)
    watch.network.knows["1"] = gone("1", before=TEN + HOUR, after=after)
    watch.asks()
    with watch.database.reading() as conn:
        dates = conn.execute(schema.post.select()).one()
    assert (dates.gone_after, dates.gone_at) == (after, TEN + HOUR)


def test_what_is_told_of_neither_way_is_asked_for_again_in_an_hour(watch: Watch) -> None:
    watch.reads("1", "2", "3")
    watch.passes(DAY)
    watch.network.knows |= {"2": None, "3": Rejected("3", "X does not show it", "3")}
    assert watch.asks() == [["1", "2", "3"]]
    assert watch.tally() == {"stands": 1, "not_shown": 2}
    assert rows(watch.database, "SELECT place, reason FROM reject") == [("3", "X does not show it")]
    watch.passes(HOUR - _MINUTE)
    assert watch.asks() == []
    watch.passes(_MINUTE)
    assert watch.asks() == [["2", "3"]]


def test_a_post_that_nobody_asked_for_is_not_stored(watch: Watch) -> None:
    watch.reads("1")
    watch.passes(DAY)
    watch.network.knows["1"] = written("7")
    watch.asks()
    assert watch.column("text").keys() == {"1"}
    assert watch.tally() == {"not_shown": 1}


def test_an_answer_that_comes_along_with_what_it_answers_is_kept_and_not_counted(
    watch: Watch,
) -> None:
    watch.reads("1")
    watch.passes(DAY)
    watch.network.along["1"] = [written("7", by="shop", to="1"), written("8", to="elsewhere")]
    watch.asks()
    assert watch.column("reply_to") == {"1": None, "7": "1"}
    assert watch.tally() == {"stands": 1}


@pytest.mark.parametrize(
    ("problem", "reason", "rest"),
    [
        (SourceError("spent", out_of_budget=True, retry_after=5 * HOUR), "out_of_budget", 5 * HOUR),
        (SourceError("no token", permanent=True), "refused", HOUR),
        (SourceError("502"), "unreachable", timedelta(minutes=15)),
        (SourceError("429", retry_after=2 * HOUR), "unreachable", 2 * HOUR),
        (SourceError("far away", retry_after=90 * DAY), "unreachable", DAY),
    ],
    ids=["budget", "permanent", "passing", "retry-after", "at most until the next day"],
)
def test_what_came_before_an_error_is_kept_and_the_rest_waits(
    watch: Watch, problem: SourceError, reason: str, rest: timedelta
) -> None:
    watch.reads("1", "2", "3")
    watch.network.knows |= {"1": gone("1", before=watch.passes(DAY)), "2": problem}
    assert watch.asks() == [["1", "2", "3"]]
    assert watch.column("text") == {"1": None, "2": "text 2", "3": "text 3"}
    assert watch.tally() == {"deleted": 1, reason: 2}
    watch.passes(rest - _MINUTE)
    assert watch.asks() == []
    watch.network.knows.clear()
    watch.passes(_MINUTE)
    assert watch.asks() == [["2", "3"]]


def test_a_post_that_breaks_the_source_holds_up_no_other(watch: Watch) -> None:
    watch.reads("1", "2", "3", "4")
    watch.passes(DAY)
    watch.network.knows["2"] = ValueError("no time: 'yesterday'\nthe body: secret words")
    for _ in range(6 * 24):
        watch.runner.until_idle()
        watch.passes(timedelta(minutes=10))
    first = [["1", "2", "3", "4"], ["1", "2"], ["1"], ["2", "3"], ["2"], ["3"], ["4"]]
    assert watch.network.asked[: len(first)] == first
    alone = [one for one in watch.network.asked if one == ["2"]]
    assert len(alone) == 4, "every six hours, and by itself"
    assert watch.tally()["stands"] == 3
    (reason, said), *_ = rows(watch.database, "SELECT reason, payload FROM notice")
    assert reason == "source_failing"
    assert "ValueError at monitor/stages/refresh.py:" in str(said)
    assert "yesterday" not in str(said)


def test_a_source_that_breaks_on_all_posts_is_told_of_once_a_day_and_asked_again(
    watch: Watch,
) -> None:
    numbers = [str(number) for number in range(12)]
    watch.reads(*numbers)
    watch.passes(DAY)
    watch.network.knows = {one: KeyError("data") for one in numbers}
    for _ in range(2 * 10):
        watch.runner.until_idle()
        watch.passes(timedelta(minutes=30))
    assert len(watch.network.asked) <= 30, "one post a try, once the batches have shrunk"
    assert [(one,) for one in ("source_failing",)] == rows(
        watch.database, "SELECT reason FROM notice"
    )
    assert rows(watch.database, "SELECT item FROM failure") == []
    watch.network.knows = {}
    watch.network.asked.clear()
    for _ in range(2 * 7):
        watch.runner.until_idle()
        watch.passes(timedelta(minutes=30))
    assert sorted({one for call in watch.network.asked for one in call}) == sorted(numbers)
    assert watch.tally()["stands"] == 12


def test_what_breaks_though_no_source_brought_it_rests(watch: Watch) -> None:
    watch.reads("1")
    del watch.sources["x"]
    watch.restart()
    watch.passes(DAY)
    [item] = watch.refresh.due(watch.now)
    watch.refresh.failed(item, ValueError("?"), watch.now)
    assert watch.refresh.due(watch.now) == []
    assert watch.tally() == {"failed": 1}


def test_a_hundred_are_asked_for_at_once(watch: Watch) -> None:
    watch.reads(*(str(number) for number in range(250)))
    watch.passes(DAY)
    with watch.database.reading() as conn:
        assert looking.waiting(conn, watch.now, DAY) == {"watched": 250, "late": 250}
    assert [len(call) for call in watch.asks()] == [100, 100, 50]
    with watch.database.reading() as conn:
        assert looking.waiting(conn, watch.now, DAY) == {"watched": 250, "late": 0}


def test_posts_of_open_cases_come_first(watch: Watch) -> None:
    watch.reads("1", "2", "3")
    with watch.database.writing() as conn:
        key = CaseKey(1, "x", "3", "1")
        case_id = cases.open_case(conn, key, root_post_id=3, opened_at=TEN)
        conn.execute(schema.case_post.insert().values(case_id=case_id, post_id=3))
    watch.passes(DAY)
    assert watch.asks() == [["1", "2", "3"]]  # a batch is in the order of the numbers
    with watch.database.reading() as conn:
        assert looking.due(conn, watch.now + DAY, DAY, 2) == [3, 1]


def test_nobody_asks_for_what_no_source_brought(watch: Watch) -> None:
    watch.reads("1")
    del watch.sources["x"]
    watch.sources["y"] = Knows()
    watch.restart()
    watch.passes(DAY)
    assert watch.asks() == []
    assert watch.tally() == {"no_source": 1}
    watch.sources = {"x": watch.network}
    watch.restart()
    watch.passes(HOUR)
    assert watch.asks() == [["1"]]


def test_a_source_that_cannot_be_asked_is_not(database_url: str) -> None:
    database = Database(database_url)
    files = Network()
    files.posts("7")
    watch = Watch(database, files=files)
    watch.reads("1")
    watch.passes(DAY)
    assert watch.asks() == [["1"]]
    assert {number: at is None for number, at in watch.column("looked_up_at").items()} == {
        "1": False,
        "7": True,
    }
    database.close()


def test_a_reply_whose_conversation_is_unknown_is_asked_for_too(watch: Watch) -> None:
    watch.looks()
    with watch.database.writing() as conn:
        [stream] = conn.scalars(schema.stream.select().with_only_columns(schema.stream.c.id))
    two = Bringing(watch.database, Brand("a", terms=("a",)), Brand("b", terms=("b",)))
    two.number = stream
    two.brings(written("2", to="1", text="me too"))
    with watch.database.writing() as conn:
        looking.stand(conn, [1], TEN)
        assert conn.execute(schema.unnamed.select()).one().post_id == 1
    watch.network.knows["2"] = gone("2", before=watch.passes(DAY))
    assert watch.asks() == [["2"]]
    assert watch.column("text") == {"2": None}


def test_a_source_is_asked_one_batch_at_a_time(watch: Watch) -> None:
    watch.reads(*(str(number) for number in range(150)))
    watch.passes(DAY)
    while_asked: list[object] = []
    watch.network.while_asked = lambda: while_asked.append(watch.refresh.due(watch.now))
    watch.asks()
    assert while_asked == [[], []]


def test_a_crash_while_asking_leaves_the_posts_to_the_next_process(watch: Watch) -> None:
    watch.reads("1")
    watch.passes(DAY)
    watch.network.while_asked = _dies
    with pytest.raises(KeyboardInterrupt):
        watch.asks()
    watch.network.while_asked = lambda: None
    watch.restart()
    assert watch.asks() == []
    watch.passes(refresh.LEASE)
    assert watch.asks() == [["1"]]
    assert watch.tally() == {"stands": 1}


def test_what_another_worker_took_is_not_asked_for_twice(watch: Watch) -> None:
    watch.reads("1")
    [item] = watch.refresh.due(watch.passes(DAY))
    for _ in range(2):
        watch.refresh.handle(item, watch.now)
    assert watch.network.asked == [["1"]]


def test_a_clock_that_ran_ahead_is_no_reason_not_to_ask(watch: Watch) -> None:
    watch.reads("1", "2")
    year = timedelta(days=365)
    with watch.database.writing() as conn:
        first = schema.post.c.external_id == "1"
        conn.execute(schema.post.update().where(first).values(looked_up_at=TEN + year))
        ahead = dict.fromkeys(("look_again_at", "asking_until"), TEN + year)
        conn.execute(schema.post.update().where(~first).values(ahead))
    assert watch.asks() == [["1"]]
    watch.passes(DAY)
    assert watch.asks() == [["1", "2"]]


def test_the_question_is_dated_by_the_round_without_a_clock(watch: Watch) -> None:
    watch.reads("1")
    alone = refresh.Refresh(watch.database, [refresh.Asking("x", watch.network, (SHOP,))], KEEP)
    at = watch.passes(DAY)
    for item in alone.due(at):
        alone.handle(item, at)
    with watch.database.reading() as conn:
        assert conn.execute(schema.post.select()).one().last_seen_at == at


_answers = st.sampled_from(["stands", "edited", "deleted", "not_shown", "unreachable"])


@given(st.lists(st.lists(_answers, min_size=4, max_size=4), min_size=1, max_size=5))
@settings(max_examples=30)
def test_whatever_networks_tell_all_is_counted_and_only_the_deleted_lose_their_words(
    days: list[list[str]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'monitor.db'}")
        schema.metadata.create_all(database.engine)
        watch = Watch(database)
        watch.reads("0", "1", "2", "3")
        deleted: set[str] = set()
        asked = 0
        for day in days:
            at = watch.passes(DAY)
            broken = False
            for number, word in enumerate(day):
                key = str(number)
                watch.network.knows[key] = _told(key, word, at)
                if key not in deleted:
                    asked += 1
                    broken = broken or word == "unreachable"
                    if word == "deleted" and not broken:
                        deleted.add(key)
            watch.asks()
        assert sum(watch.tally().values()) == asked
        assert {key for key, text in watch.column("text").items() if text is None} == deleted
        assert watch.tally().get("deleted", 0) == len(deleted)
        database.close()


def _told(key: str, word: str, at: datetime) -> Told:
    told: dict[str, Told] = {
        "stands": written(key),
        "edited": written(key, text=f"edited {at}", edited_at=at),
        "deleted": Gone(PostKey("x", key), at),
        "not_shown": None,
        "unreachable": SourceError("502"),
    }
    return told[word]


def _dies() -> None:
    raise KeyboardInterrupt

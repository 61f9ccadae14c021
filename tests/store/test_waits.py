"""Waits as report, digest and open list read them: the past as it was, and by the right index."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.event import Answered, Merged, Opened, Record
from monitor.domain.judgement import Band
from monitor.domain.notice import DigestLine
from monitor.domain.sla import State, WaitFacts, case_as_of
from monitor.store import brands, cases, readings, schema, waits
from monitor.store.cases import Fact
from monitor.store.engine import Database
from tests.domain.histories import NOON, an_ask, at, histories
from tests.store.shop import LATER, Shop


def shop_in(url: str) -> Shop:
    database = Database(url)
    schema.metadata.create_all(database.engine)
    return Shop(database)


@pytest.fixture
def shop(database_url: str) -> Iterator[Shop]:
    made = shop_in(database_url)
    yield made
    made.database.close()


@given(histories(), st.lists(st.integers(-1, 210), min_size=1, max_size=5))
@settings(max_examples=40)
def test_the_past_is_read_as_it_was(records: Sequence[Record], minutes: Sequence[int]) -> None:
    """Rows picture the present; what happened since is folded back, case by case."""
    with tempfile.TemporaryDirectory() as folder:
        shop = shop_in(f"sqlite:///{Path(folder) / 'monitor.db'}")
        case_id = shop.case(
            *(((one.at - NOON) / timedelta(minutes=1), one.event) for one in records)
        )
        for minute in minutes:
            then = case_as_of(records, at(minute))
            expected = [WaitFacts.of(case_id, "x", then, one) for one in then.waits]
            assert sorted(shop.reads(at(minute))) == sorted(expected)
            still_open = [one.started_at for one in expected if one.ended_at is None]
            assert [one.line.waiting_since for one in shop.unanswered(at(minute))] == still_open
        shop.database.close()


def test_what_happens_later_does_not_change_a_report_of_then(shop: Shop) -> None:
    case_id = shop.case((0, Opened(an_ask(1, 0))), (5, Answered(100)))
    other = shop.case((0, Opened(an_ask(2, 0))), thread="u")
    before = shop.report(at(90))
    with shop.database.writing() as conn:
        cases.append(conn, case_id, [Fact(at(95), Opened(an_ask(3, 95)), "ana")], now=LATER)
        cases.append(conn, other, [Fact(at(99), Answered(101), "ana")], now=LATER)
    assert shop.report(at(90)) == before
    assert shop.report(at(99)) != before
    assert before.total.names_in(State.UNVERIFIED) == [(other, 1)]


def test_a_case_merged_away_counts_nowhere(shop: Shop) -> None:
    shop.case((0, Opened(an_ask(1, 0))), (90, Merged(into=7)))
    assert shop.reads(at(30)) == []
    assert shop.unanswered(at(30)) == []


def test_a_digest_shows_the_words_and_who_waits(shop: Shop) -> None:
    case_id = shop.case((0, Opened(an_ask(1, 0))))
    anonymous = shop.case((1, Opened(an_ask(2, 1))), thread="u")
    [first, second] = sorted(shop.unanswered(at(30)), key=lambda one: one.line.case_id)
    assert first.line == DigestLine(
        case_id=case_id,
        network="x",
        severity=an_ask(1, 0).severity,
        topics=("delivery",),
        title=None,
        text="text 1",
        author="@ana",
        url="https://example.com/1",
        waiting_since=NOON,
        waited=timedelta(minutes=30),
        due_at=at(60),
        owner=None,
    )
    assert second.line.case_id == anonymous
    assert second.line.author is None


def test_a_digest_of_then_shows_what_was_open_then(shop: Shop) -> None:
    case_id = shop.case((0, Opened(an_ask(1, 0))), (40, Answered(100)))
    [then] = shop.unanswered(at(30))
    assert (then.line.case_id, then.line.text) == (case_id, "text 1")
    assert shop.unanswered(at(40)) == []


def test_an_erased_post_leaves_a_line_without_words(shop: Shop) -> None:
    shop.case((0, Opened(an_ask(1, 0))), (40, Answered(100)))
    with shop.database.writing() as conn:
        gone = schema.post.c.id == 1
        conn.execute(schema.post.update().where(gone).values(text=None, author_id=None))
        conn.execute(schema.wait.update().values(first_post_id=2))
    [then] = shop.unanswered(at(30))
    assert (then.line.text, then.line.author) == (None, None)


def test_the_digest_is_built_from_what_is_there(shop: Shop) -> None:
    late = shop.case((0, Opened(an_ask(1, 0))))
    unsure = shop.case((0, Opened(an_ask(2, 0, band=Band.REVIEW))), thread="u")
    with shop.database.reading() as conn:
        made = readings.digest(conn, shop.brand, date(2026, 5, 4), at(90), None)
    assert made.brand == "shop"
    assert [one.case_id for one in made.overdue] == [late]
    assert [one.case_id for one in made.unconfirmed] == [unsure]
    assert made.unjudged == 0


def test_the_open_list_goes_by_due_time_and_on_from_where_it_ended(shop: Shop) -> None:
    for post, minute in ((1, 30), (2, 10), (3, 20), (4, 10)):
        shop.case((minute, Opened(an_ask(post, minute))), thread=str(post))
    shop.case((0, Opened(an_ask(5, 0))), (5, Answered(100)), thread="answered")
    everything = shop.open_list()
    assert [one.line.case_id for one in everything] == [2, 4, 3, 1]
    first = shop.open_list(limit=2)
    last = first[-1]
    rest = shop.open_list(after=(last.due_at, last.line.case_id))
    assert [*first, *rest] == everything


QUERIES: dict[str, tuple[Callable[[Shop], object], str]] = {
    "report": (lambda shop: shop.reads(at(90)), "ix_wait_started"),
    "past": (lambda shop: shop.reads(at(90)), "ix_case_event_at"),
    "digest": (lambda shop: shop.unanswered(at(90)), "ix_wait_open"),
    "open list": (lambda shop: shop.open_list(), "ix_wait_open"),
    "unjudged": (lambda shop: _count(shop, waits.unjudged), "ix_post_to_judge"),
    "under way": (lambda shop: _count(shop, waits.is_under_way), "ix_mention_next"),
    "backlog": (lambda shop: _count(shop, waits.backlog), "ix_wait_open"),
}


@pytest.mark.parametrize("name", QUERIES)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_each_reads_by_its_index(shop: Shop, name: str) -> None:
    """Of a million posts it makes the difference between a millisecond and a second."""
    with shop.database.writing() as conn:
        brands.begin(conn, [shop.brand], NOON)
    plans: list[str] = []

    def explain(conn: Any, cursor: Any, sql: str, parameters: Any, *_: object) -> None:
        if sql.startswith("SELECT"):
            rows = cursor.connection.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)
            plans.extend(row[3] for row in rows)

    sa.event.listen(sa.Engine, "before_cursor_execute", explain)
    try:
        ask, index = QUERIES[name]
        ask(shop)
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", explain)
    assert any(index in line for line in plans), plans
    big = ("wait", "post", "mention", "case_event")
    assert [line for line in plans if line in {f"SCAN {one}" for one in big}] == []


def _count(shop: Shop, ask: Callable[[sa.Connection, int], object]) -> object:
    with shop.database.reading() as conn:
        return ask(conn, shop.brand)

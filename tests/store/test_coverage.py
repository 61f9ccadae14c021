"""Until when the brand's own posts are known, and how the sources fare."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from monitor.domain.errors import SourceError
from monitor.domain.notice import SourceHealth
from monitor.domain.post import Cost, Gap, Page, Post, PostKey, Rejected, Stream, StreamKind
from monitor.store import brands, coverage
from monitor.store.engine import Database
from monitor.store.posts import Counts
from tests.store.written import NINE, TEN, Bringing, written

HOUR = timedelta(hours=1)


def test_silence_is_proved_as_far_as_every_timeline_was_read(database: Database) -> None:
    _read(database, "x", "own", StreamKind.OWN, "x", until=TEN)
    _read(database, "x", "support", StreamKind.OWN, "x", until=NINE)
    _read(database, "reddit", "own", StreamKind.OWN, "reddit", until=TEN)
    assert _read_through(database) == {"x": NINE, "reddit": TEN}


def test_searching_for_complaints_proves_no_silence(database: Database) -> None:
    _read(database, "x", "search", StreamKind.SEARCH, "x", until=TEN)
    assert _read_through(database) == {}


def test_a_timeline_never_read_to_its_end_leaves_all_unproved(database: Database) -> None:
    _read(database, "x", "own", StreamKind.OWN, "x", until=TEN)
    _read(database, "x", "support", StreamKind.OWN, "x", until=None)
    assert _read_through(database) == {}


def test_a_timeline_that_comes_later_takes_back_nothing_that_was_proved(database: Database) -> None:
    _read(database, "x", "own", StreamKind.OWN, "x", until=NINE)
    added = _read(database, "x", "support", StreamKind.OWN, "x", until=None, added=TEN)
    assert _read_through(database) == {"x": NINE}
    _read(database, "x", "own", StreamKind.OWN, "x", until=TEN + HOUR)
    assert _read_through(database) == {"x": TEN}
    with database.writing() as conn:
        coverage.record_failure(conn, added, SourceError("503"), TEN + HOUR)
        coverage.record_end(conn, added, TEN + 2 * HOUR, TEN + 3 * HOUR, with_gap=True)
    assert _read_through(database) == {"x": TEN}
    _read(database, "x", "support", StreamKind.OWN, "x", until=TEN + 2 * HOUR)
    assert _read_through(database) == {"x": TEN + HOUR}


def test_a_failing_timeline_stands_where_it_was_read_to(database: Database) -> None:
    number = _read(database, "x", "own", StreamKind.OWN, "x", until=NINE)
    with database.writing() as conn:
        coverage.record_failure(conn, number, SourceError("503"), TEN)
    assert _read_through(database) == {"x": NINE}


def test_what_failed_later_is_not_told_of_before(database: Database) -> None:
    number = _read(database, "x", "own", StreamKind.OWN, "x", until=NINE)
    with database.writing() as conn:
        coverage.record_failure(conn, number, SourceError("503"), TEN + HOUR)
    with database.reading() as conn:
        [before] = coverage.health(conn, 1, TEN)
        [after] = coverage.health(conn, 1, TEN + HOUR)
    assert (before.failing_since, before.problem) == (None, None)
    assert (after.failing_since, after.problem) == (TEN + HOUR, "503")


def test_a_file_shows_answers_on_every_network_that_it_brought(database: Database) -> None:
    other = replace(written("1"), key=PostKey("trustpilot", "1"))
    broken = Rejected("line 3", "no text", "")
    _read(database, "export", "rows", StreamKind.ALL, "files", other, broken, until=TEN)
    assert _read_through(database) == {"files": TEN, "trustpilot": TEN}


def test_a_file_imported_once_does_not_hold_back_what_is_read_today(database: Database) -> None:
    _read(database, "january", "rows", StreamKind.ALL, "x", until=NINE, once=True)
    _read(database, "february", "rows", StreamKind.ALL, "x", until=NINE + HOUR, once=True)
    assert _read_through(database) == {"x": NINE + HOUR}
    assert [one.source for one in _health(database)] == ["february", "january"]
    _read(database, "x", "own", StreamKind.OWN, "x", until=NINE + 2 * HOUR)
    assert _read_through(database) == {"x": NINE + 2 * HOUR}
    assert [one.source for one in _health(database)] == ["x"]


def test_another_brand_s_streams_say_nothing_of_this_one(database: Database) -> None:
    _read(database, "x", "own", StreamKind.OWN, "x", until=TEN)
    assert _read_through(database, brand_id=7) == {}
    with database.reading() as conn:
        assert coverage.health(conn, 7, TEN) == []


def test_what_could_not_be_read_is_shown_with_its_source_the_latest_first(
    database: Database,
) -> None:
    first, second = Rejected("a.csv:9", "no text", ",,"), Rejected("a.csv:2", "no posted_at", "a,b")
    stream = Bringing(database)
    stream.brings(first, at=NINE)
    stream.brings(first, second, at=TEN)
    with database.reading() as conn:
        found = coverage.unread(conn, "test")
        assert coverage.unread(conn) == found
        assert coverage.unread(conn, "another") == []
    assert [(one.source, one.place, one.at) for one in found] == [
        ("test", "a.csv:2", TEN),
        ("test", "a.csv:9", NINE),
    ]


def test_an_item_that_two_streams_bring_is_shown_once(database: Database) -> None:
    mentions, search = Bringing(database, name="mentions"), Bringing(database, name="search")
    broken, other = Rejected("77", "no text", "{}"), Rejected("78", "no text", "{}")
    mentions.brings(broken, other, at=NINE)
    search.brings(broken, Rejected("77", "no author", "{}"), at=TEN)
    with database.reading() as conn:
        found = coverage.unread(conn)
    assert [(one.place, one.reason, one.streams, one.at) for one in found] == [
        ("77", "no author", ("search",), TEN),
        ("77", "no text", ("mentions", "search"), TEN),
        ("78", "no text", ("mentions",), NINE),
    ]


def test_a_gap_told_in_every_look_counts_once(database: Database) -> None:
    number = _read(database, "x", "own", StreamKind.OWN, "x", until=NINE)
    gaps = [
        Gap("an open quote", "a.csv:3"),
        Gap("an open quote", "a.csv:3"),
        Gap("cap"),
        Gap("cap"),
    ]
    with database.writing() as conn:
        for gap in gaps:
            page = Page((), "cursor", gap)
            coverage.record_page(conn, number, page, Counts(), since=NINE, until=TEN)
    assert [one.gaps for one in _health(database)] == [3]


def _read(
    database: Database,
    source: str,
    name: str,
    kind: StreamKind,
    network: str,
    *items: Post | Rejected,
    until: datetime | None,
    once: bool = False,
    added: datetime = NINE,
) -> int:
    stream = Stream(name, kind, network)
    with database.writing() as conn:
        number = coverage.ensure_stream(
            conn, source, stream, brands.ensure(conn, ["Shop"]).values(), added
        )
        page = Page(items, "cursor")
        coverage.record_page(conn, number, page, Counts(), since=NINE, until=until or NINE)
        if until is not None:
            coverage.record_end(conn, number, until, None if once else until + HOUR)
    return number


def _read_through(database: Database, brand_id: int = 1) -> dict[str, datetime]:
    with database.reading() as conn:
        return coverage.read_through(conn, brand_id)


def _health(database: Database) -> list[SourceHealth]:
    with database.reading() as conn:
        return coverage.health(conn, 1, TEN)


def test_what_reading_cost_is_summed_by_source(database: Database) -> None:
    for source, stream, micros in (("x", "own", 5_000), ("x", "search", 7_000), ("reddit", "a", 0)):
        number = _read(database, source, stream, StreamKind.OWN, source, until=TEN)
        with database.writing() as conn:
            page = Page((), "2", cost=Cost(2, micros))
            coverage.record_page(conn, number, page, Counts(), since=NINE, until=TEN)
    with database.reading() as conn:
        assert coverage.spent(conn) == {"reddit": Cost(2, 0), "x": Cost(4, 12_000)}

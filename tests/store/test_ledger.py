"""The ledger says of every stream when it was looked at, what came, what was cut off and what it cost."""

from __future__ import annotations

from datetime import datetime, timedelta

from monitor.domain.coverage import Blind, Silence, Why
from monitor.domain.errors import SourceError
from monitor.domain.post import Cost, Gap, Page, Stream, StreamKind
from monitor.store import brands, coverage, ledger, silences, watching
from monitor.store.engine import Database
from monitor.store.ledger import Hole, Kept
from monitor.store.posts import Counts
from tests.store.written import NINE, RIVAL, SHOP, Bringing, rows

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NOTHING = Counts(duplicate=1)


class Looks:
    """A stream that is looked at every minute."""

    def __init__(self, database: Database, name: str = "all") -> None:
        self.number = Bringing(database, SHOP, name=name).number
        self._database = database

    def ends(self, at: datetime, counts: Counts = NOTHING, gap: Gap | None = None) -> None:
        page = Page((), "c", gap=gap, cost=Cost(calls=1, micros=5))
        with self._database.writing() as conn:
            coverage.record_page(conn, self.number, page, counts, since=at - MINUTE, until=at)
            coverage.record_end(conn, self.number, at, at + MINUTE, with_gap=gap is not None)

    def fails(self, at: datetime, problem: str = "503") -> None:
        with self._database.writing() as conn:
            coverage.record_failure(conn, self.number, SourceError(problem), at)


def kept(database: Database, until: datetime, since: datetime = NINE) -> list[Kept]:
    with database.reading() as conn:
        return ledger.kept(conn, since, until)


def test_looks_in_vain_share_a_line_and_lose_nothing(database: Database) -> None:
    looks = Looks(database)
    for minute in range(90):
        looks.ends(NINE + minute * MINUTE, Counts(stored=2) if minute == 30 else NOTHING)
    assert rows(database, "SELECT stored, calls FROM coverage ORDER BY id") == [
        (0, 30),
        (2, 1),
        (0, 29),
        (0, 30),
    ]
    [one] = kept(database, NINE + 2 * HOUR)
    assert one.sums == {
        "read": 91,
        "stored": 2,
        "duplicate": 89,
        "rejected": 0,
        "edited": 0,
        "deleted": 0,
        "unnamed": 0,
        "calls": 90,
        "micros": 450,
    }
    assert [(watch.began_at, watch.looks) for watch in one.watches] == [(NINE, 90)]
    assert one.brands == ("Shop",)
    assert (one.source, one.stream, one.kind, one.is_read) == ("test", "all", "all", True)


def test_a_clock_that_is_set_back_shortens_no_watch(database: Database) -> None:
    looks = Looks(database)
    looks.ends(NINE + HOUR)
    looks.ends(NINE)
    [one] = kept(database, NINE + HOUR)
    assert [(watch.ended_at, watch.looks) for watch in one.watches] == [(NINE + HOUR, 2)]


def test_when_nobody_looked_is_told_with_its_reason(database: Database) -> None:
    looks = Looks(database)
    looks.ends(NINE)
    for minute in range(1, 60, 10):
        looks.fails(NINE + minute * MINUTE, f"503 at {minute}")
    looks.ends(NINE + HOUR)
    looks.ends(NINE + 3 * HOUR)
    [one] = kept(database, NINE + 3 * HOUR)
    assert one.blind == (
        Blind(NINE, NINE + HOUR, Why.FAILING, "503 at 51"),
        Blind(NINE + HOUR, NINE + 3 * HOUR, Why.NOT_LOOKED),
    )
    assert one.watched_since == NINE
    with database.reading() as conn:
        [told] = coverage.health(conn, 1, NINE + 3 * HOUR)
        outages = watching.outages(conn, [looks.number], NINE, NINE + DAY)[looks.number]
        assert told.blind == one.blind
        [later] = coverage.health(conn, 1, NINE + 3 * HOUR, since=NINE + 2 * HOUR)
        assert [hole.since for hole in later.blind] == [NINE + 2 * HOUR]
    assert [(out.began_at, out.ended_at, out.failures) for out in outages] == [
        (NINE + MINUTE, NINE + HOUR, 6)
    ]


def test_what_is_configured_no_longer_is_not_missed(database: Database) -> None:
    looks = Looks(database)
    looks.ends(NINE)
    Looks(database, "never").fails(NINE)
    with database.writing() as conn:
        coverage.retire_others(conn, [])
    found = {one.stream: one for one in kept(database, NINE + DAY)}
    assert not found["all"].is_read
    assert found["all"].blind == found["never"].blind == ()
    assert found["never"].watched_since is None
    assert found["never"].problem == "503"


def test_a_gap_that_is_told_in_every_look_is_there_once(database: Database) -> None:
    looks = Looks(database)
    cut = Gap("500 pages are the most", "1", "9")
    looks.ends(NINE, gap=cut)
    looks.ends(NINE + MINUTE, gap=cut)
    looks.ends(NINE + 2 * MINUTE, gap=Gap("the quota of the day is used up"))
    looks.ends(NINE + 3 * MINUTE)
    looks.ends(NINE + 4 * MINUTE)
    [one] = kept(database, NINE + HOUR)
    assert one.gaps == (
        Hole("500 pages are the most", "1", "9", NINE, NINE + MINUTE),
        Hole("the quota of the day is used up", None, None, NINE + 2 * MINUTE, NINE + 2 * MINUTE),
    )
    assert len(rows(database, "SELECT 1 FROM coverage")) == 4, "a gap is never added to"


def test_a_brand_has_its_own_streams(database: Database) -> None:
    Looks(database)
    Bringing(database, RIVAL, name="rivals")
    with database.reading() as conn:
        found = [ledger.kept(conn, NINE, NINE + HOUR, brand_id=one) for one in (1, 2)]
    assert [[one.stream for one in its] for its in found] == [["all"], ["rivals"]]


def test_silence_against_its_own_past(database: Database) -> None:
    looks = Looks(database)
    for hour in range(30):
        looks.ends(NINE + hour * HOUR, Counts(stored=1))
    last = NINE + 29 * HOUR
    looks.ends(last + 9 * HOUR)
    with database.reading() as conn:
        told = silences.silent(conn, {looks.number: last + 9 * HOUR})
        assert told == {looks.number: Silence(last, HOUR)}
        assert silences.silent(conn, {looks.number: last + 6 * HOUR}) == {}
        [seen] = coverage.health(conn, 1, last + 9 * HOUR)
        [before] = coverage.health(conn, 1, last + 5 * HOUR)
    assert seen.silence == Silence(last, HOUR)
    assert before.silence is None
    [one] = kept(database, last + 9 * HOUR)
    assert one.silence == seen.silence


def test_a_stream_that_said_little_is_never_called_silent(database: Database) -> None:
    looks = Looks(database)
    looks.ends(NINE, Counts(stored=1))
    looks.ends(NINE + 30 * DAY)
    with database.reading() as conn:
        assert silences.silent(conn, {looks.number: NINE + 30 * DAY}) == {}


def test_what_is_imported_once_is_not_watched(database: Database) -> None:
    stream = Stream("rows", StreamKind.ALL, "x")
    with database.writing() as conn:
        number = coverage.ensure_stream(
            conn, "import", stream, brands.ensure(conn, ["Shop"]).values(), NINE
        )
        coverage.record_failure(conn, number, SourceError("no such file"), NINE, again=False)
        coverage.record_end(conn, number, NINE, None)
    [one] = kept(database, NINE + DAY)
    assert (one.watches, one.blind, one.read_through) == ((), (), NINE)

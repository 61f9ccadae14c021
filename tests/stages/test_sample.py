"""The weekly sample: drawn while the customer waits, closed when the week is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from monitor.domain.correction import How, Said
from monitor.domain.keeping import Keep
from monitor.domain.report import Period
from monitor.domain.sampling import Part, begin_of, week_of
from monitor.render.report_html import report_html
from monitor.render.report_json import report_data
from monitor.render.report_text import report_text
from monitor.stages.forget import purge_all
from monitor.stages.sample import EVERY, Sample
from monitor.store import readings, samples
from monitor.store.engine import Database
from tests.stages.teaching import MINUTE, Staff
from tests.store.written import TEN, written

DAY = timedelta(days=1)
WEEK = week_of(TEN)
MONDAY = begin_of(WEEK)
OVER = MONDAY + 8 * DAY
QUIET = ("nice lamp", "blue lamp", "red lamp", "old lamp", "big lamp", "it is broken")


def _report(database: Database, as_of: datetime, since: datetime = MONDAY) -> str:
    with database.reading() as conn:
        made = readings.report(conn, 1, period=Period(since, as_of), as_of=as_of)
    said = report_text(made, UTC)
    assert ("missed" in report_data(made)) == ("Missed" in said)
    assert "<h2>Missed</h2>" in report_html(made, UTC)
    return " ".join(said.partition("Missed")[2].partition("Sources")[0].split())


def test_the_running_week_is_drawn_from_what_was_let_pass(staff: Staff) -> None:
    staff.reads(*QUIET)
    stage = staff.draws(TEN + MINUTE)
    assert len(staff.drawn()) == 4
    assert 6 not in staff.drawn()
    assert stage.due(TEN + 2 * MINUTE) == []
    assert f"1:{WEEK}" in stage.due(TEN + EVERY + MINUTE)


def test_nothing_is_drawn_where_none_is_wanted_or_of_brands_that_are_gone(
    staff: Staff, database: Database
) -> None:
    staff.reads(*QUIET)
    assert Sample(database, names=["Shop"], size=0).due(TEN) == []
    assert Sample(database, names=["Other"], size=4).due(TEN) == []


def test_what_is_over_is_drawn_for_good_and_what_comes_late_changes_nothing(staff: Staff) -> None:
    staff.reads(*QUIET)
    staff.draws(TEN + MINUTE)
    staff.draws(OVER)
    drawn = staff.drawn()
    with staff.database.reading() as conn:
        assert samples.is_closed(conn, 1, WEEK)
        assert not samples.is_closed(conn, 1, week_of(OVER))
    staff.reads("late lamp", first=7)
    stage = staff.draws(OVER + EVERY)
    stage.handle(f"1:{WEEK}", OVER + EVERY)
    assert staff.drawn() == drawn
    assert staff.rows(f"SELECT number FROM sample_week WHERE week = '{WEEK}' AND number > 0") == [
        (5,)
    ]


def test_the_report_says_what_is_not_known_and_then_what_is(staff: Staff) -> None:
    staff.reads(*QUIET)
    staff.draws(TEN + MINUTE)
    assert "no week's sample" in _report(staff.database, TEN + 2 * MINUTE)
    staff.draws(OVER)
    assert "5 posts were let pass, and nobody has looked" in _report(staff.database, OVER)
    first, *rest = staff.drawn()
    assert staff.says(first, Said.COMPLAINT, OVER) is not None
    for one in rest:
        staff.says(one, Said.PRAISE, OVER)
    assert staff.drawn() == []
    told = _report(staff.database, OVER)
    assert "an estimated 1 [1, 2] complaints among 5 posts" in told
    assert "1 found among 4 looked at" in told
    assert "no week's sample" in _report(staff.database, OVER, MONDAY + MINUTE)


def test_a_report_of_a_moment_knows_nothing_of_what_was_said_later(staff: Staff) -> None:
    staff.reads(*QUIET)
    staff.draws(OVER)
    for one in staff.drawn():
        staff.says(one, Said.OTHER, OVER + DAY)
    assert "nobody has looked" in _report(staff.database, OVER)
    assert "0 found among 4 looked at" in _report(staff.database, OVER + DAY)


def test_the_last_word_on_a_sampled_post_counts(staff: Staff) -> None:
    staff.reads(*QUIET)
    staff.draws(OVER)
    one = staff.drawn()[0]
    staff.says(one, Said.COMPLAINT, OVER)
    staff.says(one, Said.OTHER, OVER + MINUTE)
    with staff.database.reading() as conn:
        parts = samples.parts(conn, 1, begin_of(WEEK), OVER, OVER + DAY)
    assert parts == [Part(WEEK, is_near=False, population=5, looked_at=1, missed=0)]


def test_a_miss_that_the_sample_found_stays_one_of_those_that_were_let_pass(staff: Staff) -> None:
    staff.reads(*QUIET)
    staff.draws(TEN + MINUTE)
    one = staff.drawn()[0]
    staff.says(one, Said.COMPLAINT)
    staff.draws(OVER)
    with staff.database.reading() as conn:
        parts = samples.parts(conn, 1, begin_of(WEEK), OVER, OVER)
        weights = samples.weights(conn, 1)
    assert parts == [Part(WEEK, is_near=False, population=5, looked_at=1, missed=1)]
    assert weights == {one: 5.0}
    told = staff.taught()[one]
    assert (told.how, told.weight) == (How.REVIEWED, 5.0)
    other = staff.drawn()[0]
    staff.says(other, Said.OTHER, OVER)
    assert (staff.taught()[other].how, staff.taught()[other].weight) == (How.REVIEWED, 2.5)


def test_an_edit_takes_a_post_out_of_the_running_draw(staff: Staff) -> None:
    staff.reads("nice lamp")
    staff.draws(TEN + MINUTE)
    assert staff.drawn() == [1]
    later = TEN + 2 * EVERY
    words = written("1", by="customer1", text="it is broken", edited_at=later)
    staff.bringing.brings(words, at=later)
    staff.judges(later)
    staff.draws(later)
    assert staff.drawn() == []


def test_what_waits_for_a_look_is_kept_as_long_as_is_said(staff: Staff, database: Database) -> None:
    staff.reads(*QUIET)
    staff.draws(TEN + MINUTE, size=2)
    drawn = staff.drawn()
    purge_all(database, Keep(sampled=timedelta(days=20)), TEN + 10 * DAY)
    assert staff.drawn() == drawn
    assert len(staff.rows("SELECT id FROM post WHERE text IS NOT NULL")) == 2 + 1
    purge_all(database, Keep(sampled=timedelta(days=20)), TEN + 20 * DAY)
    assert staff.drawn() == []

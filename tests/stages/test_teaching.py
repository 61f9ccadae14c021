"""What staff say of verdicts, by hand and by what they do to cases."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from monitor.domain.correction import How, Said
from monitor.domain.judgement import Thresholds
from monitor.domain.keeping import Keep
from monitor.domain.post import Page, Stream, StreamKind
from monitor.stages import act
from monitor.stages.by_hand import AlreadyOpenError, NothingSaidError, heard, open_case
from monitor.stages.forget import purge_all
from monitor.stages.triage import Triage
from monitor.store import brands, calibrations, corrections, coverage, mentions, posts
from monitor.store.calibrations import Calibrated
from monitor.store.engine import Database
from tests.scenarios.world import NO_WORDS, RULE
from tests.stages.teaching import LIMITS, MINUTE, Staff
from tests.store.written import RIVAL, SHOP, TEN, Bringing, gone, written

DAY = timedelta(days=1)
LATER = TEN + 2 * MINUTE


def test_what_was_let_pass_and_is_a_complaint_opens_a_case_and_is_remembered(staff: Staff) -> None:
    staff.reads("my lamp hums", "what a lamp!")
    case = staff.says(1, Said.COMPLAINT)
    assert case is not None
    assert staff.says(2, Said.PRAISE) is None
    assert staff.rows("SELECT root_post_id, confirmed FROM cases") == [(1, True)]
    told = staff.taught()
    assert (told[1].said, told[1].how, told[1].by) == (Said.COMPLAINT, How.CORRECTED, "ana")
    assert (told[2].said, told[2].how, told[2].at) == (Said.PRAISE, How.CORRECTED, LATER)
    assert told[2].judged is not None
    assert told[2].judged.praise == 0.02
    assert told[2].sources == ("test",)


def test_what_is_said_of_a_post_in_a_case_names_the_case(staff: Staff) -> None:
    staff.reads("it is broken")
    assert staff.says(1, Said.NOT_A_COMPLAINT) == 1
    assert staff.says(1, Said.COMPLAINT, LATER + MINUTE) == 1
    assert staff.taught()[1].said is Said.COMPLAINT
    assert len(staff.rows("SELECT id FROM correction")) == 2


@pytest.mark.parametrize("ended_by", ["dismissed", "answered"])
def test_a_missed_complaint_in_a_case_that_is_over_opens_the_next_wait(
    staff: Staff, database: Database, ended_by: str
) -> None:
    staff.bringing.brings(written("1", text="hmm, odd"))
    staff.judges()
    if ended_by == "dismissed":
        act.dismiss(database, 1, by="bob", now=TEN + MINUTE)
    else:
        staff.bringing.brings(written("9", by="shop", to="1", posted_at=TEN, text="sorry"))
    later = TEN + MINUTE
    staff.bringing.brings(written("2", to="1", posted_at=later, text="it hums"), at=later)
    staff.judges(later)
    number = staff.rows("SELECT id FROM post WHERE external_id = '2'")[0][0]
    assert staff.says(number, Said.COMPLAINT, LATER) == 1
    staff.judges(LATER)
    assert staff.rows("SELECT id, status FROM cases") == [(1, "open")]
    waits = "SELECT number, first_post_id, confirmed, outcome FROM wait ORDER BY number"
    assert staff.rows(waits) == [(1, 1, False, ended_by), (2, number, True, None)]
    asks = f"SELECT band, asks, next FROM mention WHERE post_id = {number}"
    assert staff.rows(asks) == [("alert", "complaint", None)]
    said = {post: it.said for post, it in staff.taught().items()}
    first = {1: Said.NOT_A_COMPLAINT} if ended_by == "dismissed" else {}
    assert said == {number: Said.COMPLAINT, **first}  # of the first post nobody said anything new
    assert staff.says(number, Said.COMPLAINT, LATER + MINUTE) == 1
    assert len(staff.rows("SELECT number FROM wait")) == 2


def test_a_case_opened_by_address_where_one_is_over_goes_on_in_that_one(
    staff: Staff, database: Database
) -> None:
    staff.bringing.brings(
        written("1", text="it is broken"), written("2", to="1", text="it hums", url="https://x/2")
    )
    staff.judges()
    act.dismiss(database, 1, by="bob", now=LATER)
    post = heard(SHOP, "it hums", url="https://x/2", author=None, posted_at=LATER)

    def opens() -> int:
        return open_case(
            database,
            SHOP,
            post,
            rules=(RULE,),
            lexicon=NO_WORDS,
            severity=None,
            by="ana",
            now=LATER,
        )

    assert opens() == 1
    assert staff.rows("SELECT id, status FROM cases") == [(1, "open")]
    assert (staff.taught()[2].said, staff.taught()[2].how) == (Said.COMPLAINT, How.OPENED)
    with pytest.raises(AlreadyOpenError, match="case 1"):
        opens()


def test_a_complaint_that_an_edit_took_back_was_asked_all_the_time_if_a_person_says_so(
    staff: Staff,
) -> None:
    staff.reads("it is broken")
    words = written("1", by="customer1", text="it hums", edited_at=LATER)
    staff.bringing.brings(words, at=LATER)
    staff.judges(LATER)
    assert staff.rows("SELECT status FROM cases") == [("withdrawn",)]
    assert staff.says(1, Said.COMPLAINT, LATER + MINUTE) == 1
    assert staff.rows("SELECT status FROM cases") == [("open",)]
    assert staff.rows("SELECT number, first_post_id, outcome FROM wait") == [(1, 1, None)]
    assert staff.taught()[1].said is Said.COMPLAINT


def test_what_was_said_can_be_forgotten(staff: Staff, database: Database) -> None:
    staff.reads("my lamp hums")
    staff.says(1, Said.OTHER)
    with database.writing() as conn:
        assert corrections.take_back(conn, staff.brand, 1) == 1
    assert staff.taught() == {}


@pytest.mark.parametrize("number", [1, 2, 99])
def test_there_is_nothing_to_say_of_own_purged_and_unknown_posts(staff: Staff, number: int) -> None:
    staff.bringing.brings(written("1", by="shop"), written("2"), gone("2"))
    with pytest.raises(NothingSaidError, match="no post"):
        staff.says(number, Said.OTHER)


def test_acts_on_cases_say_what_they_imply_and_undoing_them_unsays_it(
    staff: Staff, database: Database
) -> None:
    staff.reads("it is broken", "hmm, odd", "broken again", "hmm?")
    (one, two, three, four) = range(1, 5)
    act.dismiss(database, one, by="bob", now=LATER)
    act.confirm(database, two, by="ana", now=LATER)
    act.dismiss(database, three, by="ana", now=LATER)
    act.undo(database, three, by="ana", now=LATER)
    act.dismiss(database, four, by="ana", now=LATER, duplicate_of=two)
    told = staff.taught()
    assert {post: (it.said, it.how, it.by) for post, it in told.items()} == {
        one: (Said.NOT_A_COMPLAINT, How.DISMISSED, "bob"),
        two: (Said.COMPLAINT, How.CONFIRMED, "ana"),
    }


def test_a_question_in_a_dismissed_case_was_not_said_to_be_a_complaint_or_not(
    staff: Staff, database: Database
) -> None:
    staff.bringing.brings(
        written("1", text="it is broken"), written("2", to="1", text="anybody there?")
    )
    staff.judges()
    act.dismiss(database, 1, by="ana", now=LATER)
    assert set(staff.taught()) == {1}


def test_an_answer_to_what_nobody_dismissed_says_that_it_was_one(staff: Staff) -> None:
    staff.reads("it is broken")
    staff.bringing.brings(written("9", by="shop", to="1", posted_at=TEN, text="sorry"), at=LATER)
    staff.judges(LATER)
    told = staff.taught()[1]
    assert (told.said, told.how) == (Said.COMPLAINT, How.ANSWERED)


def test_what_was_said_of_other_words_counts_no_more(staff: Staff) -> None:
    staff.reads("my lamp hums", "it is broken")
    staff.says(1, Said.OTHER)
    staff.bringing.brings(written("9", by="shop", to="2", posted_at=TEN, text="sorry"), at=LATER)
    staff.judges(LATER)
    for number in ("1", "2"):
        words = written(number, by=f"customer{number}", text="refund?", edited_at=LATER)
        staff.bringing.brings(words, at=LATER + MINUTE)
    assert staff.stale() == 1 + 1
    staff.judges(LATER + MINUTE)
    assert staff.taught() == {}
    assert staff.stale() == 2


def test_a_case_from_the_phone_has_no_score_of_a_model(staff: Staff, database: Database) -> None:
    post = heard(SHOP, "Called: no lamp", url=None, author="0712", posted_at=TEN)
    open_case(
        database, SHOP, post, rules=(RULE,), lexicon=NO_WORDS, severity=None, by="ana", now=TEN
    )
    [told] = staff.taught().values()
    assert (told.how, told.judged, told.sources) == (How.OPENED, None, ("by hand",))


def test_another_brand_said_nothing(staff: Staff, database: Database) -> None:
    Bringing(database, RIVAL, name="other")
    staff.reads("my lamp hums")
    staff.says(1, Said.OTHER)
    with database.reading() as conn:
        rival = {name: number for number, name in brands.names(conn).items()}["Rival"]
        assert corrections.of_brand(conn, rival) == ([], 0)


def test_words_that_teach_are_kept_as_long_as_is_said(staff: Staff, database: Database) -> None:
    staff.reads("my lamp hums", "what a lamp!")
    staff.says(1, Said.OTHER)
    keep = Keep(corrected=timedelta(days=20))
    texts = "SELECT external_id FROM post WHERE text IS NOT NULL"
    purge_all(database, keep, TEN + 8 * DAY)
    assert staff.rows(texts) == [("1",)]
    assert set(staff.taught()) == {1}
    purge_all(database, keep, TEN + 20 * DAY)
    assert staff.rows(texts) == []
    assert staff.taught()[1].judged is not None  # the score is enough to calibrate by


# ---------------------------------------------------------------------------------- calibration


def _calibrated(source: str, alert: float | None, model: str = "keywords@1") -> Calibrated:
    return Calibrated(
        source=source,
        model=model,
        at=TEN,
        by="ana",
        alert=alert,
        review=None if alert is None else 0.2,
        figures={"complaints": 60},
    )


def _bands(staff: Staff) -> dict[str, str]:
    return dict(
        staff.rows(
            "SELECT post.external_id, band FROM mention JOIN post ON post.id = mention.post_id"
        )
    )


def _post_of(database: Database, source: str, number: str) -> None:
    stream = Stream("posts", StreamKind.ALL, "x")
    with database.writing() as conn:
        its = coverage.ensure_stream(
            conn, source, stream, brands.ensure(conn, ["Shop"]).values(), TEN
        )
        page = Page((written(number, by=f"of {number}", text="hmm"),), "cursor")
        posts.store_page(conn, stream_id=its, brands=[(1, SHOP)], page=page, seen_at=TEN)


def test_a_source_is_judged_by_its_own_thresholds_and_no_other_is(
    staff: Staff, database: Database
) -> None:
    with database.writing() as conn:
        calibrations.keep(conn, _calibrated("forum", 0.35))
    _post_of(database, "forum", "1")
    _post_of(database, "reviews", "2")
    _post_of(database, "forum", "3")
    _post_of(database, "reviews", "3")
    staff.judges()
    assert _bands(staff) == {"1": "alert", "2": "review", "3": "alert"}


def test_a_calibration_is_taken_back_and_another_models_counts_not(
    staff: Staff, database: Database
) -> None:
    with database.writing() as conn:
        calibrations.keep(conn, _calibrated("forum", 0.35))
        calibrations.keep(conn, _calibrated("forum", None))
        calibrations.keep(conn, _calibrated("reviews", 0.35, model="other@2"))
        assert calibrations.in_force(conn, "keywords@1") == []
        assert [one.source for one in calibrations.of_other_models(conn, "keywords@1")] == [
            "reviews"
        ]
        calibrations.keep(conn, _calibrated("reviews", 0.4))
        assert calibrations.of_other_models(conn, "keywords@1") == []
        calibrations.keep(conn, _calibrated("reviews", None))
        assert _calibrated("forum", None).over(LIMITS) == LIMITS
        assert _calibrated("forum", 0.5).over(LIMITS) == Thresholds(0.5, 0.2, 0.5)
    _post_of(database, "forum", "1")
    _post_of(database, "reviews", "2")
    staff.judges()
    assert _bands(staff) == {"1": "review", "2": "review"}


def test_a_post_that_no_stream_brought_is_held_against_the_general_ones(
    staff: Staff, database: Database
) -> None:
    with database.writing() as conn:
        calibrations.keep(conn, _calibrated("forum", 0.35))
        assert calibrations.thresholds(conn, 1, 99, "keywords@1", LIMITS) == LIMITS


def test_the_triage_of_a_deleted_post_asks_nobody(staff: Staff, database: Database) -> None:
    triage = Triage(database, (RULE,), LIMITS, NO_WORDS, ())
    with database.reading() as conn:
        assert mentions.load(conn, 1, 1) is None
    triage.handle("1:1", TEN)


# -------------------------------------------------------------------------------------- adoption


def test_before_there_are_tables_nothing_is_adopted(empty_database_url: str) -> None:
    empty = Database(empty_database_url)
    assert calibrations.adopted(empty) is None
    with empty.writing():
        pass
    assert calibrations.adopted(empty) is None
    empty.close()


def test_the_last_adoption_counts(database: Database) -> None:
    assert calibrations.adopted(database) is None
    with database.writing() as conn:
        calibrations.adopt(conn, calibrations.Adopted(TEN, "ana", "m@1", Path("models/1")))
        calibrations.adopt(conn, calibrations.Adopted(LATER, "bob", "m@0", None))
    assert calibrations.adopted(database) == (LATER, "bob", "m@0", None)
    with database.reading() as conn:
        assert [one.folder for one in calibrations.adoptions(conn)] == [None, Path("models/1")]

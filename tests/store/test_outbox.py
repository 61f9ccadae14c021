"""The outbox's rows: what is written, cancelled, claimed and settled."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from monitor.domain.notice import NoticeKind, NoticeState, Planned, Reason, Receipt
from monitor.store import leaving, outbox
from monitor.store.engine import Database
from monitor.store.leaving import Pending
from tests.stages.told import NOW, Told

LATER = NOW + timedelta(minutes=2)
NO_REST = timedelta(0)
RECEIPT = Receipt("#care", "m1")
PENDING, SENT, SUPPRESSED = NoticeState.PENDING, NoticeState.SENT, NoticeState.SUPPRESSED


def ready(database: Database, key: str | None = None) -> list[Pending]:
    with database.reading() as conn:
        return leaving.ready(conn, now=NOW, at=NOW, key=key)


def claim(database: Database, one: Pending, token: str = "mine", *, late: bool = False) -> bool:
    at = LATER if late else NOW
    with database.writing() as conn:
        return outbox.claim(conn, one, token=token, at=at, until=at + timedelta(minutes=2))


def card(database: Database, case: int) -> str | None:
    with database.reading() as conn:
        return outbox.card_audience(conn, case)


def test_a_notice_is_written_once(database: Database, told: Told) -> None:
    case = told.case()
    key = told.alert(case)
    told.alert(case, to="#elsewhere")  # the same key: the first one stands
    with database.writing() as conn:
        outbox.write(conn, [], brand_id=told.brand, case_id=case, now=NOW)
        assert outbox.counts(conn) == {(PENDING, Reason.OPENED): 1}
        assert outbox.entry(conn, "no such key") is None
    entry = told.entry(key)
    assert (entry.audience, entry.wait, entry.written_at) == ("slack:#care", 1, NOW)


def test_what_was_decided_not_to_be_sent_is_kept_with_its_reason(
    database: Database, told: Told
) -> None:
    case = told.case()
    told.alert(case, suppressed=True)
    assert ready(database) == []
    assert card(database, case) is None
    with database.reading() as conn:
        (only,) = outbox.case_notices(conn, case)
    assert (only.state, only.reason) == (SUPPRESSED, Reason.BEFORE_FIRST_RUN)


def test_the_card_is_the_first_alert_that_is_told(database: Database, told: Told) -> None:
    case = told.case()
    assert card(database, case) is None
    told.alert(case, suppressed=True)
    told.escalate(case, "leads")
    assert card(database, case) is None
    told.alert(case, wait=2, to="#second")
    told.alert(case, wait=3, to="#third")
    assert card(database, case) == "#second"
    (one,) = ready(database, "alert:1:2")
    claim(database, one)
    with database.writing() as conn:
        outbox.fail(conn, one, "mine", "no such channel")
    assert card(database, case) == "#third"


def test_an_answer_takes_back_what_was_not_told_yet(database: Database, told: Told) -> None:
    case, other = told.case(), told.case()
    keys = [told.alert(case), told.escalate(case, "leads")]
    kept = [told.alert(case, wait=2), told.alert(other), told.words(NoticeKind.TEST, "hello")]
    assert told.answer(case) == 2
    assert told.answer(case) == 0
    assert {told.state(key) for key in keys} == {(SUPPRESSED, Reason.ANSWERED)}
    assert {told.entry(key).state for key in kept} == {PENDING}


def test_what_may_have_arrived_is_marked_only(database: Database, told: Told) -> None:
    case = told.case()
    key = told.alert(case)
    (one,) = ready(database)
    claim(database, one)
    assert told.answer(case) == 0
    assert told.state(key) == (PENDING, Reason.OPENED)
    with database.reading() as conn:
        (again,) = leaving.ready(conn, now=NOW, at=LATER)
    assert (again.fate_unknown, again.cancelled) == (True, Reason.ANSWERED)


def test_edits_that_were_not_sent_become_one(database: Database, told: Told) -> None:
    case = told.case()
    told.change(case, 1)
    assert told.entries() == []  # nothing was told: nothing to edit
    told.alert(case)
    keys = [told.change(case, level) for level in (2, 3, 4)]
    reasons = [told.state(key) for key in keys]
    superseded = (SUPPRESSED, Reason.SUPERSEDED)
    assert reasons == [superseded, superseded, (PENDING, Reason.CHANGED)]


def test_an_edit_under_way_is_not_superseded(database: Database, told: Told) -> None:
    case = told.case()
    told.alert(case)
    first = told.change(case, 1)
    (one,) = ready(database, first)
    claim(database, one)
    second = told.change(case, 2)
    assert told.entry(first).state is PENDING
    assert ready(database, second) == []  # the older picture must not come last


def test_of_many_only_one_gets_a_notice(database: Database, database_url: str, told: Told) -> None:
    for _ in range(10):
        told.alert(told.case())
    rows = ready(database)

    def takes(token: str) -> int:
        own = Database(database_url)
        try:
            return sum(claim(own, one, token) for one in rows)
        finally:
            own.close()

    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(takes, "abcd"))
    assert sum(taken) == 10


def test_a_claim_rests_on_what_was_read(database: Database, told: Told) -> None:
    case = told.case()
    told.alert(case)
    (one,) = ready(database)
    assert claim(database, one)
    with database.writing() as conn:
        outbox.postpone(conn, one, "mine", at=NOW, rest=NO_REST, problem="busy", fate_unknown=False)
    assert not claim(database, one, "second")  # somebody had it in between
    (again,) = ready(database)
    told.answer(case)
    assert not claim(database, again)  # and now nobody wants it


def test_a_thawed_sender_overwrites_nothing(database: Database, told: Told) -> None:
    key = told.alert(told.case())
    (one,) = ready(database)
    claim(database, one, "frozen")
    with database.reading() as conn:
        (again,) = leaving.ready(conn, now=NOW, at=LATER)
    assert claim(database, again, "second", late=True)
    with database.writing() as conn:
        assert not outbox.fail(conn, one, "frozen", "refused")
        assert not outbox.drop(conn, one, "frozen", Reason.ANSWERED)
        assert not outbox.will_repeat(conn, one, "frozen")
        assert not outbox.postpone(
            conn, one, "frozen", at=LATER, rest=NO_REST, problem="busy", fate_unknown=False
        )
        assert outbox.sent(conn, again, "second", RECEIPT, NOW)
        assert not outbox.sent(conn, one, "frozen", RECEIPT, NOW)
    assert told.entry(key).state is SENT
    assert not told.entry(key).possibly_repeated  # both mean the same message
    with database.writing() as conn:
        assert not outbox.sent(conn, one, "frozen", Receipt("#care", "m2"), NOW)
    assert told.entry(key).possibly_repeated  # two messages: counted
    assert told.entry(key).problem is None


def test_what_was_never_attempted_can_be_suppressed(database: Database, told: Told) -> None:
    told.alert(told.case())
    (one,) = ready(database)
    claim(database, one)
    with database.writing() as conn:
        assert not outbox.suppress(conn, one, Reason.SHADOW)
        outbox.postpone(conn, one, "mine", at=NOW, rest=NO_REST, problem="busy", fate_unknown=False)
        assert outbox.suppress(conn, one, Reason.SHADOW)


def test_a_notice_without_a_brand(database: Database) -> None:
    planned = Planned("quarantine:1", NoticeKind.OPERATIONS, "#ops", Reason.QUARANTINED, NOW)
    with database.writing() as conn:
        said = {"headline": "x", "lines": []}
        outbox.write(conn, [planned], brand_id=None, case_id=None, now=NOW, payload=said)
    (one,) = ready(database)
    assert (one.brand, one.brand_id, one.payload) == ("", None, said)


def test_what_a_rehearsal_left_is_never_told(database: Database, told: Told) -> None:
    """It died between deciding and holding back; a brand of another run is left alone."""
    key = told.alert(told.case())
    with database.writing() as conn:
        assert outbox.hold_back(conn, [told.brand + 1]) == 0
        assert outbox.hold_back(conn, [told.brand]) == 1
    assert told.state(key) == (SUPPRESSED, Reason.SHADOW)
    assert ready(database) == []

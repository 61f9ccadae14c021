"""What people may do to a case, what it means, and what is refused with a reason."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from monitor.domain.event import (
    Acknowledged,
    Answered,
    AnsweredElsewhere,
    Channel,
    DismissalReason,
    Dismissed,
    FollowedUp,
    Merged,
    Opened,
    Snoozed,
)
from monitor.domain.judgement import Band
from monitor.domain.notice import CaseCard
from monitor.domain.sla import State
from monitor.stages import act
from monitor.stages.act import ActionError
from monitor.store import brands, cards, cases, schema, sight
from monitor.store.cases import Fact
from monitor.store.engine import Database
from tests.domain.histories import an_ask, at
from tests.store.shop import LATER, Shop


@pytest.fixture
def shop(database_url: str) -> Iterator[Shop]:
    database = Database(database_url)
    schema.metadata.create_all(database.engine)
    yield Shop(database)
    database.close()


def last_event(shop: Shop, case_id: int) -> object:
    with shop.database.reading() as conn:
        return cases.history(conn, case_id)[-1].event


def card(shop: Shop, case_id: int) -> CaseCard:
    with shop.database.reading() as conn:
        return cards.card(conn, case_id, LATER, None)


def test_an_acknowledgement_says_how_far_the_wait_had_climbed(shop: Shop) -> None:
    case_id = shop.case((0, Opened(an_ask(1, 0))))
    act.acknowledge(shop.database, case_id, by="ana", now=at(10))
    assert last_event(shop, case_id) == Acknowledged(at(130), 1, 0, "r")


def test_a_second_claim_says_who_is_answering(shop: Shop) -> None:
    case_id = shop.case((0, Opened(an_ask(1, 0))))
    act.claim(shop.database, case_id, by="ana", now=at(10))
    act.claim(shop.database, case_id, by="ana", now=at(11))
    with pytest.raises(ActionError, match=f"ana is answering since {at(11):%Y-%m-%d %H:%M} UTC"):
        act.claim(shop.database, case_id, by="ion", now=at(12))
    act.assign(shop.database, case_id, "ion", by="ion", now=at(13))
    after = act.claim(shop.database, case_id, by="ion", now=at(14))
    assert (after.owner, after.claimed) == ("ion", True)


def test_a_claim_that_was_taken_back_holds_nobody_off(shop: Shop) -> None:
    case_id = shop.case((0, Opened(an_ask(1, 0))))
    act.claim(shop.database, case_id, by="ana", now=at(10))
    act.undo(shop.database, case_id, by="ana", now=at(11))
    assert act.claim(shop.database, case_id, by="ion", now=at(12)).owner == "ion"


def test_a_case_is_given_to_somebody(shop: Shop) -> None:
    case_id = shop.case((0, Opened(an_ask(1, 0))))
    with pytest.raises(ActionError, match="say to whom"):
        act.assign(shop.database, case_id, " ", by="ana", now=at(10))


def test_a_dismissal_names_what_was_on_the_table(shop: Shop) -> None:
    case_id = shop.case((0, Opened(an_ask(1, 0))), (5, FollowedUp(an_ask(3, 5))))
    act.dismiss(shop.database, case_id, by="ana", now=at(10))
    event = last_event(shop, case_id)
    assert isinstance(event, Dismissed)
    assert event.asks == (1, 3)
    with pytest.raises(ActionError, match="dismissed already"):
        act.dismiss(shop.database, case_id, by="ana", now=at(11))


def test_the_reason_of_a_snooze_is_kept_apart_from_the_history(shop: Shop) -> None:
    """The history cannot be changed, and people write names of customers."""
    case_id = shop.case((0, Opened(an_ask(1, 0))))
    span = timedelta(hours=3)
    with pytest.raises(ActionError, match="give a reason"):
        act.snooze(shop.database, case_id, span, by="ana", now=at(5), why=None)
    act.snooze(shop.database, case_id, span, by="ana", now=at(5), why="Mrs Pop is away")
    with shop.database.reading() as conn:
        assert conn.execute(sa.select(schema.note.c.text)).scalars().all() == ["Mrs Pop is away"]
        data = conn.execute(sa.select(schema.case_event.c.data)).scalars().all()
    assert "Pop" not in str(data)


def answered(shop: Shop) -> int:
    return shop.case((0, Opened(an_ask(1, 0))), (5, Answered(100)))


@pytest.mark.parametrize(
    "action",
    [
        lambda db, case: act.acknowledge(db, case, by="ana", now=at(9)),
        lambda db, case: act.claim(db, case, by="ana", now=at(9)),
        lambda db, case: act.confirm(db, case, by="ana", now=at(9)),
        lambda db, case: act.snooze(db, case, timedelta(hours=1), by="ana", now=at(9), why=None),
        lambda db, case: act.answered_elsewhere(
            db, case, Channel.PHONE, by="ana", now=at(9), answered_at=at(8)
        ),
    ],
    ids=["acknowledge", "claim", "confirm", "snooze", "answered elsewhere"],
)
def test_where_nobody_waits_there_is_nothing_to_do(shop: Shop, action: object) -> None:
    with pytest.raises(ActionError, match="nobody waits in it"):
        action(shop.database, answered(shop))  # type: ignore[operator]


def test_a_case_that_is_not_there_is_named(shop: Shop) -> None:
    with pytest.raises(ActionError, match="There is no case 9"):
        act.claim(shop.database, 9, by="ana", now=at(9))


def test_a_snooze_ends_after_it_begins(shop: Shop) -> None:
    case_id = shop.case((0, Opened(an_ask(1, 0))))
    with pytest.raises(ActionError, match="time to come"):
        act.snooze(shop.database, case_id, timedelta(0), by="ana", now=at(5), why="x")
    act.snooze(shop.database, case_id, timedelta(minutes=5), by="ana", now=at(5), why=None)
    assert last_event(shop, case_id) == Snoozed(at(10), 1, None)


def test_a_case_is_confirmed_once(shop: Shop) -> None:
    case_id = shop.case((0, Opened(an_ask(1, 0, band=Band.REVIEW))))
    act.confirm(shop.database, case_id, by="ana", now=at(5))
    with pytest.raises(ActionError, match="confirmed already"):
        act.confirm(shop.database, case_id, by="ion", now=at(6))


def test_a_duplicate_is_one_of_another_case(shop: Shop) -> None:
    first = shop.case((0, Opened(an_ask(1, 0))))
    second = shop.case((0, Opened(an_ask(2, 0))), thread="u")
    for other, said in ((second, "of itself"), (99, "There is no case 99")):
        with pytest.raises(ActionError, match=said):
            act.dismiss(shop.database, second, by="ana", now=at(5), duplicate_of=other)
    act.dismiss(shop.database, second, by="ana", now=at(5), duplicate_of=first)
    assert last_event(shop, second) == Dismissed(DismissalReason.DUPLICATE, (2,), first)


def test_two_cases_are_no_duplicates_of_each_other(shop: Shop) -> None:
    first = shop.case((0, Opened(an_ask(1, 0))))
    second = shop.case((0, Opened(an_ask(2, 0))), thread="u")
    act.dismiss(shop.database, first, by="ana", now=at(5), duplicate_of=second)
    with pytest.raises(ActionError, match=f"Case {first} is dismissed"):
        act.dismiss(shop.database, second, by="ana", now=at(6), duplicate_of=first)
    with shop.database.reading() as conn:
        assert cases.load(conn, second).open_wait is not None


def test_a_duplicate_at_the_same_moment_leaves_one_open(shop: Shop) -> None:
    pair = (
        shop.case((0, Opened(an_ask(1, 0)))),
        shop.case((0, Opened(an_ask(2, 0))), thread="u"),
    )

    def dismisses(one: int, other: int) -> bool:
        try:
            act.dismiss(shop.database, one, by="ana", now=at(5), duplicate_of=other)
        except ActionError:
            return False
        return True

    with ThreadPoolExecutor(2) as hands:
        assert sorted(hands.map(dismisses, pair, pair[::-1])) == [False, True]


def test_a_duplicate_of_a_merged_case_is_one_of_what_it_became(shop: Shop) -> None:
    into = shop.case((0, Opened(an_ask(1, 0))))
    merged = shop.case((0, Opened(an_ask(2, 0))), (5, Merged(into)), thread="u")
    second = shop.case((0, Opened(an_ask(3, 0))), thread="v")
    with pytest.raises(ActionError, match="of itself"):
        act.dismiss(shop.database, into, by="ana", now=at(6), duplicate_of=merged)
    act.dismiss(shop.database, second, by="ana", now=at(6), duplicate_of=merged)
    assert last_event(shop, second) == Dismissed(DismissalReason.DUPLICATE, (3,), into)


def test_a_duplicate_is_one_of_the_same_brand(shop: Shop) -> None:
    ours = shop.case((0, Opened(an_ask(1, 0))))
    with shop.database.writing() as conn:
        [shop.brand] = brands.ensure(conn, ["rival"]).values()
    theirs = shop.case((0, Opened(an_ask(2, 0))), thread="u")
    with pytest.raises(ActionError, match="another brand's"):
        act.dismiss(shop.database, ours, by="ana", now=at(6), duplicate_of=theirs)
    with sight.only({"shop"}), pytest.raises(ActionError, match=f"There is no case {theirs}"):
        act.dismiss(shop.database, ours, by="ana", now=at(6), duplicate_of=theirs)


def test_an_answer_elsewhere_lies_between_the_complaint_and_now(shop: Shop) -> None:
    case_id = shop.case((10, Opened(an_ask(1, 10))))
    for minute in (9, 31):
        with pytest.raises(ActionError, match="between the complaint"):
            act.answered_elsewhere(
                shop.database, case_id, Channel.PHONE, by="ana", now=at(30), answered_at=at(minute)
            )
    act.answered_elsewhere(
        shop.database, case_id, Channel.PHONE, by="ana", now=at(30), answered_at=at(20)
    )
    assert last_event(shop, case_id) == AnsweredElsewhere(Channel.PHONE, None)


def test_only_a_post_of_the_brand_answers(shop: Shop) -> None:
    case_id = shop.case((0, Opened(an_ask(1, 0))))
    with pytest.raises(ActionError, match="none of the brand's own"):
        act.link_answer(shop.database, case_id, 3, by="ana", now=at(60))


def test_what_nobody_did_is_not_taken_back(shop: Shop) -> None:
    case_id = shop.case((0, Opened(an_ask(1, 0))))
    act.claim(shop.database, case_id, by="ana", now=at(10))
    with pytest.raises(ActionError, match="nothing that a person did"):
        act.undo(shop.database, case_id, by="ana", now=at(11), seq=1)


@pytest.mark.parametrize(
    "action",
    [
        lambda db, case: act.claim(db, case, by="ana", now=at(9)),
        lambda db, case: act.dismiss(db, case, by="ana", now=at(9)),
        lambda db, case: act.undo(db, case, by="ana", now=at(9)),
        lambda db, case: act.link_answer(db, case, 100, by="ana", now=at(9)),
    ],
    ids=["claim", "dismiss", "undo", "link"],
)
def test_a_merged_case_says_where_it_went(shop: Shop, action: object) -> None:
    case_id = shop.case((0, Opened(an_ask(1, 0))), (5, Merged(7)))
    with pytest.raises(ActionError, match="part of case 7"):
        action(shop.database, case_id)  # type: ignore[operator]


def test_an_answer_older_than_the_complaint_cannot_be_linked(shop: Shop) -> None:
    case_id = shop.case((30, Opened(an_ask(1, 30))))
    with shop.database.writing() as conn:
        own = {"brand_id": shop.brand, "post_id": 100, "own": True}
        conn.execute(schema.mention.insert().values(own))
    with pytest.raises(ActionError, match="older than the complaint"):
        act.link_answer(shop.database, case_id, 100, by="ana", now=at(60))
    with shop.database.writing() as conn:
        here = schema.post.c.id == 100
        conn.execute(schema.post.update().where(here).values(posted_at=at(40)))
    act.link_answer(shop.database, case_id, 100, by="ana", now=at(60))
    assert last_event(shop, case_id) == Answered(100)


def test_the_card_shows_the_first_post_that_stands(shop: Shop) -> None:
    case_id = shop.case((0, Opened(an_ask(1, 0))), (5, FollowedUp(an_ask(3, 5))))
    with shop.database.writing() as conn:
        for number in (1, 3):
            mention = {"brand_id": shop.brand, "post_id": number, "own": False}
            conn.execute(schema.mention.insert().values(mention))
        later = schema.post.update().where(schema.post.c.id == 3)
        conn.execute(later.values(posted_at=at(5)))
    assert card(shop, case_id).text == "text 1"
    with shop.database.writing() as conn:
        conn.execute(schema.post.update().where(schema.post.c.id == 1).values(gone_at=at(9)))
    assert card(shop, case_id).text == "text 3"


def test_a_wait_that_was_brought_by_hand_is_late_when_it_is_due(shop: Shop) -> None:
    """No source could bring an answer to a phone call: there is nothing to verify."""
    key = cases.CaseKey(shop.brand, "manual", "call", "1")
    with shop.database.writing() as conn:
        case_id = cases.open_case(conn, key, root_post_id=1, opened_at=at(0))
        cases.append(conn, case_id, [Fact(at(0), Opened(an_ask(1, 0)), "ana")], now=at(0))
    assert shop.report(at(30)).total.names_in(State.PENDING) == [(case_id, 1)]
    assert shop.report(at(90)).total.names_in(State.BREACHED_OPEN) == [(case_id, 1)]


def test_the_preferred_contact_is_kept_apart_and_the_latest_holds(shop: Shop) -> None:
    case_id = shop.case((0, Opened(an_ask(1, 0))))
    with pytest.raises(ActionError, match="how the customer is reached"):
        act.note_contact(shop.database, case_id, Channel.PHONE, " ", by="ana", now=at(1))
    act.note_contact(shop.database, case_id, Channel.PHONE, "0712", by="ana", now=at(1))
    act.note_contact(shop.database, case_id, Channel.EMAIL, "d@shop.example", by="ion", now=at(2))
    assert card(shop, case_id).contact == "e-mail: d@shop.example"
    act.undo(shop.database, case_id, by="ion", now=at(3))
    assert card(shop, case_id).contact == "phone: 0712"
    with shop.database.writing() as conn:
        conn.execute(schema.note.update().values(text=None))
    assert card(shop, case_id).contact == "phone"


def test_the_card_says_who_has_seen_it_and_what_was_noted_of_an_answer(shop: Shop) -> None:
    case_id = shop.case((0, Opened(an_ask(1, 0))))
    assert card(shop, case_id).seen_by is None
    act.acknowledge(shop.database, case_id, by="ana", now=at(10))
    act.snooze(shop.database, case_id, at(30) - at(10), by="ana", now=at(10), why=None)
    shown = card(shop, case_id)
    assert (shown.seen_by, shown.seen_until, shown.snoozed_until) == ("ana", at(130), at(30))
    act.answered_elsewhere(
        shop.database,
        case_id,
        Channel.PHONE,
        by="ana",
        now=at(20),
        answered_at=at(15),
        text="Refunded.",
    )
    shown = card(shop, case_id)
    assert (shown.answer_channel, shown.answer_text, shown.seen_by) == ("phone", "Refunded.", None)

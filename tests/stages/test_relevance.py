"""What is set aside opens no case, can be found with its rule, and comes back when it is ours."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from monitor.domain.identity import Brand, Identity
from monitor.domain.judgement import Thresholds
from monitor.domain.keeping import Keep
from monitor.domain.lexicon import Lexicon, word_rule
from monitor.domain.notice import SetAside
from monitor.domain.post import Page, Post, PostKind, Stream, StreamKind
from monitor.domain.relevance import CONTEXT, Relevance
from monitor.runner import Runner, Stage
from monitor.stages.classify import Classify
from monitor.stages.escalate import Escalate
from monitor.stages.settle import Settle
from monitor.stages.triage import Triage
from monitor.store import brands as stored_brands
from monitor.store import cards, copies, coverage, filtered, keeping, outbox, posts
from monitor.store.engine import Database
from tests.scenarios.world import NO_WORDS, RULE, Keywords
from tests.store.written import NINE, SHOP, TEN, Bringing, gone, rows, written

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
CONTEXT_WORDS = Lexicon({CONTEXT: word_rule("context", CONTEXT, ["parcel*"])})
PICKY = replace(SHOP, relevance=Relevance(words=CONTEXT_WORDS))
LONG = "It is broken and nobody in the whole shop has answered my letters for weeks"


def runs(database: Database, brand: Brand = PICKY) -> None:
    stages: list[Stage] = [
        Classify(database, Keywords()),
        Triage(database, [RULE], Thresholds(alert=0.6, review=0.3), NO_WORDS, [brand]),
        Settle(database),
        Escalate(database),
    ]
    Runner(stages, database, clock=lambda: TEN + HOUR).until_idle()


def mentions(database: Database) -> list[tuple[Any, ...]]:
    asked = "SELECT post_id, band, filtered, would_be FROM mention WHERE NOT own ORDER BY post_id"
    return rows(database, asked)


def opened(database: Database) -> list[int]:
    return [one for (one,) in rows(database, "SELECT root_post_id FROM cases ORDER BY id")]


def found(database: Database, **asked: Any) -> list[filtered.Found]:
    with database.reading() as conn:
        return filtered.listed(conn, NINE, **asked)


def test_what_is_not_about_the_brand_opens_no_case_and_can_be_found(database: Database) -> None:
    Bringing(database, PICKY).brings(
        written("1", text="a shop is broken into"), written("2", text="my parcel is broken")
    )
    runs(database)
    assert mentions(database) == [(1, "pass", "context", "alert"), (2, "alert", None, None)]
    assert opened(database) == [2]
    [one] = found(database)
    assert (one.rule, one.would_be, one.text) == ("context", "alert", "a shop is broken into")
    assert one.reason.startswith("filtered, context: none of the words")
    assert one.case is None
    assert found(database, rule="spam") == found(database, brand_id=7) == []
    with database.reading() as conn:
        assert filtered.counts(conn, 1, NINE, TEN) == [SetAside("context", 1, 1)]
        assert filtered.counts(conn, 1, NINE, NINE) == []


def test_an_edit_may_bring_it_back(database: Database) -> None:
    brought = Bringing(database, PICKY)
    brought.brings(written("1", text="broken"))
    runs(database)
    brought.brings(written("1", text="parcel broken", edited_at=TEN + MINUTE), at=TEN + 2 * MINUTE)
    runs(database)
    assert mentions(database) == [(1, "alert", None, None)]
    assert opened(database) == [1]
    with database.reading() as conn:
        assert cards.card(conn, 1, TEN, None).due_at == TEN + MINUTE + 4 * HOUR, "from the edit on"


def test_nothing_in_a_conversation_with_us_is_set_aside(database: Database) -> None:
    Bringing(database, PICKY).brings(
        written("1", text="parcel broken"),
        written("2", text="still broken", to="1"),
        written("3", text="broken, too", by="dan", to="1"),
    )
    runs(database)
    assert [one[2] for one in mentions(database)] == [None, None, "context"]


def test_a_partner_is_no_customer_in_our_conversations_either(database: Database) -> None:
    partner = Relevance(ignored=(Identity("*", handle="dan"),))
    Bringing(database).brings(
        written("1", text="broken"),
        written("2", by="shop", to="1", text="Sorry!"),
        written("3", by="dan", to="1", text="refund him"),
    )
    runs(database, replace(SHOP, relevance=partner))
    assert [one[2] for one in mentions(database)] == [None, "author"]


def test_what_turns_out_to_be_ours_is_decided_on_anew_and_asked_all_the_time(
    database: Database,
) -> None:
    brought = Bringing(database, PICKY)
    brought.brings(written("1", text="broken"), written("2", text="broken", by="dan", to="1"))
    runs(database)
    assert opened(database) == []
    brought.brings(written("3", by="shop", to="2", text="Sorry!", posted_at=TEN))
    runs(database)
    assert sorted(opened(database)) == [1, 2]
    with database.reading() as conn:
        assert {
            one.posted_at for one in (cards.card(conn, case, TEN, None) for case in (1, 2))
        } == {NINE}


def test_a_case_brings_back_what_its_customer_said_before(database: Database) -> None:
    brought = Bringing(database, PICKY)
    brought.brings(written("2", text="broken", to="1"))
    runs(database)
    brought.brings(written("1", text="parcel broken"))
    runs(database)
    assert [one[2] for one in mentions(database)] == [None, None]
    assert len(opened(database)) == 1


@pytest.mark.parametrize("kind", [StreamKind.MENTIONS, StreamKind.SEARCH])
def test_what_the_network_brings_as_a_mention_is_about_us(
    database: Database, kind: StreamKind
) -> None:
    _brought(database, kind, written("1", text="broken"))
    runs(database)
    assert mentions(database)[0][2] == (None if kind is StreamKind.MENTIONS else "context")


def _brought(database: Database, kind: StreamKind, one: Post) -> None:
    with database.writing() as conn:
        stream = Stream(kind.value, kind, "x")
        ids = stored_brands.ensure(conn, [PICKY.name])
        number = coverage.ensure_stream(conn, "x", stream, ids.values(), NINE)
        page = Page((one,), "c")
        its = [(ids[PICKY.name], PICKY)]
        posts.store_page(conn, stream_id=number, brands=its, page=page, seen_at=TEN)


def test_a_review_is_about_us(database: Database) -> None:
    Bringing(database, PICKY).brings(written("1", text="broken", kind=PostKind.REVIEW))
    runs(database)
    assert opened(database) == [1]


def test_copies_are_linked_to_the_first_and_tell_nobody_again(database: Database) -> None:
    Bringing(database).brings(
        written("1", text=LONG),
        written("2", text=f"{LONG}!!", by="dan"),
        written("3", text=LONG.upper(), by="eva"),
    )
    runs(database, SHOP)
    assert mentions(database) == [
        (1, "alert", None, None),
        (2, "pass", "alike", "alert"),
        (3, "pass", "alike", "alert"),
    ]
    assert opened(database) == [1]
    with database.reading() as conn:
        assert cards.card(conn, 1, TEN, None).alike == 2
        told = [one.kind.value for one in outbox.case_notices(conn, 1)]
    assert told.count("alert") == 1
    assert {(one.case, one.post) for one in found(database)} == {(1, 2), (1, 3)}


@pytest.mark.parametrize(
    ("second", "is_case"),
    [
        ({"text": LONG, "by": "dan"}, False),
        ({"text": LONG, "by": "dan", "posted_at": NINE - 3 * DAY}, True),
        ({"text": f"Order 4712: {LONG}", "by": "dan"}, True),
        ({"text": "It is broken", "by": "dan"}, True),
        ({"text": f"{LONG} and other people tell the very same of their own new lamp"}, True),
    ],
)
def test_what_is_a_copy_and_what_is_not(
    database: Database, second: dict[str, Any], is_case: bool
) -> None:
    Bringing(database).brings(written("1", text=LONG), written("2", **second))
    runs(database, SHOP)
    assert opened(database) == ([1, 2] if is_case else [1])


def test_who_says_the_same_in_two_places_has_one_case(database: Database) -> None:
    Bringing(database).brings(
        written("1", text="It is broken"),
        written("2", text="it is broken!"),
        written("3", text="broken"),
        written("4", text="It is broken", by="dan"),
    )
    runs(database, SHOP)
    assert opened(database) == [1, 3, 4], "of two words nothing can be told, nor of others' three"


def test_copies_may_be_cases_of_their_own(database: Database) -> None:
    brand = replace(SHOP, relevance=Relevance(alike=False))
    Bringing(database).brings(written("1", text=LONG), written("2", text=LONG, by="dan"))
    runs(database, brand)
    assert opened(database) == [1, 2]


def test_when_the_first_is_deleted_its_copies_stand_for_themselves(database: Database) -> None:
    brought = Bringing(database)
    brought.brings(
        written("1", text=LONG),
        written("2", text=LONG, by="dan"),
        written("3", text=LONG, by="eva"),
    )
    runs(database, SHOP)
    brought.brings(gone("1", TEN + MINUTE), at=TEN + 2 * MINUTE)
    runs(database, SHOP)
    assert opened(database) == [1, 2]
    assert mentions(database)[2][2] == "alike"
    with database.reading() as conn:
        assert copies.of_case(conn, 1) == []
        assert copies.of_case(conn, 2) == [3]
        assert cards.card(conn, 2, TEN, None).posted_at == NINE


def test_an_answered_complaint_has_no_copies(database: Database) -> None:
    brought = Bringing(database)
    brought.brings(written("1", text=LONG), written("9", by="shop", to="1", posted_at=TEN))
    runs(database, SHOP)
    brought.brings(written("2", text=LONG, by="dan"))
    runs(database, SHOP)
    assert opened(database) == [1, 3]


def test_a_copy_that_is_read_days_late_is_a_copy(database: Database) -> None:
    brought = Bringing(database)
    brought.brings(written("1", text=LONG))
    runs(database, SHOP)
    with database.writing() as conn:
        keeping.purge_rest(conn, Keep(), NINE + 4 * DAY)
    brought.brings(written("2", text=LONG, by="dan", posted_at=NINE + HOUR))
    runs(database, SHOP)
    assert opened(database) == [1]
    assert mentions(database)[1][2] == "alike"


def test_what_was_said_long_ago_is_forgotten(database: Database) -> None:
    Bringing(database).brings(written("1", text=LONG))
    runs(database, SHOP)
    assert len(rows(database, "SELECT 1 FROM likeness_band")) == 16
    with database.writing() as conn:
        keeping.purge_rest(conn, Keep(), NINE + 7 * DAY)
    assert len(rows(database, "SELECT 1 FROM likeness")) == 1
    with database.writing() as conn:
        keeping.purge_rest(conn, Keep(), NINE + 7 * DAY + HOUR)
    assert rows(database, "SELECT 1 FROM likeness_band") == []
    assert rows(database, "SELECT 1 FROM likeness") == []

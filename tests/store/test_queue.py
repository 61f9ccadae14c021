"""The queue, the thread of a case and who did what, as they are read from both databases."""

from __future__ import annotations

from typing import Any

import pytest

from monitor.domain.access import Change
from monitor.domain.event import Acknowledged, Answered, Claimed, Escalated, Opened, Snoozed, Undone
from monitor.domain.judgement import Band, Severity
from monitor.domain.search import search
from monitor.store import access_events, brands, conversations, doings, queue, schema
from monitor.store.doings import Place as Done
from monitor.store.engine import Database
from monitor.store.queue import NOBODY, Line, Place, State, Wanted
from tests.domain.histories import an_ask, at
from tests.store.shop import Shop

NOW = at(60)
MANY = 10
OTHERS = range(1000, 1000 + queue.ONE_BY_ONE)
"""Brands of which nothing waits."""


@pytest.fixture
def shop(database: Database) -> Shop:
    return Shop(database)


def page(shop: Shop, limit: int = MANY, after: Place | None = None, **wanted: Any) -> list[Line]:
    with shop.database.reading() as conn:
        asked = Wanted(**wanted)
        found = queue.page(conn, [shop.brand], asked, NOW, limit=limit, after=after)
        if limit == MANY:
            assert queue.count(conn, [shop.brand], asked, NOW) == len(found)
            assert queue.count(conn, [shop.brand, *OTHERS], asked, NOW) == len(found)
        beside = queue.page(conn, [shop.brand, *OTHERS], asked, NOW, limit=limit, after=after)
        assert beside == found, "many brands are asked at once, and the same is found"
        return found


def ids(lines: list[Line]) -> list[int]:
    return [one.case_id for one in lines]


def test_first_due_first_page_by_page(shop: Shop) -> None:
    made = [shop.case((0, Opened(an_ask(1, 0))), thread=f"t{one}") for one in range(5)]
    everything = page(shop)
    assert sorted(ids(everything)) == made
    found: list[Line] = []
    while more := page(shop, limit=2, after=found[-1].place if found else None):
        found += more
        if len(more) < 2:
            break
    assert found == everything


@pytest.mark.parametrize("others", [(), OTHERS], ids=["few", "many"])
def test_of_several_brands_what_is_due_first_comes_first(shop: Shop, others: range) -> None:
    mine, made = shop.brand, []
    with shop.database.writing() as conn:
        [another] = brands.ensure(conn, ["another"]).values()
    for minute in range(5):
        shop.brand = mine if minute % 2 else another
        made.append(shop.case((minute, Opened(an_ask(1, minute))), thread=f"t{minute}"))
    with shop.database.reading() as conn:
        asked = [mine, another, *others]
        first = queue.page(conn, asked, Wanted(), NOW, limit=3)
        more = queue.page(conn, asked, Wanted(), NOW, limit=3, after=first[-1].place)
        assert queue.count(conn, asked, Wanted(), NOW) == 5
    assert (ids(first), ids(more)) == (made[:3], made[3:])


def test_every_filter_leaves_what_it_names(shop: Shop) -> None:
    plain = shop.case((0, Opened(an_ask(1, 0))), thread="a")
    unsure = shop.case((0, Opened(an_ask(2, 0, band=Band.REVIEW))), thread="b")
    claimed = shop.case(
        (0, Opened(an_ask(3, 0))),
        (1, Claimed()),
        (2, Snoozed(at(90), 1)),
        (3, Escalated(1, "late", 1, "r")),
        thread="c",
    )
    every = [plain, unsure, claimed]
    asked: dict[str, tuple[dict[str, Any], list[int]]] = {
        "network": ({"network": "x"}, every),
        "another network": ({"network": "y"}, []),
        "severity": ({"severity": Severity.CRITICAL}, []),
        "topic": ({"topic": "nothing"}, []),
        "language": ({"language": "en"}, []),
        "person": ({"person": "ana"}, [claimed]),
        "nobody": ({"person": NOBODY}, [plain, unsure]),
        "unconfirmed": ({"state": State.UNCONFIRMED}, [unsure]),
        "confirmed": ({"state": State.CONFIRMED}, [plain, claimed]),
        "claimed": ({"state": State.CLAIMED}, [claimed]),
        "escalated": ({"state": State.ESCALATED}, [claimed]),
        "words": ({"said": search("text 3")}, [claimed]),
        "without": ({"said": search("-3")}, [plain, unsure]),
        "no words": ({"said": search("!")}, []),
    }
    found = {name: sorted(ids(page(shop, **said))) for name, (said, _) in asked.items()}
    assert found == {name: expected for name, (_, expected) in asked.items()}
    late, in_time = page(shop, state=State.LATE), page(shop, state=State.IN_TIME)
    assert {*ids(late), *ids(in_time)} <= set(every)
    assert set(ids(late)).isdisjoint(ids(in_time))
    assert ids(page(shop, state=State.SNOOZED)) in ([], [claimed])


def test_something_that_happens_is_felt(shop: Shop) -> None:
    def pulse() -> object:
        with shop.database.reading() as conn:
            return queue.pulse(conn)

    before = pulse()
    shop.case((0, Opened(an_ask(1, 0))))
    between = pulse()
    shop.case((0, Opened(an_ask(3, 0))), thread="u")  # recorded in the same moment
    assert len({str(one) for one in (before, between, pulse())}) == 3


def test_networks_are_those_of_which_something_was_read(shop: Shop) -> None:
    with shop.database.reading() as conn:
        assert queue.networks(conn) == []


def test_a_thread_is_shown_with_whose_posts_they_are(shop: Shop) -> None:
    with shop.database.writing() as conn:
        rows = [
            {"brand_id": shop.brand, "post_id": post, "own": post == 4, "automatic": False}
            for post in range(1, 6)
        ]
        conn.execute(schema.mention.insert(), rows)
    case = shop.case((0, Opened(an_ask(1, 0))))
    with shop.database.reading() as conn:
        said, others = conversations.of_case(conn, case)
    assert [one.post_id for one in said] == [1, 2, 3, 4, 5]
    assert [one.post_id for one in said if one.is_ours] == [4]
    assert [one.post_id for one in said if one.is_of_case] == [1]
    assert (said[0].author, said[1].author, others) == ("@ana", None, 0)


def test_of_a_long_thread_what_matters_is_shown(shop: Shop) -> None:
    with shop.database.writing() as conn:
        posts = [
            {
                "id": 1000 + one,
                "network": "x",
                "external_id": f"p{one}",
                "kind": "post",
                "thread": "t",
                "quotes": [],
                "text": "by the way",
                "posted_at": at(one),
                "first_seen_at": at(one),
                "last_seen_at": at(one),
                "to_judge": False,
            }
            for one in range(conversations.MOST + 20)
        ]
        conn.execute(schema.post.insert(), posts)
        there = [one.id for one in conn.execute(schema.post.select())]
        rows = [
            {"brand_id": shop.brand, "post_id": one, "own": False, "automatic": False}
            for one in there
        ]
        conn.execute(schema.mention.insert(), rows)
    case = shop.case((0, Opened(an_ask(1, 0))))
    with shop.database.reading() as conn:
        said, others = conversations.of_case(conn, case)
    assert len(said) == conversations.MOST
    assert others == len(there) - conversations.MOST
    assert any(one.is_of_case for one in said)


def test_what_people_did_is_told_the_newest_first(shop: Shop) -> None:
    case = shop.case((0, Opened(an_ask(1, 0))), (1, Claimed()), (2, Acknowledged(at(9), 1, 0, "r")))
    other = shop.case((0, Opened(an_ask(3, 0))), (3, Answered(4)), (4, Undone(2)), thread="u")
    with shop.database.reading() as conn:
        everything = doings.latest(conn, 10)
        assert [(one.case_id, one.record.seq) for one in everything] == [
            (other, 3),
            (other, 2),
            (case, 3),
            (case, 2),
        ]
        second = everything[1]
        place = Done(second.record.recorded_at, second.case_id, second.record.seq)
        assert doings.latest(conn, 10, before=place) == everything[2:]
        assert doings.latest(conn, 10, by="ana") == everything
        assert doings.latest(conn, 10, by="ion") == []


def test_lines_about_access_are_never_altered(database: Database) -> None:
    with database.writing() as conn:
        brands.ensure(conn, ["shop"])
        for name in ("ana", "ion"):
            access_events.note(conn, Change.USER_ADDED, name, by="root", at=NOW, role="agent")
    with database.reading() as conn:
        newest, oldest = access_events.latest(conn, 5)
        assert (newest.about, newest.data) == ("ion", {"role": "agent"})
        assert access_events.latest(conn, 5, before=newest.id) == [oldest]
    for change in (
        schema.access_event.update().values(by="nobody"),
        schema.access_event.delete(),
    ):
        with pytest.raises(Exception, match="append-only"), database.writing() as conn:
            conn.execute(change)

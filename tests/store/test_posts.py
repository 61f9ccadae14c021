"""What is stored of a page, and what is counted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from monitor.domain.post import Author, PostKey, PostKind, Rejected
from monitor.store import posts, tombstones
from monitor.store.engine import Database
from monitor.store.posts import Counts
from monitor.store.schema import post
from tests.store.written import (
    JUDGED,
    NINE,
    RIVAL,
    SHOP,
    TEN,
    Bringing,
    gone,
    judge,
    rows,
    stored,
    to_judge,
    written,
)


def test_a_post_comes_back_as_it_was_written(database: Database) -> None:
    full = written(
        "9007199254740993",  # beyond 2**53
        kind=PostKind.REVIEW,
        quotes=("7", "8"),
        title="Broken 😡",
        text="طلبية مكسورة 👩‍👩‍👧 Coletul n-a sosit\u200f",
        lang="ar",
        rating=1.5,
        author=Author(id="u-1", handle="Ana", name="Ana P.", followers=5_000_000_000),
        via="Web",
        visibility="public",
        reply_token="cid",
        url="https://x.example/9007199254740993",
        edited_at=NINE + timedelta(minutes=3),
        reach=7_000_000_000,
        can_reply=False,
        cannot_reply_because="not summoned",
    )
    Bringing(database).brings(full)
    assert stored(database) == {"9007199254740993": full}


def test_texts_of_100_kb_are_kept_whole(database: Database) -> None:
    Bringing(database).brings(written("1", text="é" * 100_000))
    assert stored(database)["1"].text == "é" * 100_000


def test_each_item_is_counted_once(database: Database) -> None:
    stream = Bringing(database)
    first = stream.brings(
        written("1"), written("2"), written("1"), Rejected("line 4", "no text", ",,,"), gone("2")
    )
    assert first == Counts(stored=2, duplicate=2, rejected=1, deleted=1)
    assert first.read == 5
    again = stream.brings(written("1"), written("2"), gone("2"), gone("never seen"))
    assert again == Counts(duplicate=4)
    assert first + again == Counts(stored=2, duplicate=6, rejected=1, deleted=1)


def test_ids_are_texts_and_differ_by_network(database: Database) -> None:
    other = replace(written("1"), key=PostKey("reddit", "1"))
    counts = Bringing(database).brings(written("1"), written("01"), other)
    assert counts.stored == 3


def test_an_unreadable_item_is_kept_for_people_once(database: Database) -> None:
    stream = Bringing(database)
    for _ in range(2):
        stream.brings(Rejected("line 4", "no text", ",,,"))
    assert rows(database, "SELECT place, reason, sample FROM reject") == [
        ("line 4", "no text", ",,,")
    ]


def test_nothing_is_posted_in_the_future(database: Database) -> None:
    year_2099 = datetime(2099, 1, 1, tzinfo=UTC)
    Bringing(database).brings(written("1", posted_at=year_2099, edited_at=year_2099), at=TEN)
    assert stored(database)["1"].posted_at == TEN
    assert stored(database)["1"].edited_at == TEN
    with database.reading() as conn:
        assert conn.scalar(sa.select(post.c.claimed_at)) == year_2099


def test_a_post_dated_in_the_future_is_not_edited_with_every_look(database: Database) -> None:
    stream = Bringing(database)
    dated_2099 = written("1", edited_at=datetime(2099, 1, 1, tzinfo=UTC))
    stream.brings(dated_2099, at=NINE)
    assert stream.brings(dated_2099, at=TEN) == Counts(duplicate=1)


def test_the_network_s_time_goes_before_a_client_s(database: Database) -> None:
    """Bluesky: created_at is what the client says; indexed_at is when the network saw it."""
    indexed = NINE + timedelta(seconds=2)
    Bringing(database).brings(
        written("1", posted_at=NINE - timedelta(days=400), indexed_at=indexed)
    )
    assert stored(database)["1"].posted_at == indexed


def test_a_late_earlier_post_keeps_its_own_time(database: Database) -> None:
    stream = Bringing(database)
    stream.brings(written("2"), at=TEN)
    stream.brings(written("1", posted_at=NINE - timedelta(days=1)), at=TEN + timedelta(hours=1))
    assert stored(database)["1"].posted_at == NINE - timedelta(days=1)


def test_customers_are_judged_and_the_brand_is_not(database: Database) -> None:
    Bringing(database).brings(written("1"), written("2", by="SHOP", to="1"))
    mentions = "SELECT external_id, own, next FROM mention JOIN post ON post.id = post_id"
    assert sorted(rows(database, mentions)) == [("1", False, "triage"), ("2", True, "settle")]
    assert to_judge(database) == ["1"]


def test_automatic_replies_are_marked(database: Database) -> None:
    robotic = replace(SHOP, automatic_apps=("AutoBot",), automatic_patterns=("we got your",))
    stream = Bringing(database, robotic)
    stream.brings(
        written("1", by="shop", via="autobot"),
        written("2", by="shop", text="Hi, We got your message"),
        written("3", by="shop"),
        written("4", by="ana", text="you only say: we got your message"),
    )
    marked = "SELECT external_id FROM mention JOIN post ON post.id = post_id WHERE automatic"
    assert sorted(rows(database, marked)) == [("1",), ("2",)]


def test_a_post_that_names_two_brands_is_a_mention_of_both(database: Database) -> None:
    stream = Bringing(database, SHOP, RIVAL)
    counts = stream.brings(
        written("1", text="Shop is worse than rival!"), written("2", text="shopping"), written("3")
    )
    assert counts == Counts(stored=1, unnamed=2)
    assert counts.read == 1
    assert len(rows(database, "SELECT * FROM mention")) == 2
    assert len(rows(database, "SELECT * FROM sighting")) == 2


def test_one_brand_s_answer_that_names_another_is_judged_for_the_other(database: Database) -> None:
    Bringing(database, SHOP, RIVAL).brings(written("1", by="shop", text="Rival broke it, not us"))
    own = "SELECT name, own, next FROM mention JOIN brand ON brand.id = brand_id"
    assert sorted(rows(database, own)) == [("Rival", False, "triage"), ("Shop", True, "settle")]
    assert to_judge(database) == ["1"]


def test_a_post_that_comes_by_a_second_stream_is_a_second_sighting(database: Database) -> None:
    Bringing(database).brings(written("1"))
    assert Bringing(database, name="search").brings(written("1")) == Counts(duplicate=1)
    assert len(rows(database, "SELECT * FROM mention")) == 1
    assert len(rows(database, "SELECT * FROM sighting")) == 2


def test_a_post_known_as_one_brand_s_own_is_judged_for_a_further_brand(database: Database) -> None:
    own = written("1", by="shop")
    Bringing(database).brings(own)
    assert to_judge(database) == []
    Bringing(database, RIVAL, name="search").brings(own)
    assert to_judge(database) == ["1"]


def test_a_deleted_post_s_further_mention_is_only_settled(database: Database) -> None:
    Bringing(database).brings(written("1"), gone("1"))
    Bringing(database, RIVAL, name="search").brings(written("1"))
    assert to_judge(database) == []
    assert rows(database, "SELECT next FROM mention") == [("settle",), ("settle",)]


def test_a_purged_text_comes_back_only_with_an_edit_made_since(database: Database) -> None:
    stream = Bringing(database)
    stream.brings(written("1"))
    with database.writing() as conn:
        conn.execute(post.update().values(text=None, title=None, purged_at=TEN))
    later = TEN + timedelta(minutes=2)
    for again in (written("1"), written("1", text="new", edited_at=TEN)):
        assert stream.brings(again, at=later) == Counts(duplicate=1)
        assert stored(database) == {}
    edited = written("1", text="new", edited_at=TEN + timedelta(minutes=1))
    assert stream.brings(edited, at=later) == Counts(duplicate=1, edited=1)
    assert stored(database)["1"].text == "new"


def test_an_erased_post_never_comes_back(database: Database) -> None:
    stream = Bringing(database)
    with database.writing() as conn:
        tombstones.bury(conn, [PostKey("x", "1")], [], NINE)
    brought = stream.brings(written("1"), written("2", to="1"), written("1"))
    assert brought == Counts(stored=1, duplicate=2)
    [(key, above, thread)] = rows(database, "SELECT external_id, reply_to, thread FROM post")
    assert key == "2"
    assert above == thread != "1"
    assert tombstones.is_one(above)


def test_an_author_is_one_row_with_today_s_name(database: Database) -> None:
    stream = Bringing(database)
    stream.brings(written("1", author=Author(id="7", handle="ana", name="Ana", followers=10)))
    stream.brings(written("2", author=Author(id="7", handle="ana_p", followers=11)))
    stream.brings(written("3", by="@ANA"), written("4", by="ana"), written("5", by=None))
    assert sorted(rows(database, "SELECT key, handle, name, followers FROM author")) == [
        ("7", "ana_p", "Ana", 11),
        ("ana", "ana", None, None),
    ]
    assert rows(database, "SELECT external_id FROM post WHERE author_id IS NULL") == [("5",)]


def test_the_number_of_an_erased_post_is_not_given_out_again(database: Database) -> None:
    stream = Bringing(database)
    stream.brings(written("1"))
    with database.writing() as conn:
        for table in ("sighting", "mention", "post"):
            conn.execute(sa.text(f"DELETE FROM {table}"))
    stream.brings(written("2"))
    assert rows(database, "SELECT id FROM post") == [(2,)]


def test_a_page_of_many_posts_and_networks(database: Database) -> None:
    many = [
        replace(written(f"{number}", by=f"u{number}"), key=PostKey(f"n{number % 3}", str(number)))
        for number in range(12_000)
    ]
    stream = Bringing(database)
    assert stream.brings(*many) == Counts(stored=12_000)
    assert stream.brings(*many) == Counts(duplicate=12_000)


def test_a_judgement_is_kept_and_the_post_waits_no_longer(database: Database) -> None:
    Bringing(database).brings(written("1"))
    judge(database)
    assert to_judge(database) == []
    assert rows(database, "SELECT complaint, model FROM judgement") == [(0.9, "test@1")]
    judge(database, numbers=[1])  # again, as after a crash
    assert len(rows(database, "SELECT * FROM judgement")) == 1


@pytest.mark.parametrize("change", [gone("1"), written("1", text="edited meanwhile")])
def test_a_judgement_of_words_that_changed_meanwhile_is_dropped(
    database: Database, change: object
) -> None:
    stream = Bringing(database)
    stream.brings(written("1"))
    with database.reading() as conn:
        before = posts.load_posts(conn, [1])
    stream.brings(change)  # type: ignore[arg-type]
    with database.writing() as conn:
        posts.save_judgements(conn, [(1, JUDGED)], NINE, of=before)
    assert rows(database, "SELECT * FROM judgement") == []

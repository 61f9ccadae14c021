"""Edits, deletions and conversations: whatever order they come in, and however often."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.post import Author, Gone, Post, PostKind
from monitor.store.engine import Database
from monitor.store.posts import Counts
from monitor.store.schema import post
from tests.store.written import (
    NINE,
    RIVAL,
    SHOP,
    TEN,
    Bringing,
    all_done,
    gone,
    judge,
    rows,
    stored,
    to_judge,
    written,
)


def test_an_edited_post_is_judged_again(database: Database) -> None:
    stream = Bringing(database)
    stream.brings(written("1", kind=PostKind.REVIEW, rating=1), written("2", by="shop", to="1"))
    judge(database)
    all_done(database)
    edited = written("1", kind=PostKind.REVIEW, rating=5, text="They sent a new one")
    counts = stream.brings(edited, written("2", by="shop", to="1", text="Sorry!"))
    assert counts == Counts(duplicate=2, edited=2)
    assert stored(database)["1"].rating == 5
    assert to_judge(database) == ["1"]
    assert rows(database, "SELECT next FROM mention ORDER BY post_id") == [("triage",), ("settle",)]


def test_a_lagging_index_does_not_undo_an_edit(database: Database) -> None:
    stream = Bringing(database)
    old, new = written("1"), written("1", text="new", edited_at=NINE + timedelta(minutes=1))
    stream.brings(old)
    stream.brings(new)
    assert stream.brings(old) == Counts(duplicate=1)
    assert stored(database)["1"].text == "new"


def test_an_edit_in_the_same_page_says_the_same_as_in_the_next(database: Database) -> None:
    stream = Bringing(database)
    old, new = written("1"), written("1", by="eva", text="new", posted_at=TEN)
    assert stream.brings(old, new) == Counts(stored=1, duplicate=1, edited=1)
    assert stored(database)["1"] == replace(old, text="new")


def test_two_versions_of_a_post_read_again_change_nothing(database: Database) -> None:
    """A rotated file, an export read twice: who does not date edits cannot undo them."""
    versions = [written("1", text=text) for text in ("late", "late!", "late, order 12")]
    for pages in ([versions], [[one] for one in versions]):
        stream = Bringing(database)
        for page in pages:
            stream.brings(*page)
        all_done(database)
        for again in (versions, *([one] for one in versions)):
            assert stream.brings(*again).edited == 0
        assert stored(database)["1"].text == "late, order 12"
        assert rows(database, "SELECT next FROM mention") == [(None,)]
        assert to_judge(database) in ([], ["1"])
        _empty(database)


def test_an_author_who_goes_back_to_the_first_words_is_believed_if_the_edit_has_a_date(
    database: Database,
) -> None:
    stream = Bringing(database)
    stream.brings(written("1", text="late"), written("1", text="came", edited_at=NINE))
    back = written("1", text="late", edited_at=NINE + timedelta(minutes=1))
    assert stream.brings(back) == Counts(duplicate=1, edited=1)
    assert stored(database)["1"].text == "late"


@given(
    versions=st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=6),
    sizes=st.lists(st.integers(1, 6), min_size=6, max_size=6),
    rating=st.sampled_from([None, 4, 4.5]),
)
def test_where_a_page_ends_does_not_change_what_a_post_says(
    scratch: Database, versions: list[str], sizes: list[int], rating: float | None
) -> None:
    found = []
    items = [written("1", text=text, rating=rating) for text in versions]
    for cuts in (sizes, [len(items)]):
        _empty(scratch)
        stream, left = Bringing(scratch), items
        for size in cuts:
            stream.brings(*left[:size])
            left = left[size:]
        stream.brings(*left)
        found.append(stored(scratch)["1"].text)
        assert stream.brings(*items).edited == 0
    assert found[0] == found[1]


def test_a_deleted_post_is_purged_and_its_times_are_kept(database: Database) -> None:
    stream = Bringing(database)
    stream.brings(written("1", title="t", author=Author(id="7", handle="ana", name="Ana")))
    all_done(database)
    counts = stream.brings(gone("1", before=datetime(2099, 1, 1, tzinfo=UTC), after=NINE), at=TEN)
    assert counts == Counts(duplicate=1, deleted=1)
    assert stored(database) == {}
    assert rows(database, "SELECT handle, name FROM author") == [(None, None)]
    assert rows(database, "SELECT next FROM mention") == [("settle",)]
    assert to_judge(database) == []
    with database.reading() as conn:
        row = conn.execute(sa.select(post)).one()
    assert (row.text, row.title, row.url) == (None, None, None)
    assert (row.posted_at, row.gone_after, row.gone_at) == (NINE, NINE, TEN)


def test_an_author_with_a_post_that_stands_keeps_the_name(database: Database) -> None:
    Bringing(database).brings(written("1"), written("2"), gone("1"))
    assert rows(database, "SELECT handle FROM author") == [("ana",)]


def test_a_deleted_post_without_author_is_purged_too(database: Database) -> None:
    Bringing(database).brings(written("1", by=None), gone("1"))
    assert stored(database) == {}


def test_a_deleted_post_stays_deleted(database: Database) -> None:
    stream = Bringing(database)
    stream.brings(written("1"))
    stream.brings(gone("1"))
    assert stream.brings(written("1", text="back?")) == Counts(duplicate=1)
    assert stored(database) == {}


@pytest.mark.parametrize("together", [True, False])
def test_a_deletion_that_comes_before_its_post_is_not_forgotten(
    database: Database, together: bool
) -> None:
    """The indexes that show posts may lag behind those that show deletions."""
    stream = Bringing(database)
    items: list[Post | Gone] = [
        gone("1", before=TEN, after=NINE),
        gone("1", before=TEN.replace(hour=11)),
        written("1"),
    ]
    pages = [items] if together else [[one] for one in items]
    counts = sum((stream.brings(*page) for page in pages), start=Counts())
    assert counts == Counts(stored=1, duplicate=2, deleted=1)
    assert stored(database) == {}
    assert to_judge(database) == []
    assert rows(database, "SELECT next FROM mention") == [("settle",)]
    with database.reading() as conn:
        times = conn.execute(sa.select(post.c.gone_after, post.c.gone_at)).one()
    assert tuple(times) == (NINE, TEN)
    assert rows(database, "SELECT * FROM gone") == []
    assert stream.brings(written("1", text="back?")) == Counts(duplicate=1)
    assert stored(database) == {}


def test_a_deletion_of_a_post_that_is_not_kept_is_remembered(database: Database) -> None:
    stream = Bringing(database, SHOP, RIVAL)
    assert stream.brings(gone("1"), written("1")) == Counts(duplicate=1, unnamed=1)
    Bringing(database, name="search").brings(written("1"))
    assert stored(database) == {}


@pytest.mark.parametrize("together", [True, False])
def test_a_conversation_with_a_brand_is_followed_where_it_is_not_named(
    database: Database, together: bool
) -> None:
    stream = Bringing(database, SHOP, RIVAL)
    talk = [written("1", text="my shop order"), written("2", to="1"), written("3", to="2")]
    pages = [talk] if together else [[one] for one in talk]
    assert sum(stream.brings(*page).stored for page in pages) == 3
    assert len(rows(database, "SELECT * FROM mention")) == 3


def test_the_post_that_a_followed_one_replied_to_is_kept(database: Database) -> None:
    stream = Bringing(database, SHOP, RIVAL)
    stream.brings(written("2", to="1", text="the shop does that too"))
    assert stream.brings(written("1", text="lost my parcel")).stored == 1


@given(order=st.permutations(range(5)), sizes=st.lists(st.integers(1, 5), min_size=5, max_size=5))
def test_replies_that_name_nobody_belong_to_the_brand_of_their_conversation_in_any_order(
    scratch: Database, order: list[int], sizes: list[int]
) -> None:
    _empty(scratch)
    talk = [
        written("1", text="my shop order"),
        written("2", to="1"),
        written("3", to="2"),
        written("4", by="shop", to="3"),
        written("5", to="4"),
    ]
    stream, left = Bringing(scratch, SHOP, RIVAL), [talk[number] for number in order]
    counts = Counts()
    for size in sizes:
        counts += stream.brings(*left[:size])
        left = left[size:]
    assert counts == Counts(stored=5)
    mentions = "SELECT external_id, own, next FROM mention JOIN post ON post.id = post_id"
    assert sorted(rows(scratch, mentions)) == [
        (str(number), number == 4, "settle" if number == 4 else "triage") for number in range(1, 6)
    ]
    assert to_judge(scratch) == ["1", "2", "3", "5"]
    assert len(rows(scratch, "SELECT * FROM sighting")) == 5
    assert rows(scratch, "SELECT * FROM unnamed") == []


def test_a_reply_waits_unjudged_until_its_conversation_names_a_brand(database: Database) -> None:
    shared = Bringing(database, SHOP, RIVAL)
    assert shared.brings(written("2", to="1"), written("9", to="8")) == Counts(stored=2)
    assert to_judge(database) == []
    Bringing(database, SHOP, name="mentions").brings(written("1"))
    assert to_judge(database) == ["1", "2"]
    named = "SELECT brand_id, external_id FROM mention JOIN post ON post.id = post_id"
    assert sorted(rows(database, named)) == [(1, "1"), (1, "2")]


def test_a_brand_gets_only_what_came_by_a_stream_of_its_own(database: Database) -> None:
    Bringing(database, SHOP, RIVAL).brings(written("2", to="1"))
    third = replace(RIVAL, name="Third")
    Bringing(database, third, name="mentions").brings(written("1"))
    assert len(rows(database, "SELECT * FROM mention")) == 1


def test_a_reply_deleted_while_it_waits_is_given_to_nobody(database: Database) -> None:
    stream = Bringing(database, SHOP, RIVAL)
    stream.brings(written("2", to="1"), gone("2"))
    stream.brings(written("1", text="my shop order"))
    assert to_judge(database) == ["1"]


def _empty(database: Database) -> None:
    with database.writing() as conn:
        for table in ("unnamed", "gone", "sighting", "mention", "post", "author"):
            conn.execute(sa.text(f"DELETE FROM {table}"))

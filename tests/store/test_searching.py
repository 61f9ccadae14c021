"""Posts and cases are found by what was said in them and by whom, alike on both databases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from monitor.domain import search as searches
from monitor.domain.event import Merged, Opened
from monitor.domain.keeping import Keep, Purge
from monitor.domain.post import Author
from monitor.domain.search import Search, Term, search, words
from monitor.domain.storable import storable
from monitor.store import gone as gone_posts
from monitor.store import keeping, said, schema, searching
from monitor.store.engine import Connection, Database
from tests.domain.histories import an_ask
from tests.store.shop import Shop
from tests.store.written import NINE, TEN, Bringing, all_done, gone, judge, written

DAY = timedelta(days=1)


@pytest.fixture
def shop(database_url: str) -> Iterator[Shop]:
    database = Database(database_url)
    schema.metadata.create_all(database.engine)
    yield Shop(database)
    database.close()


def found(shop: Shop, typed: str, limit: int = 10, before: int | None = None) -> list[int]:
    with shop.database.reading() as conn:
        return searching.cases_with(conn, [shop.brand], search(typed), limit, before=before)


def test_all_words_must_be_in_one_post_or_its_authors_name(shop: Shop) -> None:
    first = shop.case((0, Opened(an_ask(1, 0))))
    second = shop.case((0, Opened(an_ask(3, 0))), thread="u")
    anonymous = shop.case((0, Opened(an_ask(2, 0))), thread="v")
    assert found(shop, "TEXT") == [anonymous, second, first]
    assert found(shop, "TEXT", limit=2) == [anonymous, second]
    assert found(shop, "TEXT", before=second) == [first]
    assert found(shop, "text @Ana") == [second, first]
    assert found(shop, '"text 1"') == [first]
    assert found(shop, "example.com/3") == [second]
    assert found(shop, "1 3") == []


def test_a_case_is_not_found_if_one_of_its_posts_says_what_is_not_wanted(shop: Shop) -> None:
    both = shop.case((0, Opened(an_ask(1, 0))), (1, Opened(an_ask(3, 0))))
    other = shop.case((0, Opened(an_ask(2, 0))), thread="u")
    assert found(shop, "text") == [other, both]
    assert found(shop, "text -3") == found(shop, "-3") == [other]
    assert found(shop, "text -text") == []


def test_a_case_that_became_part_of_another_is_not_found(shop: Shop) -> None:
    whole = shop.case((0, Opened(an_ask(1, 0))))
    shop.case((0, Opened(an_ask(1, 0))), (1, Merged(whole)), thread="u")
    assert found(shop, "text") == [whole]


def test_another_brands_cases_are_not_found(shop: Shop) -> None:
    shop.case((0, Opened(an_ask(1, 0))))
    with shop.database.reading() as conn:
        assert searching.cases_with(conn, [shop.brand + 1], search("text"), 10) == []


def numbers(conn: Connection, typed: str) -> list[int]:
    """Found two at a time, as pages are."""
    ids: list[int] = []
    before: int | None = 100
    while before is not None:
        page = searching.newest_posts(conn, search(typed), before=before, limit=2)
        before = page.before
        ids += page.ids
    return ids[::-1]


def posts_with(database: Database, typed: str) -> list[int]:
    with database.reading() as conn:
        return numbers(conn, typed)


SAID = "Coletul n-a ajuns: ŞTIȚI unde e? „Rambursare” în 3 zile"


@pytest.mark.parametrize(
    ("typed", "is_found"),
    [
        ("știți", True),
        ("stiti COLETUL", True),
        ("ramb", True),  # the last word may be a beginning
        ("ramb zile", False),
        ("ra", False),  # too short for one
        ('"unde e"', True),
        ('"e unde"', False),
        ('"unde e', True),
        ("n-a", True),
        ("-retur", True),
        ("coletul -rambursare", False),
        ('coletul -"rambursare in"', False),
        ("-ramb coletul", True),
        ("東京", False),
        ("!?", False),
        ("\u201eunde e\u201d", True),
        ("https://x.example/status/81", True),
        ("ana@shop.example", True),
        ("x.example/status/81", True),
        ("e rambursare 3", True),
        ('"zile Ana"', False),  # not across what stands apart
    ],
)
def test_words_phrases_beginnings_and_what_is_not_wanted(
    database: Database, typed: str, is_found: bool
) -> None:
    author = Author(handle="ana@shop.example", name="Ana")
    Bringing(database).brings(
        written("1", text=SAID, author=author, url="https://x.example/status/81")
    )
    assert posts_with(database, typed) == ([1] if is_found else [])


def test_what_is_edited_deleted_purged_or_renamed_is_found_by_what_stands_now(
    database: Database,
) -> None:
    bringing = Bringing(database)
    bringing.brings(*(written(one, text=f"parcel {one}") for one in "123"))
    bringing.brings(written("1", text="refund", edited_at=TEN), gone("2"))
    assert posts_with(database, "parcel") == [3]
    assert posts_with(database, "refund") == [1]
    bringing.brings(written("4", author=Author(handle="ana", name="Maria")))
    assert posts_with(database, "maria") == [1, 3, 4]
    judge(database)
    all_done(database)
    with database.writing() as conn:
        keeping.purge(conn, Purge.WITHOUT_CASE, [3], Keep(), TEN + 365 * DAY)
    assert posts_with(database, "maria") == [1, 4]
    assert is_whole(database)


def is_whole(database: Database) -> bool:
    """Whether the index holds the posts whose words are kept, and no others."""
    with database.reading() as conn:
        kept = sa.select(schema.post.c.id).where(schema.post.c.text.is_not(None))
        there = conn.scalars(sa.select(said.key(conn)).select_from(schema.said))
        return set(conn.scalars(kept)) == set(there)


def test_the_index_can_be_made_anew(database: Database) -> None:
    Bringing(database).brings(written("1"), written("2"), gone("2"))
    with database.writing() as conn:
        conn.execute(sa.delete(schema.said))
        assert numbers(conn, "text") == []
        said.rebuild(conn)
        said.rebuild(conn)
        assert numbers(conn, "text") == [1]
    assert is_whole(database)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("pages", [None, 2])
def test_forgotten_words_leave_the_file(database: Database, pages: int | None) -> None:
    bringing = Bringing(database)
    bringing.brings(written("1", text="zanzibar", by="quokka"))
    for number in range(2, 60):
        bringing.brings(written(str(number), text=f"parcel {number} w{number**5}"))
    with database.writing() as conn:
        gone_posts.bury(conn, {1: gone("1")}, TEN)
        is_more, goes_on = True, False
        while is_more:
            is_more = said.tidy(conn, pages=pages, goes_on=goes_on)
            goes_on = True
        leaves = conn.exec_driver_sql("SELECT block FROM said_data").scalars().all()
    assert not any(b"anziba" in one or b"uokk" in one for one in leaves)
    assert posts_with(database, "parcel") == list(range(2, 60))


def fits(wanted: Search, *fields: str) -> bool:
    """The same by looking at the texts."""
    rows = [words(one).split() for one in fields]
    return (
        not wanted.is_empty
        and all(any(_holds(one, row) for row in rows) for one in wanted.wanted)
        and not any(_holds(one, row) for one in wanted.unwanted for row in rows)
    )


def _holds(term: Term, row: Sequence[str]) -> bool:
    size = len(term.words)
    return any(_is(term, row[at : at + size]) for at in range(len(row) - size + 1))


def _is(term: Term, row: Sequence[str]) -> bool:
    *before, last = term.words
    return list(row[:-1]) == before and (
        row[-1].startswith(last) if term.is_beginning else row[-1] == last
    )


LETTERS = "abAB șşŞăé ßﬃ'\"-_*():&|!<>^{}+.,\\%\x00\n東1é\u0301\u200d١"
TYPED = st.one_of(
    st.text(LETTERS, max_size=20),
    st.text(max_size=30),
    st.lists(
        st.sampled_from(
            ["aba", '"a b"', "-ab", '-"b a"', "șa", "AND", "OR", "NOT", "NEAR(a b)", "a*", "text:a"]
        ),
        max_size=5,
    ).map(" ".join),
)
SPOKEN = st.one_of(
    st.text(LETTERS, max_size=30),
    st.text(max_size=30),
    st.lists(st.sampled_from(["a", "b", "ab", "aba", "ŞA", "and", "not"]), max_size=8).map(
        " ".join
    ),
)


def _stores(conn: Connection, spoken: Iterable[tuple[str, str]]) -> None:
    conn.execute(schema.post.delete())
    conn.execute(sa.delete(schema.said))
    rows = [
        {"id": number, "network": "x", "external_id": str(number), "kind": "post", "thread": "t"}
        | {"quotes": [], "title": storable(title), "text": storable(text), "posted_at": NINE}
        | {"first_seen_at": NINE, "last_seen_at": NINE}
        for number, (title, text) in enumerate(spoken, 1)
    ]
    conn.execute(schema.post.insert(), rows)
    said.add(conn, range(1, len(rows) + 1))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(SPOKEN, SPOKEN), min_size=1, max_size=4), TYPED)
@example([("", "a b"), ("a", "b")], '"a b"')
@example([("", "x" * 400), ("", "x" * 200)], "x" * 300)
@example([("", "a " * 20_000 + "zebra")], "zebra")
@example([("", "\u0130stanbul ıs")], "istanbul")
@example([("", "a")], "a " * 50 + "b")
@example([("", "a")], '-"a')
def test_whatever_is_typed_is_no_error_and_finds_what_reading_finds(
    database: Database, spoken: list[tuple[str, str]], typed: str
) -> None:
    with database.writing() as conn:
        _stores(conn, spoken)
        expected = [
            number
            for number, (title, text) in enumerate(spoken, 1)
            if fits(search(typed), storable(text), storable(title))
        ]
        assert numbers(conn, typed) == expected
        assert searching.cases_with(conn, [1], search(typed), 5) == []


def test_behind_so_many_words_nothing_is_looked_for() -> None:
    many = search(" ".join("ab" for _ in range(searches.MOST_WORDS + 1)))
    assert sum(len(one.words) for one in many.wanted) == searches.MOST_WORDS

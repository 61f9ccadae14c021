"""Who is erased takes along what names them, also after a purge by age, and nothing of anybody else."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from monitor.domain.keeping import Keep, Purge
from monitor.domain.post import Author, Post, PostKey, Rejected
from monitor.store import authors, coverage, erasing, keeping, schema, tombstones
from monitor.store.engine import Database
from tests.store.written import TEN, Bringing, all_done, judge, rows, written

DID = "did:plc:7iza6de2dwap2sbkpav7c6c6"
ANA = Author(id=DID, handle="ana", name="Zina Pop")
LATER = TEN + timedelta(days=8)
NO_OBJECT = "it is no object"


def says(number: str, author: Author = ANA, on: str = "x") -> Post:
    return replace(written(number), key=PostKey(on, number), author=author)


def address(part: str) -> str:
    return f"at://{DID}/app.bsky.feed.post/{part}"


def erases(
    database: Database, name: str = "@ana", on: str = "x", at: datetime = LATER
) -> erasing.Erased:
    """As the command does."""
    with database.writing() as conn:
        ids = [one.id for one in authors.known_as(conn, on, name)]
        return erasing.erase(conn, ids, at, called=name)


def unread(database: Database) -> list[tuple[str, str, str]]:
    """What is kept of items that could not be read, in the order in which they came."""
    with database.reading() as conn:
        return [
            (one.place, one.reason, one.sample) for one in reversed(coverage.unread(conn, "test"))
        ]


@pytest.mark.parametrize("place", ["?", "reviews.csv:12", "letter 5"])
def test_another_item_at_the_same_place_is_told(database: Database, place: str) -> None:
    hers, another = Rejected(place, NO_OBJECT, "Zina Pop: awful"), "Is anybody there?"
    stream, beside = Bringing(database), Bringing(database, name="beside")
    stream.brings(says("1"), hers)
    erases(database)
    [(hashed, reason, sample)] = unread(database)
    assert tombstones.is_one(hashed)
    assert (reason, sample) == (tombstones.ERASED, "")
    beside.brings(Rejected(place, NO_OBJECT, another))
    stream.brings(Rejected(place, NO_OBJECT, another))
    assert (place, NO_OBJECT, another) in unread(database)
    assert rows(database, "SELECT COUNT(*) FROM reject") == [(3,)]
    stream.brings(hers)  # it is known, wherever it comes from
    beside.brings(hers)
    assert {one for one in unread(database) if "Pop" in str(one)} == set()
    assert rows(database, "SELECT COUNT(*) FROM reject") == [(4,)]


@pytest.mark.parametrize(
    "said",
    [
        "Ioana Popa, 14/11/2026, order 1202",
        "Maria Pop is not she, nor is ana_p, nor Zina",
        "Zina Popa, Zinaida Pop",
        "202 lei",
    ],
)
def test_who_is_called_alike_in_part_is_not_erased(database: Database, said: str) -> None:
    stream = Bringing(database)
    stream.brings(says("202"), Rejected("line 202", said, said))
    erases(database)
    assert unread(database) == [("line 202", said, said)]


@pytest.mark.parametrize(
    "said",
    [
        "by Zina POP",
        "@ana: awful",
        '{"text": "awful\\nana"}',
        '{"author": "\\u0061na"}',
        f"of {DID}!",
        "post 2020202",
    ],
)
@pytest.mark.parametrize("where", ["place", "reason", "sample"])
def test_whatever_names_her_is_emptied(database: Database, said: str, where: str) -> None:
    item = replace(
        Rejected("line 4", "no text", "and so on"),
        **{"where" if where == "place" else where: said},
    )
    stream = Bringing(database)
    stream.brings(says("2020202"), item)
    erases(database)
    assert [one[1:] for one in unread(database)] == [(tombstones.ERASED, "")]
    stream.brings(item)
    assert [one[1:] for one in unread(database)] == [(tombstones.ERASED, "")]


def test_an_item_at_the_place_of_her_post_is_hers(database: Database) -> None:
    stream = Bringing(database)
    stream.brings(says("7"), Rejected("7", "hidden", ""), Rejected("x:7", "no time", "?"))
    stream.brings(Rejected("17", "hidden", ""))
    erases(database)
    assert [one for one in unread(database) if one[1] != tombstones.ERASED] == [
        ("17", "hidden", "")
    ]


def test_an_item_that_could_not_be_read_for_two_reasons_is_one(database: Database) -> None:
    stream = Bringing(database)
    stream.brings(says("1"), *(Rejected("?", why, "@ana") for why in ("no text", "no time")))
    erases(database)
    assert [one[1:] for one in unread(database)] == [(tombstones.ERASED, "")]


def test_another_network_s_items_name_somebody_else(database: Database) -> None:
    Bringing(database, name="theirs").brings(says("1", on="bluesky"))
    Bringing(database).brings(Rejected("line 4", "no text", "@ana"))
    erases(database, on="bluesky")
    assert unread(database) == [("line 4", "no text", "@ana")]


def test_what_was_purged_by_age_is_known_by_its_reason(database: Database) -> None:
    item = Rejected("?", "'ana' is no date", "ana,,,")
    stream = Bringing(database)
    stream.brings(says("1"), item)
    with database.writing() as conn:
        keeping.purge_rest(conn, Keep(), LATER)
    erases(database)
    stream.brings(item)
    assert [one[1:] for one in unread(database)] == [(tombstones.ERASED, "")]


@pytest.mark.parametrize("name", [DID, "#1"])
def test_of_whom_the_names_were_purged_by_age_no_key_is_left(database: Database, name: str) -> None:
    stream = Bringing(database)
    stream.brings(says(address("1"), on="bluesky"))
    judge(database)
    all_done(database)
    with database.writing() as conn:
        ids = keeping.due(conn, Purge.WITHOUT_CASE, Keep(), LATER, 10)
        assert keeping.purge(conn, Purge.WITHOUT_CASE, ids, Keep(), LATER).posts == 1
    never = address("never")
    answer = says("2", Author(handle="eva"), on="bluesky")
    stream.brings(
        replace(answer, thread=never, reply_to=never, quotes=(never,)),
        Rejected("?", "no time", f"{DID} wrote"),
    )
    with database.writing() as conn:  # as the ledger notes it
        brought = {"stream_id": stream.number, "network": "bluesky"}
        conn.execute(schema.stream_network.insert().values(brought))
    assert rows(database, "SELECT handle FROM author ORDER BY id") == [(None,), ("eva",)]
    assert erases(database, name, "bluesky") == erasing.Erased(1, 0, 0, 0)
    assert dumped(database).count(DID) == 0
    [(above, thread)] = rows(database, "SELECT reply_to, thread FROM post WHERE text IS NOT NULL")
    assert tombstones.is_one(above)
    assert above == thread


def dumped(database: Database) -> str:
    with database.reading() as conn:
        return "\n".join(
            str(tuple(row))
            for table in schema.metadata.sorted_tables
            for row in conn.execute(sa.select(table))
        )

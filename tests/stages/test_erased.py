"""Who is erased is nowhere any more, whatever the network: also where its keys of posts hold the account."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from monitor.domain.identity import Brand, Identity
from monitor.domain.post import Post
from monitor.stages.intake import Feed, Intake
from monitor.store import authors, erasing, schema
from monitor.store.engine import Database
from tests.contract.harness import NOON, Harness, Item, harnesses

WORDS = "Zanzibar parcels never arrive"
WORLDS = [
    pytest.param(world, id=name, marks=pytest.mark.needs(*world.needs))
    for name, world in harnesses().items()
]
NAMES_PEOPLE = ("bluesky", "mastodon")
"""Networks whose keys of posts hold who wrote them."""


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    made = Database(database_url)
    yield made
    made.close()


def shop(network: Harness, answer: str) -> Brand:
    """The brand that wrote that answer."""
    source = network.source()
    items = [
        item
        for stream in source.streams()
        for page in source.pages(stream, None)
        for item in page.items
    ]
    key = network.key(answer)
    author = next(one.author for one in items if isinstance(one, Post) and one.key == key)
    return Brand("acme", identities=(Identity(key.network, author.id, author.handle),))


def reads(database: Database, network: Harness, brand: Brand) -> None:
    """All there is, as after a fresh start: nothing is known of what was read before."""
    with database.writing() as conn:
        conn.execute(schema.stream.update().values(cursor=None, next_poll_at=None))
    stage = Intake(database, [Feed("watched", network.source(), (brand,))])
    for item in stage.begin(NOON):
        stage.handle(item, NOON)
    with database.reading() as conn:
        assert conn.scalars(sa.select(schema.stream.c.problem)).all().count(None) > 0


def theirs(database: Database, network: Harness, item: str) -> tuple[int, set[str], set[str]]:
    """The author's number, all by which they are called, and the keys of their posts."""
    post, author = schema.post, schema.author
    with database.reading() as conn:
        key = network.key(item)
        its = (post.c.network == key.network) & (post.c.external_id == key.external_id)
        number = conn.scalar(sa.select(post.c.author_id).where(its))
        assert number is not None
        who = conn.execute(sa.select(author).where(author.c.id == number)).one()
        wrote = conn.execute(sa.select(post).where(post.c.author_id == number)).all()
    called = {who.key, who.external_id, who.handle, who.name, *(one.url for one in wrote), WORDS}
    return number, {one for one in called if one}, {one.external_id for one in wrote}


def dumped(database: Database) -> str:
    """Every column of every table but where streams go on; on SQLite the raw files, too."""
    tables = [one for one in schema.metadata.sorted_tables if one.name != "stream"]
    with database.writing() as conn:
        conn.execute(schema.stream.update().values(cursor=None))
    database.empty_log()
    with database.reading() as conn:
        rows = [f"{one.name} {tuple(row)}" for one in tables for row in conn.execute(one.select())]
        if not database.is_sqlite:
            rows += map(str, conn.scalars(sa.text("SELECT words::text FROM said")))
    return "\n".join([*rows, raw(database.path)])


def raw(path: Path | None) -> str:
    """The database's file and all that SQLite keeps beside it."""
    if path is None:
        return ""
    files = sorted(path.parent.glob(f"{path.name}*"))
    return b"\n".join(one.read_bytes() for one in files).decode("utf-8", "replace")


def erases(database: Database, number: int) -> None:
    with database.writing() as conn:
        erasing.erase(conn, [number], NOON)
    database.empty_log()


def found(said: str, names: set[str]) -> set[str]:
    """Which of them stand there; what is shorter stands in many a number."""
    return {one for one in names if len(one) > 4 and one.casefold() in said.casefold()}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("world", WORLDS)
def test_of_the_erased_no_name_no_address_and_no_key_is_left(
    database: Database, world: type[Harness]
) -> None:
    with world() as network:
        asked, answer = network.item_id(1), network.item_id(2)
        network.put(Item(id=asked, text=WORDS, author="quokka"))
        network.put(Item(id=answer, text="Sorry!", reply_to=asked, by_brand=True))
        brand = shop(network, network.item_id(2))
        reads(database, network, brand)
        number, called, keys = theirs(database, network, asked)
        assert found(dumped(database), called)
        erases(database, number)
        assert found(dumped(database), called | keys) == set()
        with database.reading() as conn:
            posts: Any = conn.execute(sa.select(sa.func.count()).select_from(schema.post)).scalar()
        reads(database, network, brand)  # all of it comes again, and is known
        assert found(dumped(database), called | keys) == set()
        with database.reading() as conn:
            assert (
                conn.execute(sa.select(sa.func.count()).select_from(schema.post)).scalar() == posts
            )
            assert (
                conn.scalar(
                    sa.select(sa.func.max(schema.post.c.text)).where(
                        schema.post.c.author_id == number
                    )
                )
                is None
            )


@pytest.mark.parametrize("name", NAMES_PEOPLE)
def test_nor_in_what_others_answered_before_or_answer_later(database: Database, name: str) -> None:
    with harnesses()[name]() as network:
        asked = network.item_id(1)
        network.put(Item(id=asked, text=WORDS, author="quokka"))
        network.put(Item(id=network.item_id(2), text="Sorry!", reply_to=asked, by_brand=True))
        brand = shop(network, network.item_id(2))
        reads(database, network, brand)
        number, called, keys = theirs(database, network, asked)
        erases(database, number)
        network.put(Item(id=network.item_id(3), text="Again!", reply_to=asked, by_brand=True))
        reads(database, network, brand)
        assert found(dumped(database), called | keys) == set()
        with database.reading() as conn:
            threads = set(conn.scalars(sa.select(schema.post.c.thread)))
            above = set(conn.scalars(sa.select(schema.post.c.reply_to))) - {None}
        assert len(threads) == 1, "the conversation is one as before"
        assert above == threads


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_hash_tells_nobody_who_lacks_the_installation_s_key(database: Database) -> None:
    with harnesses()["x"]() as network:
        network.put(Item(id=network.item_id(1), text=WORDS, author="quokka"))
        reads(database, network, Brand("acme"))
        number, *_ = theirs(database, network, network.item_id(1))
        of_them = sa.select(schema.author.c.external_id).where(schema.author.c.id == number)
        with database.reading() as conn:
            name = str(conn.scalar(of_them))
        erases(database, number)
    with database.reading() as conn:
        assert [one.id for one in authors.known_as(conn, "x", name)] == [number]
    with database.writing() as conn:
        conn.execute(schema.installation.update().values(pseudonym_key="00" * 32))
    with database.reading() as conn:
        assert authors.known_as(conn, "x", name) == []

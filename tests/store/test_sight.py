"""Of brands that are not in sight no row is there, whatever a query asks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from monitor.domain.errors import StoreError
from monitor.domain.search import search
from monitor.store import brands, searching, sight
from monitor.store.engine import Database
from monitor.store.schema import cases, coverage, mention, metadata, post, reject, stream
from tests.agency import Agency, agency

FILLED = {"author", "brand", "case_event", "case_post", "cases", "coverage", "judgement", "mention"}
FILLED |= {"note", "notice", "post", "reject", "sighting", "stream", "stream_brand", "wait"}


@pytest.fixture
def its(database_url: str, tmp_path: Path) -> Iterator[Agency]:
    with agency(database_url, tmp_path) as made:
        yield made


def test_of_every_table_it_is_said_whose_it_is() -> None:
    assert {*sight.shadowed(), *sight.NOBODYS} == {*metadata.tables}
    assert sight.NOBODYS.isdisjoint(sight.shadowed())


def test_no_table_shows_what_is_anothers(its: Agency) -> None:
    """Every row of every table, asked for without a condition: the worst that a query can forget."""
    empty = set()
    with sight.only({"acme"}), its.database.reading() as conn:
        for name in sight.shadowed():
            found = [str(tuple(row)) for row in conn.execute(sa.select(metadata.tables[name]))]
            assert [one for one in found if "beta" in one] == [], name
            empty |= set() if found else {name}
    assert empty.isdisjoint(FILLED)
    with its.database.reading() as conn:
        everything = [str(tuple(row)) for row in conn.execute(sa.select(post.c.text))]
    assert any("secret-of-beta" in one for one in everything)


def test_a_query_that_forgets_its_brand_finds_its_own_alone(its: Agency) -> None:
    """Written wrongly on purpose: by number, by join, by count, and as text past every function."""
    other = its.cases["beta"][0]
    with sight.only({"acme"}), its.database.reading() as conn:
        assert conn.execute(sa.select(cases).where(cases.c.id == other)).all() == []
        joined = sa.select(post.c.text).join(mention, mention.c.post_id == post.c.id)
        assert all("secret-of-acme" in text for text in conn.scalars(joined))
        assert conn.scalar(sa.select(sa.func.count()).select_from(cases)) == len(its.cases["acme"])
        assert (
            conn.execute(sa.text("SELECT id FROM cases WHERE id = :id"), {"id": other}).all() == []
        )
        assert [*brands.names(conn).values()] == ["acme"]


def test_sight_is_narrowed_and_never_widened(its: Agency) -> None:
    def seen() -> set[str]:
        with its.database.reading() as conn:
            return set(brands.names(conn).values())

    with sight.only({"acme"}):
        with sight.only({"acme", "beta"}):
            assert seen() == {"acme"}
        with sight.only({"beta"}):
            assert seen() == set()
        with sight.only(None):
            assert seen() == {"acme"}
        with sight.only({"nobody's; DROP"}):
            assert seen() == set()
    assert seen() == {"acme", "beta"}
    with sight.only({"beta"}):
        assert seen() == {"beta"}  # on the same connection, after another


def test_nothing_is_written_through_it(its: Agency) -> None:
    with (
        sight.only({"acme"}),
        pytest.raises((StoreError, sa.exc.DBAPIError)),
        its.database.reading() as conn,
    ):
        conn.execute(sa.text("UPDATE note SET text = 'x'"))


def test_of_a_shared_stream_is_seen_that_somebody_looked_and_no_count(its: Agency) -> None:
    def told(source: str) -> tuple[list[int], int]:
        query = sa.select(coverage.c.read).join(stream).where(stream.c.source == source)
        lines = sa.select(sa.func.count()).select_from(reject).join(stream)
        with its.database.reading() as conn:
            rejected = conn.scalar(lines.where(stream.c.source == source)) or 0
            return list(conn.scalars(query)), rejected

    shared, own = "shared posts", "acme posts"
    mine = told(own)
    assert (sum(told(shared)[0]), told(shared)[1]) == (1, 1)
    with sight.only({"acme", "beta"}):
        assert (sum(told(shared)[0]), told(shared)[1]) == (1, 1)
    with sight.only({"acme"}):
        looks, rejected = told(shared)
        assert looks
        assert (sum(looks), rejected) == (0, 0)
        assert told(own) == mine


def test_how_far_a_search_led_tells_of_no_other_brand(its: Agency) -> None:
    with sight.only({"acme"}), its.database.reading() as conn:
        for typed in ("secret-of-beta", "awful", "-nothing"):
            found = searching.newest_posts(conn, search(typed), before=100, limit=99)
            assert set(found.ids) <= set(its.posts["acme"]), typed
        page = searching.newest_posts(conn, search("secret-of-beta"), before=100, limit=1)
        assert page.before is None


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_where_the_tables_would_come_first_nothing_is_shown(its: Agency) -> None:
    url = its.database.url.update_query_dict({"options": "-csearch_path=public,pg_temp"})
    database = Database(url.render_as_string(hide_password=False))
    with (
        sight.only({"acme"}),
        pytest.raises(StoreError, match="pg_temp"),
        database.reading() as conn,
    ):
        conn.execute(sa.select(cases)).all()
    database.close()

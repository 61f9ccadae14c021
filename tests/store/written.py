"""Posts and pages as sources write them, and what a table holds afterwards."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from monitor.domain.identity import Brand, Identity
from monitor.domain.judgement import Judgement
from monitor.domain.post import Author, Gone, Page, Post, PostKey, Rejected, Stream, StreamKind
from monitor.store import brands, coverage, cross_brand, posts
from monitor.store.engine import Database
from monitor.store.posts import Counts

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
TEN = NINE.replace(hour=10)
SHOP = Brand("Shop", (Identity("*", handle="@shop"),), terms=("shop",))
JUDGED = Judgement(0.9, 0.05, 0.03, 0.02, "en", "test@1")
RIVAL = Brand("Rival", (Identity("*", handle="rival"),), terms=("rival",))


def written(number: str, by: str | None = "ana", to: str | None = None, **said: Any) -> Post:
    """A post of the network `x`; what it replies to is all that is known of its thread."""
    facts: dict[str, Any] = {
        "key": PostKey("x", number),
        "thread": to or number,
        "reply_to": to,
        "text": f"text {number}",
        "author": Author(handle=by),
        "posted_at": NINE,
    }
    return Post(**facts | said)


def gone(number: str, before: datetime = TEN, after: datetime | None = None) -> Gone:
    return Gone(PostKey("x", number), before, after)


class Bringing:
    """A stream of some brands in a database, and what it brings."""

    def __init__(self, database: Database, *of: Brand, name: str = "all") -> None:
        self.database = database
        of = of or (SHOP,)
        stream = Stream(name, StreamKind.ALL, "x")
        with database.writing() as conn:
            names = [one.name for one in of]
            ids = brands.ensure(conn, names)
            self.number = coverage.ensure_stream(conn, "test", stream, ids.values(), NINE)
        self.brands = [(ids[one.name], one) for one in of]

    def brings(self, *items: Post | Gone | Rejected, at: datetime = TEN) -> Counts:
        with self.database.writing() as conn:
            return posts.store_page(
                conn,
                stream_id=self.number,
                brands=self.brands,
                page=Page(items, "cursor"),
                seen_at=at,
            )


def rows(database: Database, sql: str) -> list[tuple[Any, ...]]:
    with database.reading() as conn:
        return [tuple(row) for row in conn.execute(sa.text(sql))]


def threads(database: Database) -> dict[str, str]:
    return dict(rows(database, "SELECT external_id, thread FROM post"))


def stored(database: Database, ids: Iterable[int] = range(1, 1000)) -> dict[str, Post]:
    """The posts as the classifier gets them, by external id."""
    with database.reading() as conn:
        found = posts.load_posts(conn, list(ids))
    return {one.key.external_id: one for one in found.values()}


def judge(database: Database, numbers: list[int] | None = None) -> None:
    with database.writing() as conn:
        waiting = numbers or cross_brand.to_judge(conn, 100)
        found = posts.load_posts(conn, waiting)
        posts.save_judgements(conn, [(one, JUDGED) for one in found], NINE, of=found)


def to_judge(database: Database) -> list[str]:
    with database.reading() as conn:
        found = posts.load_posts(conn, cross_brand.to_judge(conn, 100))
    return sorted(one.key.external_id for one in found.values())


def all_done(database: Database) -> None:
    with database.writing() as conn:
        conn.execute(sa.text("UPDATE mention SET next = NULL"))

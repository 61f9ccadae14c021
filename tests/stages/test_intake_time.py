"""A look takes time, and the world goes on meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from monitor.domain.post import Cursor, Page, Stream, StreamKind
from monitor.stages.intake import Feed, Intake
from monitor.store.engine import Database
from monitor.store.schema import post
from tests.store.written import NINE, SHOP, written

MINUTE = timedelta(minutes=1)


class Slow:
    """Each page takes a minute, and holds what was posted half a minute before it came."""

    now = NINE

    def clock(self) -> datetime:
        return self.now

    def streams(self) -> Sequence[Stream]:
        return (Stream("search", StreamKind.SEARCH, "x"),)

    def pages(self, stream: Stream, since: Cursor | None, /) -> Iterator[Page]:
        for number in range(1, 4):
            self.now += MINUTE
            posted_at = self.now - MINUTE / 2
            yield Page((replace(written(str(number)), posted_at=posted_at),), str(number))


def test_a_post_of_the_time_of_the_look_keeps_its_time(database: Database) -> None:
    """Else a complaint and the answer before it would be of one instant, and end each other's order."""
    slow = Slow()
    intake = Intake(database, [Feed("x", slow, (SHOP,))], clock=slow.clock)
    intake.begin(NINE)
    intake.handle("x/search", NINE)
    with database.reading() as conn:
        times = conn.execute(
            sa.select(post.c.posted_at, post.c.first_seen_at).order_by(post.c.id)
        ).all()
    assert [tuple(one) for one in times] == [
        (NINE + number * MINUTE - MINUTE / 2, NINE + number * MINUTE) for number in (1, 2, 3)
    ]

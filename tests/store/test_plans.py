"""What stages ask all the time is answered by an index, not by reading through a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.judgement import Band
from monitor.domain.keeping import Keep, Purge
from monitor.domain.notice import NoticeKind
from monitor.domain.search import search
from monitor.store import (
    cases,
    coverage,
    cross_brand,
    filtered,
    gauges,
    keeping,
    leaving,
    listing,
    looking,
    mentions,
    outbox,
    posts,
    queue,
    searching,
    silences,
    storms,
    surges,
    waits,
    watching,
)
from monitor.store.bulk import among
from monitor.store.engine import Database
from monitor.store.listing import WantedCases, WantedPosts
from monitor.store.schema import post
from tests.store.written import NINE, SHOP, Bringing, written

Ask = Callable[[Connection], object]
DAY = timedelta(days=1)


def _known(conn: Connection) -> object:
    ids = ["1", "2"]
    here = sa.select(post.c.id).where(post.c.network == "x", among(conn, post.c.external_id, ids))
    return conn.execute(here).all()


def _purgeable(reason: Purge) -> Ask:
    return lambda conn: keeping.due(conn, reason, Keep(), NINE, 10)


SAID = search('text "text 2" tex')
SAID_BUT = search("text -parcel")
RARE = WantedCases(owner="nobody", topic="refund", language="ro")
LET_PASS, OF_CASE = WantedPosts(band=Band.PASS), WantedPosts(case=1)
ASKED: dict[str, Ask] = {
    "streams due": lambda conn: coverage.due(conn, NINE),
    "streams' silences": lambda conn: silences.silent(conn, {1: NINE}),
    "streams' watches": lambda conn: watching.watches(conn, [1], NINE),
    "posts to judge": lambda conn: cross_brand.to_judge(conn, 10),
    "mentions to triage": lambda conn: mentions.due(conn, mentions.TRIAGE, NINE, 10),
    "mentions to triage, but for some brands": lambda conn: mentions.due(
        conn, mentions.TRIAGE, NINE, 10, but=[7]
    ),
    "posts to decide on": cross_brand.undecided,
    "posts to decide on for long": lambda conn: cross_brand.undecided_since(conn, [7], NINE, 10),
    "notices held up": outbox.held_up,
    "mentions to settle": lambda conn: mentions.due(conn, mentions.SETTLE, NINE, 10),
    "cases to escalate": lambda conn: cases.due(conn, "escalate", NINE, 10),
    "notices to send": lambda conn: leaving.ready(conn, at=NINE, now=NINE),
    "alarms that wait": lambda conn: storms.places(conn, NINE, 20),
    "alarms of a place": lambda conn: storms.alarms(
        conn, storms.Place(1, NoticeKind.ALERT, "#care"), NINE
    ),
    "storms of a place": lambda conn: storms.opened(
        conn, storms.Place(1, NoticeKind.ALERT, "#care"), NINE
    ),
    "topics of an hour": lambda conn: surges.topics(conn, 1, NINE, NINE + DAY),
    "posts to look up": lambda conn: looking.due(conn, NINE, DAY, 10),
    "where posts came from": lambda conn: looking.places(conn, [1, 2], ["test"]),
    "posts without a case": _purgeable(Purge.WITHOUT_CASE),
    "posts of ended cases": _purgeable(Purge.CASE_ENDED),
    "posts that were not looked up": _purgeable(Purge.NOT_LOOKED_UP),
    "posts by key": _known,
    "posts by number": lambda conn: posts.load_posts(conn, [1, 2]),
    "a thread": lambda conn: mentions.thread(conn, 1, "x", "1"),
    "streams' states": gauges.streams,
    "what streams brought": lambda conn: gauges.brought(conn, NINE, NINE + DAY),
    "open waits": lambda conn: gauges.waiting(conn, NINE),
    "notices that wait": lambda conn: gauges.outbox(conn, NINE),
    "notices by reason": outbox.counts,
    "posts judged": lambda conn: gauges.judged(conn, NINE, NINE + DAY),
    "answers by state": gauges.replies,
    "answers that wait": gauges.replies_waiting,
    "cases listed": lambda conn: listing.cases_page(conn, RARE, [1, 2], before=None, limit=50),
    "posts listed": lambda conn: listing.posts_page(conn, LET_PASS, [1, 2], before=9, limit=50),
    "posts of a case": lambda conn: listing.posts_page(
        conn, OF_CASE, [1, 2], before=None, limit=50
    ),
    "cases in which was said": lambda conn: listing.cases_page(
        conn, WantedCases(said=SAID), [1, 2], before=9, limit=50
    ),
    "cases in which was not said": lambda conn: listing.cases_page(
        conn, WantedCases(said=SAID_BUT, owner="nobody"), [1, 2], before=None, limit=50
    ),
    "posts in which was said": lambda conn: listing.posts_page(
        conn, WantedPosts(said=SAID_BUT), [1, 2], before=None, limit=50
    ),
    "posts in which was not said": lambda conn: listing.posts_page(
        conn, WantedPosts(said=search("-parcel")), [1, 2], before=None, limit=50
    ),
    "cases found in Slack": lambda conn: searching.cases_with(conn, [1, 2], SAID_BUT, 10),
    "open waits in which was said": lambda conn: queue.page(
        conn, [1], queue.Wanted(said=SAID_BUT), NINE, limit=50
    ),
    "waits of a period": lambda conn: waits.of_period(
        conn, 1, since=NINE, until=NINE + DAY, as_of=NINE
    ),
    "waits open at a moment": lambda conn: waits.open_at(conn, 1, NINE),
    "posts set aside": lambda conn: filtered.counts(conn, 1, NINE, NINE + DAY),
    "the queue": lambda conn: queue.page(conn, [1, 2], queue.Wanted(), NINE, limit=51),
    "the queue's length": lambda conn: queue.count(conn, [1, 2], queue.Wanted(), NINE),
    "one case": lambda conn: listing.case(conn, 1),
    "one post": lambda conn: listing.post_of(conn, 1, [1, 2]),
}


@pytest.fixture(autouse=True)
def _posts(database: Database) -> None:
    Bringing(database, SHOP).brings(written("1"), written("2", to="1"))


@pytest.mark.parametrize("asked", ASKED)
def test_nothing_is_read_through(database: Database, asked: str) -> None:
    with database.reading() as conn:
        with _listening(conn) as said:
            ASKED[asked](conn)
        assert said
        for statement, values in said:
            plan = _plan(conn, statement, values)
            assert not _scans(plan), "\n".join([statement, *plan])


@contextmanager
def _listening(conn: Connection) -> Iterator[list[tuple[str, Any]]]:
    said: list[tuple[str, Any]] = []

    def hear(_conn: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        said.append((statement, values))

    sa.event.listen(conn, "before_cursor_execute", hear)
    yield said
    sa.event.remove(conn, "before_cursor_execute", hear)


def _plan(conn: Connection, statement: str, values: Any) -> list[str]:
    if conn.dialect.name == "sqlite":
        plan = conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        return [str(row[-1]) for row in plan]
    # of a small table a planner rightly prefers to read all: does it have another way?
    conn.exec_driver_sql("SET LOCAL enable_seqscan = off")
    return [str(row[0]) for row in conn.exec_driver_sql(f"EXPLAIN {statement}", values)]


def _scans(plan: list[str]) -> list[str]:
    """Steps that go through a table, or on SQLite through an index that is not a partial one."""
    sqlite = [
        one
        for one in plan
        if one.startswith("SCAN ")
        and "VIRTUAL TABLE" not in one  # the list that the question brings along
        and not any(partial in one for partial in (*PARTIAL, *SMALL))
    ]
    return sqlite + [one for one in plan if "Seq Scan" in one]


PARTIAL = (
    "ix_post_to_judge",
    "ix_post_looked_up",
    "ix_post_kept",
    "ix_mention_filtered",
    "ix_mention_next",
    "ix_cases_next_action",
    "ix_notice_pending",
    "ix_wait_open",
)
"""They hold only what waits."""
SMALL = (
    "SCAN brand",
    "SCAN stream",
    "SCAN anon_",
    "SCAN (subquery-",
    "ix_reply_state",
    "ix_notice_outcome",
)
"""Few rows, what the same question has just found, or of the many nothing but two words each."""

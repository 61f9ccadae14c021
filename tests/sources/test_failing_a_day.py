"""Streams of X and Reddit that fail for days, and clocks that differ, through intake into the database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from monitor.domain.identity import Brand
from monitor.domain.notice import Reason
from monitor.ports import Source
from monitor.simulator.serving import Fault
from monitor.stages.intake import Feed, Intake
from monitor.store.engine import Database
from monitor.store.schema import coverage, notice, post, stream
from tests.sources import subreddit
from tests.sources.subreddit import LOGGED_IN, reddit
from tests.sources.x_world import shop

SHOP = Brand(name="Shop", identities=())
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOON = subreddit.NOW


@dataclass
class Network:
    """A network of which one source reads; `failing` names a stream, and its path on the wire."""

    source: Source
    writes: Callable[[datetime], str]
    fails: Callable[[], object]
    heals: Callable[[], object]
    moves: Callable[[datetime], object]
    """Sets the network's clock."""
    failing: str
    now: list[datetime]
    """Ours."""
    cap: int
    """Posts that one look brings."""


@pytest.fixture(params=["x", "reddit"])
def network(request: pytest.FixtureRequest) -> Iterator[Network]:
    with ExitStack() as stack:
        yield _x(stack) if request.param == "x" else _reddit(stack)


def _x(stack: ExitStack) -> Network:
    world = stack.enter_context(shop())
    now = [NOON]

    def moves(at: datetime) -> None:
        world.face.now, world.now = at, now[0]

    return Network(
        world.source(overlap="10m", query=None, max_pages=5),
        lambda at: world.writes(ago=world.face.now - at),
        lambda: world.server.fail("503", "/mentions"),
        world.server.heal,
        moves,
        "mentions",
        now,
        cap=50,
    )


def _reddit(stack: ExitStack) -> Network:
    server = stack.enter_context(reddit())
    now, written = [NOON], [0]
    reader = subreddit.source(server, clock=lambda: now[0], subreddits=["help"], **LOGGED_IN)

    def writes(at: datetime) -> str:
        written[0] += 1
        thing = subreddit.submission(written[0], at=at)
        server.reddit.put(thing)
        return thing.name

    return Network(
        reader,
        writes,
        lambda: server.faults.append(Fault("503", "/new")),
        server.faults.clear,
        lambda _at: None,
        "submissions",
        now,
        cap=1000,
    )


def look(intake: Intake, now: datetime) -> None:
    for key in intake.due(now):
        intake.handle(key, now)


def rows(database: Database, *columns: Any, where: Any = None) -> list[Any]:
    query = sa.select(*columns).order_by(columns[0])
    with database.reading() as conn:
        return list(conn.execute(query if where is None else query.where(where)))


def test_a_stream_that_failed_for_a_day_and_more_is_caught_up_and_told_once_a_day(
    network: Network, database: Database
) -> None:
    intake = Intake(database, [Feed("it", network.source, (SHOP,))], operators="ops")
    began = network.now[0]
    network.moves(began)
    written = {network.writes(began - timedelta(minutes=1))}
    look(intake, began)
    network.fails()
    for _ in range(30):
        network.now[0] += HOUR
        network.moves(network.now[0])
        written.add(network.writes(network.now[0] - timedelta(minutes=1)))
        look(intake, network.now[0])
    assert {one for (one,) in rows(database, post.c.external_id)} < written
    reasons = [one for _, one in rows(database, notice.c.id, notice.c.reason)]
    assert reasons == [Reason.SOURCE_FAILING.value] * 2, "on the first day, and on the second"
    of_others = rows(database, stream.c.name, stream.c.polled_at, where=stream.c.problem.is_(None))
    assert all(at == network.now[0] for _, at in of_others), "the others were read on"
    assert of_others
    network.heals()
    network.now[0] += HOUR
    network.moves(network.now[0])
    look(intake, network.now[0])
    assert {one for (one,) in rows(database, post.c.external_id)} == written
    reasons = [one for _, one in rows(database, notice.c.id, notice.c.reason)]
    assert reasons[2:] == [Reason.SOURCE_WORKING.value]
    its_row = stream.c.name == network.failing
    [(_, polled_at, failing)] = rows(
        database, stream.c.id, stream.c.polled_at, stream.c.failing_since, where=its_row
    )
    assert (polled_at, failing) == (network.now[0], None)
    covered = rows(
        database,
        coverage.c.id,
        coverage.c.began_at,
        coverage.c.ended_at,
        coverage.c.gap,
        coverage.c.stored,
        where=coverage.c.stream_id.in_(sa.select(stream.c.id).where(its_row)),
    )
    spans = {(began_at, ended_at) for _, began_at, ended_at, _, _ in covered}
    assert spans == {(began, began), (began, network.now[0])}, "the day is in the ledger, once"
    assert sum(one.stored for one in covered) == len(written)
    assert {one.gap for one in covered} == {None}


def test_more_than_a_look_can_bring_is_recorded_as_a_gap_with_its_ends(
    network: Network, database: Database
) -> None:
    intake = Intake(database, [Feed("it", network.source, (SHOP,))])
    network.moves(network.now[0])
    network.writes(network.now[0] - timedelta(minutes=30))
    look(intake, network.now[0])
    network.now[0] += DAY
    network.moves(network.now[0])
    for number in range(network.cap + 20):
        network.writes(network.now[0] - timedelta(seconds=20 * number))
    look(intake, network.now[0])
    ledger = (coverage.c.id, coverage.c.gap, coverage.c.gap_from, coverage.c.gap_to)
    [gap] = rows(database, *ledger, where=coverage.c.gap.is_not(None))
    assert gap.gap_from
    assert gap.gap_to
    [(_, read_through)] = rows(
        database, stream.c.id, stream.c.polled_at, where=stream.c.name == network.failing
    )
    assert read_through == network.now[0] - DAY, "not all until now is known"
    assert len(rows(database, post.c.id)) == 1 + network.cap


@pytest.mark.parametrize("hours", [-1, 1], ids=["network behind", "network ahead"])
def test_a_network_whose_clock_differs_by_an_hour_loses_no_post_and_no_lag_is_negative(
    network: Network, database: Database, hours: int
) -> None:
    intake = Intake(database, [Feed("it", network.source, (SHOP,))])
    written = set()
    for minutes in (0, 1, 5, 59, 61, 90, 240, 241):
        network.now[0] = NOON + timedelta(minutes=minutes)
        theirs = network.now[0] + hours * HOUR
        network.moves(theirs)
        written.add(network.writes(theirs - timedelta(seconds=30)))
        look(intake, network.now[0])
        stored = rows(database, post.c.external_id, post.c.posted_at, post.c.first_seen_at)
        assert {one.external_id for one in stored} == written, "seen at the first look"
        assert all(one.posted_at <= one.first_seen_at for one in stored)
        assert all(one.first_seen_at <= network.now[0] for one in stored)

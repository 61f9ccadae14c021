"""What a network did not confirm is forgotten, once it was asked in vain; and nothing before."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from monitor.domain.errors import SourceError
from monitor.domain.keeping import Purge
from monitor.domain.lexicon import lexicon_from
from monitor.domain.post import Page
from monitor.runner import Runner
from monitor.stages import by_hand
from monitor.stages.by_hand import AlreadyOpenError
from monitor.stages.forget import Forget, purge_all
from monitor.store import keeping, posts, schema
from monitor.store.engine import Connection, Database
from tests.scenarios.world import SHOP, World
from tests.stages.asked import Watch
from tests.stages.test_forget import DAY, KEEP, pages, purged, settled, texts
from tests.stages.test_races import beside
from tests.store.shop import RULE
from tests.store.written import TEN, Bringing, rows, written

ADDRESS = "https://x.example/1"
_CENT = timedelta(microseconds=1)


def addressed(database: Database) -> None:
    """Each post has an address of its own."""
    url = "https://x.example/" + schema.post.c.id.cast(sa.Text)
    with database.writing() as conn:
        conn.execute(schema.post.update().values(url=url))


def in_vain(database: Database, at: datetime, until: datetime) -> None:
    """The network was last seen to confirm all posts then, and asked in vain ever since."""
    said = {"looked_up_at": at, "in_vain_since": at + DAY, "look_again_at": until}
    with database.writing() as conn:
        conn.execute(schema.post.update().values(said))


def test_what_its_network_does_not_confirm_is_purged_open_case_or_not(world: World) -> None:
    world.x.posts("Still no refund", at="09:00", by="ana")
    world.x.posts("Just saying", at="09:00", by="dan")
    world.runs_until("09:10")
    addressed(world.database)
    before = pages(world.report())
    now = world.now + 2 * DAY
    in_vain(world.database, world.now, now + timedelta(hours=1))
    purge_all(world.database, KEEP, now - _CENT)
    assert None not in texts(world.database).values()
    with world.database.reading() as conn:
        told = keeping.waiting(conn, KEEP, now)
    assert {reason: number for reason, number in told.items() if number} == {Purge.NOT_LOOKED_UP: 2}
    for _ in range(2):
        purge_all(world.database, KEEP, now, operators="#ops")
    assert set(texts(world.database).values()) == {None}
    assert purged(world.database) == {"not_looked_up": 2, "name": 2}
    assert rows(world.database, "SELECT status FROM cases") == [("open",)]
    assert rows(world.database, "SELECT url FROM post ORDER BY id") == [(ADDRESS,), (None,)]
    told_of = rows(world.database, "SELECT audience FROM notice WHERE reason = 'words_purged'")
    assert told_of == [("#ops",)]
    assert pages(world.report()) == before
    world.pictures_are_true()
    with world.database.writing() as conn:
        conn.execute(schema.cases.update().values(status="dismissed"))
    purge_all(world.database, KEEP, now)
    assert rows(world.database, "SELECT url FROM post") == [(None,), (None,)]


def test_the_address_of_an_open_case_without_words_leads_to_that_case(world: World) -> None:
    world.x.posts("Still no refund", at="09:00", by="ana")
    world.runs_until("09:10")
    addressed(world.database)
    now = world.now + 2 * DAY
    in_vain(world.database, world.now, now + timedelta(hours=1))
    purge_all(world.database, KEEP, now)
    heard = by_hand.heard(SHOP, "still no parcel", url=ADDRESS, author="ana", posted_at=now)
    with pytest.raises(AlreadyOpenError):
        by_hand.open_case(
            world.database,
            SHOP,
            heard,
            rules=[RULE],
            lexicon=lexicon_from({}),
            severity=None,
            by="dan",
            now=now,
        )


@pytest.mark.parametrize(
    ("since", "again", "asking"),
    [
        (None, None, None),
        (-DAY, timedelta(0), None),
        (-DAY, None, timedelta(minutes=5)),
        (-KEEP.in_vain + _CENT, timedelta(minutes=5), None),
    ],
    ids=["never in vain", "time to ask again", "being asked", "in vain for a moment"],
)
def test_what_its_network_can_still_confirm_is_not_purged(
    database: Database,
    since: timedelta | None,
    again: timedelta | None,
    asking: timedelta | None,
) -> None:
    Bringing(database).brings(written("1"))
    settled(database)
    now = TEN + 3 * DAY
    spans = {"in_vain_since": since, "look_again_at": again, "asking_until": asking}
    said = {name: None if span is None else now + span for name, span in spans.items()}
    with database.writing() as conn:
        conn.execute(schema.post.update().values(looked_up_at=TEN, **said))
    assert sum(purge_all(database, KEEP, now).values()) == 0


@pytest.mark.parametrize("stage", ["judge", "triage", "settle"])
def test_what_nobody_has_judged_yet_is_kept_though_no_network_confirms_it(
    database: Database, stage: str
) -> None:
    Bringing(database).brings(written("1"))
    with database.writing() as conn:
        conn.execute(schema.post.update().values(to_judge=stage == "judge"))
        conn.execute(schema.mention.update().values(next=None if stage == "judge" else stage))
    now = TEN + 3 * DAY
    in_vain(database, TEN, now + timedelta(hours=1))
    assert sum(purge_all(database, KEEP, now).values()) == 0
    settled(database)
    assert purge_all(database, KEEP, now)[Purge.NOT_LOOKED_UP] == 1


def test_a_program_that_was_off_for_days_asks_before_it_forgets(database: Database) -> None:
    watch = Watch(database)
    watch.reads("1", "2")
    settled(database)
    watch.passes(3 * DAY)
    stage = Forget(database, KEEP)
    clock = lambda: watch.now  # noqa: E731 - the runner's clock
    # even if it is the first to have its turn, and the network is out for a while, too
    watch.network.knows = dict.fromkeys(("1", "2"), SourceError("502"))
    for _ in range(3):
        Runner((stage, watch.refresh), database, clock=clock).until_idle()
        watch.passes(timedelta(minutes=20))
    watch.network.knows = {}
    watch.passes(timedelta(hours=1))
    Runner((stage, watch.refresh), database, clock=clock).until_idle()
    assert watch.tally() == {"unreachable": 6, "stands": 2}
    assert None not in texts(database).values()


def test_a_network_that_is_out_for_two_days_keeps_no_words_longer(database: Database) -> None:
    watch = Watch(database)
    watch.reads("1")
    settled(database)
    watch.network.knows["1"] = SourceError("502")
    runner = Runner((watch.refresh, Forget(database, KEEP)), database, clock=lambda: watch.now)
    while watch.now < TEN + 2 * DAY:
        runner.until_idle()
        assert texts(database) == {"1": "text 1"}
        watch.passes(timedelta(hours=1))
    runner.until_idle()
    assert texts(database) == {"1": None}


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("forgets_first", [True, False])
def test_a_name_is_kept_if_a_post_by_them_comes_just_then(
    database: Database, *, forgets_first: bool
) -> None:
    stream = Bringing(database)
    stream.brings(written("1"))
    settled(database)
    now = TEN + 7 * DAY

    def comes(conn: Connection) -> None:
        page = Page((written("2", posted_at=now),), "c")
        posts.store_page(
            conn, stream_id=stream.number, brands=stream.brands, page=page, seen_at=now
        )

    def forgets(conn: Connection) -> None:
        ids = keeping.due(conn, Purge.WITHOUT_CASE, KEEP, now, 10)
        assert keeping.purge(conn, Purge.WITHOUT_CASE, ids, KEEP, now).posts == 1

    beside(database, *((forgets, comes) if forgets_first else (comes, forgets)))
    assert texts(database) == {"1": None, "2": "text 2"}
    assert rows(database, "SELECT key, handle FROM author") == [("ana", "ana")]

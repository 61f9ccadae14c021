"""What two writers do to each other on PostgreSQL, where intake works beside the other stages."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.domain.post import Page, Post, PostKey
from monitor.store import brands, mentions, posts
from monitor.store.engine import Connection, Database
from tests.scenarios.world import SHOP, Keywords, World, clock_time

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
def world(tmp_path: Path, database_url: str) -> Iterator[World]:
    world = World(tmp_path, database_url)
    yield world
    world.database.close()


def beside(
    database: Database,
    first: Callable[[Connection], object],
    second: Callable[[Connection], object],
) -> None:
    """`second` runs while the transaction of `first` is done but not committed: into its locks, or past."""

    def work() -> None:
        with database.writing() as conn:
            second(conn)

    other = threading.Thread(target=work)
    with database.writing() as conn:
        first(conn)
        other.start()
        other.join(timeout=1)
    other.join()


def stored(conn: Connection, *items: Post) -> None:
    brand_id = brands.ensure(conn, [SHOP.name])[SHOP.name]
    seen_at = clock_time("09:30")
    posts.store_page(
        conn, stream_id=1, brands=[(brand_id, SHOP)], page=Page(items, "1"), seen_at=seen_at
    )


def test_an_edit_beside_the_judging_of_its_old_words_is_judged_by_its_new_ones(
    world: World,
) -> None:
    world.x.posts("love it", at="09:00")
    world.runs_until("09:00")
    with world.database.writing() as conn:
        old = posts.load_posts(conn, [1])
    words = replace(
        old[1], text="Still no refund", edited_at=old[1].posted_at + timedelta(minutes=5)
    )
    judged = Keywords().classify([old[1]])[0]
    beside(
        world.database,
        lambda conn: stored(conn, words),
        lambda conn: posts.save_judgements(conn, [(1, judged)], world.now, of=old),
    )
    world.runs_until("09:40").slack.hears("#care", "Still no refund")


def test_a_thread_learnt_beside_its_triage_is_looked_at_again(world: World) -> None:
    root = world.x.posts("Still no refund", at="09:00")
    world.runs_until("09:02")
    with world.database.writing() as conn:
        known = posts.load_posts(conn, [1])[1]
        between = replace(known, key=PostKey("x", "m"), reply_to=root.id, text="me too")
        question = replace(
            known, key=PostKey("x", "q"), thread="m", reply_to="m", text="where is it?"
        )
        stored(conn, question)
        brand_id = brands.ensure(conn, [SHOP.name])[SHOP.name]
        number = max(posts.load_posts(conn, range(1, 100)))
        judged = Keywords().classify([question])[0]
        asked = posts.load_posts(conn, [number])
        posts.save_judgements(conn, [(number, judged)], world.now, of=asked)

    def triaged(conn: Connection) -> None:
        assert mentions.claim(conn, brand_id, number, stage=mentions.TRIAGE) is not None
        mentions.hand_on(conn, brand_id, number, None)  # by the thread that it knew, nothing to do

    beside(world.database, triaged, lambda conn: stored(conn, between))
    with world.database.reading() as conn:
        due = mentions.due(conn, mentions.SETTLE, clock_time("09:30"), 10)
    assert mentions.item(brand_id, number) in due

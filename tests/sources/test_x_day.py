"""The shop's days on the simulated X, read over failing lines: everything arrives, nothing is invented."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.errors import SourceError
from monitor.domain.post import Cursor, Gone, Post, PostKey
from monitor.simulator import ids
from monitor.simulator.world import World
from monitor.simulator.x import Shown
from monitor.sources.x import X
from tests.sources.x_world import Shop, shop

MONDAY = datetime(2026, 11, 16, 8, tzinfo=ZoneInfo("Europe/Bucharest"))
WORLD = World(MONDAY, 1)
HANDLE = "BufnivoHelp"
OTHER = "BufnivoShop"
ACCOUNT = ids.author_id("x", HANDLE) or ""
QUICK = (
    *("400", "401", "402", "403", "404", "429", "429 retry-after", "429 reset", "500", "503"),
    *("truncated after", "html", "list", "object", "empty", "drop", "drop after"),
)


@settings(max_examples=10)
@given(seed=st.integers(0, 10**6), failing=st.sampled_from([0.0, 0.3, 0.7]))
def test_whatever_fails_in_between_the_days_are_read_whole(seed: int, failing: float) -> None:
    chance = Random(seed)
    with shop() as world:
        begin(world)
        cursors: dict[str, Cursor] = {}
        read: dict[PostKey, Post] = {}
        while world.now < WORLD.ends_at:
            step(world, timedelta(minutes=chance.uniform(10, 300)))
            world.server.heal()
            for _ in range(3):
                if chance.random() < failing:
                    world.server.fail(chance.choice(QUICK), times=1)
            everything(source(world), cursors, read)
        world.server.heal()
        everything(source(world), cursors, read)
        standing = {number: post for number, post in world.face.posts.items() if is_shown(post)}
        stored = {post.external_id for post in read}
        assert set(standing) <= stored
        looked_up = list(source(world).refresh(sorted(read)))
        gone = {one.key.external_id for one in looked_up if isinstance(one, Gone)}
        answered = {post.reply_to for post in read.values() if post.author.id == ACCOUNT}
        assert set(standing) <= stored - gone <= set(standing) | answered
        found = {one.key: one for one in looked_up if isinstance(one, Post)}
        for number, shown in standing.items():
            post = found[PostKey("x", number)]
            assert post.text == shown.versions[shown.latest]
            assert post.thread == shown.conversation
            assert (post.posted_at, post.reply_to) == (shown.at, shown.reply_to)


def begin(world: Shop) -> None:
    world.face.people.clear()
    world.face.person(HANDLE, ACCOUNT)
    world.face.person(OTHER)
    world.now = world.face.now = MONDAY.astimezone(UTC) - timedelta(days=3)


def step(world: Shop, span: timedelta) -> None:
    world.now += span
    world.face.advance_to(WORLD, world.now)


def source(world: Shop) -> X:
    return world.source(
        account=ACCOUNT,
        handle=HANDLE,
        query="bufnivo OR @bufnivoshop OR @bufnivohelp",
        overlap="12h",
        budget_usd_per_day=None,
    )


def everything(one: X, cursors: dict[str, Cursor], read: dict[PostKey, Post]) -> None:
    for stream in one.streams():
        with contextlib.suppress(SourceError):
            for page in one.pages(stream, cursors.get(stream.name)):
                cursors[stream.name] = page.cursor
                read |= {item.key: item for item in page.items if isinstance(item, Post)}


def is_shown(post: Shown) -> bool:
    """Whether one of the three streams shows it."""
    named = ("bufnivo", "@bufnivoshop", "@bufnivohelp")
    text = post.versions[post.latest].casefold()
    is_own = post.author.handle == HANDLE
    return is_own or HANDLE in post.mentions or any(word in text for word in named)

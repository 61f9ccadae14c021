"""What every source owes the core, whoever wrote it. Worlds: `harness.py` and `harness_NAME.py`."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor import registry
from monitor.domain.errors import ConfigError, SourceError
from monitor.domain.post import Cursor, Gone, Page, Post, PostKey, Rejected, StreamKind
from monitor.domain.storable import admitted
from monitor.ports import Refreshes, Source
from monitor.simulator.serving import Answer
from tests.contract.harness import NOON, Expected, Harness, Item, Remembered, harnesses, watched_io
from tests.contract.served import ServedHarness

WORLDS = harnesses()
FAULTS = [
    pytest.param(
        world, fault, expected, id=f"{name}-{fault}", marks=pytest.mark.needs(*world.needs)
    )
    for name, world in WORLDS.items()
    for fault, expected in world.faults.items()
]
WAITING = ("slow", "stall", "trickle", "drip", "no answer")
"""What the names of faults hold that are silent."""
HUNG = 1000
"""Pages that no look at these small worlds may need."""


def only(fits: Callable[[type[Harness]], bool]) -> list[Any]:
    """The worlds that do, as parameters."""
    return [
        pytest.param(world, id=name, marks=pytest.mark.needs(*world.needs))
        for name, world in WORLDS.items()
        if fits(world)
    ]


every_world = pytest.mark.parametrize("world", only(lambda _: True))


def look(
    source: Source,
    cursors: dict[str, Cursor],
    *,
    pages: int = HUNG,
    only: str | None = None,
    seen: list[Page] | None = None,
) -> list[Page]:
    """Read each stream on from its cursor, at most so many pages of it, and keep its cursor.

    `seen` gets the pages, also those before an error.
    """
    seen = [] if seen is None else seen
    for stream in source.streams():
        if only is not None and stream.name != only:
            continue
        for count, page in enumerate(source.pages(stream, cursors.get(stream.name)), start=1):
            assert count < HUNG, f"{stream.name} never ends"
            cursors[stream.name] = page.cursor
            seen.append(page)
            if count == pages:
                break
    return seen


def no_cursors() -> dict[str, Cursor]:
    return {}


def posts(pages: list[Page]) -> Iterator[Post]:
    return (item for page in pages for item in page.items if isinstance(item, Post))


def keys(pages: list[Page]) -> set[PostKey]:
    return {post.key for post in posts(pages)}


def test_every_installed_source_has_a_harness() -> None:
    installed = set(registry.names(registry.SOURCES))
    assert "files" in installed, "install the project (editable) so that its entry points are known"
    assert installed - set(WORLDS) == set(), "write tests/contract/harness_NAME.py for them"


@pytest.mark.parametrize("name", registry.names(registry.SOURCES))
def test_a_misspelt_option_is_refused(name: str) -> None:
    cls = registry.load(registry.SOURCES, name)
    with pytest.raises(ConfigError, match=r"sources\.mine\.no_such_option: there is no such key"):
        registry.options(cls, {"no_such_option": 1}, "sources.mine")


@every_world
def test_constructing_does_no_io_and_reads_no_secret(world: type[Harness]) -> None:
    with world() as network:
        network.source()  # what it imports or caches once, is by now
        options, secrets = network.checked(), Remembered(network.secrets(), [])
        with watched_io() as seen:
            source = network.construct(options, secrets)
        assert seen == []
        assert secrets.asked == []
        assert source.streams()


@every_world
def test_streams_are_named_uniquely_and_lastingly(world: type[Harness]) -> None:
    with world() as network:
        streams = network.source().streams()
        assert len({stream.name for stream in streams}) == len(streams) > 0
        assert list(network.source().streams()) == list(streams)
        assert all(stream.every > timedelta(0) for stream in streams)
        assert any(stream.kind is not StreamKind.OWN for stream in streams)


@every_world
def test_a_post_comes_under_its_key_with_its_text_and_time_in_utc(world: type[Harness]) -> None:
    with world() as network:
        one = network.item_id(1)
        network.put(Item(id=one, text="Unde e coletul? 😡 مرحبا", at=NOON))
        first = {post.key: post for post in posts(look(network.source(), {}))}
        again = {post.key: post for post in posts(look(network.source(), {}))}
    post = first[network.key(one)]
    assert post.text == "Unde e coletul? 😡 مرحبا"
    assert (post.posted_at, post.posted_at.tzinfo) == (NOON, UTC)
    assert post.author.key is not None
    assert again == first, "a second reading gives other posts or other keys"


@every_world
def test_the_brand_s_own_answer_is_seen_and_says_what_it_answers(world: type[Harness]) -> None:
    with world() as network:
        asked, answered = network.item_id(1), network.item_id(2)
        network.put(Item(id=asked))
        network.put(Item(id=answered, reply_to=asked, by_brand=True, text="On its way!"))
        source = network.source()
        shown: list[Page] = []
        for stream in source.streams():
            if stream.shows_answers:
                shown += look(source, {}, only=stream.name)
    answer = next(post for post in posts(shown) if post.key == network.key(answered))
    assert answer.reply_to == asked
    assert answer.thread == asked


@every_world
def test_nothing_is_missed_when_more_than_a_page_waits(world: type[Harness]) -> None:
    with world() as network:
        expected = put_some(network, 1, count=3 * network.page + 1)
        pages = look(network.source(), {})
        assert keys(pages) == expected
        assert len(pages) > 1
        assert not [page.gap for page in pages if page.gap]


@every_world
def test_every_page_can_be_resumed_after_a_restart(world: type[Harness]) -> None:
    with world() as network:
        expected = put_some(network, 1, count=3 * network.page + 1)
        cursors: dict[str, Cursor] = {}
        seen: set[PostKey] = set()
        for _ in range(HUNG):
            pages = look(network.source(), cursors, pages=1)
            seen |= keys(pages)
            if not any(page.items for page in pages):
                break
        assert seen == expected


@every_world
def test_what_is_published_while_pages_are_read_is_not_missed(world: type[Harness]) -> None:
    with world() as network:
        expected = put_some(network, 1, count=2 * network.page)
        source, cursors = network.source(), no_cursors()
        seen = keys(look(source, cursors, pages=1))
        expected |= put_some(network, 100, count=2 * network.page)
        seen |= keys(look(source, cursors))
        assert seen == expected


@every_world
def test_an_earlier_post_that_arrives_late_is_seen(world: type[Harness]) -> None:
    with world() as network:
        source, cursors = network.source(), no_cursors()
        network.put(Item(id=network.item_id(2), at=NOON))
        look(source, cursors)
        network.put(Item(id=network.item_id(3), at=NOON - timedelta(hours=3)))
        assert network.key(network.item_id(3)) in keys(look(source, cursors))


@every_world
def test_a_post_dated_years_ahead_hides_nothing(world: type[Harness]) -> None:
    with world() as network:
        source, cursors = network.source(), no_cursors()
        network.put(Item(id=network.item_id(1), at=NOON.replace(year=2099)))
        assert network.key(network.item_id(1)) in keys(look(source, cursors))
        network.put(Item(id=network.item_id(2), at=NOON))
        assert network.key(network.item_id(2)) in keys(look(source, cursors))


@every_world
@settings(max_examples=25)
@given(data=st.data())
def test_however_looks_and_posts_interleave_nothing_is_missed(
    world: type[Harness], data: st.DataObject
) -> None:
    with world() as network:
        cursors: dict[str, Cursor] = {}
        source, seen, put = network.source(), set[PostKey](), set[PostKey]()
        for _ in range(data.draw(st.integers(1, 6), label="turns")):
            for _ in range(data.draw(st.integers(0, 2 * network.page), label="published")):
                hours = data.draw(st.integers(-48, 48), label="hours off")
                item = Item(id=network.item_id(len(put) + 1), at=NOON + timedelta(hours=hours))
                network.put(item)
                put.add(network.key(item.id))
            if data.draw(st.booleans(), label="restart"):
                source = network.source()
            seen |= keys(look(source, cursors, pages=data.draw(st.integers(1, 3), label="pages")))
        seen |= keys(look(source, cursors))
        assert seen == put


@every_world
def test_an_idle_look_ends_and_finds_nothing_unseen(world: type[Harness]) -> None:
    with world() as network:
        source, cursors = network.source(), no_cursors()
        assert keys(look(source, cursors)) == set()
        expected = put_some(network, 1, count=network.page)
        assert keys(look(source, cursors)) == expected
        assert keys(look(source, cursors)) <= expected


@every_world
def test_a_broken_item_is_rejected_and_its_neighbours_come(world: type[Harness]) -> None:
    with world() as network:
        expected = put_some(network, 1, count=2)
        network.put_broken()
        expected |= put_some(network, 10, count=2)
        pages = look(network.source(), {})
    assert keys(pages) == expected
    rejected = [item for page in pages for item in page.items if isinstance(item, Rejected)]
    assert rejected
    assert all(item.where and item.reason and item.sample for item in rejected)


@pytest.mark.parametrize("world", only(lambda world: world.edits))
def test_an_edited_post_is_told_under_its_key_by_a_look_or_by_a_refresh(
    world: type[Harness],
) -> None:
    with world() as network:
        source, cursors = network.source(), no_cursors()
        put_some(network, 1, count=2)
        first = {post.key: post for post in posts(look(source, cursors))}
        key = network.key(network.item_id(1))
        later = NOON + timedelta(minutes=5)
        network.edit(Item(id=network.item_id(1), text="It came, in pieces", edited_at=later))
        told = [post for post in posts(look(source, cursors)) if post.key == key]
        if isinstance(source, Refreshes):
            told += [post for post in source.refresh([key]) if isinstance(post, Post)]
    assert {post.text for post in told} == {"It came, in pieces"}
    assert {post.thread for post in told} == {first[key].thread}
    assert {post.author.key for post in told} == {first[key].author.key}


@every_world
def test_what_comes_twice_and_by_several_streams_is_one_post(world: type[Harness]) -> None:
    with world() as network:
        item = Item(id=network.item_id(1))
        network.put(item)
        network.put(item)
        source, cursors = network.source(), no_cursors()
        found = [*posts(look(source, cursors)), *posts(look(network.source(), cursors))]
        found += posts(look(network.source(), {}))
    assert {post.key for post in found} == {network.key(item.id)}
    said = {(post.text, post.posted_at, post.thread, post.author.key) for post in found}
    assert len(said) == 1


@pytest.mark.parametrize("world", only(lambda world: world.capped is not None))
def test_what_lies_beyond_a_cap_is_told_as_a_gap_and_hides_nothing_later(
    world: type[Harness],
) -> None:
    with world() as network:
        cursors = no_cursors()
        put_some(network, 1, count=1)
        source = network.source(**world.capped or {})
        look(source, cursors)
        waiting = put_some(network, 10, count=world.beyond)
        pages = look(source, cursors)
        gaps = [page.gap for page in pages if page.gap]
        assert gaps
        assert all(gap.reason for gap in gaps)
        assert keys(pages) & waiting
        last = network.item_id(10 + world.beyond)
        network.put(Item(id=last, at=NOON + timedelta(hours=1)))
        assert network.key(last) in keys(look(source, cursors))


@every_world
def test_a_deleted_post_is_told_by_a_look_or_by_a_refresh(world: type[Harness]) -> None:
    with world() as network:
        source, cursors = network.source(), no_cursors()
        expected = put_some(network, 1, count=2)
        look(source, cursors)
        network.delete(network.item_id(1))
        told = [item for page in look(source, cursors) for item in page.items]
        if isinstance(source, Refreshes):
            told += source.refresh(sorted(expected))
    gone = [item for item in told if isinstance(item, Gone)]
    assert {item.key for item in gone} == {network.key(network.item_id(1))}
    assert all(item.before.tzinfo is UTC for item in gone)


@pytest.mark.parametrize(("world", "fault", "expected"), FAULTS)
def test_a_fault_is_a_source_error_and_loses_nothing(
    world: type[Harness], fault: str, expected: Expected
) -> None:
    with world() as network:
        source, cursors = network.source(), no_cursors()
        put = put_some(network, 1, count=network.page)
        seen = keys(look(source, cursors, pages=1))
        put |= put_some(network, 100, count=network.page + 1)
        network.fail(fault)
        is_silent = any(word in fault for word in WAITING)
        reader = network.source(**world.impatient) if is_silent else source
        before: list[Page] = []
        with pytest.raises(SourceError) as raised:
            look(reader, cursors, seen=before)
        seen |= keys(before)
        assert str(raised.value)
        assert raised.value.permanent is expected.permanent
        assert raised.value.retry_after == expected.retry_after
        network.heal()
        seen |= keys(look(source, cursors))
        assert seen == put


@pytest.mark.parametrize(
    "world", only(lambda one: issubclass(one, ServedHarness) and one.has_texts)
)
def test_half_a_character_in_an_id_is_set_aside_and_its_stream_reads_on(
    world: type[ServedHarness],
) -> None:
    with world() as network:
        source, cursors = network.source(), no_cursors()
        put_some(network, 1, count=1)
        look(source, cursors)
        odd = network.item_id(3)
        put = put_some(network, 2, count=3) - {network.key(odd)}
        end = re.escape(re.findall("[0-9A-Za-z]+$", odd)[0].encode())
        spoilt = re.compile(rb'("[^"\s]*%s)(?=")' % end)

        def spoil(answer: Answer) -> Answer:
            plain = {n: v for n, v in answer.headers.items() if n != "Content-Encoding"}
            said = answer.content if plain == answer.headers else gzip.decompress(answer.content)
            return replace(answer, content=spoilt.sub(rb"\1\\ud800", said), headers=plain)

        network.server.spoils = spoil
        found = list(map(admitted, look(source, cursors)))
        assert keys(found) == put
        assert any(isinstance(item, Rejected) for page in found for item in page.items)
        put = put_some(network, 10, count=2)
        assert keys(list(map(admitted, look(source, cursors)))) == put
        network.server.spoils = lambda one: one
        look(source, cursors)


@every_world
def test_one_stream_s_failure_leaves_the_others_reading(world: type[Harness]) -> None:
    with world() as network:
        names = [stream.name for stream in network.source().streams()]
    for failing in names:
        with world() as network:
            network.put(Item(id=network.item_id(1)))
            network.put(Item(id=network.item_id(2), by_brand=True))
            source = network.source()
            expected = {name: keys(look(source, {}, only=name)) for name in names}
            network.fail_stream(failing)
            with pytest.raises(SourceError):
                look(source, {}, only=failing)
            for name in set(names) - {failing}:
                assert keys(look(source, {}, only=name)) == expected[name]


@every_world
def test_a_cursor_of_another_maker_is_refused(world: type[Harness]) -> None:
    with world() as network:
        source = network.source()
        for stream in source.streams():
            with pytest.raises(SourceError):
                list(source.pages(stream, "no cursor of yours"))


def put_some(network: Harness, first: int, *, count: int) -> set[PostKey]:
    ids = [network.item_id(number) for number in range(first, first + count)]
    for number, item_id in enumerate(ids):
        network.put(Item(id=item_id, at=NOON + timedelta(seconds=number)))
    return {network.key(item_id) for item_id in ids}

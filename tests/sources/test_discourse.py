"""What the source `discourse` brings of a small forum, what it passes over, and how it looks again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

import pytest

from monitor.domain.errors import ConfigError, SourceError
from monitor.domain.finding import Standing
from monitor.domain.post import Gone, Post, PostKey, PostKind, Rejected, StreamKind
from monitor.ports import AnsweringSource, Refreshes
from monitor.simulator.serving import Fault
from tests.sources.forum import BRAND, NOW, World, items, posts, read


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    with made.server:
        yield made


@pytest.fixture
def wide() -> Iterator[World]:
    """With pages as long as those of a real forum."""
    made = World(page=50)
    with made.server:
        yield made


def test_a_post_tells_its_topic_what_it_answers_and_whom_it_quotes(world: World) -> None:
    world.put(1, title="Parcels")
    world.put(2, "me too", username="dan")
    world.put(
        3, "Sorry", reply_to=2, quotes=(7, 1), version=2, edited_at=NOW + timedelta(minutes=1)
    )
    found = {post.key.external_id: post for post in posts(read(world.source()))}
    root, top_level, answer = found["7/1"], found["7/2"], found["7/3"]
    assert (root.kind, root.title, root.thread) == (PostKind.POST, "Parcels", "7/1")
    assert (top_level.kind, top_level.reply_to, top_level.thread) == (PostKind.COMMENT, None, "7/1")
    assert (answer.reply_to, answer.thread, answer.quotes) == ("7/2", "7/1", ("7/1",))
    assert answer.text == "Sorry"
    assert answer.edited_at == NOW + timedelta(minutes=1)
    assert answer.reply_token == "103"
    assert answer.url == f"{world.server.url}/t/7/3"
    assert (answer.can_reply, answer.author.handle) == (None, "ana_p")


def test_without_an_account_it_reads_without_a_key_and_cannot_answer(world: World) -> None:
    world.put(1)
    [post] = posts(read(world.source(username=None, api_key=None)))
    assert post.can_reply is False
    assert post.cannot_reply_because


def test_two_forums_are_kept_apart_by_their_names(world: World) -> None:
    world.put(1)
    of = world.source(network="care-forum")
    assert [post.key for post in posts(read(of))] == [PostKey("care-forum", "7/1")]
    assert {stream.network for stream in of.streams()} == {"care-forum"}


def test_terms_pick_what_names_the_brand_its_account_and_its_own_posts(world: World) -> None:
    world.put(1, "Bufnivo is late")
    world.put(2, "bufnivoo is not meant")
    world.put(3, f"what do you say, @{BRAND}?")
    world.put(4, "We are sorry", username=BRAND)
    world.put(5, "me too")
    of = world.source(terms=["bufnivo"])
    assert [one.key.external_id for one in posts(read(of))] == ["7/4", "7/3", "7/1"]
    assert {one.name: one.kind for one in of.streams()}["posts"] is StreamKind.SEARCH


def test_what_the_forum_itself_notes_and_whispers_are_passed_over(world: World) -> None:
    world.put(1)
    world.put(2, "closed the topic", type=3)
    world.put(3, "he is a bore", type=4)
    assert [one.key.external_id for one in posts(read(world.source()))] == ["7/1"]


def test_a_page_of_private_posts_hides_nothing_below_it(wide: World) -> None:
    wide.put(1)
    for number in range(2, 150):
        wide.put(number, fate="private")
    wide.put(150)
    found = {one.key.external_id for one in posts(read(wide.source()))}
    assert found == {"7/1", "7/150"}


def test_old_posts_that_are_imported_on_top_hide_nothing(world: World) -> None:
    world.put(1)
    of = world.source()
    first = read(of)
    world.put(2)
    for number in range(3, 9):
        world.put(number, at=NOW - timedelta(days=400))
    again = read(of, since=first[-1].cursor)
    assert [one.key.external_id for one in posts(again)] == ["7/2"]


def test_a_quiet_look_costs_one_call_and_brings_nothing_again(wide: World) -> None:
    for number in range(1, 70):
        wide.put(number, username=BRAND, at=NOW - timedelta(hours=70 - number))
    of = wide.source()
    for name in ("posts", "own-bufnivo_care"):
        first = read(of, name)
        [page] = read(of, name, first[-1].cursor)
        assert (page.items, page.cost.calls) == ((), 1)


def test_an_edit_of_a_young_post_comes_again(world: World) -> None:
    said = world.put(1)
    of = world.source()
    first = read(of)
    said.raw, said.version = "Found it, sorry", 2
    [edited] = posts(read(of, since=first[-1].cursor))
    assert edited.text == "Found it, sorry"


def test_the_search_brings_whole_posts_and_says_what_that_cost(world: World) -> None:
    world.put(1, "parcel " + "x" * 400)
    of = world.source(search="parcel", posts=False)
    [page] = read(of, "search")
    [post] = page.items
    assert isinstance(post, Post)
    assert len(post.text) == 407
    assert page.cost.calls == 2
    assert "order%3Alatest" in world.server.asked[0].address


def test_what_the_search_s_cap_cut_off_is_a_gap(world: World) -> None:
    for number in range(1, 50):
        world.put(number, at=NOW - timedelta(seconds=60 - number))
    of = world.source(search="parcel", posts=False)
    pages = read(of, "search")
    [gap] = [page.gap for page in pages if page.gap]
    assert "10 pages" in gap.reason
    assert len(posts(pages)) == 40
    assert [page.gap for page in read(of, "search", pages[-1].cursor)] == [None]


def test_a_budget_smaller_than_a_page_of_finds_still_gets_through(wide: World) -> None:
    for number in range(1, 21):
        wide.put(number, at=NOW - timedelta(minutes=number))
    found, cursor = set(), None
    for _ in range(5):
        of = wide.source(search="parcel", posts=False, calls_per_minute=8)
        [stream, _] = of.streams()
        with suppress(SourceError):
            for page in of.pages(stream, cursor):
                found |= {one.key for one in page.items if isinstance(one, Post)}
                cursor = page.cursor
    assert len(found) == 20


def test_a_forum_too_busy_to_search_has_not_found_nothing(world: World) -> None:
    world.forum.is_overloaded = True
    with pytest.raises(SourceError, match="can't search now") as raised:
        read(world.source(search="parcel"), "search")
    assert not raised.value.permanent


def test_a_post_that_is_deleted_before_it_was_read_is_passed_over(world: World) -> None:
    world.put(1, username=BRAND)
    world.server.faults.append(Fault("404", "by_number"))
    assert items(read(world.source(), "own-bufnivo_care")) == []


def test_many_own_posts_come_whole(world: World) -> None:
    for number in range(1, 70):
        world.put(number, username=BRAND, at=NOW - timedelta(seconds=number))
    assert len(set(posts(read(world.source(posts=False, search="x"), "own-bufnivo_care")))) == 69


def test_a_refresh_tells_edits_and_deletions_and_passes_over_what_is_hidden(world: World) -> None:
    world.put(1, "edited", version=2)
    world.put(2, fate="deleted")
    world.put(3, fate="private")
    world.put(4, broken={"user_deleted": True})
    world.put(5, broken={"deleted_at": "2026-03-27T11:00:00.000Z"})
    world.put(6, broken={"cooked": 6})
    of = world.source()
    assert isinstance(of, Refreshes)
    keys = [PostKey("discourse", f"7/{number}") for number in range(1, 7)]
    strange = [PostKey("discourse", "no post"), PostKey("elsewhere", "7/1")]
    one, two, four, five, six = of.refresh([*keys, *strange])
    assert isinstance(one, Post)
    assert one.text == "edited"
    assert two == Gone(keys[1], NOW)
    assert four == Gone(keys[3], NOW)
    assert five == Gone(keys[4], NOW - timedelta(hours=1))
    assert isinstance(six, Rejected)


def test_too_many_calls_are_left_off_as_long_as_the_forum_says(world: World) -> None:
    body = '{"errors": ["slow down"], "extras": {"wait_seconds": 17}}'
    world.server.faults.append(Fault("429", body=body))
    with pytest.raises(SourceError) as raised:
        read(world.source())
    assert raised.value.retry_after == timedelta(seconds=17)


def test_a_key_of_somebody_else_is_refused_for_good(world: World) -> None:
    with pytest.raises(SourceError) as raised:
        read(world.source(username="dan"))
    assert raised.value.permanent


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"api_key": None}, "give both, or neither"),
        ({"posts": False}, "nothing to read"),
        ({"network": "Care Forum"}, "network"),
        ({"base_url": "https://me:secret@forum.example"}, "base_url"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused(
    world: World, options: dict[str, object], problem: str
) -> None:
    with pytest.raises(ConfigError, match=problem):
        world.source(**options)


def test_a_trial_says_whose_key_it_is_and_looks_at_every_stream(world: World) -> None:
    of = world.source(search="parcel")
    assert isinstance(of, AnsweringSource)
    found = list(of.try_out())
    assert {one.standing for one in found} == {Standing.WELL}
    assert f"as {BRAND}" in found[0].said
    public = list(world.source(username=None, api_key=None).try_out())
    assert "nothing can be answered" in public[0].said


def test_a_trial_says_what_the_key_may_not_do(world: World) -> None:
    world.server.faults += [Fault("403", "session"), Fault("503", "user_actions")]
    standings = [one.standing for one in world.source().try_out()]
    assert standings == [Standing.LACKS, Standing.WELL, Standing.FAILS, Standing.WELL]


def test_a_trial_notices_another_account_s_key(world: World) -> None:
    body = '{"current_user": {"username": "dan", "admin": true}}'
    world.server.faults.append(Fault("said", "session", body=body))
    assert next(iter(world.source().try_out())).standing is Standing.FAILS

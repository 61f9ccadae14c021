"""How `x` reads on: its cursors, its gaps, what it spends, and which failure stops what."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor import registry
from monitor.domain.errors import ConfigError, SourceError
from monitor.domain.post import Cursor, Page, StreamKind
from monitor.settings.reading import read_text
from monitor.simulator.x import id_at
from monitor.sources.x import X
from tests.sources.x_world import ACCOUNT, HANDLE, NOON, Shop, ids, key, look, posts, shop

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def world() -> Iterator[Shop]:
    with shop() as made:
        yield made


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({"account": "our_shop", "handle": "our_shop"}, "account: String should match pattern"),
        ({"account": "1", "handle": "our shop"}, "handle: String should match pattern"),
        ({"account": "1", "handle": "a", "query": "x" * 500}, "490 are yours|487 are yours"),
        ({"account": "1", "handle": "a", "page_size": 5}, "page_size: Input should be greater"),
        ({"account": "1", "handle": "a", "base_url": "ftp://h"}, "base_url: String should match"),
        ({"account": "1", "handle": "a", "look_back": "soon"}, "look_back: .*is no span of time"),
    ],
)
def test_a_mistake_in_the_config_is_told(table: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        registry.options(X, table, "sources.x")


def test_without_a_query_nothing_is_sought(world: Shop) -> None:
    kinds = [stream.kind for stream in world.source(query=None).streams()]
    assert kinds == [StreamKind.MENTIONS, StreamKind.OWN]


def test_a_query_leaves_out_reposts_and_the_account_s_own_posts(world: Shop) -> None:
    world.writes("our parcel service is open", by=HANDLE)
    asked = world.writes("where is my parcel")
    assert ids(look(world.source(query="parcel OR refund"), "search")) == [asked]
    query = world.server.asked[-1].query["query"]
    assert query == "(parcel OR refund) -is:retweet -from:our_shop"


def test_a_missing_token_stops_the_stream_and_says_which(world: Shop) -> None:
    del world.secrets.known["x_token"]
    with pytest.raises(SourceError, match='"x_token" is missing') as raised:
        look(world.source())
    assert raised.value.permanent


@pytest.mark.parametrize("token", ["T\nHUSH-HUSH", "T HUSH-HUSH", "HUSH…"])
def test_a_token_that_no_header_holds_is_never_repeated(world: Shop, token: str) -> None:
    world.secrets.put("x_token", token)
    with pytest.raises(SourceError, match='the secret "x_token" holds') as raised:
        look(world.source())
    assert "HUSH" not in str(raised.value)
    world.secrets.put("x_token", "T\n")
    assert look(world.source())


def test_a_token_revoked_while_running_stops_reading_until_there_is_a_new_one(world: Shop) -> None:
    source = world.source()
    cursor = look(source)[-1].cursor
    asked = world.writes()
    world.server.token = "another"
    with pytest.raises(SourceError, match="make a new one") as raised:
        look(source, since=cursor)
    assert raised.value.permanent
    assert "T" not in str(raised.value).split()
    world.secrets.put("x_token", "another")
    assert ids(look(source, since=cursor)) == [asked]


def test_no_credits_for_search_does_not_stop_mentions_and_timeline(world: Shop) -> None:
    asked = world.writes()
    answer = world.answers(asked)
    world.server.fail("402", "/search/")
    source = world.source()
    with pytest.raises(SourceError, match="credits are used up"):
        look(source, "search")
    assert ids(look(source, "mentions")) == [asked]
    assert ids(look(source, "own")) == [answer]


@pytest.mark.parametrize("status", ["402", "403", "404"])
def test_where_the_timeline_is_refused_answers_are_sought_if_that_is_wished(
    world: Shop, status: str
) -> None:
    said: dict[str, object] = {"owned": True, "own_by_search": True, "authors": False}
    source = world.source(**said)
    first = world.answers(world.writes())
    before = look(source, "own")
    world.passes(MINUTE)
    asked = world.writes()
    answers = [world.answers(asked, f"On its way, {n}") for n in range(12)]
    world.server.fail(status, f"{ACCOUNT}/tweets")
    sought = look(source, "own", before[-1].cursor)
    assert [*ids(before), *sorted(ids(sought))] == [first, *answers]
    assert {post.reply_to for post in posts(sought)} == {asked}
    assert sum(page.cost.micros for page in sought) == 13 * 5_000, "search costs five times as much"
    world.server.heal()
    world.passes(MINUTE)
    later = world.answers(asked, "And here it is")
    assert ids(look(source, "own", sought[-1].cursor)) == [later]


def test_unasked_no_answer_is_sought_for_money(world: Shop) -> None:
    world.server.fail("403", f"{ACCOUNT}/tweets")
    with pytest.raises(SourceError, match="own: X answered 403"):
        look(world.source(), "own")
    world.server.heal()
    world.server.fail("503", f"{ACCOUNT}/tweets")
    with pytest.raises(SourceError, match="own: X answered 503"):
        look(world.source(own_by_search=True), "own")  # that passes by itself
    assert not any("search" in one.path for one in world.server.asked)


def test_where_neither_can_be_read_it_says_what_is_wrong_with_the_timeline(world: Shop) -> None:
    world.server.fail("403", f"{ACCOUNT}/tweets")
    world.server.fail("402", "/search/")
    with pytest.raises(SourceError, match="own: X answered 403") as raised:
        look(world.source(own_by_search=True), "own")
    assert raised.value.permanent


def test_answers_sought_stay_within_the_day_s_money(world: Shop) -> None:
    asked = world.writes()
    for n in range(60):
        world.answers(asked, f"{n}")
    world.server.fail("403", f"{ACCOUNT}/tweets")
    source = world.source(own_by_search=True, budget_usd_per_day=0.20, owned=True)
    brought: list[Page] = []
    with pytest.raises(SourceError):
        brought.extend(source.pages(source.streams()[-1], None))
    told = [json.loads(page.cursor) for page in brought]
    assert told[-1]["spent"]["own"][1] <= 200_000


def test_a_search_that_failed_for_a_day_is_made_up_for(world: Shop) -> None:
    source = world.source()
    written = [world.writes()]
    cursor = look(source, "search")[-1].cursor
    world.server.fail("503", "/search/")
    for _ in range(24):
        world.passes(HOUR)
        written.append(world.writes())
        with pytest.raises(SourceError):
            look(source, "search", cursor)
    world.server.heal()
    found = look(source, "search", cursor)
    assert sorted(ids(found)) == written[1:]
    assert not any(page.gap for page in found)


def test_an_account_that_is_not_there_is_said_to_be_so(world: Shop) -> None:
    with pytest.raises(SourceError, match="Could not find user") as raised:
        look(world.source(account="7"))
    assert raised.value.permanent


# ---------------------------------------------------------------------------------- reading on


def test_the_floor_moves_only_when_the_last_page_is_in(world: Shop) -> None:
    first = world.writes()
    source = world.source()
    before = look(source)[-1].cursor
    for _ in range(25):
        world.passes(timedelta(seconds=1))
        world.writes()
    floors = [json.loads(page.cursor)["floor"] for page in look(source, since=before)]
    assert floors[:2] == [first, first]
    assert int(floors[2]) == max(map(int, world.face.posts))


def test_a_look_is_gone_on_with_and_then_takes_what_came_meanwhile(world: Shop) -> None:
    old = [world.writes(ago=timedelta(seconds=30 - n)) for n in range(25)]
    stream = world.source().streams()[0]
    page = next(iter(world.source().pages(stream, None)))
    world.passes(HOUR)
    new = world.writes()
    rest = look(world.source(), since=page.cursor)
    assert sorted([*ids([page]), *ids(rest)]) == sorted([*old, new])


def test_a_continuation_that_x_forgot_starts_the_look_again(world: Shop) -> None:
    written = [world.writes(ago=timedelta(seconds=30 - n)) for n in range(15)]
    source = world.source()
    page = next(iter(source.pages(source.streams()[0], None)))
    said = json.loads(page.cursor)
    cursor = json.dumps(said | {"next": "!!"})
    assert sorted(ids(look(source, since=cursor))) == sorted(written)


def test_what_x_indexed_late_is_found_within_the_overlap(world: Shop) -> None:
    source = world.source(overlap="15m")
    world.writes()
    cursor = look(source)[-1].cursor
    world.passes(3 * HOUR)  # also if nobody looked for hours
    late = world.writes(ago=3 * HOUR + 10 * MINUTE)
    too_late = world.writes(ago=3 * HOUR + 20 * MINUTE)
    found = ids(look(source, since=cursor))
    assert late in found
    assert too_late not in found


def test_a_quiet_stream_reads_nothing_again(world: Shop) -> None:
    source = world.source(overlap="15m")
    world.writes()
    cursor = look(source)[-1].cursor
    world.passes(20 * MINUTE)
    again = look(source, since=cursor)
    world.passes(MINUTE)
    assert ids(look(source, since=again[-1].cursor)) == []


def test_an_id_from_the_future_does_not_hide_what_comes_after_it(world: Shop) -> None:
    source = world.source()
    world.writes(number=str(id_at(NOON + 300 * DAY)))
    cursor = look(source)[-1].cursor
    world.passes(2 * HOUR)
    asked = world.writes()
    assert asked in ids(look(source, since=cursor))


@pytest.mark.parametrize("skew", [-3 * DAY, -2 * HOUR, 2 * HOUR, 3 * DAY])
def test_a_wrong_clock_of_ours_hides_nothing(world: Shop, skew: timedelta) -> None:
    first = world.writes()
    world.now += skew
    source = world.source()
    pages = look(source, "search")
    cursor = pages[-1].cursor
    world.passes(HOUR)
    second = world.writes()
    assert {*ids(pages), *ids(look(source, "search", cursor))} == {first, second}


def test_a_first_look_goes_back_as_far_as_the_config_says(world: Shop) -> None:
    world.writes(ago=3 * DAY)
    recent = world.writes(ago=DAY)
    assert ids(look(world.source(look_back="2d"))) == [recent]


def test_after_more_than_seven_days_search_says_what_it_cannot_find_any_more(world: Shop) -> None:
    first = world.writes()
    source = world.source()
    cursor = look(source, "search")[-1].cursor
    world.passes(9 * DAY)
    lost = world.writes(ago=8 * DAY)
    found = [world.writes(ago=DAY + n * HOUR) for n in range(12)]
    pages = look(source, "search", cursor)
    assert sorted(ids(pages)) == sorted(found)
    assert lost not in ids(pages)
    assert [page.gap.from_ if page.gap else None for page in pages] == [first, None]
    assert look(source, "search", pages[-1].cursor)[0].gap is None


def test_a_quiet_search_has_no_gap(world: Shop) -> None:
    world.writes()
    source = world.source()
    cursor: Cursor | None = None
    for _ in range(20):
        pages = look(source, "search", cursor)
        assert [page.gap for page in pages] == [None]
        cursor = pages[-1].cursor
        world.passes(DAY)


def test_the_800_mentions_that_x_shows_leave_a_gap(world: Shop) -> None:
    source = world.source(page_size=100, budget_usd_per_day=100.0)
    first = world.writes(ago=HOUR)
    cursor = look(source)[-1].cursor
    numbers = [world.writes(number=str(id_at(NOON - MINUTE) + n)) for n in range(820)]
    pages = look(source, since=cursor)
    assert set(ids(pages)) == set(numbers[20:])
    gaps = [page.gap for page in pages if page.gap]
    assert [(gap.from_, gap.to) for gap in gaps] == [(first, numbers[20])]
    assert pages[-1].gap is gaps[0]


def test_what_x_withholds_of_the_800_hides_no_gap(world: Shop) -> None:
    source = world.source(page_size=100, budget_usd_per_day=100.0)
    first = world.writes(ago=HOUR)
    cursor = look(source)[-1].cursor
    numbers = [world.writes(number=str(id_at(NOON - MINUTE) + n)) for n in range(820)]
    for hidden in numbers[-30::10]:
        world.face.posts[hidden].raw = {}
    pages = look(source, since=cursor)
    assert len(ids(pages)) == 797
    gap = pages[-1].gap
    assert gap is not None
    assert (gap.from_, gap.to) == (first, numbers[20])


def test_more_than_the_page_cap_leaves_a_gap_and_the_next_look_starts_above(world: Shop) -> None:
    source = world.source(max_pages=2)
    first = world.writes(ago=HOUR)
    cursor = look(source)[-1].cursor
    numbers = [world.writes(number=str(id_at(NOON - MINUTE) + n)) for n in range(25)]
    pages = look(source, since=cursor)
    assert ids(pages) == numbers[:4:-1]
    gap = pages[-1].gap
    assert gap is not None
    assert (gap.reason, gap.from_, gap.to) == ("more than 2 pages were new", first, numbers[5])
    new = world.writes()
    assert ids(look(source, since=pages[-1].cursor)) == [new]


@settings(max_examples=25)
@given(data=st.data())
def test_late_and_early_nothing_is_missed_within_the_overlap(data: st.DataObject) -> None:
    """Posts come up to ten minutes late, looks are cut short, and the source is made anew."""
    with shop() as world:
        written, seen = set[str](), set[str]()
        cursor: Cursor | None = None
        for _ in range(data.draw(st.integers(1, 6), label="turns")):
            world.passes(timedelta(seconds=data.draw(st.integers(0, 7200), label="seconds")))
            for late in data.draw(st.lists(st.integers(0, 600), max_size=25), label="late"):
                written.add(world.writes(ago=timedelta(seconds=late)))
            source = world.source(overlap="10m", budget_usd_per_day=1000.0)
            cut = data.draw(st.integers(1, 4), label="pages")
            for count, page in enumerate(source.pages(source.streams()[0], cursor), start=1):
                cursor = page.cursor
                seen |= set(ids([page]))
                if count == cut:
                    break
        seen |= set(ids(look(world.source(overlap="10m"), since=cursor)))
        assert seen == written


# --------------------------------------------------------------------------------------- money


def test_a_page_says_what_it_cost_and_the_same_is_not_charged_twice_a_day(world: Shop) -> None:
    source = world.source()
    world.writes(ago=HOUR)
    world.writes(by="dan")
    (page,) = look(source)
    assert (page.cost.calls, page.cost.micros) == (1, 2 * 5_000 + 2 * 10_000)
    (again,) = look(source, "search")
    assert (again.cost.calls, again.cost.micros) == (1, 0)
    world.passes(DAY)
    (tomorrow,) = look(source, "search")
    assert tomorrow.cost.micros == 30_000


def test_what_the_app_s_owner_reads_of_its_own_is_cheaper(world: Shop) -> None:
    asked = world.writes()
    world.answers(asked)
    source = world.source(owned=True, authors=False)
    costs = {name: look(source, name)[0].cost.micros for name in ("own", "mentions", "search")}
    assert costs == {"own": 1_000 + 5_000, "mentions": 0, "search": 0}


def test_the_day_s_money_is_never_exceeded_and_reading_goes_on_the_next_day(world: Shop) -> None:
    written = [world.writes(ago=timedelta(seconds=60 - n)) for n in range(30)]
    source = world.source(budget_usd_per_day=0.10, authors=False)
    stream = source.streams()[0]
    pages: list[Page] = []
    with pytest.raises(SourceError, match=r"used up \(\$0.10 of \$0.10\)") as raised:
        pages.extend(source.pages(stream, None))
    assert raised.value.retry_after == 12 * HOUR
    assert not raised.value.permanent
    assert [page.cost.micros for page in pages] == [50_000, 50_000]
    world.passes(12 * HOUR)
    rest = look(source, since=pages[-1].cursor)
    assert {*ids(pages), *ids(rest)} == set(written)


def test_a_restart_does_not_forget_what_the_day_cost(world: Shop) -> None:
    for n in range(15):
        world.writes(ago=timedelta(seconds=n))
    cursor = None
    for page in world.source(budget_usd_per_day=0.08, authors=False).pages(
        world.source().streams()[0], None
    ):
        cursor = page.cursor
        break
    again = world.source(budget_usd_per_day=0.07, authors=False)
    with pytest.raises(SourceError, match="budget is used up"):
        look(again, since=cursor)


def test_a_restart_knows_what_a_stream_spent_that_rests_now(world: Shop) -> None:
    """Search used up its share, and is not read before midnight; mentions are."""
    for n in range(20):
        world.writes("a parcel", ago=timedelta(seconds=20 - n))
        world.writes(ago=timedelta(seconds=20 - n))
    said: dict[str, object] = {"budget_usd_per_day": 0.10, "authors": False}
    source = world.source(**said)
    with pytest.raises(SourceError, match="budget is used up"):
        look(source, "search")
    before = next(source.pages(source.streams()[0], None)).cursor
    assert source.streams()[0].name == "mentions"
    again = world.source(**said)
    with pytest.raises(SourceError, match=r"used up \(\$0.10 of \$0.10\)"):
        look(again, since=before)


def test_a_restart_knows_what_looking_up_and_answering_cost(world: Shop) -> None:
    asked = world.writes()
    said: dict[str, object] = {"budget_calls_per_day": 4, "answer_keys": "x"}
    source = world.source(**said)
    [*source.refresh([key(asked)])]
    source.reply(posts(look(source))[0], "On its way!", "case-1")
    before = look(source, "own")[-1].cursor
    with pytest.raises(SourceError, match=r"used up \(4 calls\)"):
        look(world.source(**said), "own", before)


def test_a_dear_search_leaves_money_to_see_mentions_and_answers(world: Shop) -> None:
    for n in range(50):
        world.writes("a parcel", ago=timedelta(seconds=50 - n))
    source = world.source(budget_usd_per_day=0.20, authors=False)
    with pytest.raises(SourceError, match=r"used up \(\$0.15 of \$0.20\)"):
        look(source, "search")
    asked = world.writes()
    assert ids(look(source, "mentions")) == [asked]


def test_a_day_s_calls_can_be_limited(world: Shop) -> None:
    source = world.source(budget_calls_per_day=2)
    look(source, "mentions")
    look(source, "own")
    with pytest.raises(SourceError, match=r"used up \(2 calls\)"):
        look(source, "search")
    assert len(world.server.asked) == 2


# ------------------------------------------------------------------------------------ the wire


def test_x_s_own_limit_says_when_it_ends_by_the_network_s_clock() -> None:
    with shop(rate_limit=2) as world:
        world.face.now += timedelta(minutes=5)
        world.now -= 3 * HOUR
        source = world.source()
        look(source)
        look(source)
        with pytest.raises(SourceError, match="too many calls") as raised:
            look(source)
        assert raised.value.retry_after == timedelta(minutes=10)


def test_every_call_is_made_once(world: Shop) -> None:
    world.server.fail("drop")
    with pytest.raises(SourceError):
        look(world.source())
    assert len(world.server.asked) == 1


def test_nobody_there_is_an_error_that_passes(world: Shop) -> None:
    with pytest.raises(SourceError, match="can't be reached") as raised:
        look(world.source(base_url="http://127.0.0.1:9"))
    assert not raised.value.permanent


def test_a_gateway_s_path_stays_in_front(world: Shop) -> None:
    with pytest.raises(SourceError):
        look(world.source(base_url=f"{world.server.url}/to/x/"))
    assert world.server.asked[-1].path == f"/to/x/2/users/{ACCOUNT}/mentions"


def test_authors_are_named_only_if_they_are_paid_for(world: Shop) -> None:
    world.writes()
    (named,) = posts(look(world.source()))
    assert (named.author.id, named.author.handle, named.author.followers) == ("901", "ana_p", 120)
    (unnamed,) = posts(look(world.source(authors=False)))
    assert (unnamed.author.id, unnamed.author.handle) == ("901", None)
    assert unnamed.url == f"https://x.com/i/status/{unnamed.key.external_id}"


def test_the_example_of_the_docs_loads_and_its_options_are_right() -> None:
    page = (Path(__file__).parents[2] / "docs" / "sources" / "x.md").read_text()
    (block,) = re.findall(r"^ *```toml\n(.*?)^ *```$", page, re.MULTILINE | re.DOTALL)
    loaded = read_text(textwrap.dedent(block), "docs/sources/x.md")
    (source,) = loaded.sources
    assert registry.options(X, source.options, "sources.x")

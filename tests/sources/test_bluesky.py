"""What the source `bluesky` brings of a small network, what it passes over, and how it looks again."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from monitor import registry
from monitor.domain.errors import ConfigError, SourceError
from monitor.domain.finding import Standing
from monitor.domain.post import Gone, Post, PostKey, Rejected, StreamKind
from monitor.ports import AnsweringSource, DescribesReplies, Refreshes, TriesOut
from monitor.simulator.bluesky import did_of, iso
from monitor.sources.bluesky import Bluesky
from tests.sources.bluesky_world import BRAND, NOW, World, gaps, items, one, posts, read, texts

LINK = "app.bsky.richtext.facet#link"


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    with made.server:
        yield made


def linked(text: str, shown: str, uri: str) -> dict[str, Any]:
    start = len(text[: text.index(shown)].encode())
    index = {"byteStart": start, "byteEnd": start + len(shown.encode())}
    return {"index": index, "features": [{"$type": LINK, "uri": uri}]}


def test_it_has_all_powers(world: World) -> None:
    source = world.source()
    assert isinstance(source, AnsweringSource)
    assert isinstance(source, Refreshes)
    assert isinstance(source, TriesOut)
    assert isinstance(source, DescribesReplies)


def test_a_post_says_who_wrote_what_to_whom_and_when_the_network_saw_it(world: World) -> None:
    world.network.followers[did_of("ana.example")] = 1234
    said = world.asks(
        "unde e coletul? 📦", at=NOW - timedelta(hours=1), record={"langs": ["ro", "en"]}
    )
    post = one(world.source())
    assert post.key == PostKey("bluesky", said.uri)
    assert post.thread == said.uri
    assert post.text == f"@{BRAND} unde e coletul? 📦"
    assert (post.lang, post.visibility) == ("ro", "public")
    assert post.posted_at == post.indexed_at == NOW, "not the hour that the author claims"
    assert (post.author.id, post.author.handle, post.author.name) == (
        did_of("ana.example"),
        "ana.example",
        "Ana",
    )
    assert (post.reach, post.author.followers) == (1234, 1234)
    assert post.url == f"https://bsky.app/profile/{said.did}/post/{said.rkey}"
    assert post.reply_token == f"{said.cid} {said.cid}"
    assert (post.can_reply, post.cannot_reply_because) == (True, None)


def test_an_answer_stands_in_its_thread_and_names_what_its_root_said(world: World) -> None:
    root = world.network.put("any news?", author="dan.example")
    above = world.network.put("none", reply_to=root.uri)
    said = world.asks("me too", reply_to=above.uri)
    post = one(world.source())
    assert (post.thread, post.reply_to) == (root.uri, above.uri)
    assert post.reply_token == f"{said.cid} {root.cid}"


def test_answers_to_the_brand_and_quotes_of_it_are_read_without_a_mention(world: World) -> None:
    ours = world.network.put("New shop!", author=BRAND)
    answer = world.network.put("and my parcel?", reply_to=ours.uri)
    quote = world.network.put("don't buy there", quotes=ours.uri)
    found = {post.key.external_id: post for post in posts(read(world.source()))}
    assert set(found) == {answer.uri, quote.uri}
    assert found[quote.uri].quotes == (ours.uri,)
    assert found[quote.uri].thread == quote.uri


def test_what_is_shown_beside_a_quote_does_not_hide_it(world: World) -> None:
    ours = world.network.put("New shop!", author=BRAND)
    inner = {"$type": "app.bsky.embed.record", "record": {"uri": ours.uri, "cid": ours.cid}}
    media = {"$type": "app.bsky.embed.recordWithMedia", "record": inner, "media": {}}
    world.asks("look", record={"embed": media})
    assert one(world.source()).quotes == (ours.uri,)


def test_a_list_that_is_shown_is_no_quote(world: World) -> None:
    shown = {"uri": f"at://{did_of(BRAND)}/app.bsky.graph.list/3k", "cid": "b"}
    world.asks(record={"embed": {"$type": "app.bsky.embed.record", "record": shown}})
    assert one(world.source()).quotes == ()


@pytest.mark.parametrize(
    ("text", "shown", "uri", "plain"),
    [
        (
            "ăî shop.example/ord… now",
            "shop.example/ord…",
            "https://shop.example/orders/7",
            "ăî {} now",
        ),
        ("see shop.example/o...", "shop.example/o...", "https://www.shop.example/orders", "see {}"),
        ("see https://a.example", "https://a.example", "https://a.example", "see {}"),
        ("read this now", "this", "https://a.example/x", "read this ({}) now"),
        ("bank.example/x", "bank.example/x", "https://thief.example", "bank.example/x ({})"),
    ],
)
def test_links_are_written_out(world: World, text: str, shown: str, uri: str, plain: str) -> None:
    world.network.put(text, record={"facets": [linked(text, shown, uri)]})
    source = world.source(search=[text.split(maxsplit=1)[0]])
    stream = source.streams()[1].name
    assert one(source, stream).text == plain.format(uri)


def test_facets_that_make_no_sense_leave_the_text_as_it_is(world: World) -> None:
    text = "parcel 📦 lost"
    good = linked(text, "parcel", "https://a.example")
    bad: list[Any] = [None, 7, {}, {"index": None, "features": []}, {"index": {}, "features": [1]}]
    for index in (
        {"byteStart": 9, "byteEnd": 3},
        {"byteStart": -1, "byteEnd": 2},
        {"byteEnd": 10**9},
    ):
        bad += [{"index": {"byteStart": 0, **index}, "features": good["features"]}]
    world.network.put(text, record={"facets": bad})
    world.network.put(text, record={"facets": "none"})
    world.network.put(
        text, record={"facets": [linked(text, "\N{PACKAGE} lost", "https://a.example")]}
    )
    assert texts(read(world.source(search=["parcel"]), "search-parcel")) == [
        "parcel 📦 lost (https://a.example)",
        text,
        text,
    ]


@pytest.mark.parametrize(
    ("labels", "members", "told"),
    [
        ((), False, "public"),
        ((), True, "members"),
        (("spam", "rude"), False, "labelled rude, spam"),
        (("graphic-media",), True, "labelled graphic-media"),
    ],
)
def test_labels_tell_who_sees_a_post(
    world: World, labels: tuple[str, ...], members: bool, told: str
) -> None:
    said = world.asks(labels=labels)
    if members:
        world.network.members.add(said.did)
    assert one(world.source()).visibility == told


def test_a_label_that_was_taken_back_labels_nothing(world: World) -> None:
    world.asks(broken={"labels": [{"val": "spam", "neg": True}, {"val": 7}, "?"]})
    assert one(world.source()).visibility == "public"


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ([], "only its author may answer in this thread"),
        (["followerRule"], "only the author's followers may answer in this thread"),
        (
            ["mentionRule", "listRule"],
            (
                "only those whom the first post names and those on a list of the author's may answer "
                "in this thread"
            ),
        ),
        (["newRule"], "only its author may answer in this thread"),
    ],
)
def test_a_gate_says_why_the_account_may_not_answer(
    world: World, rules: list[str], words: str
) -> None:
    said = world.asks()
    world.network.gates[said.uri] = rules
    post = one(world.source())
    assert (post.can_reply, post.cannot_reply_because) == (False, words)


def test_the_gate_of_a_thread_holds_for_its_answers(world: World) -> None:
    root = world.network.put("between us", author="dan.example")
    world.asks("look at that", reply_to=root.uri)
    world.network.gates[root.uri] = []
    assert one(world.source()).cannot_reply_because == "only some may answer in this thread"


def test_a_post_of_somebody_who_blocks_the_account_is_read_and_cannot_be_answered(
    world: World,
) -> None:
    said = world.asks()
    world.network.blocks.add((said.did, world.network.brand))
    post = one(world.source())
    assert post.cannot_reply_because == "its author blocks the account"


def test_an_account_that_only_reads_says_so(world: World) -> None:
    world.asks()
    post = one(world.source(answers=False))
    assert (post.can_reply, world.source(answers=False).reply_author) == (False, None)


def test_reposts_are_left_out_and_hide_nothing_below_them(world: World) -> None:
    theirs = world.network.put("what a shop", author="dan.example")
    ours = [world.network.put(f"news {number}", author=BRAND) for number in range(3)]
    for number in range(5):
        world.network.reposts.append((did_of(BRAND), theirs.uri, NOW + timedelta(minutes=number)))
    found = posts(read(world.source(page_size=2), "own"))
    assert {post.key.external_id for post in found} == {said.uri for said in ours}


def test_streams_are_the_account_s_the_searches_and_the_colleagues(world: World) -> None:
    streams = world.source(search=["Bufnivo OR bufnita"], accounts=["@Help.Shop.example"]).streams()
    assert {one.name: one.kind for one in streams} == {
        "mentions": StreamKind.MENTIONS,
        "search-bufnivo or bufnita": StreamKind.SEARCH,
        "own": StreamKind.OWN,
        "own-help.shop.example": StreamKind.OWN,
    }


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"account": "shop"}, "is no handle"),
        ({"account": "shop@mail.example"}, "is no handle"),
        ({"accounts": [f"@{BRAND}"]}, "named once"),
        ({"search": ["a", "A"]}, "named once"),
        ({"page_size": 101}, "less than or equal to 100"),
        ({"password": "abcd-efgh-ijkl-mnop"}, None),
        ({"password": "aBcd-1234"}, "not its name"),
    ],
)
def test_a_mistake_in_the_config_is_told(said: dict[str, object], told: str | None) -> None:
    table = {"account": BRAND, **said}
    if told is None:
        registry.options(Bluesky, table, "sources.bluesky")
        return
    with pytest.raises(ConfigError, match=told):
        registry.options(Bluesky, table, "sources.bluesky")


def test_what_answers_need_is_asked_for_where_answers_are_written(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "atproto_client", None)
    options = registry.options(Bluesky, {"account": BRAND}, "sources.bluesky")
    with pytest.raises(ConfigError, match=r'pip install "complaint-monitor\[bluesky\]"'):
        registry.build(Bluesky, options, secrets=world.secrets, clock=lambda: NOW)
    world.asks()
    assert one(world.source(answers=False))


# ---------------------------------------------------------------------------------- looking again


def test_a_quiet_look_takes_two_calls_and_brings_nothing_again(world: World) -> None:
    for number in range(60):
        world.asks(str(number))
    source = world.source()
    first = read(source)
    assert len(posts(first)) == 60
    assert world.calls().count("getPosts") == 3, "twenty-five at once"
    [page] = read(source, since=first[-1].cursor)
    assert (page.items, page.cost.calls) == ((), 2), (
        "the network's last page says that there is more"
    )
    assert world.calls() == ["listNotifications"] * 2


def test_the_calls_of_a_page_are_all_counted(world: World) -> None:
    world.asks()
    source = world.source()
    world.calls()
    pages = read(source)
    made = [name for name in world.calls() if name != "createSession"]
    assert sum(page.cost.calls for page in pages) == len(made)


def test_what_is_indexed_late_or_dated_back_is_seen_within_the_overlap(world: World) -> None:
    world.asks("first")
    source = world.source(overlap="6h")
    first = read(source)
    world.passes(minutes=10)
    world.asks("late", at=NOW - timedelta(hours=5))
    assert texts(read(source, since=first[-1].cursor)) == [f"@{BRAND} late"]


def test_a_look_reads_no_further_than_the_overlap(world: World) -> None:
    source = world.source(page_size=5, overlap="1h")
    for _ in range(40):
        world.asks()
        world.passes(minutes=10)
    first = read(source)
    world.calls()
    read(source, since=first[-1].cursor)
    assert world.calls().count("listNotifications") <= 3


def test_what_the_author_dates_ahead_hides_nothing(world: World) -> None:
    world.asks("from the future", at=NOW + timedelta(days=900))
    source = world.source()
    first = read(source)
    assert posts(first)[0].posted_at == NOW
    world.passes(minutes=1)
    world.asks("now")
    assert texts(read(source, since=first[-1].cursor)) == [f"@{BRAND} now"]


def test_posts_of_one_moment_are_not_cut_in_two_by_a_page(world: World) -> None:
    """The network goes on below the moment at which a page of notifications ended."""
    for number in range(7):
        world.asks(str(number), at=NOW - timedelta(minutes=number // 3))
    found = posts(read(world.source(page_size=4)))
    assert len({post.key for post in found}) == 7


def test_a_whole_page_of_one_moment_is_passed(world: World) -> None:
    for number in range(4):
        world.asks(str(number), at=NOW - timedelta(minutes=1))
    world.asks("old", at=NOW - timedelta(minutes=9))
    assert f"@{BRAND} old" in texts(read(world.source(page_size=2)))


def test_a_place_that_the_network_forgot_is_sought_from_the_top(world: World) -> None:
    for number in range(6):
        world.asks(str(number), at=NOW - timedelta(minutes=number))
    source = world.source(page_size=2)
    first = next(iter(source.pages(source.streams()[0], None)))
    world.server.fail("400", "cursor=", times=1)
    rest = read(source, since=first.cursor)
    assert {*texts([first]), *texts(rest)} == {f"@{BRAND} {number}" for number in range(6)}


def test_answers_without_ours_in_them_are_turned_and_not_for_ever(world: World) -> None:
    """A page may have a further one though nothing is left of it, as when all was by people in a quarrel."""
    source = world.source(search=["parcel"])
    read(source, "search-parcel")
    world.calls()
    world.server.fail("said", "searchPosts", body='{"posts": [], "cursor": "25"}')
    found = read(source, "search-parcel")
    assert [gap.reason for gap in gaps(found)] == [
        "5 pages had nothing of ours, and there were more"
    ]
    assert world.calls().count("searchPosts") == 6


def test_an_edited_post_comes_again(world: World) -> None:
    said = world.asks()
    source = world.source()
    first = read(source)
    said.record["text"] = "found it, sorry"
    assert texts(read(source, since=first[-1].cursor)) == ["found it, sorry"]


def test_one_that_is_not_shown_is_read_as_it_was_told(world: World) -> None:
    """Between a notification and the look at the post it may be hidden: nothing is lost for that."""
    said = world.asks()
    world.server.fail("said", "getPosts", body='{"posts": []}')
    post = one(world.source())
    assert (post.key.external_id, post.can_reply) == (said.uri, True)


@pytest.mark.parametrize("method", ["getPosts", "getProfiles"])
def test_a_look_at_posts_that_is_refused_stops_no_stream(world: World, method: str) -> None:
    said = world.asks()
    world.server.fail("400", method)
    assert one(world.source()).key.external_id == said.uri


@pytest.mark.parametrize(
    "broken",
    [
        {"uri": "at://did:plc:x/app.bsky.feed.like/3k"},
        {"uri": "https://bsky.app"},
        {"uri": None},
        {"cid": 7},
        {"author": None},
        {"author": {"did": "did:plc:somebodyelse", "handle": "dan.example"}},
        {"record": {"$type": "app.bsky.feed.post", "text": None}},
        {"record": {"text": "x", "reply": {"root": {}, "parent": {}}}},
        {"record": []},
        {"indexedAt": "soon"},
        {"indexedAt": "2026-03-27T12:00:00"},
    ],
)
def test_what_cannot_be_read_is_told_with_a_reason(world: World, broken: dict[str, Any]) -> None:
    world.network.put("parcel one")
    world.network.put("parcel two", broken=broken)
    found = items(read(world.source(search=["parcel"]), "search-parcel"))
    assert len(found) == 2
    (rejected,) = (item for item in found if isinstance(item, Rejected))
    assert rejected.where
    assert rejected.reason
    assert "parcel" in rejected.sample or "uri" in rejected.sample


# ---------------------------------------------------------------------------------- looking up


def test_a_deleted_post_is_gone_and_a_hidden_one_is_not_looked_up(world: World) -> None:
    kept, hidden = world.asks("kept", author="dan.example"), world.asks("hidden")
    deleted, closed = world.asks("deleted"), world.asks("closed", author="eve.example")
    source = world.source()
    keys = [post.key for post in posts(read(source))]
    world.network.delete(deleted.uri)
    world.network.delete(closed.uri)
    del world.network.handles[closed.did]
    world.network.blocks.add((hidden.did, world.network.brand))
    told = list(source.refresh([*keys, PostKey("bluesky", "no address"), PostKey("x", kept.uri)]))
    gone = {item.key.external_id for item in told if isinstance(item, Gone)}
    assert gone == {deleted.uri, closed.uri}
    assert [item.key.external_id for item in told if isinstance(item, Post)] == [kept.uri]


def test_posts_are_looked_up_twenty_five_at_once(world: World) -> None:
    source = world.source()
    keys = [PostKey("bluesky", world.asks().uri) for _ in range(60)]
    list(source.refresh(keys[:1]))
    world.calls()
    found = list(source.refresh(keys))
    assert {item.key for item in found if isinstance(item, Post)} == set(keys)
    assert world.calls().count("getPosts") == 3
    assert all(item.reach == 7 for item in found if isinstance(item, Post))


def test_a_network_that_answers_nothing_of_sense_makes_nothing_gone(world: World) -> None:
    key = PostKey("bluesky", world.asks().uri)
    source = world.source()
    for fault in ("object", "list", "503"):
        world.server.fail(fault, "getPosts", times=1)
        with pytest.raises(SourceError):
            list(source.refresh([key]))
    world.server.fail("said", "getPosts", times=1, body='{"posts": []}')
    assert list(source.refresh([key])) == [], "its author's records have it"


# ---------------------------------------------------------------------------------- trying it out


def test_check_says_what_works(world: World) -> None:
    said = [str(found.said) for found in world.source(search=["parcel"]).try_out()]
    assert said[:4] == [
        f"log-in: works, as @{BRAND}",
        "mentions: can be read",
        "search-parcel: can be read",
        "own: can be read",
    ]
    assert world.network.posts == {}, "nothing was written"


def test_check_says_what_the_account_keeps_from_being_seen(world: World) -> None:
    world.network.mutes.add(world.network.account("dan.example"))
    world.network.blocks.add((world.network.brand, world.network.account("eve.example")))
    world.network.preferences["mention"] = "follows"
    found = [one for one in world.source().try_out() if one.standing is Standing.LACKS]
    assert [one.said for one in found] == [
        "mentions: 1 accounts are muted, and what they say is not seen",
        "mentions: 1 accounts are blocked, and what they say is not seen",
        (
            "mentions: the account wants to hear only of people it follows (mention): set its "
            "notifications to everyone"
        ),
    ]


def test_check_says_which_stream_fails_and_goes_on(world: World) -> None:
    source = world.source(accounts=["gone.example"])
    found = {one.said.partition(":")[0]: one for one in source.try_out()}
    assert found["own-gone.example"].standing is Standing.FAILS
    assert "Profile not found" in found["own-gone.example"].said
    assert found["own"].standing is Standing.WELL


def test_check_says_that_the_account_was_renamed_or_closed(world: World) -> None:
    source = world.source()
    read(source)
    world.network.handles[world.network.brand] = "new.example"
    first = next(iter(source.try_out()))
    assert (first.standing, "new.example" in first.said) == (Standing.FAILS, True)
    body = '{"handle": "shop.example", "active": false, "status": "suspended"}'
    world.server.fail("said", "getSession", body=body)
    first = next(iter(source.try_out()))
    assert (first.standing, "suspended" in first.said) == (Standing.FAILS, True)


def test_an_older_server_without_preferences_is_well(world: World) -> None:
    for method in ("getPreferences", "getMutes", "getBlocks"):
        world.server.fail("501", method)
    assert {one.standing for one in world.source().try_out()} == {Standing.WELL}


def test_times_are_written_as_the_network_writes_them() -> None:
    assert iso(NOW) == "2026-03-27T12:00:00.000Z"

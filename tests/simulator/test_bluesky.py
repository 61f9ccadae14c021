"""The simulated Bluesky speaks as the real one: the SDK, which holds all to the lexicons, reads it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from atproto_client import Client, models
from atproto_client.exceptions import BadRequestError, RequestErrorBase, UnauthorizedError

from monitor.simulator.bluesky import Bluesky
from monitor.simulator.bluesky_http import BlueskyServer

BRAND, ANA = "shop.test", "ana.test"
NOON = datetime(2036, 3, 27, 12, tzinfo=UTC)
"""Far ahead: the SDK asks the machine's clock how old its tokens are."""


@pytest.fixture
def server() -> Iterator[BlueskyServer]:
    with BlueskyServer(Bluesky(lambda: NOON, brand=BRAND)) as running:
        yield running


@pytest.fixture
def client(server: BlueskyServer) -> Iterator[Any]:
    made = Client(base_url=server.url)
    made.login(BRAND, "pass-word", fetch_bsky_profile=False)
    yield made
    made.request.close()


def test_log_in_and_renewal(server: BlueskyServer, client: Any) -> None:
    before = client.export_session_string()
    client._refresh_and_set_session()
    assert client.export_session_string() != before
    assert client.com.atproto.server.get_session().handle == BRAND
    with pytest.raises(UnauthorizedError):
        client.login(BRAND, "wrong")


def test_what_is_listed(server: BlueskyServer, client: Any) -> None:
    world = server.world
    ours = world.put("New!", author=BRAND)
    named = world.put("Where is it?", author=ANA, mentions=[BRAND], labels=("spam",))
    quote = world.put("no", author=ANA, quotes=ours.uri)
    answer = world.put("and?", author=ANA, reply_to=ours.uri, at=NOON - timedelta(hours=1))
    world.gates[named.uri] = ["followerRule"]
    world.members.add(named.did)
    world.reposts.append((world.brand, named.uri, NOON - timedelta(minutes=1)))
    reasons = ["mention", "reply", "quote"]
    told = client.app.bsky.notification.list_notifications({"reasons": reasons, "limit": 2})
    assert [(one.reason, one.uri) for one in told.notifications] == [
        ("quote", quote.uri),
        ("mention", named.uri),
    ]
    rest = {"reasons": reasons, "cursor": told.cursor}
    (last,) = client.app.bsky.notification.list_notifications(rest).notifications
    assert (last.reason, last.uri, last.record.reply.parent.uri) == ("reply", answer.uri, ours.uri)
    (found,) = client.app.bsky.feed.search_posts({"q": "where"}).posts
    assert found.viewer.reply_disabled
    assert found.threadgate.record.allow[0].py_type == "app.bsky.feed.threadgate#followerRule"
    assert [label.val for label in found.labels] == ["spam"]
    feed = client.app.bsky.feed.get_author_feed({"actor": BRAND, "filter": "posts_with_replies"})
    assert [one.reason is None for one in feed.feed] == [True, False]
    (profile,) = client.app.bsky.actor.get_profiles({"actors": [named.did]}).profiles
    assert profile.followers_count == 7


def test_what_is_looked_up(server: BlueskyServer, client: Any) -> None:
    said = server.world.put("hi", author=ANA)
    gone = said.uri.replace(said.rkey, "3m22222222222")
    (post,) = client.app.bsky.feed.get_posts({"uris": [said.uri, gone]}).posts
    assert post.cid == said.cid
    record = {"repo": said.did, "collection": "app.bsky.feed.post", "rkey": said.rkey}
    assert client.com.atproto.repo.get_record(record).value.text == "hi"
    with pytest.raises(BadRequestError) as raised:
        client.com.atproto.repo.get_record({**record, "rkey": "3m22222222222"})
    assert raised.value.response.content.error == "RecordNotFound"
    assert client.resolve_handle(ANA).did == said.did
    server.world.mutes.add(said.did)
    server.world.blocks.add((server.world.brand, said.did))
    assert len(client.app.bsky.graph.get_mutes().mutes) == 1
    assert len(client.app.bsky.graph.get_blocks().blocks) == 1
    kept = client.app.bsky.notification.get_preferences().preferences
    assert kept["mention"]["include"] == "all"


def test_what_is_written_is_taken_once(server: BlueskyServer, client: Any) -> None:
    said = server.world.put("hi", author=ANA)
    ref = models.create_strong_ref(said)
    record = models.AppBskyFeedPost.Record(
        text="On its way",
        created_at="2036-03-27T12:00:00.000Z",
        reply=models.AppBskyFeedPost.ReplyRef(parent=ref, root=ref),
    )
    data = {"repo": server.world.brand, "collection": "app.bsky.feed.post", "record": record}
    made = client.com.atproto.repo.create_record({**data, "rkey": "3m22222222223"})
    assert server.world.posts[made.uri].record["text"] == "On its way"
    with pytest.raises(RequestErrorBase) as raised:
        client.com.atproto.repo.create_record({**data, "rkey": "3m22222222223"})
    assert raised.value.response.status_code == 500, "as the real one says today"
    with pytest.raises(BadRequestError, match="TID"):
        client.com.atproto.repo.create_record({**data, "rkey": "no-tid"})

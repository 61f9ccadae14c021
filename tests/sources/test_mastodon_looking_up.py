"""Whether posts still stand on Mastodon, and what a token may do: over HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest

from monitor.domain.errors import SourceError
from monitor.domain.post import Gone, Post, PostKey, Rejected
from monitor.simulator.mastodon_http import MastodonServer
from monitor.simulator.serving import Fault
from monitor.sources.mastodon import Mastodon
from tests.sources.fediverse import BRAND, NOW, paths, server, source
from tests.sources.seen import items


@pytest.fixture
def here() -> Iterator[MastodonServer]:
    with server() as running:
        yield running


def keys(found: Sequence[Post | Gone | Rejected]) -> set[PostKey]:
    return {item.key for item in found if not isinstance(item, Rejected)}


def said(reader: Mastodon) -> list[str]:
    return [f"{one.standing}: {one.said}" for one in reader.try_out()]


def test_twenty_are_asked_for_at_once_and_what_is_missing_is_looked_at_again(
    here: MastodonServer,
) -> None:
    for number in range(45):
        here.world.put(f"no. {number}", mentions=[BRAND])
    reader = source(here)
    wanted = keys(items(reader, "mentions"))
    gone = sorted(wanted)[3]
    here.world.delete(gone.external_id)
    here.asked.clear()
    found = list(reader.refresh([*wanted, PostKey("x", "1")]))
    assert keys(found) == wanted
    assert [item for item in found if isinstance(item, Gone)] == [Gone(gone, NOW)]
    assert len(here.asked) == 3 + 1


def test_a_server_before_4_3_is_asked_one_by_one(here: MastodonServer) -> None:
    here.multi = False
    for number in range(3):
        here.world.put(f"no. {number}", mentions=[BRAND])
    reader = source(here)
    wanted = keys(items(reader, "mentions"))
    here.asked.clear()
    assert keys(list(reader.refresh(sorted(wanted)))) == wanted
    assert keys(list(reader.refresh(sorted(wanted)))) == wanted
    assert len(here.asked) == 1 + 3 + 3


def test_after_a_restart_the_server_s_own_are_known_by_their_address_and_others_are_sought(
    here: MastodonServer,
) -> None:
    own = here.world.put("ours", author="dan", mentions=[BRAND])
    other = here.world.put("theirs", mentions=[BRAND])
    lost = here.world.put("lost", mentions=[BRAND])
    wanted = keys(items(source(here), "mentions"))
    here.world.delete(lost.uri)
    here.asked.clear()
    found = list(source(here).refresh(sorted(wanted)))
    assert keys(found) == {PostKey("mastodon", own.uri), PostKey("mastodon", other.uri)}
    assert sum(path == "/api/v2/search" for path in paths(here)) == 2
    here.world.delete(own.uri)
    (gone,) = source(here).refresh([PostKey("mastodon", own.uri)])
    assert isinstance(gone, Gone)


def test_what_has_another_address_now_is_not_taken_for_the_post(here: MastodonServer) -> None:
    status = here.world.put("hi", author="dan", mentions=[BRAND])
    reader = source(here)
    wanted = sorted(keys(items(reader, "mentions")))
    status.broken = {"uri": "https://social.example/other"}
    assert list(reader.refresh(wanted)) == []


@pytest.mark.parametrize("uri", ["http://[", "", "no address", "https://social.example/users/dan/"])
def test_an_id_that_is_no_address_is_not_looked_up(here: MastodonServer, uri: str) -> None:
    assert list(source(here).refresh([PostKey("mastodon", uri)])) == []


@pytest.mark.parametrize(("kind", "permanent"), [("503", False), ("403", True), ("half", False)])
def test_a_look_up_that_fails_says_so_and_takes_nothing_for_gone(
    here: MastodonServer, kind: str, permanent: bool
) -> None:
    here.world.put("hi", mentions=[BRAND])
    reader = source(here)
    wanted = sorted(keys(items(reader, "mentions")))
    here.faults.append(Fault(kind))
    with pytest.raises(SourceError, match="look-up") as raised:
        list(reader.refresh(wanted))
    assert raised.value.permanent is permanent


@pytest.mark.parametrize("body", ["{}", '{"statuses": 1}', "3"])
def test_a_look_up_that_makes_no_sense_is_an_error(here: MastodonServer, body: str) -> None:
    here.world.put("hi", mentions=[BRAND])
    wanted = sorted(keys(items(source(here), "mentions")))
    here.faults.append(Fault("said", "/search", body=body))
    with pytest.raises(SourceError, match=r"no account|no search"):
        list(source(here).refresh(wanted))


def test_the_streams_keep_a_third_of_the_calls() -> None:
    with server(quota=103) as here:
        for number in range(60):
            here.world.put(f"no. {number}", mentions=[BRAND])
        reader = source(here)
        wanted = sorted(keys(items(reader, "mentions")))
        with pytest.raises(SourceError, match="calls are left") as raised:
            list(reader.refresh(wanted))
        assert raised.value.out_of_budget
        assert raised.value.retry_after == timedelta(seconds=60)
        assert len(items(reader, "own")) == 0, "reading goes on"


def test_what_a_token_may_do_is_told_and_nothing_is_posted(here: MastodonServer) -> None:
    here.world.put("parcel", mentions=[BRAND])
    before = dict(here.world.statuses)
    reader = source(
        here, hashtags=["parcel"], search=["our shop"], accounts=["eva@elsewhere.example"]
    )
    *found, calls = said(reader)
    assert found == [
        "ok: log-in: works, as @our_shop@social.example",
        "ok: mentions: can be read",
        "ok: tag-parcel: can be read",
        "ok: search-our shop: can be read",
        "ok: own: can be read",
        "ok: own-eva@elsewhere.example: can be read",
        "ok: answers: can be posted (an empty one was offered, and not taken)",
    ]
    assert calls.startswith("ok: calls: ")
    assert here.world.statuses == before


def test_what_is_missing_is_told_with_what_it_is_for(here: MastodonServer) -> None:
    here.world.policy = {"for_private_mentions": "filter", "for_not_following": "drop"}
    found = said(source(here, token="posts", search=["shop"]))
    assert any(one.startswith("fails: mentions: ") and "read:notifications" in one for one in found)
    assert any(one.startswith("fails: search-shop: ") and "read:search" in one for one in found)
    assert any(one.startswith("lacks: answers: ") and "write:statuses" in one for one in found)
    kept = [one for one in said(source(here)) if "keeps back" in one]
    assert len(kept) == 1
    assert kept[0].startswith("lacks: mentions: ")
    assert "private mentions" in kept[0]
    assert "does not follow" in kept[0]
    assert any("typed on Mastodon" in one for one in said(source(here, answers=False)))


def test_a_token_of_another_account_is_told(here: MastodonServer) -> None:
    first, *_ = said(source(here, account="@shop_night@social.example"))
    assert first.startswith("fails: log-in: the token is that of @our_shop@social.example, not of")


def test_without_a_log_in_nothing_else_is_tried(here: MastodonServer) -> None:
    with pytest.raises(SourceError, match=r"log-in: .*401") as raised:
        said(source(here, token="wrong"))
    assert raised.value.permanent
    here.faults.append(Fault("said", "/verify_credentials", body="[]"))
    with pytest.raises(SourceError, match="makes no sense"):
        said(source(here))

"""The world's networks together: what happens shows on all of them at once, and only then."""

from __future__ import annotations

import json
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from slack_sdk import WebClient

from monitor.simulator.networks import CHANNELS, X_TOKEN, Networks
from monitor.simulator.slack import TOKEN
from monitor.simulator.world import What, World

MONDAY = datetime(2026, 11, 16, 8, tzinfo=ZoneInfo("Europe/Bucharest"))
WORLD = World(MONDAY, 1)
NOON = MONDAY + timedelta(hours=4)


def mentions(its: Networks, handle: str) -> list[Any]:
    account = its.x_accounts[handle]
    url = f"{its.x.url}/2/users/{account}/mentions?max_results=100&tweet.fields=author_id,entities"
    asked = urllib.request.Request(url, headers={"Authorization": f"Bearer {X_TOKEN}"})
    with urllib.request.urlopen(asked, timeout=10) as answer:
        body: dict[str, list[Any]] = json.load(answer)
    return body.get("data", [])


def test_what_becomes_visible_shows_on_every_network_and_nothing_else_does(tmp_path: Path) -> None:
    with Networks(WORLD, tmp_path) as its:
        shown = its.advance_to(NOON)
        happened = [*WORLD.until(NOON)]
        assert shown == len(happened)
        here = {*its.x.face.posts, *its.reddit.reddit.names()}
        posted = {
            one.external_id
            for one in happened
            if one.network in ("x", "reddit") and one.what is What.POSTED
        }
        deleted = {one.external_id for one in happened if one.what is What.DELETED}
        assert here >= posted - deleted
        assert here <= posted
        lines = sum(len(path.read_bytes().splitlines()) for path in its.feed.paths.values())
        assert lines == sum(one.network in its.feed.paths for one in happened)
        assert its.advance_to(NOON) == 0


def test_who_answers_somebody_who_named_the_shop_names_it_too(tmp_path: Path) -> None:
    with Networks(WORLD, tmp_path) as its:
        its.advance_to(NOON)
        texts = [one["text"] for one in mentions(its, "BufnivoShop")]
    assert "și la mine la fel, de vineri seara. credeam că e telefonul" in texts
    assert not any(text.startswith("duminică seara, ploaie") for text in texts)


def test_messages_in_slack_bear_the_simulated_time(tmp_path: Path) -> None:
    with Networks(WORLD, tmp_path) as its:
        its.advance_to(NOON)
        client = WebClient(TOKEN, base_url=its.slack.url)
        said = client.chat_postMessage(channel=CHANNELS["care"], text="hello")
    assert datetime.fromtimestamp(float(str(said["ts"])), UTC) == NOON

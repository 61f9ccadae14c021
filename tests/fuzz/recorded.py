"""What networks really sent, over HTTP through our sources, counted; then the same spoilt, by seed.

    python -m tests.fuzz.recorded ../shared/recordings
    python -m tests.fuzz.recorded ../shared/recordings --mutations 24000 --seed 1

Mastodon, Bluesky, Facebook, Instagram, YouTube, Discourse, feeds; X and Reddit have `just recorded`. The
recordings hold real people's words: nothing of them is printed or kept. A mutation is one thing of which
fields are dropped, retyped or enlarged; of a feed, bytes. Exit status 1: something was raised that is no
SourceError.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache, partial
from itertools import islice
from pathlib import Path
from typing import Any, Self

from monitor.domain.errors import SourceError
from monitor.domain.post import Gone, Page, Post, PostKey, Rejected
from monitor.ports import Source
from tests.contract.harness import Remembered, harnesses
from tests.contract.served import ServedHarness
from tests.fuzz.spoiling import Found, spoilt
from tests.sources import test_bluesky_recordings, test_mastodon_recordings, test_meta_recordings
from tests.sources.mutations import mutated

SINCE_EVER = timedelta(days=20_000)
"""The recordings are years old; a config may say a year at most."""
PAGES, THINGS = 20, 10
FACEBOOK, INSTAGRAM = "facebook/apidata", "instagram/apidata"


@dataclass(frozen=True)
class Recording:
    """Things that were recorded, the stream that is read and what the address of its calls holds.

    `body`: the things as that answer of the network holds them. `also`: what else is answered with what.
    """

    network: str
    stream: str
    path: str
    things: Sequence[Any]
    body: Callable[[Sequence[Any]], Any]
    also: Mapping[str, Any] | None = None


@cache
def recordings(folder: Path) -> tuple[Recording, ...]:
    """All that there are."""
    statuses = [one for one in test_mastodon_recordings.recorded() if not one.get("reblog")]
    views = test_bluesky_recordings.recorded()
    feeds = sorted((folder / "feedparser" / "tests").rglob("*.xml"))
    threads = sorted((folder / "youtube/testdata/apidata/comment_threads").glob("*.json"))
    youtube = partial(Recording, "youtube", "comments", "replies&allThreadsRelatedToChannelId")
    posts = [_said(folder / "discourse/responses/posts/get_post_response.json")]
    posts += _said(folder / "discourse/responses/topics/topic_response.json")["post_stream"][
        "posts"
    ]
    return (
        Recording("mastodon", "tag-ourshop", "/timelines/tag", statuses, list),
        Recording("bluesky", "search-parcel", "searchPosts", views, _in("posts")),
        Recording(
            "facebook", "feed", "/feed?fields=id%2Cfrom", _meta(FACEBOOK, "posts"), _in("data")
        ),
        Recording(
            "facebook",
            "comments",
            "/feed?fields=id%2Ccreated_time",
            _meta(FACEBOOK, "comments"),
            partial(_under, "created_time"),
        ),
        Recording(
            "instagram", "tags", "/tags", _meta(INSTAGRAM, "users", {"tagged_medias"}), _in("data")
        ),
        Recording(
            "instagram",
            "comments",
            "/media",
            _meta(INSTAGRAM, "comments", {"comment_fields", "comments_fields", "replies"}),
            partial(_under, "timestamp"),
        ),
        youtube(
            [one for path in threads for one in _said(path).get("items", [])],
            _in("items"),
            {"/comments?": {"items": []}},
        ),
        Recording("discourse", "posts", "/posts.json", posts, _in("latest_posts")),
        Recording("rss", "comments", "/comments", [one.read_bytes() for one in feeds], list),
    )


def _said(path: Path) -> Any:
    said = json.loads(path.read_text())
    return said.get("body", said)


def _meta(account: str, of: str, names: set[str] | None = None) -> list[Any]:
    found = test_meta_recordings.recorded(f"{account}/{of}")
    return [one for name, one in found if names is None or name in names]


def _in(name: str) -> Callable[[Sequence[Any]], Any]:
    return lambda things: {name: list(things)}


def _under(when: str, things: Sequence[Any]) -> Any:
    """Comments come with the post below which they stand."""
    at = "2026-03-27T11:00:00+0000"
    return {"data": [{"id": "900", when: at, "comments": {"data": list(things)}}]}


class Player:
    """A world of one recording, which serves what it is told. A context manager."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        world = harnesses()[recording.network]()
        assert isinstance(world, ServedHarness)
        self._world = world

    def __enter__(self) -> Self:
        self._world.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._world.stop()

    def bodies(self, things: Sequence[Any]) -> list[bytes]:
        """The answers that hold these things: a feed is an answer by itself."""
        if self.recording.network == "rss":
            return list(things)
        return [json.dumps(self.recording.body(things)).encode()]

    def look(self, body: bytes) -> list[Post | Gone | Rejected]:
        """What the source makes of an answer. Raises SourceError."""
        server = self._world.server
        server.heal()
        server.asked.clear()
        if self.recording.network == "rss":
            server.spoils = lambda answer: replace(answer, content=body)
        else:
            server.fail("said", self.recording.path, 1, body=body.decode())
        for path, said in (self.recording.also or {}).items():
            server.fail("said", path, body=json.dumps(said))
        source = self._source()
        (stream,) = (one for one in source.streams() if one.name == self.recording.stream)
        pages: list[Page] = list(islice(source.pages(stream, None), PAGES))
        return [item for page in pages for item in page.items]

    def _source(self) -> Source:
        options = self._world.checked().model_copy(update={"look_back": SINCE_EVER})
        return self._world.construct(options, Remembered(self._world.secrets(), []))


def counted(player: Player) -> Counter[str]:
    """What becomes of everything that was recorded."""
    things, counts = player.recording.things, Counter[str]()
    counts["things"] = len(things)
    keys = set[PostKey]()
    for body in player.bodies(things):
        try:
            found = player.look(body)
        except SourceError:
            counts["refused"] += 1
            continue
        counts.update(type(one).__name__ for one in found)
        keys |= {one.key for one in found if isinstance(one, Post)}
    counts["keys"] = len(keys)
    return counts


def spoil(player: Player, chance: random.Random) -> int:
    """One look at spoilt things: how many they were. Raises SourceError, and what nobody foresaw."""
    recording = player.recording
    if recording.network == "rss":
        player.look(spoilt(chance.choice(recording.things), chance))
        return 1
    things = [json.loads(json.dumps(one)) for one in chance.choices(recording.things, k=THINGS)]
    body = recording.body([mutated(one, chance) for one in things])
    if chance.random() < 0.1:
        body = mutated(body, chance, enlarges=False)
    player.look(json.dumps(body).encode())
    return THINGS


def main() -> int:
    """Play, spoil, and print what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.recorded")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--mutations", type=int, default=24_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    found, chance, began = Found(), random.Random(given.seed), time.monotonic()
    all_of_them, mutations = recordings(given.folder), 0
    for recording in all_of_them:
        what = f"{recording.network} {recording.stream}"
        with Player(recording) as player:
            counts = counted(player)
            told = ", ".join(f"{number} {name}" for name, number in counts.items() if number)
            made = 0
            while made < given.mutations / len(all_of_them):
                found.tries(what, f"mutation {made}", SourceError, partial(spoil, player, chance))
                made += 1 if recording.network == "rss" else THINGS
        mutations += made
        print(
            f"{what:24} {told}; {made} mutations, {found.refused[what]} pages refused", flush=True
        )
    for one in found.unhandled[:20]:
        print(one)
    took = f"{time.monotonic() - began:.0f} s"
    print(f"seed {given.seed}: {mutations} mutations, {len(found.unhandled)} unhandled, {took}")
    return 1 if found.unhandled else 0


if __name__ == "__main__":
    sys.exit(main())

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
import math
import random
import re
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
from monitor.domain.post import Cursor, Gone, Page, Post, PostKey, Rejected
from monitor.ports import Source
from monitor.simulator.serving import Answer
from tests.contract.harness import Remembered, harnesses
from tests.contract.served import ServedHarness
from tests.fuzz.spoiling import Found, spoilt
from tests.sources import test_bluesky_recordings, test_mastodon_recordings, test_meta_recordings
from tests.sources.mutations import mutated

SINCE_EVER = timedelta(days=20_000)
"""The recordings are years old; a config may say a year at most."""
PAGES, THINGS, MINUTE = 20, 10, 60
_KIND = re.compile(rb"content-type:[ \t]*([ -~]*)", re.IGNORECASE)
"""Where a recorded feed tells, in a comment, what its server said."""
FACEBOOK, INSTAGRAM = "facebook/apidata", "instagram/apidata"


@dataclass(frozen=True)
class Recording:
    """Things that were recorded, the stream that is read and what the address of its calls holds.

    `body`: the things as that answer of the network holds them. `also`: what else is answered with what.
    `is_later`: whether an earlier look found the stream empty, so that all of it is known to be new.
    """

    network: str
    stream: str
    path: str
    things: Sequence[Any]
    body: Callable[[Sequence[Any]], Any]
    also: Mapping[str, Any] | None = None
    is_later: bool = False

    @property
    def name(self) -> str:
        """In what is printed."""
        return f"{self.network} {self.stream}{', later' if self.is_later else ''}"


@cache
def recordings(folder: Path) -> tuple[Recording, ...]:
    """All that there are."""
    statuses = [one for one in test_mastodon_recordings.recorded() if not one.get("reblog")]
    views = test_bluesky_recordings.recorded()
    paths = sorted((folder / "feedparser" / "tests").rglob("*.xml"))
    feeds = Recording("rss", "comments", "/comments", [one.read_bytes() for one in paths], list)
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
        feeds,
        replace(feeds, is_later=True),
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

    def bodies(self) -> list[bytes]:
        """The answers that hold all that was recorded."""
        return [json.dumps(self.recording.body(self.recording.things)).encode()]

    def spoilt(self, chance: random.Random) -> tuple[bytes, int]:
        """An answer with spoilt things, and how many they are."""
        things = chance.choices(self.recording.things, k=THINGS)
        body = self.recording.body([mutated(json.loads(json.dumps(one)), chance) for one in things])
        if chance.random() < 0.1:
            body = mutated(body, chance, enlarges=False)
        return json.dumps(body).encode(), THINGS

    def look(self, body: bytes) -> list[Post | Gone | Rejected]:
        """What the source makes of an answer. Raises SourceError."""
        server = self._world.server
        server.heal()
        server.asked.clear()
        server.fail("said", self.recording.path, 1, body=body.decode())
        for path, said in (self.recording.also or {}).items():
            server.fail("said", path, body=json.dumps(said))
        return [item for page in self._pages(self._source(), None) for item in page.items]

    def _source(self) -> Source:
        options = self._world.checked().model_copy(update={"look_back": SINCE_EVER})
        return self._world.construct(options, Remembered(self._world.secrets(), []))

    def _pages(self, source: Source, since: Cursor | None) -> list[Page]:
        (stream,) = (one for one in source.streams() if one.name == self.recording.stream)
        return list(islice(source.pages(stream, since), PAGES))


class FeedPlayer(Player):
    """A feed is an answer by itself, of the type that its server named; else of the usual one."""

    def __enter__(self) -> Self:
        super().__enter__()
        self._one = self._source()
        self._since: Cursor | None = None
        if self.recording.is_later:
            self._since = self._pages(self._one, None)[-1].cursor
        return self

    def bodies(self) -> list[bytes]:
        return list(self.recording.things)

    def spoilt(self, chance: random.Random) -> tuple[bytes, int]:
        return spoilt(chance.choice(self.recording.things), chance), 1

    def look(self, body: bytes) -> list[Post | Gone | Rejected]:
        kind = _KIND.search(body)
        headers = {"content-type": kind[1].decode("latin-1") if kind else "application/xml"}
        answer = Answer(200, body, headers)
        self._world.server.spoils = lambda _: answer
        return [item for page in self._pages(self._one, self._since) for item in page.items]


def played(recording: Recording) -> Player:
    """The world that plays it."""
    return (FeedPlayer if recording.network == "rss" else Player)(recording)


def counted(player: Player) -> Counter[str]:
    """What becomes of everything that was recorded; where it is no post, why."""
    counts = Counter(things=len(player.recording.things))
    keys = set[PostKey]()
    for body in player.bodies():
        try:
            found = player.look(body)
        except SourceError as error:
            counts.update(("refused", f"refused: {error}"))
            continue
        for one in found:
            counts[type(one).__name__] += 1
            if isinstance(one, Rejected):
                counts[f"Rejected: {one.reason}"] += 1
            elif isinstance(one, Post):
                keys.add(one.key)
    counts["keys"] = len(keys)
    return counts


def spoil(player: Player, chance: random.Random) -> int:
    """One look at spoilt things: how many they were. Raises SourceError, and what nobody foresaw."""
    body, number = player.spoilt(chance)
    player.look(body)
    return number


def spoil_often(player: Player, times: int, chance: random.Random, found: Found) -> int:
    """So many mutations or a few more: how many. Every minute it says how far it is."""
    name, told, made = player.recording.name, time.monotonic(), 0
    each = 1 if isinstance(player, FeedPlayer) else THINGS
    while made < times:
        found.tries(name, f"mutation {made}", SourceError, partial(spoil, player, chance))
        made += each
        if time.monotonic() - told > MINUTE:
            told = time.monotonic()
            print(f"{name}: {made} of {times}", file=sys.stderr, flush=True)
    return made


def main() -> int:
    """Play, spoil, and print what came of it, also of each part when it is done."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.recorded")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--mutations", type=int, default=24_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    found, chance, began = Found(), random.Random(given.seed), time.monotonic()
    all_of_them, mutations = recordings(given.folder), 0
    share = math.ceil(given.mutations / len(all_of_them))

    def sums() -> str:
        took = time.monotonic() - began
        return f"{mutations} mutations, {len(found.unhandled)} unhandled, {took:.0f} s"

    for recording in all_of_them:
        name = recording.name
        with played(recording) as player:
            told = ", ".join(f"{number} {what}" for what, number in counted(player).items())
            print(f"{name}: {told}", flush=True)
            mutations += spoil_often(player, share, chance, found)
        refused = f"{found.refused[name]} of {found.rounds[name]} looks refused"
        print(f"{name}: {refused}; so far {sums()}", flush=True)
    for one in found.unhandled[:20]:
        print(one)
    print(f"seed {given.seed}: {sums()}")
    return 1 if found.unhandled else 0


if __name__ == "__main__":
    sys.exit(main())

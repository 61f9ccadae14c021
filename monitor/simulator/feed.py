"""Shows the world as JSON lines in the shape that the `files` source reads, one file a network."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from monitor.simulator.shop import BRAND_HANDLES
from monitor.simulator.world import Happening, What, World

_TELL_LANGUAGE = ("x", "google_play", "reviews")
"""The networks that say in which language a post is."""


class Feed:
    """Files in `folder` that grow as simulated time passes.

    A feed opened over files that an earlier one left goes on after their last whole line; a line
    torn by a crash is cut off and written again. `networks` are those that it shows.
    """

    def __init__(
        self, world: World, folder: Path, networks: Sequence[str] = tuple(BRAND_HANDLES)
    ) -> None:
        self._world = world
        self.paths: Mapping[str, Path] = {
            network: folder / f"{network}.jsonl" for network in networks
        }
        """Network to file. All are there, maybe empty, from the start, so that they can be followed."""
        folder.mkdir(parents=True, exist_ok=True)
        self._written = {network: _whole_lines(path) for network, path in self.paths.items()}

    def advance_to(self, now: datetime) -> int:
        """Append what became visible by `now`; returns how many lines that were."""
        fresh: dict[str, list[Happening]] = {network: [] for network in self.paths}
        for happening in self._world.until(now):
            if happening.network in fresh:
                fresh[happening.network].append(happening)
        appended = 0
        for network, happenings in fresh.items():
            new = happenings[self._written[network] :]
            if new:
                self._append(self.paths[network], new)
                self._written[network] += len(new)
                appended += len(new)
        return appended

    @staticmethod
    def _append(path: Path, happenings: list[Happening]) -> None:
        with path.open("a", encoding="utf-8", newline="\n") as file:
            for happening in happenings:
                file.write(line(happening) + "\n")
                file.flush()


def line(happening: Happening) -> str:
    """One happening as one JSON line, without what the network does not tell."""
    fields: dict[str, str | int | None] = {
        "network": happening.network,
        "external_id": happening.external_id,
    }
    if happening.what is What.DELETED:
        fields["deleted_at"] = _iso(happening.deleted_at)
    else:
        fields |= {
            "thread_id": happening.thread_id,
            "reply_to": happening.reply_to,
            "author": happening.author,
            "author_id": happening.author_id,
            "via": happening.via,
            "title": happening.title,
            "text": happening.text,
            "posted_at": _iso(happening.posted_at),
            "edited_at": _iso(happening.edited_at),
            "rating": happening.rating,
            "url": happening.url,
            "lang": happening.lang if happening.network in _TELL_LANGUAGE else None,
        }
    told = {name: value for name, value in fields.items() if value is not None}
    return json.dumps(told, ensure_ascii=False)


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None


def _whole_lines(path: Path) -> int:
    """How many lines are there; a torn last one is cut off."""
    path.touch()
    written = path.read_bytes()
    whole = written[: written.rfind(b"\n") + 1]
    if whole != written:
        with path.open("r+b") as file:
            file.truncate(len(whole))
    return whole.count(b"\n")

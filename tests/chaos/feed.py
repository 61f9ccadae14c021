"""What people say, as a growing JSONL file, and the truth about it.

Everything is written as an exporter would: line by line, some of them in two halves with a pause
between, some a second time. Nothing here comes from the product.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.people import Did, People, Said

NETWORK = "x"
WEIGHTS = {
    "root": 46,
    "again": 10,
    "joins": 5,
    "answer": 26,
    "repeat": 5,
    "delete": 5,
    "take back": 3,
}
TORN = 0.3
"""One line in so many is written in two halves."""


@dataclass
class Feed:
    """The file, and what was written to it. `lines` counts whole ones."""

    path: Path
    chance: random.Random
    lines: int = 0
    repeated: int = 0
    deletions: int = 0
    _rest: bytes = b""

    def __post_init__(self) -> None:
        self.people = People(
            self.chance,
            WEIGHTS,
            name=lambda _, __, number, ___: str(10**17 + number),  # beyond 2^53, as real ones are
            networks=(NETWORK,),
        )
        self.path.touch()

    @property
    def said(self) -> list[Said]:
        return self.people.said

    def write(self) -> None:
        """Append one more thing that somebody says or does; maybe only the first half of its line."""
        self.finish()
        line = (json.dumps(self._next(), ensure_ascii=False) + "\n").encode()
        cut = self.chance.randrange(1, len(line)) if self.chance.random() < TORN else len(line)
        self._rest = line[cut:]
        self._append(line[:cut])

    def tick(self) -> None:
        """Time passes: nothing is written for that."""

    @property
    def is_halfway(self) -> bool:
        """Whether a line is written only in part."""
        return bool(self._rest)

    def finish(self) -> None:
        """Write the other half, if one is missing."""
        if self._rest:
            rest, self._rest = self._rest, b""
            self._append(rest)

    def _append(self, part: bytes) -> None:
        with self.path.open("ab") as file:
            file.write(part)
        self.lines += part.endswith(b"\n")

    def _next(self) -> dict[str, object]:
        did, one = self.people.act()
        if did is Did.DELETE and one.deleted_at is not None:
            self.deletions += 1
            deleted_at = one.deleted_at.isoformat()
            return {"network": NETWORK, "external_id": one.id, "deleted_at": deleted_at}
        self.repeated += did is Did.REPEAT
        line: dict[str, object] = {
            "network": NETWORK,
            "external_id": one.id,
            "thread_id": one.thread,
            "text": one.text,
            "posted_at": one.at.isoformat(),
        }
        if one.author:
            line["author"] = one.author
        if one.under is not None:
            line["reply_to"] = one.under.id
        return line

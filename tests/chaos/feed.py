"""A feed of people who complain, ask, praise, delete and are answered, and the truth about it.

Everything is written to one JSONL file, as an exporter would: line by line, some of them in two
halves with a pause between, some a second time. Each text bears a mark (`k00017`) by which what the
team heard is known again. Nothing here comes from the product.
"""

from __future__ import annotations

import json
import random
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

BRAND = "bufnivo"
NETWORK = "x"
TEXTS = {
    "complaint": (
        "still no parcel after three weeks",
        "my lamp arrived broken",
        "where is my refund, this is the worst shop",
        "coletul nu a ajuns, terrible",
    ),
    "unsure": ("hmm, the colour is odd", "not sure about the blanket"),
    "question": ("do you deliver on Saturdays?", "când redeschideți?"),
    "praise": ("lovely owl lamp", "great blanket, mulțumesc"),
    "other": ("reading about owls", "ploaie și ceai"),
}
ANSWERS = ("We are sorry, it is put right today.", "Ne cerem scuze, am rezolvat.")
TORN = 0.3
"""One line in so many is written in two halves."""


@dataclass(slots=True)
class Said:
    """A post that was written, with what is true of it. `author` None: nobody knows who."""

    id: str
    thread: str
    author: str | None
    says: str
    """Key of TEXTS, or `answer`."""
    at: datetime
    mark: str
    to: Said | None = None
    """For an answer: the customer's post that it answers."""
    deleted_at: datetime | None = None

    @property
    def customer(self) -> str:
        return self.author or f"nobody who wrote {self.id}"


@dataclass
class Feed:
    """The file, and what was written to it. `lines` counts whole ones."""

    path: Path
    chance: random.Random
    said: list[Said] = field(default_factory=list)
    lines: int = 0
    repeated: int = 0
    deletions: int = 0
    _rest: bytes = b""

    def write(self) -> None:
        """Append one more thing that somebody says or does; maybe only the first half of its line."""
        self.finish()
        line = (json.dumps(self._next(), ensure_ascii=False) + "\n").encode()
        cut = self.chance.randrange(1, len(line)) if self.chance.random() < TORN else len(line)
        self._rest = line[cut:]
        self._append(line[:cut])

    @property
    def is_torn(self) -> bool:
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
        asked = [one for one in self.said if one.says != "answer" and one.deleted_at is None]
        answers = [one for one in self.said if one.says == "answer" and one.deleted_at is None]
        what = self.chance.choices(
            ("root", "again", "joins", "answer", "repeat", "delete", "take back"),
            (46, 10, 5, 26, 5, 5, 3),
        )[0]
        recent = asked[-40:]
        if what == "take back" and answers:
            return self._deletes(self.chance.choice(answers[-10:]))
        if what == "root" or not recent:
            return self._root()
        one = self.chance.choice(recent)
        match what:
            case "again" if one.author and not self._ever_deleted(one.author):
                return self._post(one.thread, one.author, self._anything(), one)
            case "joins":
                return self._post(one.thread, self._stranger(), "complaint", one)
            case "answer":
                return self._answer(one)
            case "repeat":
                self.repeated += 1
                return _line(one, self._texts[one.id])
            case "delete":
                return self._deletes(one)
            case _:
                return self._root()

    def __post_init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._number = 0
        self.path.touch()

    def _ever_deleted(self, author: str) -> bool:
        return any(one.author == author and one.deleted_at for one in self.said)

    def _anything(self) -> str:
        return self.chance.choices(list(TEXTS), (60, 10, 10, 10, 10))[0]

    def _stranger(self) -> str | None:
        return None if self.chance.random() < 0.05 else f"customer{self._number}"

    def _root(self) -> dict[str, object]:
        return self._post(None, self._stranger(), self._anything(), None)

    def _post(
        self, thread: str | None, author: str | None, says: str, under: Said | None
    ) -> dict[str, object]:
        text = self.chance.choice(TEXTS[says])
        return self._keep(thread, author, says, text, under, to=None)

    def _answer(self, to: Said) -> dict[str, object]:
        return self._keep(to.thread, BRAND, "answer", self.chance.choice(ANSWERS), to, to=to)

    def _keep(
        self,
        thread: str | None,
        author: str | None,
        says: str,
        text: str,
        under: Said | None,
        *,
        to: Said | None,
    ) -> dict[str, object]:
        self._number += 1
        own = str(10**17 + self._number)  # beyond 2^53, as real ones are
        mark = f"k{self._number:05d}"
        one = Said(own, thread or own, author, says, _now(), mark, to)
        self.said.append(one)
        self._texts[own] = f"{mark}: {text}"
        line = _line(one, self._texts[own])
        if under is not None:
            line["reply_to"] = under.id
        return line

    def _deletes(self, one: Said) -> dict[str, object]:
        one.deleted_at = _now()
        self.deletions += 1
        return {
            "network": NETWORK,
            "external_id": one.id,
            "deleted_at": one.deleted_at.isoformat(),
        }


def _line(one: Said, text: str) -> dict[str, object]:
    line: dict[str, object] = {
        "network": NETWORK,
        "external_id": one.id,
        "thread_id": one.thread,
        "text": text,
        "posted_at": one.at.isoformat(),
    }
    return line | ({"author": one.author} if one.author else {})


def _now() -> datetime:
    return datetime.fromtimestamp(time.time_ns() / 1e9, UTC)

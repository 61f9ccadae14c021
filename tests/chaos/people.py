"""People who complain, ask, praise, edit, delete and are answered: chosen by chance, and the truth of it.

Each text bears a mark (`k00017`) by which what the team heard is known again. Nothing here comes from
the product, and nothing here knows how a network shows it.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

BRAND = "bufnivo"
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
_RECENT, _RECENT_ANSWERS = 40, 10
_LOOKS_BACK = {"edit": 5, "delete": 200}
"""Among how many of the latest posts one is chosen, for what is not done to the `_RECENT` ones."""


class Did(StrEnum):
    """What somebody did."""

    POST = "post"
    REPEAT = "repeat"
    EDIT = "edit"
    DELETE = "delete"


@dataclass(slots=True)
class Said:
    """A post, with what is true of it. `author` None: nobody knows who."""

    id: str
    network: str
    thread: str
    author: str | None
    says: str
    """Key of TEXTS, or `answer`."""
    at: datetime
    mark: str
    text: str
    """With the mark."""
    under: Said | None = None
    """What it replies to."""
    to: Said | None = None
    """For an answer: the customer's post that it answers."""
    quotes: bool = False
    """An answer that quotes instead of replying: a thread of its own."""
    said_before: str | None = None
    """What an edited one was, a key of TEXTS."""
    edited_at: datetime | None = None
    deleted_at: datetime | None = None

    @property
    def customer(self) -> str:
        return self.author or f"nobody who wrote {self.id}"

    @property
    def is_root(self) -> bool:
        return self.thread == self.id


@dataclass
class People:
    """`act` lets one more thing happen, `said` is all that was ever posted.

    `weights` say how often what is done. `name` gives a post its id: of network, time, number and
    whether it begins a thread. `stamp` says when: of the posts of the thread so far. `clock`: theirs.
    """

    chance: random.Random
    weights: Mapping[str, int]
    name: Callable[[str, datetime, int, bool], str]
    networks: tuple[str, ...]
    stamp: Callable[[datetime | None], datetime | None] = lambda _: now()
    """The time of a new post, after the latest one of its thread; None: not now."""
    unknown: float = 0.05
    """So often nobody knows who writes."""
    clock: Callable[[], datetime] = field(default_factory=lambda: now)
    said: list[Said] = field(default_factory=list)
    _latest: dict[str, datetime] = field(default_factory=dict)

    def act(self) -> tuple[Did, Said]:
        """What is done next, and to which post."""
        asked = [one for one in self.said if one.says != "answer" and one.deleted_at is None]
        answers = [one for one in self.said if one.says == "answer" and one.deleted_at is None]
        what = self.chance.choices(list(self.weights), list(self.weights.values()))[0]
        if what == "take back" and answers:
            return self._deletes(self.chance.choice(answers[-_RECENT_ANSWERS:]))
        if what == "root" or not asked:
            return self._root()
        recent = asked[-_LOOKS_BACK.get(what, _RECENT) :]
        return self._about(what, self.chance.choice(recent)) or self._root()

    def _about(self, what: str, one: Said) -> tuple[Did, Said] | None:
        """Something with that post; None: that cannot be."""
        match what:
            case "again" if one.author and not self._ever_deleted(one.author):
                return self._writes(one.network, self._anything(), one.author, one)
            case "joins":
                return self._writes(one.network, "complaint", self._stranger(one.network), one)
            case "answer":
                return self._writes(one.network, "answer", BRAND, one)
            case "quote" if one.network == "x":
                return self._writes(one.network, "answer", BRAND, one, quotes=True)
            case "repeat":
                return Did.REPEAT, one
            case "edit":
                return self._edits(one)
            case "delete" if one.edited_at is None:
                return self._deletes(one)
            case _:
                return None

    def _root(self) -> tuple[Did, Said]:
        network = self.chance.choice(self.networks)
        made = self._writes(network, self._anything(), self._stranger(network), None)
        if made is None:
            raise RuntimeError("a new thread has nothing to wait for")
        return made

    def _writes(
        self,
        network: str,
        says: str,
        author: str | None,
        under: Said | None,
        *,
        quotes: bool = False,
    ) -> tuple[Did, Said] | None:
        at = self.stamp(self._latest.get(under.thread) if under else None)
        if at is None:
            return None
        number = len(self.said) + 1
        begins = under is None or quotes
        own = self.name(network, at, number, begins)
        mark = f"k{number:05d}"
        text = self.chance.choice(ANSWERS if says == "answer" else TEXTS[says])
        thread = own if begins or under is None else under.thread
        made = Said(own, network, thread, author, says, at, mark, f"{mark}: {text}", under)
        made.quotes = quotes
        if says == "answer":
            made.to = under
        # what quotes a post stands beside its thread, and ends waits there all the same
        self._latest[under.thread if under else thread] = at
        self.said.append(made)
        return Did.POST, made

    def _edits(self, one: Said) -> tuple[Did, Said] | None:
        """It becomes a complaint (or another one), while it stands alone and nobody answered it."""
        alone = not any(
            other.thread == one.thread or other.under is one
            for other in self.said
            if other is not one
        )
        at = self.stamp(one.at)
        if not alone or at is None or one.edited_at or (self.clock() - one.at).total_seconds() > 20:
            return None
        one.said_before, one.says, one.edited_at = one.says, "complaint", at
        one.text = f"{one.mark}: {self.chance.choice(TEXTS['complaint'])}, edited"
        self._latest[one.thread] = at
        return Did.EDIT, one

    def _deletes(self, one: Said) -> tuple[Did, Said]:
        one.deleted_at = self.clock()
        return Did.DELETE, one

    def _ever_deleted(self, author: str) -> bool:
        return any(one.author == author and one.deleted_at for one in self.said)

    def _anything(self) -> str:
        return self.chance.choices(list(TEXTS), (60, 10, 10, 10, 10))[0]

    def _stranger(self, network: str) -> str | None:
        return None if self.chance.random() < self.unknown else f"customer{len(self.said)}"


def now() -> datetime:
    """The machine's time."""
    return datetime.fromtimestamp(time.time_ns() / 1e9, UTC)

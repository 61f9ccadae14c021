"""What happens in a case, and what was heard of it: the same for every program that is measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice, product

from monitor.simulator.serving import Asked, Fault
from monitor.simulator.x import XFace, id_at
from monitor.simulator.x_http import XServer

ACCOUNT, HANDLE, TOKEN = "2244994945", "our_shop", "bearer"
YEAR = timedelta(days=365)

_THINGS = (
    "lamp",
    "kettle",
    "chair",
    "rug",
    "clock",
    "shelf",
    "mirror",
    "heater",
    "blender",
    "desk",
)
_FAULTS = (
    "arrived broken",
    "came without its screws",
    "is not the one I paid for",
    "smells of smoke",
    "went to the wrong house",
    "was sent back by your courier",
    "stopped working on the second day",
)


@dataclass(frozen=True, slots=True)
class Complaint:
    """One customer's words. `name` stands in the text and in no other one's."""

    name: str
    text: str
    ahead: timedelta = timedelta()
    """By so much it is dated later than it is posted."""


@dataclass(slots=True)
class Scene:
    """The complaints of a case and those that come after it."""

    complaints: list[Complaint]
    news: list[Complaint]
    slack_refuses: int | None = None
    """The so-manieth message meets a 429, once."""
    network_refuses: int | None = None
    """The so-manieth page meets a 429, once."""

    @classmethod
    def of(cls, *, complaints: int, news: int = 5, next_year: int | None = None) -> Scene:
        """So many complaints, of which one may be dated a year ahead, and so many after them."""
        chosen = [*islice(product(_FAULTS, _THINGS), complaints + news)]
        all_ = [
            Complaint(
                name := f"customer-{place:02}",
                f"@{HANDLE} my {thing} {fault}, I want a refund. {name}",
                YEAR if place == next_year else timedelta(),
            )
            for place, (fault, thing) in enumerate(chosen)
        ]
        return cls(all_[:complaints], all_[complaints:])


@dataclass(frozen=True, slots=True)
class Heard:
    """What a channel heard of complaints: how many once, more than once, never."""

    once: int
    doubled: int
    lost: int

    @classmethod
    def of(cls, complaints: Iterable[Complaint], messages: Sequence[str]) -> Heard:
        """`messages` is all that the channel was told, in words."""
        times = [sum(one.name in told for told in messages) for one in complaints]
        return cls(
            sum(count == 1 for count in times),
            sum(count > 1 for count in times),
            times.count(0),
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a program made of a scene."""

    program: str
    path: str
    """From which network to which channel, with what it was told of them."""
    complaints: int
    heard: Heard
    news: Heard
    said: str = ""
    """What the channel was told besides, or what the program said of a failure."""


class X(XServer):
    """X with the scene's mentions; of the pages asked for after a posting one may be refused."""

    def __init__(self, scene: Scene, now: datetime) -> None:
        super().__init__(XFace(now, rate_limit=100_000), TOKEN)
        self.face.person(HANDLE, ACCOUNT)
        self._refuses, self.pages = scene.network_refuses, 0

    def next_fault(self, asked: Asked) -> Fault | None:
        if not asked.path.endswith("/mentions"):
            return None
        self.pages += 1
        return Fault("429") if self.pages == self._refuses else None

    def post(self, complaints: Iterable[Complaint], now: datetime) -> None:
        """Their authors write them, all at once; the ids are of `now`, whatever date they bear."""
        with self.face.lock:
            self.face.now, self.pages = now, 0
            for place, one in enumerate(complaints):
                author = one.name.replace("-", "_")
                self.face.put(str(id_at(now) + place), author, one.text, at=now + one.ahead)

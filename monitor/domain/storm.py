"""Storms: when many alarms come at once, one message stands for all of them, and names each case.

An alarm is a notice that calls people: a case's card, or a step of its policy. Those of one thread,
one topic or one step make a storm; and so does everything together, where it is far too much for one
channel. What is grave passes through. Pure decisions: `store.storms` writes what comes of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from monitor.domain.judgement import Severity


class Common(StrEnum):
    """What the alarms of a storm have in common."""

    THREAD = "thread"
    """They are under one post."""
    TOPIC = "topic"
    STEP = "step"
    """The same step fell due for them."""
    BRAND = "brand"
    """Nothing but that they are too many."""


_RANKS = tuple(Common)


class Group(NamedTuple):
    """The alarms that share it; `name` is the thread's, the topic's, the step's, or empty."""

    common: Common
    name: str


@dataclass(frozen=True, slots=True)
class Limits:
    """So many alarms of one group within `window` are a storm, which ends when none came for so long.

    `in_all` times as many alarms that have nothing in common are one, too.
    """

    alarms: int = 20
    window: timedelta = timedelta(minutes=10)
    in_all: int = 3

    def of(self, group: Group) -> int:
        """How many alarms of the group make a storm."""
        return self.alarms * (self.in_all if group.common is Common.BRAND else 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """An alert (`step` is None) or an escalation to one audience. `waits`: it was not told yet."""

    notice: int
    written_at: datetime
    waits: bool
    severity: Severity
    thread: str
    topics: tuple[str, ...]
    step: str | None = None

    @property
    def may_be_named(self) -> bool:
        """What is grave has a message of its own."""
        return self.waits and self.severity is not Severity.CRITICAL

    def groups(self) -> Iterator[Group]:
        """What it may have in common with others, what says most first."""
        if self.step is not None:
            yield Group(Common.STEP, self.step.partition("#")[0])
            return
        yield Group(Common.THREAD, self.thread)
        for one in self.topics:
            yield Group(Common.TOPIC, one)
        yield Group(Common.BRAND, "")


@dataclass(frozen=True, slots=True)
class Gathering:
    """Alarms that are to be named together.

    `storm`: its number, if it began before; `alone`: how many of the group are told one by one.
    """

    group: Group
    storm: int | None
    alarms: tuple[int, ...]
    alone: int


class NamedCase(NamedTuple):
    """A case as one line of a roll-up."""

    case_id: int
    network: str
    severity: Severity
    status: str
    title: str | None
    text: str | None
    author: str | None
    url: str | None
    owner: str | None
    posted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """Many alarms at once, as they stand when it is told."""

    brand: str
    group: Group
    since: datetime
    until: datetime
    """When the last one joined, so far."""
    alone: int
    """Of those before, which were told one by one."""
    cases: int
    """That are named together."""
    open: int
    """Of these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RollUp:
    """Some of a storm's cases."""

    brand: str
    group: Group
    cases: tuple[NamedCase, ...]


def gather(
    alarms: Sequence[Alarm], opened: Mapping[Group, int], limits: Limits, now: datetime
) -> tuple[Gathering, ...]:
    """What is to be told together of one brand's alarms to one audience.

    `alarms` are those of the last window that no storm names, and whatever waits for longer; `opened` the
    storms that go on. One of these is joined before another one begins, and what one names counts for no
    other one: so a storm never begins with a case whose company is told of elsewhere.
    """
    since = now - limits.window
    sharing: dict[Group, list[Alarm]] = {}
    for one in alarms:
        if one.waits or one.written_at > since:
            for group in one.groups():
                sharing.setdefault(group, []).append(one)
    named: set[int] = set()
    found = []
    for group in sorted(sharing, key=lambda one: (one not in opened, _RANKS.index(one.common))):
        its = [one for one in sharing[group] if one.notice not in named]
        if group in opened or len(its) >= limits.of(group):
            ids = sorted(one.notice for one in its if one.may_be_named)
            named.update(ids)
            if ids:
                alone = len(its) - len(ids)
                found.append(Gathering(group, opened.get(group), tuple(ids), alone))
    return tuple(found)

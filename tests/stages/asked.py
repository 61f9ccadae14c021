"""A network that can be asked for its posts again, and a program that reads it and asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from monitor.domain.keeping import Keep
from monitor.domain.post import Gone, Post, PostKey, Rejected
from monitor.runner import Runner
from monitor.stages.intake import Feed, Intake
from monitor.stages.refresh import Asking, Refresh
from monitor.store import tallies
from monitor.store.engine import Database
from tests.stages.network import Network
from tests.store.written import SHOP, TEN, rows, written

Told: TypeAlias = "Post | Gone | Rejected | Exception | None"
KEEP = Keep()
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class Knows(Network):
    """A network that tells of each post asked for what `knows` says; else that it stands as it was.

    None: it says nothing. An error ends the answer.
    """

    def __init__(self) -> None:
        super().__init__()
        self.knows: dict[str, Told] = {}
        self.along: dict[str, list[Post]] = {}
        """What comes with a post that is asked for."""
        self.asked: list[list[str]] = []
        self.while_asked: Callable[[], object] = lambda: None

    def refresh(self, keys: Sequence[PostKey], /) -> Iterator[Post | Gone | Rejected]:
        self.asked.append([one.external_id for one in keys])
        self.while_asked()
        for key in keys:
            told = self.knows.get(key.external_id, written(key.external_id))
            if isinstance(told, Exception):
                raise told
            if told is not None:
                yield told
            yield from self.along.get(key.external_id, ())


class Watch:
    """A program with one such network, `x`, at TEN: looked at by hand, or round by round."""

    def __init__(self, database: Database, **more: Network) -> None:
        self.database = database
        self.now = TEN
        self.network = Knows()
        self.sources: dict[str, Any] = {"x": self.network, **more}
        self.restart()

    def restart(self) -> None:
        """A fresh process over the same database and sources."""
        feeds = [Feed(name, one, (SHOP,)) for name, one in self.sources.items()]
        self.intake = Intake(self.database, feeds, clock=lambda: self.now)
        asking = [
            Asking(name, one, (SHOP,))
            for name, one in self.sources.items()
            if isinstance(one, Knows)
        ]
        self.refresh = Refresh(
            self.database, asking, KEEP, clock=lambda: self.now, operators="#ops"
        )
        stages = (self.intake, self.refresh)
        self.runner = Runner(stages, self.database, clock=lambda: self.now, operators="#ops")

    def reads(self, *numbers: str) -> None:
        """The network shows these posts, and they are stored."""
        self.network.posts(*numbers)
        self.looks()

    def looks(self) -> None:
        for item in self.intake.due(self.now):
            self.intake.handle(item, self.now)

    def asks(self) -> list[list[str]]:
        """What is due is asked for. Returns what the network was asked, call by call."""
        before = len(self.network.asked)
        while items := self.refresh.due(self.now):
            for item in items:
                self.refresh.handle(item, self.now)
        return self.network.asked[before:]

    def passes(self, span: timedelta) -> datetime:
        self.now += span
        return self.now

    def tally(self) -> dict[str, int]:
        """How look-ups went, all days and sources together."""
        with self.database.reading() as conn:
            found: dict[str, int] = {}
            for one in tallies.look_ups_since(conn, TEN.date()):
                found[one.what] = found.get(one.what, 0) + one.number
        return found

    def column(self, name: str) -> dict[str, Any]:
        return dict(rows(self.database, f"SELECT external_id, {name} FROM post"))

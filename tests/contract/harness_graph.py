"""What the worlds of `facebook` and `instagram` have in common: a small Graph API, and an inbox."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from pydantic import BaseModel

from monitor import registry
from monitor.ports import Received, Secrets, Source
from monitor.simulator.graph import Graph, Node
from tests.contract.harness import NOON, Item
from tests.contract.harness_plain import PlainHarness

TOKEN, APP_SECRET, WORD = "EAAB-token", "of the app", "the word"
FIRST = 2**60
_ANA = ("77", "ana_p")


class Box:
    """An inbox in memory."""

    def __init__(self) -> None:
        self.letters: list[Received] = []
        self.forgotten = 0
        self.heard: datetime | None = NOON

    def after(self, number: int, most: int, /) -> Sequence[Received]:
        return [one for one in self.letters if one.number > number][:most]

    def forget(self, through: int, now: datetime, /) -> None:
        self.forgotten = through

    def heard_at(self) -> datetime | None:
        return self.heard


class GraphHarness(PlainHarness):
    """Some numbers of `item_id` are posts, the others comments."""

    account: ClassVar[tuple[str, str]]
    edge: ClassVar[str]
    """Where somebody else's posts are listed."""
    standing: ClassVar[str]
    """The post under which comments are put."""

    def network(self) -> Graph:
        self.box = Box()
        self.graph = Graph(self.name, self.account, TOKEN, lambda: NOON)
        own = "feed" if self.name == "facebook" else "media"
        at = NOON.replace(day=15)  # older than what a first look brings
        self.graph.put(Node(id=self.standing, by=self.account, text="News", at=at, edge=own))
        return self.graph

    def construct(self, options: BaseModel, secrets: Secrets) -> Source:
        source: Source = registry.build(
            self._class, options, secrets=secrets, clock=lambda: NOON, inbox=self.box
        )
        return source

    def options(self) -> dict[str, object]:
        return {
            "token": "meta_token",
            "app_secret": "meta_app",
            "verify_token": "meta_word",
            "overlap": "8d",
            "page_size": self.page,
            "calls_per_hour": 10**6,
            "base_url": self.server.url,
        }

    def secrets(self) -> dict[str, str]:
        return {"meta_token": TOKEN, "meta_app": APP_SECRET, "meta_word": WORD}

    @abstractmethod
    def own_id(self, item_id: str) -> str:
        """Meta's own id of an item."""

    @abstractmethod
    def is_post(self, item_id: str) -> bool:
        """Whether the id is that of a post."""

    def put(self, item: Item) -> None:
        by = self.account if item.by_brand else (_ANA[0], item.author)
        if self.is_post(item.id):
            self.graph.put(
                Node(id=self.own_id(item.id), by=by, text=item.text, at=item.at, edge=self.edge)
            )
            return
        above = item.reply_to
        under = self.own_id(above) if above and self.is_post(above) else self.standing
        self.graph.put(
            Node(
                id=self.own_id(item.id),
                by=by,
                text=item.text,
                at=item.at,
                under=under,
                above=above if above and not self.is_post(above) else None,
            )
        )

    def put_broken(self) -> None:
        broken = {"created_time": "yesterday", "timestamp": "yesterday"}
        self.graph.put(
            Node(id="5", by=_ANA, text="when?", at=NOON, under=self.standing, broken=broken)
        )

    def delete(self, item_id: str) -> None:
        self.graph[self.own_id(item_id)].is_gone = True

    def fail_stream(self, name: str) -> None:
        if name == "hook":
            self.box.heard = None
        else:
            super().fail_stream(name)

    def heal(self) -> None:
        super().heal()
        self.box.heard = NOON

"""What the worlds of stores and review sites have in common: customers write reviews, and change them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from monitor.domain.post import Page, Post, PostKey
from monitor.ports import Refreshes, Source
from monitor.simulator.stores import Review, Store

NOON = datetime(2026, 3, 27, 12, tzinfo=UTC)


@dataclass
class Reviewed:
    """What is reviewed on one network. `now` is the monitor's own clock and the network's."""

    network: str
    now: datetime = NOON
    store: Store = field(init=False)

    def __post_init__(self) -> None:
        self.store = Store(self.network, lambda: self.now)
        self._numbers = count(1)

    def passes(self, span: timedelta) -> None:
        self.now += span

    def reviewed(self, text: str = "Crashes on the basket", **said: Any) -> str:
        """A customer wrote a review; returns the network's id of it."""
        number = said.pop("id", None) or f"rev{next(self._numbers)}"
        at = self.now - said.pop("ago", timedelta(minutes=1))
        self.store.put(Review(id=number, text=text, at=at, author="Ana", **said))
        return str(number)

    def edits(self, number: str, text: str, rating: int = 5) -> None:
        """Its author changes it now; the response stays."""
        before = self.store.find(number)
        assert before is not None
        changed = Review(id=number, text=text, at=self.now, author="Ana", rating=rating)
        changed.response = before.response
        self.store.put(changed)

    def key(self, number: str) -> PostKey:
        return PostKey(self.network, number)


def comes_when_looked_up(
    world: Reviewed, source: Source, look: Callable[[Any, dict[str, str]], list[Page]]
) -> None:
    """A response that no look shows any more, as its review is older than the source's five days."""
    cursors = dict[str, str]()
    old = world.reviewed(ago=timedelta(hours=1))
    for _ in range(9):
        world.reviewed()
    look(source, cursors)
    world.passes(timedelta(days=6))
    world.store.respond(old, "Sorry!")
    items = [item for page in look(source, cursors) for item in page.items]
    assert not [item for item in items if isinstance(item, Post) and item.reply_to]
    assert isinstance(source, Refreshes)
    review, response = source.refresh([world.key(old)])
    assert isinstance(review, Post)
    assert isinstance(response, Post)
    assert (response.reply_to, response.posted_at) == (review.key.external_id, world.now)

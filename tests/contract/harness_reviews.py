"""What the worlds of review sites over plain HTTP have in common: customers' reviews, one response each."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from monitor.simulator.stores import Review, Store
from tests.contract.harness import NOON, Item
from tests.contract.harness_plain import PlainHarness


class ReviewHarness(PlainHarness):
    prefix: ClassVar[str] = ""
    """What a post's id has before the site's own of the review."""
    store: Store
    """What `network` puts the reviews in."""

    def start(self) -> None:
        super().start()
        self.responses: dict[str, str] = {}
        """The ids under which the owner's posts have to come."""

    def put(self, item: Item) -> None:
        if item.by_brand:
            # the owner writes nothing but responses
            asked = item.reply_to or next(
                (self.external(one.id) for one in self.store.newest()), ""
            )
            if asked:
                self.responses[item.id] = f"{asked}/response"
                self.store.respond(self.internal(asked), item.text, item.at)
            return
        number = self.internal(item.id)
        self.store.put(Review(id=number, author=item.author, text=item.text, at=item.at))

    def put_broken(self) -> None:
        self.store.put(Review(id="broken", text="?", at=NOON, broken=self.broken()))

    def delete(self, item_id: str) -> None:
        self.store.delete(self.internal(item_id))

    @abstractmethod
    def broken(self) -> dict[str, object]:
        """Fields of a review that are not as they should be."""

    def external(self, number: str) -> str:
        """The id of a post, from the site's own of the review."""
        return f"{self.prefix}{number}"

    def internal(self, item_id: str) -> str:
        """The site's own id of a review."""
        return item_id.removeprefix(self.prefix)

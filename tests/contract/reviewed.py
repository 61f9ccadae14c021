"""What the worlds of sources of reviews have in common: customers' reviews, and one response each."""

from __future__ import annotations

from typing import ClassVar

from monitor.domain.post import PostKey
from monitor.simulator.stores import Review, Store
from tests.contract.harness import NOON, Item
from tests.contract.served import ServedHarness


class ReviewedHarness(ServedHarness):
    capped: ClassVar[dict[str, object] | None] = {"max_pages": 1}
    beyond: ClassVar[int] = 20
    prefix: ClassVar[str] = ""
    """What a post's id has before the site's own of the review."""
    broken: ClassVar[dict[str, object]]
    """The fields of a review that can't be read."""
    store: Store
    """What `serving` shows."""

    def start(self) -> None:
        self._responses: dict[str, str] = {}
        super().start()

    def key(self, item_id: str) -> PostKey:
        return PostKey(self.name, self._responses.get(item_id, item_id))

    def put(self, item: Item) -> None:
        if item.by_brand:
            # the owner writes nothing but responses
            asked = item.reply_to or next(
                (self._known(one.id) for one in self.store.newest()), None
            )
            if asked is not None:
                self._responses[item.id] = f"{asked}/response"
                self.store.respond(self._own(asked), item.text, item.at)
            return
        at = item.edited_at or item.at
        review = Review(id=self._own(item.id), author=item.author, text=item.text, at=at)
        self.store.put(review)

    def put_broken(self) -> None:
        self.store.put(Review(id="broken", text="", at=NOON, broken=self.broken))

    def delete(self, item_id: str) -> None:
        self.store.delete(self._own(item_id))

    def _known(self, number: str) -> str:
        return f"{self.prefix}{number}"

    def _own(self, item_id: str) -> str:
        return item_id.removeprefix(self.prefix)

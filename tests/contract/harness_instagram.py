"""A small Instagram account: people comment under its posts, and tag it in theirs."""

from __future__ import annotations

from typing import ClassVar

from monitor.domain.post import PostKey
from tests.contract.harness_graph import FIRST, GraphHarness

ACCOUNT = "17841406338772941"
_MEDIA = "media/"


class Harness(GraphHarness):
    name: ClassVar[str] = "instagram"
    account: ClassVar[tuple[str, str]] = (ACCOUNT, "our_shop")
    edge: ClassVar[str] = "tags"
    standing: ClassVar[str] = "900"
    streams: ClassVar[dict[str, str]] = {"comments": "/media", "tags": "/tags"}

    def options(self) -> dict[str, object]:
        return {**super().options(), "account": ACCOUNT, "username": "Our_Shop"}

    def key(self, item_id: str) -> PostKey:
        return PostKey("instagram", item_id)

    def item_id(self, number: int) -> str:
        return f"{_MEDIA}{FIRST + number}" if number % 3 == 0 else f"{FIRST + number}"

    def own_id(self, item_id: str) -> str:
        return item_id.removeprefix(_MEDIA)

    def is_post(self, item_id: str) -> bool:
        return item_id.startswith(_MEDIA)

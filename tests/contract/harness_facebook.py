"""A small Facebook page: visitors write on it, and under what it wrote itself."""

from __future__ import annotations

from typing import ClassVar

from monitor.domain.post import PostKey
from tests.contract.harness_graph import FIRST, GraphHarness

PAGE = "245628824887810"


class Harness(GraphHarness):
    name: ClassVar[str] = "facebook"
    account: ClassVar[tuple[str, str]] = (PAGE, "Our Shop")
    edge: ClassVar[str] = "feed"
    standing: ClassVar[str] = f"{PAGE}_900"
    streams: ClassVar[dict[str, str]] = {
        "comments": "/feed?fields=id%2Ccreated_time",
        "feed": "/feed?fields=id%2Cfrom",
        "tagged": "/tagged",
    }

    def options(self) -> dict[str, object]:
        return {**super().options(), "page": PAGE}

    def key(self, item_id: str) -> PostKey:
        return PostKey("facebook", item_id)

    def item_id(self, number: int) -> str:
        return f"{PAGE}_{FIRST + number}" if number % 2 else f"900_{FIRST + number}"

    def own_id(self, item_id: str) -> str:
        return item_id

    def is_post(self, item_id: str) -> bool:
        return item_id.startswith(PAGE)

"""A small Reddit over HTTP, which a source `reddit` reads in all its streams."""

from __future__ import annotations

from typing import ClassVar

from monitor.domain.post import PostKey
from monitor.simulator.reddit import Reddit, Thing
from monitor.simulator.reddit_http import RedditServer
from tests.contract.harness import NOON, Expected, Item
from tests.contract.served import FAULTS, ServedHarness

BRAND = "Our_Shop"
PATHS = {
    "submissions": "/new",
    "comments": "/r/help/comments",
    "search": "/search",
    "mentions": "/message/mentions",
    "inbox": "/message/inbox",
    "own-our_shop": f"/user/{BRAND}/comments",
}
_FIRST = 36**10
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


class Harness(ServedHarness):
    name: ClassVar[str] = "reddit"
    page: ClassVar[int] = 4
    faults: ClassVar[dict[str, Expected]] = FAULTS
    capped: ClassVar[dict[str, object] | None] = {"page_size": 100}
    beyond: ClassVar[int] = 2100  # half of them comments; a thousand things are listed
    streams: ClassVar[dict[str, str]] = PATHS

    def serving(self) -> RedditServer:
        self._reddit = Reddit(lambda: NOON)
        server = RedditServer(self._reddit, clients={"app": "s3cret"}, quota=10**6)
        server.refresh_tokens["refresh"] = (BRAND, "*")
        return server

    def options(self) -> dict[str, object]:
        return {
            "client_id": "app",
            "username": BRAND,
            "refresh_token": "reddit_refresh_token",
            "subreddits": ["help"],
            "search": "parcel OR coletul",
            "overlap": "8d",
            "page_size": self.page,
            "base_url": self.server.url,
        }

    def secrets(self) -> dict[str, str]:
        return {"reddit_client_secret": "s3cret", "reddit_refresh_token": "refresh"}

    def key(self, item_id: str) -> PostKey:
        return PostKey("reddit", item_id)

    def item_id(self, number: int) -> str:
        """Comments and submissions in turn; the second and every even one a comment."""
        return f"t{1 if number % 2 == 0 else 3}_{_base36(_FIRST + number)}"

    def put(self, item: Item) -> None:
        self._reddit.put(
            Thing(
                name=item.id,
                author=BRAND if item.by_brand else item.author,
                title="Where?" if item.id.startswith("t3") else "",
                text=item.text,
                at=item.at,
                parent=item.reply_to,
                subreddit="help",
                edited_at=item.edited_at,
            )
        )

    def put_broken(self) -> None:
        broken = Thing(name="t3_broken", author="ana_p", text="my parcel", at=NOON)
        broken.subreddit, broken.broken = "help", {"created_utc": "yesterday"}
        self._reddit.put(broken)

    def delete(self, item_id: str) -> None:
        self._reddit[item_id].fate = "deleted"


def _base36(number: int) -> str:
    written = ""
    while number:
        number, digit = divmod(number, 36)
        written = _DIGITS[digit] + written
    return written

"""A small Reddit over HTTP, which a source `reddit` reads in all its streams."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from monitor.domain.post import PostKey
from monitor.simulator.reddit import Reddit, Thing
from monitor.simulator.reddit_http import Fault, RedditServer
from tests.contract import harness
from tests.contract.harness import NOON, Expected, Item

BRAND = "Our_Shop"
PATHS = {
    "submissions": "/new",
    "comments": "/r/help/comments",
    "search": "/search",
    "mentions": "/message/mentions",
    "inbox": "/message/inbox",
    "own-our_shop": f"/user/{BRAND}/comments",
}
_LATER = Expected(permanent=False)
_NEVER = Expected(permanent=True)
_FIRST = 36**10
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


class Harness(harness.Harness):
    name: ClassVar[str] = "reddit"
    page: ClassVar[int] = 4
    faults: ClassVar[dict[str, Expected]] = {
        "401": _NEVER,
        "402": _NEVER,
        "403": _NEVER,
        "404": _NEVER,
        "redirect": _NEVER,
        "429": Expected(permanent=False, retry_after=timedelta(seconds=7)),
        "429 with a date": Expected(permanent=False, retry_after=timedelta(seconds=90)),
        "429 without retry-after": _LATER,
        "500": _LATER,
        "503": _LATER,
        "html": _LATER,
        "half": _LATER,
        "truncated": _LATER,
        "no listing": _LATER,
        "drop": _LATER,
        "slow": _LATER,
        "stall": _LATER,
    }

    def start(self) -> None:
        self._reddit = Reddit(lambda: NOON)
        self._server = RedditServer(self._reddit, clients={"app": "s3cret"}, quota=10**6)
        self._server.refresh_tokens["refresh"] = (BRAND, "*")
        self._server.__enter__()

    def stop(self) -> None:
        self._server.__exit__(None, None, None)

    def options(self) -> dict[str, object]:
        return {
            "client_id": "app",
            "username": BRAND,
            "refresh_token": "reddit_refresh_token",
            "subreddits": ["help"],
            "search": "parcel OR coletul",
            "overlap": "8d",
            "page_size": self.page,
            "timeout": 2,
            "base_url": self._server.url,
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
            )
        )

    def put_broken(self) -> None:
        broken = Thing(name="t3_broken", author="ana_p", text="my parcel", at=NOON)
        broken.subreddit, broken.broken = "help", {"created_utc": "yesterday"}
        self._reddit.put(broken)

    def delete(self, item_id: str) -> None:
        self._reddit[item_id].fate = "deleted"

    def fail(self, fault: str) -> None:
        match fault:
            case "429":
                planned = Fault("429", headers={"retry-after": "7"})
            case "429 with a date":
                dates = {
                    "date": "Fri, 27 Mar 2026 12:00:00 GMT",
                    "retry-after": "Fri, 27 Mar 2026 12:01:30 GMT",
                }
                planned = Fault("429", headers=dates)
            case "429 without retry-after":
                planned = Fault("429")
            case "slow" | "stall":
                planned = Fault(fault, seconds=4.0)
            case kind:
                planned = Fault(kind)
        self._server.faults.append(planned)

    def fail_stream(self, name: str) -> None:
        self._server.faults.append(Fault("503", PATHS[name]))

    def heal(self) -> None:
        self._server.faults.clear()


def _base36(number: int) -> str:
    written = ""
    while number:
        number, digit = divmod(number, 36)
        written = _DIGITS[digit] + written
    return written

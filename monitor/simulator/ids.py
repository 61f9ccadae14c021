"""The names that each network gives to posts and people, in the shape that the real one uses.

Links lead to reserved `.example` hosts: an invented handle on a real host may be somebody's.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from random import Random

from monitor.simulator.script import Line

_SNOWFLAKE_EPOCH = datetime(2010, 11, 4, 1, 42, 54, tzinfo=UTC)
_REVIEWS = ("google_play", "app_store", "reviews")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def post_id(line: Line, parent_id: str | None, posted_at: datetime, chance: Random) -> str:
    """The network's id for a post; an owner's response is named after its review."""
    if line.network in _REVIEWS and parent_id:
        return f"{parent_id}/response"
    match line.network:
        case "x":  # a snowflake: milliseconds, then 22 bits; beyond 2^53
            milliseconds = (posted_at - _SNOWFLAKE_EPOCH) // timedelta(milliseconds=1)
            return str(milliseconds << 22 | chance.getrandbits(22))
        case "reddit":  # a fullname: t3_ submission, t1_ comment
            number = int(posted_at.timestamp()) * 4096 + chance.getrandbits(12)
            return f"{'t1' if parent_id else 't3'}_{_base36(number)}"
        case "app_store":
            return str(chance.randrange(10**10, 10**11))
        case "forum":
            return str(int(posted_at.timestamp()) % 10**8 * 100 + chance.randrange(100))
        case _:
            return f"{chance.getrandbits(96):024x}"


def author_id(network: str, handle: str | None) -> str | None:
    """The network's lasting id of a person; review sites tell none."""
    if handle is None or network in _REVIEWS:
        return None
    number = int.from_bytes(hashlib.sha256(f"{network}/{handle}".encode()).digest()[:5])
    return f"t2_{_base36(number)}" if network == "reddit" else str(number)


def url(network: str, external_id: str, thread_id: str, handle: str | None) -> str | None:
    """Where the post can be seen; App Store reviews have no address."""
    match network:
        case "x":
            return f"https://x.example/{handle}/status/{external_id}"
        case "reddit":
            root, own = thread_id.removeprefix("t3_"), external_id.removeprefix("t1_")
            tail = "" if external_id == thread_id else f"{own}/"
            return f"https://reddit.example/r/cumparaturi/comments/{root}/_/{tail}"
        case "google_play":
            return f"https://play.example/store/apps/bufnivo?reviewId={thread_id}"
        case "reviews":
            return f"https://reviews.example/bufnivo/{thread_id}"
        case "forum":
            return f"https://forum.example/t/{thread_id}#post-{external_id}"
        case _:
            return None


def _base36(number: int) -> str:
    written = ""
    while number:
        number, digit = divmod(number, 36)
        written = _DIGITS[digit] + written
    return written or "0"

"""Writes answers in the brand's name, and finds out whether one arrived."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from monitor.domain.errors import Outcome, SendError
from monitor.domain.notice import Absent, Unknowable
from monitor.domain.post import Post
from monitor.domain.quoting import quoted
from monitor.fetching import CallError, send_error, unsure
from monitor.sources.reddit import things
from monitor.sources.reddit.calls import Calls
from monitor.sources.reddit.listing import Listing

_SPAN = re.compile(r"(\d+) (millisecond|second|minute|hour)s?")
LONGEST = 10_000
"""Characters of a comment."""
_PAGE = 100
_SLOWER = timedelta(minutes=1)
"""Asked of us without saying how long."""


def write(calls: Calls, to: Post, text: str, now: datetime) -> Post:
    """Post the answer, once.

    Raises:
        SendError: it was not posted, or nobody knows.

    """
    try:
        answer = calls.post("api/comment", thing_id=to.key.external_id, text=text)
    except CallError as error:
        raise send_error(error) from error
    try:
        said = answer["json"]
        if said.get("errors"):
            raise _refusal(said)
        written = things.read(said["data"]["things"][0], now=now, seen_at=None, mute=None)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise SendError(
            "Reddit answered to the reply with something that makes no sense",
            outcome=Outcome.UNKNOWN,
        ) from error
    if not isinstance(written, Post):
        raise SendError("Reddit took the reply and shows it as removed", outcome=Outcome.UNKNOWN)
    return written


def find(calls: Calls, account: str, to: Post, now: datetime) -> Post | Absent | Unknowable:
    """The account's own comment under that post, the newest of them.

    Reddit has no key for what is written; a reply typed by hand under the same post is found as
    well, and is an answer as good.

    Raises:
        SendError: Reddit can't be asked, now or for good: the outcome stays unknown.

    """
    listing = own_comments(account)
    number = 0
    try:
        for children, _ in listing.pages(calls, _PAGE):
            for child in children:
                found = things.read(child, now=now, seen_at=None, mute=None)
                if isinstance(found, Post) and found.reply_to == to.key.external_id:
                    return found
            number += len(children)
            ages = [age for age in map(things.created_of, children) if age is not None]
            if ages and max(ages) < to.posted_at.timestamp():
                return Absent()
    except CallError as error:
        raise unsure(error) from error
    if number >= listing.cap / 2:
        return Unknowable("Reddit lists no comments of ours that are as old as the post")
    return Absent()


def own_comments(account: str) -> Listing:
    """All that an account commented, newest first."""
    return Listing(f"user/{account}/comments", {"sort": "new"})


def _refusal(said: Any) -> SendError:
    """Reddit's own words, as [code, sentence, field]: only "too fast" is worth another try."""
    first: list[Any] = said["errors"][0]
    code, sentence = first[0], first[1]
    if code == "RATELIMIT":
        rest = _pause(said, str(sentence))
        return SendError(f"Reddit: {quoted(sentence)}", outcome=Outcome.NOT_SENT, retry_after=rest)
    words = quoted(f"{sentence} ({code})")
    return SendError(f"Reddit refuses the reply: {words}", outcome=Outcome.PERMANENT)


def _pause(said: Any, sentence: str) -> timedelta:
    """How long to wait: told in seconds, in words, or in both, the words rounded down."""
    seconds = said.get("ratelimit")
    if isinstance(seconds, int | float) and seconds > 0:
        return timedelta(seconds=float(seconds))
    found = _SPAN.search(sentence)
    return timedelta(**{f"{found[2]}s": int(found[1]) + 1}) if found else _SLOWER

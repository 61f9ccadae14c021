"""Writes replies in the channel's name, and finds out whether one arrived."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from monitor.domain.errors import Outcome, SendError, SourceError
from monitor.domain.notice import Absent, Unknowable
from monitor.domain.post import Post
from monitor.domain.quoting import quoted
from monitor.fetching import Client, FetchError, fields, send_error, unsure
from monitor.sources.youtube import comments, threads
from monitor.sources.youtube.comments import Whose

LONGEST = 10_000
"""Characters of a comment."""
COST = 50
"""Units of the day's quota that a reply takes."""
PAGE = 100
_GONE = 404


def replies_of(client: Client, whose: Whose) -> tuple[Sequence[Any], int]:
    """All replies of a thread, and how many calls that took. Raises SourceError."""
    found: list[Any] = []
    seen: set[str] = set()
    asked: dict[str, str | int] = {"part": "snippet", "parentId": whose.thread}
    asked |= {"maxResults": PAGE, "textFormat": "plainText"}
    while True:
        answer = client.get("youtube/v3/comments", **asked)
        listed = answer.get("items") if isinstance(answer, dict) else None
        if not isinstance(listed, list):
            raise FetchError("YouTube answered with something that is no list of replies")
        found += listed
        token = answer.get("nextPageToken")
        if not isinstance(token, str) or not token:
            return found, len(seen) + 1
        if token in seen:
            raise FetchError("YouTube's pages of replies lead in circles")
        seen.add(token)
        asked["pageToken"] = token


def worded(to: Post, text: str) -> str:
    """The text as it is posted: below a reply it begins with whom it answers."""
    handle = to.author.handle
    if to.is_root or handle is None or threads.begins_with(text, handle):
        return text
    return f"@{handle.lstrip('@')} {text}"


def write(client: Client, to: Post, text: str) -> Post:
    """Post the reply, once.

    Raises:
        SendError: it was not posted, or nobody knows.

    """
    if to.can_reply is False:
        why = to.cannot_reply_because or comments.CLOSED
        raise SendError(why, outcome=Outcome.PERMANENT)
    said = {"snippet": {"parentId": to.thread, "textOriginal": worded(to, text)}}
    try:
        answer = client.post("youtube/v3/comments", said, cost=COST, part="snippet")
    except SourceError as error:
        raise send_error(error) from error
    try:
        whose = Whose(to.thread, None, None)
        written = comments.read(fields.table(answer), whose)
    except fields.UNREADABLE as error:
        raise SendError(
            f"YouTube answered to the reply with something that makes no sense: {quoted(error)}",
            outcome=Outcome.UNKNOWN,
        ) from error
    return replace(written, reply_to=to.key.external_id)


def find(client: Client, channel: str, to: Post) -> Post | Absent | Unknowable:
    """The channel's newest reply to whoever wrote that comment, if it is younger than the comment.

    YouTube has no key for what is written: a reply that was typed by hand is found as well, and is as
    good.

    Raises:
        SendError: YouTube can't be asked: the outcome stays unknown.

    """
    whose = Whose(to.thread, None, None)
    try:
        raws, _ = replies_of(client, whose)
    except FetchError as error:
        if error.status == _GONE:
            return Unknowable("YouTube does not show the comment any more")
        raise unsure(error) from error
    except SourceError as error:
        raise unsure(error) from error
    handle = to.author.handle if to.is_root else None
    told = threads.addressed(to.thread, handle, threads.read_replies(raws, whose))
    posts = [one for one in told if isinstance(one, Post)]
    theirs = {one.key.external_id for one in posts if one.author.key == to.author.key}
    theirs.add(to.key.external_id)
    ours = [
        one
        for one in posts
        if one.author.id == channel and one.reply_to in theirs and one.posted_at >= to.posted_at
    ]
    return ours[-1] if ours else Absent()

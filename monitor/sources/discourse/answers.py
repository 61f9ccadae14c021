"""Writes answers in the brand's name, and finds out whether one arrived."""

from __future__ import annotations

from datetime import datetime

from monitor.domain.errors import Outcome, SendError, SourceError
from monitor.domain.notice import Absent, Unknowable
from monitor.domain.post import Post
from monitor.domain.quoting import quoted
from monitor.fetching import Client, send_error, unsure
from monitor.sources.discourse import posts
from monitor.sources.discourse.listings import Written
from monitor.sources.discourse.posts import Forum

LONGEST = 32_000
"""Characters of a post, unless the forum's admins changed it."""
_MOST_PAGES = 10


def write(client: Client, forum: Forum, to: Post, text: str, now: datetime) -> Post:
    """Post the answer, once.

    Raises:
        SendError: it was not posted, or nobody knows.

    """
    at = posts.numbers(to.key.external_id)
    if at is None:
        raise SendError(f"{quoted(to.key)} is no post of a forum", outcome=Outcome.PERMANENT)
    said = {"raw": text, "topic_id": at[0], "reply_to_post_number": at[1]}
    try:
        answer = client.post("posts.json", said)
    except SourceError as error:
        raise send_error(error) from error
    if isinstance(answer, dict) and answer.get("action") == "enqueued":
        raise SendError(
            "the forum holds the answer back until a moderator approves it", outcome=Outcome.UNKNOWN
        )
    written = posts.read("answer", answer, forum, now)
    if not isinstance(written, Post):
        raise SendError(
            "the forum answered to the reply with something that makes no sense",
            outcome=Outcome.UNKNOWN,
        )
    return written


def find(
    client: Client, forum: Forum, account: str, to: Post, now: datetime
) -> Post | Absent | Unknowable:
    """The account's own answer to that post, the newest of them.

    A forum has no key for what is written: an answer typed by hand is found as well, and is as good.

    Raises:
        SendError: the forum can't be asked: the outcome stays unknown.

    """
    listing, spot = Written(client, account), None
    topic = to.key.external_id.partition("/")[0] + "/"
    try:
        for _ in range(_MOST_PAGES):
            leaf = listing.leaf(0, spot)
            for thing in leaf.things:
                if thing.name.startswith(topic) and posts.numbers(thing.name):
                    whole = client.get(posts.path(thing.name))
                    found = posts.read(thing.name, whole, forum, now)
                    if isinstance(found, Post) and _answers(found, to):
                        return found
            ages = [thing.posted for thing in leaf.things if thing.posted is not None]
            spot = leaf.further
            if spot is None or (ages and max(ages) < to.posted_at.timestamp()):
                return Absent()
    except SourceError as error:
        raise unsure(error) from error
    return Unknowable("the account wrote so much since that its answers were not all looked at")


def _answers(found: Post, to: Post) -> bool:
    above = found.reply_to or found.thread
    return above == to.key.external_id and found.key != to.key

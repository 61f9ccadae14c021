"""Answers in the account's name, and the look whether one arrived of which nobody knows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from monitor.domain.errors import Outcome, SendError
from monitor.domain.post import Author, Post, PostKey
from monitor.sources.x import snowflake, wire
from monitor.sources.x.calls import Answer, Calls, NoAnswerError, RefusedError
from monitor.sources.x.refusals import send_error
from monitor.sources.x.wire import Account


def reply(calls: Calls, account: Account, to: Post, text: str, now: datetime) -> Post:
    """Post an answer, once. Raises SendError."""
    try:
        answer = calls.ask(
            calls.client.create_tweet,
            text=text,
            in_reply_to_tweet_id=to.reply_token or to.key.external_id,
            user_auth=True,
        )
    except (RefusedError, NoAnswerError) as error:
        raise send_error(error) from error
    return _posted(answer, account, to, text, now)


def _posted(answer: Answer, account: Account, to: Post, text: str, now: datetime) -> Post:
    data: Any = answer.body.get("data")
    new_id = str(data.get("id", "")) if isinstance(data, dict) else ""
    if not new_id.isdecimal():
        raise SendError("X did not say where the answer is", outcome=Outcome.UNKNOWN)
    return Post(
        key=PostKey(wire.NETWORK, new_id),
        thread=to.thread,
        reply_to=to.key.external_id,
        text=wire.plain(data.get("text") or text),
        author=Author(id=account.id, handle=account.handle),
        reply_token=new_id,
        url=f"https://x.com/{account.handle}/status/{new_id}",
        posted_at=snowflake.time_of(new_id) or answer.at or now,
    )


def answers_to(to: Post, posts: list[Post]) -> Post | None:
    """The newest of the account's posts that replies to this very post, if one does."""
    its_ids = {to.key.external_id, to.reply_token}
    found = [one for one in posts if one.reply_to in its_ids]
    return max(found, key=lambda one: int(one.key.external_id), default=None)

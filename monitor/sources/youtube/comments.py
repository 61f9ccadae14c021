"""What YouTube tells of one comment: a post. The id of a reply is "comment.reply"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from monitor.domain.post import Author, Post, PostKey, PostKind
from monitor.fetching import fields
from monitor.reviewing import reviews
from monitor.reviewing.reviews import Raw

NETWORK = "youtube"
HELD = "it is held for review: approve it in YouTube Studio, then answer"
CLOSED = "YouTube lets nobody answer this comment"
_PUBLISHED = "published"
_VISIBLE = "public"


@dataclass(frozen=True, slots=True)
class Whose:
    """Below what a comment stands, and why it could not be answered; None: it may be."""

    thread: str
    video: str | None
    mute: str | None
    status: str = _PUBLISHED
    """How it is moderated, where the comment itself does not say."""


def thread_of(external_id: str) -> str:
    """The comment that is answered, or the comment itself."""
    return external_id.partition(".")[0]


def read(raw: Raw, whose: Whose) -> Post:
    """A comment. Raises KeyError, ValueError, TypeError, AttributeError, OverflowError: it is none."""
    number, said = identifier(raw), fields.table(raw["snippet"])
    posted, changed = fields.moment(said["publishedAt"]), said.get("updatedAt")
    edited = fields.moment(changed) if changed else posted
    status = said.get("moderationStatus") or whose.status
    mute = whose.mute or (None if status == _PUBLISHED else HELD)
    return Post(
        key=PostKey(NETWORK, number),
        kind=PostKind.COMMENT,
        thread=whose.thread,
        reply_to=None if number == whose.thread else whose.thread,
        text=reviews.words(said["textDisplay"]).strip(),
        author=_author(said),
        visibility=_VISIBLE if status == _PUBLISHED else reviews.plain(status),
        url=_url(number, whose.video),
        posted_at=posted,
        edited_at=None if edited <= posted else edited,
        can_reply=mute is None,
        cannot_reply_because=mute,
    )


def identifier(raw: Raw) -> str:
    """Its id. Raises KeyError, ValueError."""
    return reviews.identifier(raw["id"])


def video_of(snippet: Any) -> str | None:
    """The video below which it stands; a comment about the channel itself has none."""
    return reviews.some(snippet.get("videoId"))


def _author(said: dict[str, Any]) -> Author:
    """Since 2022 channels are shown by their handles; older answers, and some, have a name there."""
    channel, shown = said.get("authorChannelId"), reviews.some(said.get("authorDisplayName"))
    number = channel.get("value") if isinstance(channel, dict) else None
    has_handle = shown is not None and shown.startswith("@")
    return Author(
        id=None if number is None else reviews.identifier(number),
        handle=shown if has_handle else None,
        name=None if has_handle else shown,
    )


def _url(number: str, video: str | None) -> str | None:
    if video is None:
        return None
    return f"https://www.youtube.com/watch?{urlencode({'v': video, 'lc': number})}"

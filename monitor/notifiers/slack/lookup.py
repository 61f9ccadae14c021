"""Finding a message whose posting was never answered, by the key in its metadata."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from slack_sdk.web import SlackResponse

from monitor.clock import CLOCKS_DIFFER, utc_now
from monitor.domain.errors import Outcome, SendError
from monitor.domain.notice import Notice, Unknowable
from monitor.notifiers.slack.errors import MAY_NOT_LOOK, WITHOUT_THREAD
from monitor.notifiers.slack.wire import RefusedError, Wire
from monitor.render.slack_case import is_member

EVENT = "complaint_monitor_notice"
ABOUT = "about"
_PAGE, _PAGES = 200, 25
_SKEW = timedelta(hours=1)
"""A message may bear an earlier time than its notice: clocks differ."""
_SETTLED = timedelta(seconds=45)
"""After an attempt: until it is over (in the queue, on the wire), and Slack's history shows its message."""

_log = structlog.get_logger(__name__)


class Lookup:
    """Reads a channel's history back to the notice's writing."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def there(self, notice: Notice, channel: str) -> Mapping[int, str] | Unknowable:
        """The time stamps of the notice's messages by number. What is there twice is made once.

        Raises:
            SendError: nobody could look this time.

        """
        if is_member(channel):
            return Unknowable("the app does not read what it says to one person alone")
        try:
            return self._look(notice, channel)
        except RefusedError as refused:
            if refused.name not in MAY_NOT_LOOK:
                raise
            return Unknowable(str(refused))
        except _TooMuchError:
            return Unknowable(f"more than {_PAGE * _PAGES} messages in {channel} to look through")

    def believe_absence(self, notice: Notice) -> None:
        """What was posted a moment ago the history may not show yet: not seen is not absent.

        Raises:
            SendError: it is too early to say; tells when it is not any more.

        """
        attempted_at = notice.attempted_at
        # a time far ahead is one of a clock that was set back since: no reason to wait for it
        if attempted_at is not None and -CLOCKS_DIFFER <= utc_now() - attempted_at < _SETTLED:
            raise SendError(
                "Slack did not answer, and its history does not show the message, perhaps not yet",
                outcome=Outcome.UNKNOWN,
                retry_after=_SETTLED,
            )

    def _look(self, notice: Notice, channel: str) -> Mapping[int, str]:
        thread = thread_of(notice, channel)
        found = self._matching(notice, channel, thread)
        if not found and thread is not None:
            found = self._matching(notice, channel, None)  # it was posted beside its thread
        there = self._each_once(notice, channel, found)
        if thread is None and 1 in there:
            below = self._matching(notice, channel, there[1])
            there |= self._each_once(notice, channel, [one for one in below if one[0] > 1])
        return there

    def _matching(
        self, notice: Notice, channel: str, thread: str | None
    ) -> Sequence[tuple[int, str]]:
        """Number and time stamp of the notice's messages, in the channel or in a thread of it."""
        mine = identity(notice).items()
        since = min(notice.written_at, notice.told_since or notice.written_at)
        try:
            return sorted(
                (int(payload.get("part", 1)), str(one["ts"]))
                for one in self._read(channel, thread, since)
                if (payload := _payload(one)).items() >= mine or _tells_the_same(payload, notice)
            )
        except RefusedError as refused:
            if thread is None or refused.name not in WITHOUT_THREAD:
                raise
            return ()

    def _read(
        self, channel: str, thread: str | None, written_at: datetime
    ) -> Iterator[Mapping[str, Any]]:
        """All messages since shortly before the notice was written. Raises _TooMuchError."""
        oldest = f"{(min(written_at, utc_now()) - _SKEW).timestamp():.6f}"
        cursor: str | None = None
        for _ in range(_PAGES):
            answer = self._page(channel, thread, oldest, cursor)
            yield from answer.get("messages") or ()
            cursor = (answer.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return
        raise _TooMuchError

    def _page(
        self, channel: str, thread: str | None, oldest: str, cursor: str | None
    ) -> SlackResponse:
        how: dict[str, Any] = {"include_all_metadata": True, "oldest": oldest, "limit": _PAGE}
        if thread is None:
            return self._wire.call(
                "conversations.history",
                channel,
                lambda client: client.conversations_history(channel=channel, cursor=cursor, **how),
            )
        return self._wire.call(
            "conversations.replies",
            channel,
            lambda client: client.conversations_replies(
                channel=channel, ts=thread, cursor=cursor, **how
            ),
        )

    def _each_once(
        self, notice: Notice, channel: str, found: Sequence[tuple[int, str]]
    ) -> dict[int, str]:
        """The first message of each number; later ones of the same are deleted and counted."""
        there: dict[int, str] = {}
        for number, ts in found:
            if there.setdefault(number, ts) == ts:
                continue
            try:
                self._delete(channel, ts)
            except SendError as error:
                _log.warning("slack_duplicate_left", key=notice.key, problem=str(error))
            else:
                _log.warning("slack_duplicate_deleted", key=notice.key)
        return there

    def _delete(self, channel: str, ts: str) -> None:
        self._wire.call(
            "chat.delete", channel, lambda client: client.chat_delete(channel=channel, ts=ts)
        )


class _TooMuchError(Exception):
    """The look was given up."""


def thread_of(notice: Notice, channel: str) -> str | None:
    """The card's, if it is in the same channel: a thread has no other place."""
    card = notice.thread
    return card.name if card is not None and card.place == channel else None


def identity(notice: Notice) -> dict[str, Any]:
    """What no other message bears.

    The time keeps apart what two installations tell one channel under the same key.
    """
    return {"key": notice.key, "written_at": notice.written_at.isoformat()}


def label(notice: Notice, part: int) -> dict[str, Any]:
    """All that a message says of itself."""
    about = {ABOUT: notice.about} if notice.about else {}
    return {**identity(notice), **about, "part": part}


def _tells_the_same(payload: Mapping[str, Any], notice: Notice) -> bool:
    """Told by an installation of which this one is an older copy."""
    return (
        notice.told_since is not None and notice.about != "" and payload.get(ABOUT) == notice.about
    )


def _payload(message: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata = message.get("metadata") or {}
    ours = metadata.get("event_type") == EVENT
    return metadata.get("event_payload") or {} if ours else {}

"""One review over plain HTTP: looked up again, and looked at for the answer that may stand below it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from monitor.domain.errors import Outcome, SendError, SourceError
from monitor.domain.notice import Absent, Unknowable
from monitor.domain.post import Gone, Post, PostKey, Rejected
from monitor.domain.quoting import quoted
from monitor.domain.reply import Length
from monitor.fetching import FetchError, send_error, unsure
from monitor.reviewing import reviews
from monitor.reviewing.look import Listed
from monitor.reviewing.reviews import Review

_GONE = (404, 410)

Question = Callable[[], Review | Rejected]
"""One call: the review as it stands, or that it can't be read. Raises SourceError."""


def listed(read: Callable[[], Listed]) -> Listed:
    """A page of a listing. Raises SourceError: the answer is no such page."""
    try:
        return read()
    except ValueError as error:
        raise FetchError(f"the answer can't be read: {quoted(error)}") from error


def looked_up(
    ask: Question, keys: Sequence[PostKey], now: datetime
) -> Iterator[Post | Gone | Rejected]:
    """What became of a review and its response. Raises SourceError."""
    try:
        found = ask()
    except FetchError as error:
        if error.status not in _GONE:
            raise
        yield from (Gone(key, now) for key in keys)
        return
    yield from reviews.told_of(found, keys, now)


def answered(ask: Question, to: Post) -> Post | Absent | Unknowable:
    """The response to a review, if it is younger than the review as it was answered.

    Raises:
        SendError: the site can't be asked now; the outcome stays unknown.

    """
    try:
        found = ask()
    except FetchError as error:
        if error.status in _GONE:
            return Unknowable("the site does not show the review any more")
        raise unsure(error) from error
    except SourceError as error:
        raise unsure(error) from error
    return reviews.answer_in(found, to)


def written(write: Callable[[], Any], length: Length) -> Any:
    """What the site says to an answer. A site has one response a review: sent twice, it is there once.

    Raises:
        SendError: it was not sent, or nobody knows.

    """
    if length.is_too_long:
        raise SendError(
            f"at most {length.most} may be written, and this is {length.used} long",
            outcome=Outcome.PERMANENT,
        )
    try:
        return write()
    except SourceError as error:
        raise send_error(error) from error

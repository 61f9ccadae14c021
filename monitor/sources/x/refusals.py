"""What a failed call means for whoever reads, and for whoever answers a customer."""

from __future__ import annotations

from datetime import timedelta

from monitor.domain.errors import Outcome, SendError, SourceError
from monitor.domain.quoting import class_and_words
from monitor.sources.x.calls import NoAnswerError, RefusedError

_UNAUTHORIZED, _NO_CREDITS, _FORBIDDEN, _NOT_FOUND = 401, 402, 403, 404
_TOO_MANY = 429
_SERVER = 500

_TO_DO = {
    400: "X does not accept the request: look at `query` and `account`",
    _UNAUTHORIZED: "the token is wrong or was revoked: make a new one (docs/sources/x.md)",
    _NO_CREDITS: "the app's credits are used up: buy some in X's developer console",
    _FORBIDDEN: "the app may not do this: look at its rights and plan (docs/sources/x.md)",
    _NOT_FOUND: "there is no such account: look at `account`",
    _TOO_MANY: "too many calls for now",
}
_AFTER_CREDITS = timedelta(hours=1)
"""Buying some needs a person; asking costs nothing."""


def source_error(error: RefusedError | NoAnswerError, where: str) -> SourceError:
    """Why the stream can't be read. Out of credits is not for good: reading goes on when some are there."""
    if isinstance(error, NoAnswerError):
        return SourceError(f"{where}: {error}")
    wait = _AFTER_CREDITS if error.status == _NO_CREDITS else error.retry_after
    temporary = error.status in (_NO_CREDITS, _TOO_MANY) or error.status >= _SERVER
    return SourceError(_words(error, where), permanent=not temporary, retry_after=wait)


def unreadable(error: ValueError, where: str) -> SourceError:
    """An answer came, and is none that X would give."""
    return SourceError(f"{where}: X's answer can't be read: {class_and_words(error)}")


def is_lasting(error: SourceError) -> bool:
    """Whether X refused this very thing, and will until a person acts; another way may be open."""
    refused = error.__cause__
    lasting = (_NO_CREDITS, _FORBIDDEN, _NOT_FOUND)
    return isinstance(refused, RefusedError) and refused.status in lasting


def send_error(error: RefusedError | NoAnswerError) -> SendError:
    """What is known of an answer that was to be sent."""
    if isinstance(error, NoAnswerError):
        arrived = Outcome.UNKNOWN if error.may_have_arrived else Outcome.NOT_SENT
        return SendError(str(error), outcome=arrived)
    words = _words(error, "answering")
    if error.status == _NO_CREDITS:
        return SendError(words, outcome=Outcome.NOT_SENT, retry_after=_AFTER_CREDITS)
    if error.status == _TOO_MANY:
        return SendError(words, outcome=Outcome.NOT_SENT, retry_after=error.retry_after)
    # a "duplicate" may be our own earlier attempt, of which we never heard
    unknown = error.status >= _SERVER or "duplicate" in error.said.casefold()
    return SendError(words, outcome=Outcome.UNKNOWN if unknown else Outcome.PERMANENT)


def _words(error: RefusedError, where: str) -> str:
    to_do = _TO_DO.get(error.status)
    return f"{where}: {error}" + (f"; {to_do}" if to_do else "")

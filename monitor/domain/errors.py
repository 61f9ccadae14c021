"""What can go wrong at the edges, each error saying whether and when to try again."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from monitor.domain.phrase import Phrase


class MonitorError(Exception):
    """An error whose text is written for the person who has to act on it."""


class PhrasedError(MonitorError):
    """One that people meet where they are spoken to in their own language: `phrase` can be translated."""

    def __init__(self, text: str, /, **values: object) -> None:
        """`text` is English; `{name}` in it stands for a value, as in a `Phrase`."""
        self.phrase = Phrase(text, values)
        super().__init__(str(self.phrase))


class SourceError(MonitorError):
    """A stream could not be read. `permanent`: trying again without a change of config is useless.

    `out_of_budget`: it was not tried, as nothing is left of what reading may cost.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        retry_after: timedelta | None = None,
        out_of_budget: bool = False,
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.retry_after = retry_after
        self.out_of_budget = out_of_budget


class Outcome(StrEnum):
    """What is known of a send that failed."""

    NOT_SENT = "not_sent"
    PERMANENT = "permanent"
    UNKNOWN = "unknown"
    """It may have arrived: only a look at the other side can tell."""


class Refusal(StrEnum):
    """Why a call from outside was not taken in."""

    NOT_ASKED = "not_asked"
    """There is nothing at that address that answers to such a call."""
    NOT_SIGNED = "not_signed"
    WRONG_SIGNATURE = "wrong_signature"
    WRONG_TIME = "wrong_time"
    """Signed, but too long ago, or ahead of our clock: an old call may be played again."""
    NOT_READY = "not_ready"
    """We lack a secret that signatures are checked with."""


class CallError(MonitorError):
    """A call from outside was refused; the text is for whoever made it, and gives nothing away."""

    def __init__(self, message: str, reason: Refusal) -> None:
        super().__init__(message)
        self.reason = reason


class SendError(MonitorError):
    """A notice was not delivered, or nobody knows.

    `answered`: the other side is there, and said so; that it took long is no sign that it is down.
    `is_down`: nothing can be brought to anybody there, as there is no connection, or none with this token.
    """

    def __init__(
        self,
        message: str,
        *,
        outcome: Outcome,
        retry_after: timedelta | None = None,
        answered: bool = False,
        is_down: bool = False,
    ) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.retry_after = retry_after
        self.answered = answered
        self.is_down = is_down


class NoSuchPlaceError(SendError):
    """The config of this process names no such notifier, or no such place in it: it was not sent.

    A person can mend that, or another worker's config is newer: it is neither refused nor told elsewhere.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message, outcome=Outcome.NOT_SENT)


class ClassifierError(MonitorError):
    """No judgement can be had (weights missing or corrupt, no memory): posts wait unjudged."""


class JudgementError(MonitorError):
    """What a classifier says of a post is no judgement: that post is set aside, the others go on."""

    def __init__(self, model: str, said: str) -> None:
        """`said`: its scores, and no word of the post."""
        self.what = f"{model} gave what is no probability ({said})"
        super().__init__(
            f"{self.what}: let people judge this text, or another model, then "
            "`complaint-monitor db retry`"
        )


class StoreError(MonitorError):
    """The database cannot be used (read-only, full, locked, newer than the program)."""


class CrossingError(Exception):
    """A statement that does not say whose rows it means was not sent: it might mix up brands.

    A mistake in the program, and so no MonitorError: nobody who pressed a button or called is told that it
    was theirs. The words are ours, for the log. The database can be used: what does not need that statement
    goes on.
    """


class ConfigError(MonitorError):
    """A mistake in the configuration; the text names place and remedy."""

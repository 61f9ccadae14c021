"""What goes wrong with a call to a store, and what that means for whoever reads or answers."""

from __future__ import annotations

from datetime import timedelta

from monitor.domain.errors import MonitorError, Outcome, SendError, SourceError

TIMED_OUT, TOO_MANY, SERVER = 408, 429, 500


class CallError(MonitorError):
    """A call that brought nothing.

    `permanent`: asking again is useless until somebody changes something. `may_have_arrived`: what
    was to be written may have been written all the same. `missing`: the store says that there is no
    such thing. `out_of_budget`: it was not made, as the hour's calls are used up.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        retry_after: timedelta | None = None,
        may_have_arrived: bool = False,
        missing: bool = False,
        out_of_budget: bool = False,
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.retry_after = retry_after
        self.may_have_arrived = may_have_arrived
        self.missing = missing
        self.out_of_budget = out_of_budget


def source_error(what: str, error: CallError) -> SourceError:
    """Why `what` can't be read."""
    return SourceError(
        f"{what}: {error}",
        permanent=error.permanent,
        retry_after=error.retry_after,
        out_of_budget=error.out_of_budget,
    )


def send_error(error: CallError) -> SendError:
    """What is known of an answer that was to be sent."""
    if error.may_have_arrived:
        outcome = Outcome.UNKNOWN
    else:
        outcome = Outcome.PERMANENT if error.permanent else Outcome.NOT_SENT
    return SendError(str(error), outcome=outcome, retry_after=error.retry_after)


def unsure(error: CallError) -> SendError:
    """That one may not look says nothing about what was sent."""
    return SendError(str(error), outcome=Outcome.UNKNOWN, retry_after=error.retry_after)

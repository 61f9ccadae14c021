"""What goes wrong with a call that a network's own library makes, and what it means for whoever asked."""

from __future__ import annotations

from datetime import timedelta

from monitor.domain.errors import Outcome, SendError, SourceError
from monitor.fetching.client import FetchError

_NOT_FOUND = 404


class CallError(FetchError):
    """A call that brought nothing: a read, or a write that cannot have arrived, unless it is said.

    `status`: the refusal's, if it was one. `permanent`: asking again is useless until somebody changes
    something. `may_have_arrived`: what was to be written may have been written all the same.
    `out_of_budget`: it was not made, as no call is left.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        retry_after: timedelta | None = None,
        status: int | None = None,
        may_have_arrived: bool = False,
        out_of_budget: bool = False,
    ) -> None:
        super().__init__(
            message,
            permanent=permanent,
            retry_after=retry_after,
            status=status,
            may_have_arrived=may_have_arrived,
        )
        self.out_of_budget = out_of_budget

    @property
    def missing(self) -> bool:
        """Whether the network says that there is no such thing."""
        return self.status == _NOT_FOUND


def source_error(what: str, error: SourceError) -> SourceError:
    """Why `what` can't be read."""
    return SourceError(
        f"{what}: {error}",
        permanent=error.permanent,
        retry_after=error.retry_after,
        out_of_budget=error.out_of_budget,
    )


def unsure(error: SourceError) -> SendError:
    """That one may not look says nothing about what was sent."""
    return SendError(str(error), outcome=Outcome.UNKNOWN, retry_after=error.retry_after)

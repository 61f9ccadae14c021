"""Answers that leave from here: what becomes of them, and how an unknown outcome is judged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from monitor.domain.notice import Reason

INDEX_LAG = timedelta(minutes=10)
"""So late may an account's timeline show what was just posted: only then an absence is believed."""
LOOKED_FOR = timedelta(hours=1)
"""A network that cannot be looked at for so long is left to a person to look at."""
SKEW = timedelta(minutes=5)
"""So much may a network's clock be behind ours; what is older is an answer from before the attempt."""


class ReplyState(StrEnum):
    """The life of an answer."""

    PENDING = "pending"
    """It waits to be posted, or it is being found out whether it was."""
    SENT = "sent"
    FAILED = "failed"
    """Refused for good; people are told why."""
    ASKED = "asked"
    """Nobody knows whether it was posted; people are asked, and it is never posted again by itself."""
    CANCELLED = "cancelled"
    """Not posted: the wait ended without it, or a person took it back."""


@dataclass(frozen=True, slots=True)
class Length:
    """How long a text is as the network counts, and the most that it takes."""

    used: int
    most: int

    @property
    def is_too_long(self) -> bool:
        return self.used > self.most


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An answer as it would be posted: to which post, from where, in whose name."""

    case_id: int
    wait: int
    post: int
    """The number of the post that it answers."""
    to_url: str | None
    network: str
    source: str
    author: str | None
    """None: the source does not tell."""
    text: str
    length: Length | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """An answer of ours as people see it. `text` is None once it was erased."""

    number: int
    case_id: int
    wait: int
    post: int
    """The number of the post that it answers."""
    to_url: str | None
    network: str
    source: str
    by: str
    text: str | None
    state: ReplyState
    reason: Reason | None
    """Why it was cancelled."""
    problem: str | None
    written_at: datetime
    tried_at: datetime | None
    attempts: int
    sent_at: datetime | None
    url: str | None
    """Where it stands."""


class Absence(StrEnum):
    """What it means that an answer of unknown fate was not found."""

    LOOK_AGAIN = "look_again"
    """The network may not show it yet."""
    NOT_WANTED = "not_wanted"
    """It is not there, and the wait is over."""
    ASK = "ask"


def absence(waited: timedelta, *, is_wanted: bool) -> Absence:
    """What to do when a look `waited` after the attempt found nothing. Never: post it again."""
    if waited < INDEX_LAG:
        return Absence.LOOK_AGAIN
    return Absence.ASK if is_wanted else Absence.NOT_WANTED


def is_ours(posted_at: datetime, tried_at: datetime) -> bool:
    """Whether an answer that is found may be the one that was tried, or one typed since."""
    return posted_at >= tried_at - SKEW

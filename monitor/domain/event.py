"""What can happen to a case. Append-only facts; they hold ids, never texts, names or handles.

`at` is when it was true in the world (the network's time for what happened there); `recorded_at`
is when we learned of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from monitor.domain.judgement import Band, Severity


class AskKind(StrEnum):
    """Why a customer's post wants an answer."""

    COMPLAINT = "complaint"
    QUESTION = "question"


class DismissalReason(StrEnum):
    """Why people took a case out of the figures."""

    NOT_A_COMPLAINT = "not_a_complaint"
    DUPLICATE = "duplicate"


class Channel(StrEnum):
    """Where staff answered, if not on the network."""

    PHONE = "phone"
    EMAIL = "e-mail"
    CHAT = "chat"
    DIRECT_MESSAGE = "direct-message"
    IN_PERSON = "in-person"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A customer's post that wants an answer, with the target that was frozen when it was judged."""

    post: int
    kind: AskKind
    band: Band
    severity: Severity
    topics: tuple[str, ...]
    first_seen_at: datetime
    due_at: datetime
    rule: str
    """The digest of the rule's snapshot."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A complaint opened the case."""

    ask: Ask


@dataclass(frozen=True, slots=True)
class FollowedUp:
    """The same customer complained or asked again in the thread."""

    ask: Ask


@dataclass(frozen=True, slots=True)
class Rejudged:
    """An edited post was judged again; `ask` is None when it no longer wants an answer."""

    post: int
    ask: Ask | None


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The customer deleted a post; `after` is the last look that still found it, if only polling dates it."""

    post: int
    after: datetime | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """A brand post answers the customer; `after` bounds it where the site gives no reply time."""

    post: int
    after: datetime | None = None


@dataclass(frozen=True, slots=True)
class AnswerWithdrawn:
    """The brand deleted its answer."""

    post: int


@dataclass(frozen=True, slots=True)
class AnsweredElsewhere:
    """Staff say that they answered in another place; `note` is the number of what they wrote of it."""

    channel: Channel
    note: int | None = None


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A person says that an unconfirmed case is a complaint."""


@dataclass(frozen=True, slots=True)
class Dismissed:
    """A person says that it is none, or the same as another case.

    `asks` are the posts that were on the table: what nobody had seen yet is not dismissed.
    """

    reason: DismissalReason
    asks: tuple[int, ...]
    duplicate_of: int | None = None


@dataclass(frozen=True, slots=True)
class Claimed:
    """A person says "I am answering this"; `by` of the record is who."""


@dataclass(frozen=True, slots=True)
class Assigned:
    """The case was given to a person."""

    to: str


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """Somebody has seen how far a wait climbed by a rule: repeats up to that level pause until then."""

    until: datetime
    wait: int
    level: int
    rule: str


@dataclass(frozen=True, slots=True)
class Snoozed:
    """No step of this wait before then; without a reason (a note's number) never beyond its due time."""

    until: datetime
    wait: int
    note: int | None = None


@dataclass(frozen=True, slots=True)
class ContactNoted:
    """How the customer wants to be reached; `note` is the number of the address, the latest one holds."""

    channel: Channel
    note: int


@dataclass(frozen=True, slots=True)
class Escalated:
    """A step of the open wait fired (`Record.at` is when it fell due).

    `level` is its rung from 1 in the chain of `rule` (a digest); rungs of two rules do not compare.
    """

    wait: int
    step: str
    level: int
    rule: str


@dataclass(frozen=True, slots=True)
class Merged:
    """The root was learnt late: this case is part of another one, which has its facts now."""

    into: int


@dataclass(frozen=True, slots=True)
class Undone:
    """A person took back the record with that `seq`."""

    seq: int


Event: TypeAlias = (
    Opened
    | FollowedUp
    | Rejudged
    | Withdrawn
    | Answered
    | AnswerWithdrawn
    | AnsweredElsewhere
    | Confirmed
    | Dismissed
    | Claimed
    | Assigned
    | Acknowledged
    | Snoozed
    | ContactNoted
    | Escalated
    | Merged
    | Undone
)

STAFF = (
    AnsweredElsewhere,
    Confirmed,
    Dismissed,
    Claimed,
    Assigned,
    Acknowledged,
    Snoozed,
    ContactNoted,
)
"""What people do, and may undo. (An answer linked by hand is undone with `Undone` too.)"""


@dataclass(frozen=True, slots=True)
class Record:
    """An event in a case's history. `by` names the stage or the person."""

    seq: int
    at: datetime
    recorded_at: datetime
    by: str
    event: Event

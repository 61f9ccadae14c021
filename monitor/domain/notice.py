"""What the staff are told: kinds, reasons for telling and for not telling, and what a notice holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from monitor.domain.coverage import Blind, Silence
from monitor.domain.judgement import Band, Severity
from monitor.domain.phrase import Phrase
from monitor.domain.storm import RollUp, Storm


class NoticeKind(StrEnum):
    """One template each."""

    ALERT = "alert"
    """A case opened: its card."""
    ESCALATION = "escalation"
    """A step of the policy fell due: in the card's thread, to whom the step names."""
    EVENT = "event"
    """What happened to a case, for a program that subscribed to all of them."""
    UPDATE = "update"
    """The case changed: the card is edited in place."""
    BACKLOG = "backlog"
    """One summary of what was already open when the program first ran."""
    WAITING = "waiting"
    """What came in a person's quiet hours and is still open: once, when they end. Or what they are given."""
    REPLY = "reply"
    """An answer of ours did not simply go out: in the card's thread, to those who hear of the case."""
    STORM = "storm"
    """Many alarms at once: the one message that stands for them."""
    ROLL_UP = "roll_up"
    """Some of a storm's cases by name, under that message."""
    SURGE = "surge"
    """A topic is above its own past."""
    DIGEST = "digest"
    REPORT = "report"
    OPERATIONS = "operations"
    """To the operators: a source fails or is silent, an item is quarantined."""
    TEST = "test"


class Reason(StrEnum):
    """Why a notice was written, or was not sent. Reaches log, audit and metrics."""

    OPENED = "opened"
    GRAVER = "graver"
    """What came since brings an open wait under another rule: its people are told, too."""
    STEP_DUE = "step_due"
    QUIET_HOURS_ENDED = "quiet_hours_ended"
    HANDED_OVER = "handed_over"
    """Somebody gave all of their cases to this person."""
    ROTA_UNREAD = "rota_unread"
    """The calendar that says who is on call cannot be read."""
    NOBODY_ON_CALL = "nobody_on_call"
    """Nobody is behind the rota or person that a step names: the policy's own place is told instead."""
    CHANGED = "changed"
    SCHEDULED = "scheduled"
    REQUESTED = "requested"
    SOURCE_FAILING = "source_failing"
    SOURCE_SILENT = "source_silent"
    """It is not looked at any more, or brings nothing new for longer than it ever did."""
    SOURCE_WORKING = "source_working"
    """It can be read again, after the operators were told that it could not."""
    QUARANTINED = "quarantined"
    STAGE_BROKEN = "stage_broken"
    ITEM_HANGS = "item_hangs"
    CONFIG_REFUSED = "config_refused"
    """The config was changed and has mistakes: what it said before stays in force."""
    BRAND_UNKNOWN = "brand_unknown"
    """Posts wait for a brand that the config does not name: nobody decides on them."""
    WORDS_PURGED = "words_purged"
    """Words of open cases went, as their network did not confirm them."""
    DRIFTED = "drifted"
    """Scores or languages of what is judged are not what they were."""
    MODEL_MISSING = "model_missing"
    """The model that was adopted is not on a machine that judges: the config's judges there."""
    REPLY_UNKNOWN = "reply_unknown"
    """Nobody knows whether an answer was posted: a person has to look."""
    REPLY_REFUSED = "reply_refused"
    REPLY_DELAYED = "reply_delayed"
    """It could not be posted for a while, and goes on being tried."""
    REPLY_CANCELLED = "reply_cancelled"
    STORM = "storm"
    """Many alarms of one kind came at once."""
    REOPENED = "reopened"
    """The answer is gone, or a dismissal was taken back: somebody waits again."""
    BREACHED = "breached"
    """It was not answered in time."""
    CLOSED = "closed"
    """Nobody waits any more, and not for an answer: withdrawn, dismissed, part of another case."""
    ABOVE_PAST = "above_past"
    """More complaints of a topic than its past lets one expect."""
    # decisions not to notify
    SUPERSEDED = "superseded"
    """A higher step was due at the same look (after downtime, or found late)."""
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"
    DISMISSED = "dismissed"
    GATHERED = "gathered"
    """It is told with others of a storm, in a message that names its case."""
    ABSORBED = "absorbed"
    """Two waits became one when a fact arrived; the other one speaks for both."""
    ACKNOWLEDGED = "acknowledged"
    BEFORE_FIRST_RUN = "before_first_run"
    """Older than the first run's look back: part of the one backlog summary."""
    UNCONFIRMED = "unconfirmed"
    """A review-band case: it waits for a person's yes and does not alert."""
    QUIET_HOURS = "quiet_hours"
    """The person sleeps: one summary tells what is still open when they may be disturbed again."""
    SUMMED_UP = "summed_up"
    """It was held back in quiet hours, which are over: the summary told of what was still open."""
    SHADOW = "shadow"
    """`run --shadow`: everything but telling."""
    NOTHING_TO_EDIT = "nothing_to_edit"
    """An update whose card was never sent."""
    # what else keeps an answer from being posted
    ERASED = "erased"
    """Its text was erased."""
    TAKEN_BACK = "taken_back"
    """A person wants it no longer."""
    SECOND = "second"
    """Two cases became one, and another answer to that wait was first."""


class NoticeState(StrEnum):
    """The life of an outbox row."""

    PENDING = "pending"
    SENT = "sent"
    SUPPRESSED = "suppressed"
    """Decided not to send; `reason` says why."""
    FAILED = "failed"
    """Permanently refused by the other side; shown to the operators."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A notice as decided: ids only, no text. `key` is unique for ever; `due_at` is when it became true."""

    key: str
    kind: NoticeKind
    audience: str
    reason: Reason
    due_at: datetime
    wait: int | None = None
    step: str | None = None
    suppressed: bool = False
    under: int | None = None
    """The row of the notice that it edits or belongs under, if that is not its case's card."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The other side's proof: where the notice is and by what name it can be edited."""

    place: str
    name: str


@dataclass(frozen=True, slots=True)
class Absent:
    """Looked, and it is not there."""


@dataclass(frozen=True, slots=True)
class Unknowable:
    """The other side offers no way to look."""

    because: str


@dataclass(frozen=True, slots=True)
class EarlierCase:
    """Another case of the same customer on the same network."""

    case_id: int
    opened_at: datetime
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseCard:
    """All that a card shows of a case, gathered at sending time."""

    case_id: int
    brand: str
    network: str
    status: str
    band: Band
    severity: Severity
    topics: tuple[str, ...]
    why: str
    author: str | None
    followers: int | None
    title: str | None
    text: str | None
    """None when the post was purged."""
    lang: str | None
    rating: float | None
    url: str | None
    posted_at: datetime
    first_seen_at: datetime
    due_at: datetime | None
    waited: timedelta | None
    """Wall-clock, from the post to the answer or to now."""
    answered_at: datetime | None
    answer_text: str | None
    owner: str | None
    level: int
    step: str | None = None
    """For an escalation: the step's name."""
    no_answer_seen_as_of: datetime | None = None
    policy: str = ""
    """The name of the rule that governs the wait."""
    claimed: bool = False
    """The owner said "I am answering this"."""
    seen_by: str | None = None
    """Who has acknowledged it, …"""
    seen_until: datetime | None = None
    """… and until when that holds back repeats."""
    snoozed_until: datetime | None = None
    answer_channel: str | None = None
    """Where it was answered, if not on the network; then `answer_text` is what staff noted of it."""
    earlier: tuple[EarlierCase, ...] = ()
    """The newest ones first, and not all of very many: `earlier_count` is how many there are."""
    earlier_count: int = 0
    contact: str | None = None
    """How the customer wants to be reached: the channel, and an address unless it was purged."""
    alike: int = 0
    """Posts that say the same, by whomever: they are no cases of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceHealth:
    """Whether a stream could be read: "0 complaints" and "could not look" are different statements."""

    source: str
    stream: str
    network: str
    read_through: datetime | None
    failing_since: datetime | None
    problem: str | None
    gaps: int = 0
    """Of the time that is told of: a digest's last 24 hours, a report's period."""
    rejected: int = 0
    """Items of that time that could not be read: `complaint-monitor rejects` shows them."""
    blind: tuple[Blind, ...] = ()
    """When nobody looked in that time: what came then was seen late, or not at all."""
    silence: Silence | None = None
    """It is read and brings nothing for longer than it ever did: it may have broken without a word."""
    watched_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class SetAside:
    """How many posts a rule of relevance set aside, and how many of them would have asked for an answer."""

    rule: str
    posts: int
    asking: int


class DigestLine(NamedTuple):
    """One unanswered wait. A tuple: a digest holds thousands of them."""

    case_id: int
    network: str
    severity: Severity
    topics: tuple[str, ...]
    title: str | None
    text: str | None
    author: str | None
    url: str | None
    waiting_since: datetime
    waited: timedelta
    due_at: datetime | None
    owner: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """The unanswered of a brand at one moment, oldest first in each part."""

    brand: str
    day: date
    as_of: datetime
    overdue: tuple[DigestLine, ...]
    at_risk: tuple[DigestLine, ...]
    new: tuple[DigestLine, ...]
    other: tuple[DigestLine, ...]
    unconfirmed: tuple[DigestLine, ...]
    sources: tuple[SourceHealth, ...]
    unjudged: int
    """Posts that wait for the classifier."""
    filtered: tuple[SetAside, ...] = ()
    """Of the last 24 hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What was open when the program first looked."""

    brand: str
    as_of: datetime
    waits: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class StillOpen:
    """What was held back in somebody's quiet hours and is not answered yet, the longest waiting first.

    Or, with `by`, what that person has just handed over to them.
    """

    as_of: datetime
    lines: tuple[DigestLine, ...]
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """A notice that is only text: a test alert, a warning to the operators."""

    headline: Phrase | str
    """A phrase is said in the language of whoever reads it; a text stays as it is."""
    lines: tuple[Phrase | str, ...] = ()


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart as PNG, and what it shows in words."""

    name: str
    """The file's."""
    png: bytes
    words: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file beside a document's page. `type` is its media type."""

    name: str
    type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Document:
    """A report: words for everybody, and a page for whoever can be given a file."""

    headline: str
    lines: tuple[str, ...]
    """As they are: they may stand in columns."""
    name: str
    """The file's."""
    html: str
    picture: Picture | None = None
    """For places that show pictures."""
    summary: tuple[str, ...] = ()
    """What it says in a few sentences."""
    attached: tuple[Attachment, ...] = ()


Content: TypeAlias = CaseCard | Digest | Backlog | StillOpen | Storm | RollUp | Words | Document
"""What a notice is about, by its kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A notice on its way out, with everything a notifier needs to put it in words."""

    key: str
    kind: NoticeKind
    audience: str
    reason: Reason
    brand: str
    content: Content
    written_at: datetime
    possibly_repeated: bool = False
    thread: Receipt | None = None
    """For an escalation: the card in whose thread it belongs."""
    mentions: tuple[str, ...] = ()
    """The people whom the step names."""
    attempted_at: datetime | None = None
    """When it was last taken up to be sent, if nobody knows what came of that. Transport time."""
    about: str = ""
    """What it tells, as every copy of the database knows it; empty: nothing that could be known again."""
    told_since: datetime | None = None
    """Since when it may have been told, under another key: the database was put back from a back-up."""

    @property
    def ends_a_case(self) -> bool:
        """Whether it tells that nobody waits any more: news also where nothing can be edited."""
        return isinstance(self.content, CaseCard) and self.content.status != "open"

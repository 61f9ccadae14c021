"""What is answered, field by field. Times are UTC, spans are seconds; what is not known is null."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Generic, Literal, Self, TypeVar, cast

from pydantic import BaseModel, Field

from monitor.domain.case import Case, Status
from monitor.domain.event import AskKind, Record
from monitor.domain.judgement import Band, Severity
from monitor.domain.notice import CaseCard, NoticeKind, NoticeState, Reason
from monitor.domain.post import PostKind
from monitor.domain.reply import Outgoing, ReplyState
from monitor.domain.wait import Outcome
from monitor.store.codec import encode
from monitor.store.listing import Listed
from monitor.store.outbox import Entry

T = TypeVar("T")

SeverityWord = Literal["low", "normal", "high", "critical"]


def severity_of(word: SeverityWord | None) -> Severity | None:
    """The severity of that word."""
    return None if word is None else Severity[word.upper()]


def _word(number: int) -> SeverityWord:
    return cast("SeverityWord", Severity(number).word)


class Page(BaseModel, Generic[T]):
    """Some lines, perhaps fewer than were asked for, and what to ask for to be given those that follow."""

    items: list[T]
    next: str | None = Field(description="The `cursor` of the page that follows; null: the end.")


def following(listed: Listed) -> str | None:
    """The cursor of the page after that one."""
    return None if listed.before is None else str(listed.before)


class Author(BaseModel):
    """Who wrote it; all of it null once it was purged."""

    handle: str | None
    name: str | None
    followers: int | None = None


class Wait(BaseModel):
    """A customer's wait: from the first post that asks to its answer."""

    number: int
    started_at: datetime
    first_seen_at: datetime
    due_at: datetime
    ended_at: datetime | None
    outcome: Outcome | None
    topics: list[str]

    @classmethod
    def of(cls, row: Any) -> Self | None:
        """The newest wait of a row of `listing`; None: all that asked was taken back."""
        if row.wait_number is None:
            return None
        return cls(
            number=row.wait_number,
            started_at=row.wait_started_at,
            first_seen_at=row.wait_first_seen_at,
            due_at=row.wait_due_at,
            ended_at=row.wait_ended_at,
            outcome=row.wait_outcome,
            topics=row.wait_topics.split(",") if row.wait_topics else [],
        )


class FirstPost(BaseModel):
    """The post with which the newest wait began."""

    id: int
    title: str | None
    text: str | None = Field(description="Null: purged.")
    url: str | None
    posted_at: datetime
    language: str | None
    author: Author


class CaseLine(BaseModel):
    """A case as it stands."""

    id: int
    brand: str
    network: str
    status: Status
    confirmed: bool
    severity: SeverityWord
    level: int = Field(description="How far the open wait has climbed; 0: not yet.")
    owner: str | None
    claimed: bool
    acknowledged_until: datetime | None
    snoozed_until: datetime | None
    merged_into: int | None
    opened_at: datetime
    seq: int = Field(description="Of the last event of its history.")
    wait: Wait | None
    post: FirstPost | None

    @staticmethod
    def fields_of(row: Any) -> dict[str, Any]:
        """What a row of `listing` tells."""
        plain = {
            name: getattr(row, name)
            for name in CaseLine.model_fields
            if name not in ("severity", "wait", "post")
        }
        return plain | {"severity": _word(row.severity), "wait": Wait.of(row), "post": _first(row)}

    @classmethod
    def of(cls, row: Any) -> Self:
        """A row of `listing`."""
        return cls(**cls.fields_of(row))


def _first(row: Any) -> FirstPost | None:
    if row.post_id is None:
        return None
    return FirstPost(
        id=row.post_id,
        title=row.post_title,
        text=row.post_text,
        url=row.post_url,
        posted_at=row.post_posted_at,
        language=row.language,
        author=Author(handle=row.handle, name=row.name),
    )


class Event(BaseModel):
    """A line of a case's history (docs/history.md has the kinds)."""

    seq: int
    at: datetime = Field(description="When it was true.")
    recorded_at: datetime = Field(description="When we learnt of it.")
    by: str
    kind: str
    data: dict[str, Any]
    note: str | None = Field(description="What staff wrote of it; null: nothing, or purged.")

    @classmethod
    def of(cls, one: Record, notes: dict[int, str]) -> Self:
        """A record of the history."""
        kind, data = encode(one.event)
        return cls(
            seq=one.seq,
            at=one.at,
            recorded_at=one.recorded_at,
            by=one.by,
            kind=kind,
            data=data,
            note=notes.get(data.get("note") or 0),
        )


class Answer(BaseModel):
    """An answer that leaves, or left, from here."""

    number: int
    wait: int
    post: int = Field(description="The number of the post that it answers.")
    network: str
    source: str
    by: str
    state: ReplyState
    reason: Reason | None = Field(description="Why it was cancelled.")
    problem: str | None
    written_at: datetime
    tried_at: datetime | None
    attempts: int
    sent_at: datetime | None
    url: str | None

    @classmethod
    def of(cls, one: Outgoing) -> Self:
        """It, without its words."""
        return cls(**{name: getattr(one, name) for name in cls.model_fields})


class AnswerInWords(Answer):
    """The same with what it says."""

    text: str | None = Field(description="Null: erased.")


class Told(BaseModel):
    """What people were told of a case, or were not, and why."""

    kind: NoticeKind
    audience: str
    reason: Reason
    state: NoticeState
    wait: int | None
    step: str | None
    due_at: datetime
    sent_at: datetime | None
    attempts: int
    possibly_repeated: bool

    @classmethod
    def of(cls, one: Entry) -> Self:
        """An entry of the outbox."""
        return cls(**{name: getattr(one, name) for name in cls.model_fields})


class Post(BaseModel):
    """A post as a brand sees it."""

    id: int
    brand: str
    network: str
    external_id: str
    kind: PostKind
    thread: str
    reply_to: str | None
    title: str | None
    text: str | None = Field(description="Null: purged.")
    rating: float | None
    url: str | None
    language: str | None
    author: Author
    posted_at: datetime
    first_seen_at: datetime
    edited_at: datetime | None
    gone_at: datetime | None = Field(description="Deleted on its network.")
    own: bool = Field(description="The brand's.")
    automatic: bool
    asks: AskKind | None
    band: Band | None = Field(description="Null: not decided (yet).")
    severity: SeverityWord | None
    topics: list[str]
    why: str | None = Field(description="What decided.")
    set_aside_by: str | None = Field(description="The rule of relevance.")
    judgement: dict[str, float] | None
    model: str | None

    @classmethod
    def of(cls, row: Any) -> Self:
        """A row of `listing`."""
        given = {name: getattr(row, name) for name in cls.model_fields if hasattr(row, name)}
        labels = ("complaint", "question", "praise", "other")
        judged = {label: getattr(row, label) for label in labels}
        return cls(
            **given
            | {
                "author": Author(handle=row.handle, name=row.name, followers=row.followers),
                "severity": None if row.severity is None else _word(row.severity),
                "topics": row.topics or [],
                "why": row.reason,
                "set_aside_by": row.filtered,
                "judgement": None if row.model is None else judged,
            }
        )


class CaseWhole(CaseLine):
    """A case with all that is known of it."""

    why: str = Field(description="Why it is one.")
    contact: str | None = Field(description="How the customer wants to be reached.")
    no_answer_seen_as_of: datetime | None
    earlier: list[int] = Field(description="Cases of the same customer, the newest first.")
    alike: int = Field(description="Posts that say the same.")
    history: list[Event]
    answers: list[AnswerInWords]
    told: list[Told]
    thread: list[Post] = Field(description="The newest; `GET /posts?case=` has all.")

    @classmethod
    def with_card(cls, row: Any, card: CaseCard, **more: Any) -> Self:
        """A row of `listing` with what the card says."""
        return cls(
            **cls.fields_of(row),
            why=card.why,
            contact=card.contact,
            no_answer_seen_as_of=card.no_answer_seen_as_of,
            earlier=[one.case_id for one in card.earlier],
            alike=card.alike,
            **more,
        )


class CaseState(BaseModel):
    """Where a case stands after what was done to it."""

    case: int
    status: Status
    owner: str | None
    claimed: bool
    confirmed: bool
    severity: SeverityWord
    level: int
    acknowledged_until: datetime | None
    snoozed_until: datetime | None
    due_at: datetime | None
    seq: int

    @classmethod
    def of(cls, number: int, case: Case) -> Self:
        """The case of that number, folded."""
        wait = case.open_wait
        return cls(
            case=number,
            status=case.status,
            owner=case.owner,
            claimed=case.claimed,
            confirmed=wait is None or case.is_confirmed(wait),
            severity=_word(case.severity),
            level=case.level,
            acknowledged_until=case.acknowledged_until,
            snoozed_until=case.snoozed_until,
            due_at=wait.due_at if wait else None,
            seq=case.seq,
        )


class Opened(BaseModel):
    """The case that stands for what was told."""

    case: int


class Flaw(BaseModel):
    """An item that will be rejected, and why; it is kept and counted as such."""

    item: int
    reason: str


class Received(BaseModel):
    """What became of the items that were sent."""

    received: int
    new: int
    known: int
    rejected: list[Flaw]

"""A notice as an event that other programs read: CloudEvents 1.0, as JSON.

What an event is called and what it holds is a promise to whoever reads it: docs/notifiers/webhook.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from typing import Any, assert_never

from monitor.domain.notice import (
    Backlog,
    CaseCard,
    Content,
    Digest,
    DigestLine,
    Document,
    Notice,
    NoticeKind,
    Reason,
    StillOpen,
    Words,
)
from monitor.domain.storm import RollUp, Storm
from monitor.render.reply_words import without_post
from monitor.render.words import say

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
_NAMES: Mapping[NoticeKind, str] = {
    NoticeKind.ALERT: "case.opened",
    NoticeKind.ESCALATION: "case.escalated",
    NoticeKind.UPDATE: "case.changed",
    NoticeKind.REPLY: "case.reply",
}
"""Of cases; of all else it is the notice's kind."""
_HEARD: Mapping[Reason, str] = {Reason.STEP_DUE: "escalated"}
"""Of who subscribed to cases: what happened is the reason, and its name but for these."""


def event_id(notice: Notice) -> str:
    """The same for every attempt at a notice, and nobody else's, whoever installs this again."""
    name = f"{notice.key} {notice.written_at.isoformat()}"
    return f"msg_{hashlib.sha256(name.encode()).hexdigest()[:32]}"


def event_type(notice: Notice) -> str:
    """What the event is called."""
    if notice.kind is NoticeKind.EVENT:
        return f"complaint-monitor.case.{_HEARD.get(notice.reason, notice.reason.value)}"
    if notice.kind is NoticeKind.ALERT and notice.reason is Reason.GRAVER:
        return "complaint-monitor.case.graver"
    card = notice.content if isinstance(notice.content, CaseCard) else None
    if notice.kind is NoticeKind.UPDATE and card is not None and card.answered_at is not None:
        return "complaint-monitor.case.answered"
    return f"complaint-monitor.{_NAMES.get(notice.kind, notice.kind.value)}"


def cloud_event(
    notice: Notice, *, source: str, zone: tzinfo, with_words: bool = True
) -> dict[str, Any]:
    """The event. `source`: which installation says it, a URI or part of one.

    `with_words`: with what customers wrote and who they are, which the reader then has to erase, too.
    """
    event = {
        "specversion": "1.0",
        "id": event_id(notice),
        "source": source,
        "type": event_type(notice),
        "time": _moment(notice.written_at),
        "datacontenttype": "application/json",
        "data": _data(notice, zone, with_words=with_words),
    }
    if isinstance(notice.content, CaseCard):
        event["subject"] = f"case/{notice.content.case_id}"
    return event


def _data(notice: Notice, zone: tzinfo, *, with_words: bool) -> dict[str, Any]:
    shown = notice if with_words else _silenced(notice)
    spoken = say(shown, zone)
    data: dict[str, Any] = {
        "headline": spoken.headline,
        "brand": notice.brand,
        "reason": notice.reason.value,
        "possibly_repeated": notice.possibly_repeated,
    }
    if isinstance(shown.content, CaseCard):
        return data | {"case": _case(shown.content), "mentions": list(notice.mentions)}
    return data | {"lines": list(spoken.lines)}


def _silenced(notice: Notice) -> Notice:
    """The notice without what customers wrote, who they are and where it stands."""
    return replace(notice, content=_without_words(notice.kind, notice.content))


def _without_words(kind: NoticeKind, content: Content) -> Content:
    match content:
        case CaseCard():
            return replace(
                content,
                author=None,
                title=None,
                text=None,
                url=None,
                answer_text=None,
                contact=None,
            )
        case Digest():
            return replace(
                content,
                overdue=_silent(content.overdue),
                at_risk=_silent(content.at_risk),
                new=_silent(content.new),
                other=_silent(content.other),
                unconfirmed=_silent(content.unconfirmed),
            )
        case StillOpen(lines=lines):
            return replace(content, lines=_silent(lines))
        case RollUp(cases=named):
            silent = (one._replace(title=None, text=None, author=None, url=None) for one in named)
            return replace(content, cases=tuple(silent))
        case Words(lines=lines) if kind is NoticeKind.REPLY:
            return replace(content, lines=without_post(lines))
        case Words() | Backlog() | Storm() | Document():
            return content
        case never:
            assert_never(never)


def _silent(lines: tuple[DigestLine, ...]) -> tuple[DigestLine, ...]:
    return tuple(one._replace(title=None, text=None, author=None, url=None) for one in lines)


def _case(card: CaseCard) -> dict[str, Any]:
    return {
        "number": card.case_id,
        "network": card.network,
        "status": card.status,
        "unconfirmed": card.band.value == "review",
        "severity": card.severity.word,
        "topics": list(card.topics),
        "policy": card.policy,
        "why": card.why,
        "level": card.level,
        "step": card.step,
        "owner": card.owner,
        "author": card.author,
        "followers": card.followers,
        "title": card.title,
        "text": card.text,
        "language": card.lang,
        "rating": card.rating,
        "url": card.url,
        "posted_at": _moment(card.posted_at),
        "first_seen_at": _moment(card.first_seen_at),
        "due_at": _moment(card.due_at),
        "breached": _is_breached(card),
        "no_answer_seen_as_of": _moment(card.no_answer_seen_as_of),
        "answered_at": _moment(card.answered_at),
        "answered_in": card.answer_channel,
        "answer": card.answer_text,
        "waited_seconds": _seconds(card.waited),
        "alike": card.alike,
    }


def _is_breached(card: CaseCard) -> bool:
    """Whether it was surely not answered in time: the brand's own posts were read up to then."""
    if card.due_at is None:
        return False
    if card.answered_at is not None:
        return card.answered_at > card.due_at
    seen = card.no_answer_seen_as_of
    return card.status == "open" and seen is not None and seen >= card.due_at


def _moment(at: datetime | None) -> str | None:
    """As RFC 3339 has it, in UTC."""
    return None if at is None else at.isoformat().replace("+00:00", "Z")


def _seconds(span: timedelta | None) -> int | None:
    return None if span is None else int(span.total_seconds())

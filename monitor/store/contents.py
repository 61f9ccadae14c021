"""What a notice is about, gathered when it is about to leave: what stands in the outbox are ids and dates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeAlias, TypeVar, assert_never

from sqlalchemy.engine import Connection

from monitor.domain.notice import Backlog, Content, Digest, Document, NoticeKind, Words
from monitor.domain.phrase import from_data
from monitor.render.reply_words import about_reply
from monitor.store import answers, cards, held_back, storms
from monitor.store.leaving import Pending

DigestOf: TypeAlias = Callable[[Any, int, date, datetime], Digest]
"""Gathers the digest of (connection, brand, day, as_of)."""

ReportOf: TypeAlias = Callable[[Any, int, Mapping[str, Any]], Document]
"""Gathers the report of (connection, brand, what its notice says)."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Contents:
    """Gathers what notices are about. `report` is None where none is scheduled."""

    digest: DigestOf
    report: ReportOf | None

    def of(self, conn: Connection, row: Pending, now: datetime, language: str | None) -> Content:
        """What the notice is about; `language`: what is spoken where it goes, if that is known."""
        said = row.payload
        kind, number = row.shown
        match kind:
            case NoticeKind.STORM:
                return storms.told(conn, number)
            case NoticeKind.ROLL_UP:
                return storms.named(conn, number)
            case NoticeKind.ALERT | NoticeKind.ESCALATION | NoticeKind.UPDATE | NoticeKind.EVENT:
                return cards.card(conn, _given(row.case_id), now, row.step, row.wait)
            case NoticeKind.DIGEST:
                day, as_of = date.fromisoformat(said["day"]), datetime.fromisoformat(said["as_of"])
                return self.digest(conn, _given(row.brand_id), day, as_of)
            case NoticeKind.BACKLOG:
                oldest = said["oldest_at"]
                return Backlog(
                    brand=row.brand,
                    as_of=row.written_at,
                    waits=said["waits"],
                    oldest_at=datetime.fromisoformat(oldest) if oldest else None,
                )
            case NoticeKind.WAITING:
                return held_back.still_open(conn, said["cases"], now, said.get("by"))
            case NoticeKind.REPLY:
                return about_reply(_given(answers.shown(conn, said["reply"])), row.reason)
            case NoticeKind.REPORT if self.report is not None:
                spoken = said["language"] or language
                return self.report(conn, _given(row.brand_id), {**said, "language": spoken})
            case NoticeKind.REPORT | NoticeKind.SURGE | NoticeKind.OPERATIONS | NoticeKind.TEST:
                lines = tuple(map(from_data, said.get("lines", ())))
                return Words(from_data(said["headline"]), lines)
            case never:
                assert_never(never)


def _given(it: _T | None) -> _T:
    if it is None:
        raise ValueError("the notice lacks the row number that its kind is about")
    return it

"""The digest as one page that needs nothing else. It holds customers' words: keep it no longer than they."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from monitor.domain.notice import Digest, DigestLine
from monitor.render.pages import page, web
from monitor.render.words import cut, duration, is_blind, local_time, plain, set_aside, source

_EXCERPT = 280


@dataclass(frozen=True, slots=True)
class _Line:
    case_id: int
    waited: str
    due: str
    place: str
    owner: str
    author: str
    text: str
    url: str | None


@dataclass(frozen=True, slots=True)
class _Part:
    title: str
    means: str
    lines: tuple[_Line, ...]


def digest_html(digest: Digest, zone: tzinfo) -> str:
    """The page; times are those of `zone`."""
    parts = (
        ("Overdue", "Past the due time.", digest.overdue),
        ("At risk", "Less than a quarter of the target is left, or two hours.", digest.at_risk),
        ("New", "Seen since the digest before.", digest.new),
        ("Waiting", "All others.", digest.other),
        ("Unconfirmed", "Possible complaints: is it one? Say so.", digest.unconfirmed),
    )
    return page(
        "digest.html.j2",
        brand=plain(digest.brand),
        day=digest.day.isoformat(),
        as_of=local_time(digest.as_of, zone),
        blind=[source(one, zone) for one in digest.sources if is_blind(one)],
        parts=[
            _Part(title, means, tuple(_line(one, digest.as_of) for one in lines))
            for title, means, lines in parts
        ],
        unjudged=digest.unjudged,
        filtered=set_aside(digest.filtered) if digest.filtered else "",
        sources=[source(one, zone) for one in digest.sources],
    )


def _line(one: DigestLine, as_of: datetime) -> _Line:
    return _Line(
        case_id=one.case_id,
        waited=duration(one.waited),
        due=_due(one.due_at, as_of),
        place=f"{plain(one.network)}, {one.severity.word}",
        owner=f"{plain(one.owner)} has it" if one.owner else "nobody has it",
        author=plain(one.author or "") or "somebody unknown",
        text=cut(plain(one.title or one.text or "(the text was purged)"), _EXCERPT),
        url=web(one.url),
    )


def _due(due_at: datetime | None, as_of: datetime) -> str:
    if due_at is None:
        return "no due time"
    left = due_at - as_of
    return f"due in {duration(left)}" if left >= timedelta(0) else f"late by {duration(-left)}"

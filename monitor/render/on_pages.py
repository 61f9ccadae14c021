"""What pages say again and again: times, spans, and strangers' texts made harmless."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo

from markupsafe import Markup, escape

from monitor.render.texts import WEEKDAYS
from monitor.render.words import cut, plain

EXCERPT = 160
_MINUTE, _SECOND = len("2026-03-03 14:05"), len("2026-03-03 14:05:00")
_WEB = re.compile(r"https?://[^\s<>\"'\\]+\Z")


def time_in(zone: tzinfo) -> Callable[[datetime], Markup]:
    """Makes times of that zone: `2026-03-03 14:05`, with the exact instant for machines."""

    def shown(at: datetime) -> Markup:
        there = at.astimezone(zone)
        exact = at.astimezone(UTC).isoformat(timespec="seconds")
        figures = there.isoformat(" ", "seconds")[:_SECOND]  # `strftime` takes ten times as long
        title = f"{WEEKDAYS[there.weekday()]} {figures} {escape(there.tzname())}"
        said = f'<time datetime="{exact}" title="{title}">{figures[:_MINUTE]}</time>'
        return Markup(said)  # noqa: S704 - figures alone, but for the zone's name

    return shown


def lines(text: str | None) -> str:
    """What somebody wrote, line by line, each made harmless."""
    return "\n".join(map(plain, (text or "").splitlines()))


def excerpt(*texts: str | None) -> str:
    """The first of the texts that there is, in a line."""
    return cut(plain(next((one for one in texts if one), "")), EXCERPT)


def address(url: str | None) -> str | None:
    """The address, if a browser may be led there: no script, nothing but the web."""
    return url if url and _WEB.fullmatch(url) else None

"""What was not told to people because they slept, until it is summed up; and the cases of a summary."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.notice import NoticeState, Reason, StillOpen
from monitor.store import waits
from monitor.store.bulk import among
from monitor.store.cases import survivors
from monitor.store.cross_brand import Why, across
from monitor.store.schema import notice, wait

# literal, as in the partial index
_HELD = sa.text("notice.reason = 'quiet_hours'")


def audiences(conn: Connection) -> list[str]:
    """The places for which something is held back."""
    query = sa.select(notice.c.audience).where(_HELD).distinct()
    return list(conn.scalars(across(query, Why.DUE)))


def take(conn: Connection, audience: str) -> list[int]:
    """Let go of what is held back for a place. Returns the cases that are still open, each once.

    From then on each of them says that it was summed up, or that its wait had ended by then. Two that
    take at once do not both get a row.
    """
    mine = sa.and_(_HELD, notice.c.audience == audience)
    summed_up = (
        sa.update(notice)
        .where(mine)
        .values(state=NoticeState.SUPPRESSED.value, reason=Reason.SUMMED_UP.value)
        .returning(notice.c.id)
    )
    taken = conn.execute(across(summed_up, Why.DUE)).scalars()  # one summary a place
    is_open = (
        sa.select(wait.c.case_id)
        .join(notice, sa.and_(notice.c.case_id == wait.c.case_id, notice.c.wait == wait.c.number))
        .where(among(conn, notice.c.id, list(taken)), wait.c.ended_at.is_(None))
    )
    return sorted(set(conn.scalars(is_open)))


def still_open(
    conn: Connection, cases: Collection[int], now: datetime, by: str | None = None
) -> StillOpen:
    """The summary's lines as they stand when it is sent: a case that became part of another is that one."""
    standing = set(survivors(conn, cases).values())
    return StillOpen(as_of=now, lines=waits.lines_of(conn, standing, now), by=by)

"""What is needed to say what of a case will be told. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from sqlalchemy.engine import Connection

from monitor.domain.escalation import Watched
from monitor.domain.notice import NoticeKind
from monitor.domain.rota import Person, Staff
from monitor.store import brands, outbox, rotas


def watched(conn: Connection, brand_id: int) -> Watched:
    """Since when the brand's complaints are told, and when the older ones were summed up."""
    summary = outbox.entry(conn, f"{NoticeKind.BACKLOG}:{brand_id}")
    return Watched(
        since=brands.watched_since(conn, brand_id),
        summed_up_at=summary.written_at if summary else None,
    )


def staff(conn: Connection, people: Mapping[str, Person]) -> Staff:
    """These people, and who is on call by the rotas as they were last read."""
    return Staff(people, partial(rotas.on_call, conn))

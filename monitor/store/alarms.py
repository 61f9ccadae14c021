"""Notices to the operators: the program speaks of its own trouble, through the outbox like all else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.engine import Connection

from monitor.domain.notice import NoticeKind, Planned, Reason
from monitor.domain.quoting import unquoted
from monitor.store import outbox


def write(
    conn: Connection,
    operators: str | None,
    key: str,
    reason: Reason,
    headline: str,
    lines: Sequence[str],
    now: datetime,
    *,
    brand_id: int | None = None,
) -> None:
    """Tell the operators once a `key`. None: nobody is to be told.

    What others said stays behind: messages are kept where nobody can erase a customer.
    """
    if operators is None:
        return
    planned = Planned(key, NoticeKind.OPERATIONS, operators, reason, due_at=now)
    said = {"headline": unquoted(headline), "lines": [unquoted(one) for one in lines]}
    outbox.write(conn, [planned], brand_id=brand_id, case_id=None, now=now, payload=said)

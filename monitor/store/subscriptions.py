"""Who subscribed to the cases of a brand, and what they are to hear: written with what happens."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.notice import NoticeKind, Planned, Reason
from monitor.domain.subscription import Happening
from monitor.store import outbox
from monitor.store.cross_brand import Why, across
from monitor.store.schema import notice, subscription, wait

_ONCE = frozenset({Reason.OPENED, Reason.BREACHED, Reason.STEP_DUE})
"""What is named by its wait alone; all else is named by the record of its case, too."""
_LATE = f"{NoticeKind.EVENT}:{Reason.BREACHED}:"


def differ(conn: Connection, wanted: Collection[tuple[str, int]]) -> bool:
    """Whether others subscribed than those pairs of a place and a brand's number."""
    return _kept(conn) != set(wanted)


def keep(conn: Connection, wanted: Collection[tuple[str, int]], now: datetime) -> None:
    """From now on these, and no others. Who was there before goes on."""
    kept = _kept(conn)
    for audience, brand_id in kept - set(wanted):
        its = (subscription.c.audience == audience) & (subscription.c.brand_id == brand_id)
        conn.execute(subscription.delete().where(its))
    for audience, brand_id in sorted(set(wanted) - kept):
        values = {"audience": audience, "brand_id": brand_id, "since": now}
        conn.execute(subscription.insert().values(**values))


def write(
    conn: Connection,
    happenings: Iterable[Happening],
    *,
    brand_id: int,
    case_id: int,
    now: datetime,
) -> None:
    """Have who subscribed hear of what happened since then. What is written already stays as it is."""
    told = list(happenings)
    if not told:
        return
    of_brand = sa.select(subscription.c.audience, subscription.c.since)
    planned = [
        Planned(
            _key(one, case_id, audience),
            NoticeKind.EVENT,
            audience,
            one.reason,
            due_at=one.at,
            wait=one.wait,
            step=one.step,
        )
        for audience, since in conn.execute(of_brand.where(subscription.c.brand_id == brand_id))
        for one in told
        if one.at >= since
    ]
    outbox.write(conn, planned, brand_id=brand_id, case_id=case_id, now=now)


class Path(NamedTuple):
    """From which case into which one waits go, and what each is called there."""

    source: int
    into: int
    numbers: Mapping[int, int]
    opens: int | None
    """The wait of which is heard that it is open in the other case."""


def carry(conn: Connection, path: Path, *, brand_id: int, now: datetime) -> None:
    """What was heard of waits where they were, and can be only once, is not heard again where they go."""
    planned = []
    for one in outbox.case_notices(conn, path.source):
        wait = path.numbers.get(one.wait or 0)
        if one.kind is not NoticeKind.EVENT or wait is None:
            continue
        kind, reason, _, _, rest = one.key.split(":", 4)
        if reason in _ONCE and (reason != Reason.OPENED or wait != path.opens):
            key = ":".join((kind, reason, str(path.into), str(wait), rest))
            heard = Planned(
                key,
                NoticeKind.EVENT,
                one.audience,
                Reason.ABSORBED,
                due_at=one.due_at,
                wait=wait,
                step=one.step,
                suppressed=True,
            )
            planned.append(heard)
    outbox.write(conn, planned, brand_id=brand_id, case_id=path.into, now=now)


class Late(NamedTuple):
    """An open wait past its due time."""

    brand_id: int
    case_id: int
    network: str
    due_at: datetime


def unheard(conn: Connection, now: datetime) -> list[Late]:
    """What is late without that somebody who subscribed has heard of it.

    Whether silence is proved is another question.
    """
    number = sa.cast(wait.c.case_id, sa.Text) + ":" + sa.cast(wait.c.number, sa.Text)
    key = sa.literal(_LATE) + number + ":" + subscription.c.audience
    query = (
        sa.select(wait.c.brand_id, wait.c.case_id, wait.c.network, wait.c.due_at)
        .join(subscription, subscription.c.brand_id == wait.c.brand_id)
        .where(
            wait.c.ended_at.is_(None),
            wait.c.confirmed,
            wait.c.due_at.between(subscription.c.since, now),
            ~sa.exists().where(notice.c.key == key),
        )
        .distinct()
    )
    return [Late(*row) for row in conn.execute(across(query, Why.DUE))]


def _kept(conn: Connection) -> set[tuple[str, int]]:
    query = sa.select(subscription.c.audience, subscription.c.brand_id)
    return {
        (audience, brand_id) for audience, brand_id in conn.execute(across(query, Why.CONFIGURED))
    }


def _key(one: Happening, case_id: int, audience: str) -> str:
    whose = (NoticeKind.EVENT, one.reason, str(case_id), str(one.wait))
    return ":".join((*whose, *([one.once] if one.once else []), audience))

"""What was known of a period when its report was told, and what was learnt since. Reads only.

The history of a case says of each fact when it was learnt, so that the case can be folded as it was known.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain import report as reports
from monitor.domain.event import Escalated, Record
from monitor.domain.notice import NoticeKind
from monitor.domain.report import Period
from monitor.domain.restated import Restated, because
from monitor.domain.restated import restated as compared
from monitor.domain.sla import WaitFacts, case_as_of
from monitor.store import brands, readings, waits
from monitor.store.bulk import among
from monitor.store.codec import decode
from monitor.store.schema import case_event, cases, notice

_PART = 500
"""Cases whose histories are held at once."""


@dataclass(frozen=True, slots=True)
class Told:
    """A report that people were sent: of what, and when."""

    period: Period
    as_of: datetime
    told_at: datetime


def told(conn: Connection, brand_id: int) -> list[Told]:
    """The reports by schedule that were sent, the newest first, each (period, as_of) by its first sending."""
    query = (
        sa.select(notice.c.payload, notice.c.sent_at)
        .where(
            notice.c.brand_id == brand_id,
            notice.c.kind == NoticeKind.REPORT.value,
            notice.c.sent_at.is_not(None),
        )
        .order_by(notice.c.sent_at)
    )
    found: dict[tuple[Period, datetime], Told] = {}
    for payload, sent_at in conn.execute(query):
        since, until, as_of = (
            datetime.fromisoformat(payload[one]) for one in ("since", "until", "as_of")
        )
        period = Period(since, until)
        found.setdefault((period, as_of), Told(period, as_of, sent_at))
    return sorted(found.values(), key=lambda one: one.told_at, reverse=True)


def restated(
    conn: Connection, brand_id: int, *, period: Period, as_of: datetime, told_at: datetime
) -> Restated:
    """The report of (period, as_of) as it was known at `told_at`, and as it is known now.

    How far the networks had been read by then is known only so far that it was not beyond `told_at`.
    """
    since, until = period.since, period.until
    learnt = dict(_learnt(conn, brand_id, until=until, as_of=as_of, told_at=told_at))
    now_known = waits.of_period(conn, brand_id, since=since, until=until, as_of=as_of)
    known_then = [
        *(one for one in now_known if one.case_id not in learnt),
        *(
            facts
            for one in learnt.values()
            for facts in one.then
            if since <= facts.started_at < until
        ),
    ]
    read = readings.read_through(conn, brand_id, as_of)
    read_then = {network: min(through, told_at) for network, through in read.items()}
    name = brands.name(conn, brand_id)
    before, after = (
        reports.build(facts, brand=name, period=period, as_of=as_of, read_through=through)
        for facts, through in ((known_then, read_then), (now_known, read))
    )
    return compared(before, after, {number: one.since for number, one in learnt.items()}, told_at)


@dataclass(frozen=True, slots=True)
class _Learnt:
    """A case of which something was learnt since: its waits as they were known, and what was not."""

    then: Sequence[WaitFacts]
    since: Sequence[Record]


def _learnt(
    conn: Connection, brand_id: int, *, until: datetime, as_of: datetime, told_at: datetime
) -> Iterator[tuple[int, _Learnt]]:
    """Of cases in which something was before the period's end; their histories are read a part at a time."""
    learnt_since, began_before = case_event.alias(), case_event.alias()
    query = sa.select(cases.c.id, cases.c.network).where(
        cases.c.brand_id == brand_id,
        sa.exists().where(
            learnt_since.c.case_id == cases.c.id,
            learnt_since.c.recorded_at > told_at,
            learnt_since.c.kind != Escalated.__name__,
        ),
        sa.exists().where(began_before.c.case_id == cases.c.id, began_before.c.at < until),
    )
    found = conn.execute(query).all()
    for begin in range(0, len(found), _PART):
        part = found[begin : begin + _PART]
        known = _histories(conn, [case_id for case_id, _ in part])
        for case_id, network in part:
            records = known[case_id]
            case = case_as_of([one for one in records if one.recorded_at <= told_at], as_of)
            yield (
                case_id,
                _Learnt(
                    [WaitFacts.of(case_id, network, case, one) for one in case.waits],
                    [one for one in records if one.recorded_at > told_at and because(one.event)],
                ),
            )


def _histories(conn: Connection, case_ids: Collection[int]) -> dict[int, list[Record]]:
    """The records of the cases, in order, in one question."""
    names = ("seq", "at", "recorded_at", "by", "kind", "data")
    query = (
        sa.select(case_event.c.case_id, *(case_event.c[name] for name in names))
        .where(among(conn, case_event.c.case_id, case_ids))
        .order_by(case_event.c.case_id, case_event.c.seq)
    )
    found: dict[int, list[Record]] = {one: [] for one in case_ids}
    for case_id, seq, at, recorded_at, by, kind, data in conn.execute(query):
        found[case_id].append(Record(seq, at, recorded_at, by, decode(kind, data)))
    return found

"""What was known of a period when its report was told, and what was learnt since. Reads only.

The history of a case says of each fact when it was learnt, so that the case can be folded as it was known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain import report as reports
from monitor.domain.event import Escalated, Record
from monitor.domain.notice import NoticeKind
from monitor.domain.report import Period
from monitor.domain.restated import Restated
from monitor.domain.restated import restated as compared
from monitor.domain.sla import WaitFacts, case_as_of
from monitor.store import brands, readings, waits
from monitor.store.cases import history
from monitor.store.schema import case_event, cases, notice


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
    learnt = dict(_learnt(conn, brand_id, told_at))
    since, until = period.since, period.until
    now_known = waits.of_period(conn, brand_id, since=since, until=until, as_of=as_of)
    known_then = [
        *(one for one in now_known if one.case_id not in learnt),
        *(
            facts
            for case_id, one in learnt.items()
            for facts in one.facts_then(case_id, as_of)
            if since <= facts.started_at < until
        ),
    ]
    read = readings.read_through(conn, brand_id, as_of)
    read_then = {network: min(through, told_at) for network, through in read.items()}
    name = brands.names(conn)[brand_id]
    before, after = (
        reports.build(facts, brand=name, period=period, as_of=as_of, read_through=through)
        for facts, through in ((known_then, read_then), (now_known, read))
    )
    return compared(before, after, {number: one.since for number, one in learnt.items()}, told_at)


@dataclass(frozen=True, slots=True)
class _Learnt:
    """A case of which something was learnt since: what was known, and what was not."""

    network: str
    then: Sequence[Record]
    since: Sequence[Record]

    def facts_then(self, case_id: int, as_of: datetime) -> Iterator[WaitFacts]:
        case = case_as_of(self.then, as_of)
        return (WaitFacts.of(case_id, self.network, case, one) for one in case.waits)


def _learnt(conn: Connection, brand_id: int, told_at: datetime) -> Iterator[tuple[int, _Learnt]]:
    query = (
        sa.select(cases.c.id, cases.c.network)
        .join(case_event, case_event.c.case_id == cases.c.id)
        .where(
            cases.c.brand_id == brand_id,
            case_event.c.recorded_at > told_at,
            case_event.c.kind != Escalated.__name__,
        )
        .distinct()
    )
    for case_id, network in conn.execute(query).all():
        records = history(conn, case_id)
        yield (
            case_id,
            _Learnt(
                network,
                [one for one in records if one.recorded_at <= told_at],
                [one for one in records if one.recorded_at > told_at],
            ),
        )

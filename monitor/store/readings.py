"""The report and the digest of a brand, read in the caller's one snapshot and built by the domain."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy.engine import Connection

from monitor.domain import change
from monitor.domain import digest as digests
from monitor.domain import report as reports
from monitor.domain.digest import Schedule
from monitor.domain.hours import BusinessHours
from monitor.domain.notice import Digest
from monitor.domain.numbers import Numbers
from monitor.domain.report import Period, Report
from monitor.domain.sampling import estimate
from monitor.store import brands, by_hand, coverage, filtered, samples, waits


def report(conn: Connection, brand_id: int, *, period: Period, as_of: datetime) -> Report:
    """The figures for (period, as_of)."""
    drawn = samples.parts(conn, brand_id, period.since, period.until, as_of)
    return reports.build(
        waits.of_period(conn, brand_id, since=period.since, until=period.until, as_of=as_of),
        brand=brands.name(conn, brand_id),
        period=period,
        as_of=as_of,
        read_through=read_through(conn, brand_id, as_of),
        sources=coverage.health(conn, brand_id, as_of, since=period.since),
        filtered=filtered.counts(conn, brand_id, period.since, min(period.until, as_of)),
        missed=estimate(drawn) if drawn else None,
    )


def numbers(
    conn: Connection,
    brand_id: int,
    *,
    period: Period,
    as_of: datetime,
    zone: ZoneInfo,
    staffed: BusinessHours,
) -> Numbers:
    """The report with what stands beside it; `staffed` are the hours in which somebody is there."""
    before = change.previous(period, zone)
    earlier = change.seen_from(period, before, as_of)
    read = read_through(conn, brand_id, as_of)
    backlog = [
        reports.count(one, as_of, read)
        for one in waits.open_at(conn, brand_id, as_of)
        if one.confirmed and not one.is_dismissed(as_of)
    ]
    return Numbers(
        report=report(conn, brand_id, period=period, as_of=as_of),
        before=report(conn, brand_id, period=before, as_of=earlier),
        backlog=tuple(sorted(backlog, key=lambda one: (one.wait.started_at, one.name))),
        zone=zone,
        staffed=staffed,
    )


def read_through(conn: Connection, brand_id: int, as_of: datetime) -> dict[str, datetime]:
    """By network, until when the brand's own posts are known at `as_of`."""
    # of what people brought themselves no source could bring an answer: what they know is all
    return {**coverage.read_through(conn, brand_id), by_hand.NETWORK: as_of}


def digest(
    conn: Connection, brand_id: int, day: date, as_of: datetime, schedule: Schedule | None
) -> Digest:
    """The unanswered at `as_of`; new are those first seen since the digest before, by the schedule."""
    unanswered = waits.unanswered(conn, brand_id, as_of)
    made = digests.build(
        unanswered,
        brand=brands.name(conn, brand_id),
        day=day,
        as_of=as_of,
        previous_at=schedule.previous_at(day) if schedule else None,
        rules=waits.rules_of(conn, (one.rule for one in unanswered)),
        sources=coverage.health(conn, brand_id, as_of),
        unjudged=waits.unjudged(conn, brand_id),
    )
    aside = filtered.counts(conn, brand_id, as_of - coverage.TOLD_SINCE, as_of)
    return replace(made, filtered=tuple(aside))

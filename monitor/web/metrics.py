"""`/metrics`: how it goes, for Prometheus. Read from the tables at each scrape: any process tells the same.

What is counted by the day begins anew at midnight UTC, which `rate()` and `increase()` take as they take
a restart; so no scrape reads more than a day, in the tenth year either.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import TypeAlias

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from monitor import __version__
from monitor.store import cross_brand, gauges, inbox, outbox, tallies
from monitor.store.engine import Connection
from monitor.web.access import Role, Scope, needs
from monitor.web.access.doors import Bearer
from monitor.web.site import Here, Site

PREFIX = "complaint_monitor"
_MICROS = 1_000_000
_AHEAD = timedelta(days=1)
"""So far may the clock of who wrote a row be before ours."""

Row: TypeAlias = tuple[Sequence[str], float]
"""The values of the labels, and the figure."""

router = APIRouter(include_in_schema=False)
_for_operators = needs(Role.VIEWER, Scope.METRICS)


async def may_watch(request: Request, bearer: Bearer) -> None:
    """Let in whoever has a token for it; or everybody, if `[web] open_metrics` says so."""
    site: Site = request.app.state.site
    if not site.settings.web.open_metrics:
        await _for_operators(request, bearer)


@router.get("/metrics", dependencies=[Depends(may_watch)])
def metrics(here: Here) -> Response:
    """All figures of this moment, from one snapshot."""
    with here.database.reading() as conn:
        found = list(_families(conn, here.clock()))
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Found(found))
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)


class _Found:
    """What was found, as the client's library wants to be handed it."""

    def __init__(self, found: Sequence[Metric]) -> None:
        self._found = found

    def collect(self) -> Iterable[Metric]:
        return self._found


def _families(conn: Connection, now: datetime) -> Iterator[Metric]:
    midnight = datetime.combine(now.astimezone(UTC).date(), time(), UTC)
    yield _gauge("info", "The program that tells this.", ("version",), [((__version__,), 1)])
    yield from _streams(conn, now)
    yield from _brought(conn, midnight, now + _AHEAD)
    yield from _judging(conn, midnight, now + _AHEAD)
    yield from _cases(conn, now)
    yield from _telling(conn, now)
    yield from _answering(conn, now)
    yield from _today(conn, midnight)


def _streams(conn: Connection, now: datetime) -> Iterator[Metric]:
    found = [((one.source, one.stream), one) for one in gauges.streams(conn)]
    yield _gauge(
        "stream_lag_seconds",
        "Since when a stream is not read, by the last look that came to its end.",
        _STREAM,
        [
            (name, _since(one.read_through, now))
            for name, one in found
            if one.read_through is not None
        ],
    )
    yield _gauge(
        "stream_failures",
        "Looks at a stream that failed in a row.",
        _STREAM,
        [(name, one.failures) for name, one in found],
    )
    yield _gauge(
        "stream_failing_seconds",
        "For how long a stream fails; 0: it does not.",
        _STREAM,
        [(name, _since(one.failing_since, now)) for name, one in found],
    )
    yield _gauge(
        "stream_failed_for_good",
        "1: only a person can mend it.",
        _STREAM,
        [(name, one.permanent) for name, one in found],
    )


def _brought(conn: Connection, since: datetime, until: datetime) -> Iterator[Metric]:
    found = [((one.source, one.stream), one) for one in gauges.brought(conn, since, until)]
    yield _counter(
        "stream_items",
        "What a stream brought today, by what became of it.",
        (*_STREAM, "what"),
        [((*name, what), number) for name, one in found for what, number in one.items.items()],
    )
    yield _counter(
        "stream_gaps",
        "What a network's cap, a quota or a budget cut off today.",
        _STREAM,
        [(name, one.gaps) for name, one in found],
    )
    yield _counter(
        "stream_calls",
        "Calls of a network's quota that reading took today.",
        _STREAM,
        [(name, one.calls) for name, one in found],
    )
    yield _counter(
        "stream_money",
        "What reading cost today, in the source's currency.",
        _STREAM,
        [(name, one.micros / _MICROS) for name, one in found],
    )


def _judging(conn: Connection, since: datetime, until: datetime) -> Iterator[Metric]:
    judged = gauges.judged(conn, since, until)
    yield _counter("posts_judged", "Posts that the classifier judged today.", (), [((), judged)])
    waiting = cross_brand.unjudged(conn)
    yield _gauge("posts_to_judge", "Posts that wait for the classifier.", (), [((), waiting)])
    yield _gauge(
        "items_set_aside",
        "Items that a stage has given up.",
        ("stage",),
        [((stage,), number) for stage, number in sorted(gauges.set_aside(conn).items())],
    )


def _cases(conn: Connection, now: datetime) -> Iterator[Metric]:
    found = [
        ((one.brand, one.severity.word, str(one.confirmed).lower()), one)
        for one in gauges.waiting(conn, now)
    ]
    labels = ("brand", "severity", "confirmed")
    yield _gauge(
        "open_waits",
        "Customers who wait for an answer.",
        labels,
        [(name, one.number) for name, one in found],
    )
    yield _gauge(
        "overdue_waits",
        "Those whose time is up.",
        labels,
        [(name, one.overdue) for name, one in found],
    )


def _telling(conn: Connection, now: datetime) -> Iterator[Metric]:
    queue = gauges.outbox(conn, now)
    yield _gauge("outbox_notices", "Notices that wait to be sent.", (), [((), queue.number)])
    oldest = _since(queue.oldest_at, now)
    yield _gauge("outbox_age_seconds", "For how long the oldest waits.", (), [((), oldest)])
    counted = outbox.counts(conn)
    yield _gauge(
        "notices",
        "Notices ever written, by state and reason: suppressed are those of which nobody is told.",
        ("state", "reason"),
        [
            ((state.value, reason.value), number)
            for (state, reason), number in sorted(counted.items())
        ],
    )


def _answering(conn: Connection, now: datetime) -> Iterator[Metric]:
    yield _gauge(
        "answers",
        "Answers of ours ever written, by state.",
        ("state",),
        [((state.value,), number) for state, number in gauges.replies(conn).items()],
    )
    oldest = _since(gauges.replies_waiting(conn).oldest_at, now)
    yield _gauge(
        "answers_age_seconds",
        "For how long the oldest answer waits to be posted.",
        (),
        [((), oldest)],
    )


def _today(conn: Connection, midnight: datetime) -> Iterator[Metric]:
    day = midnight.date()
    yield _counter(
        "calls_refused",
        "Calls to /intake that were not taken in today.",
        ("source", "reason"),
        [((one.source, one.what), one.number) for one in inbox.refused_since(conn, day)],
    )
    yield _gauge(
        "letters_unread",
        "What was sent to a source and waits to be read.",
        ("source",),
        [((source,), number) for source, number in sorted(inbox.unread(conn).items())],
    )
    yield _counter(
        "posts_purged",
        "Posts whose words were purged today.",
        ("reason",),
        [((one.what,), one.number) for one in tallies.purged_since(conn, day)],
    )
    yield _counter(
        "look_ups",
        "Posts that networks were asked for again today, by what came of it.",
        ("source", "outcome"),
        [((one.source, one.what), one.number) for one in tallies.look_ups_since(conn, day)],
    )


_STREAM = ("source", "stream")


def _gauge(name: str, told: str, labels: Sequence[str], rows: Iterable[Row]) -> Metric:
    return _filled(GaugeMetricFamily(f"{PREFIX}_{name}", told, labels=labels), rows)


def _counter(name: str, told: str, labels: Sequence[str], rows: Iterable[Row]) -> Metric:
    return _filled(CounterMetricFamily(f"{PREFIX}_{name}", told, labels=labels), rows)


def _filled(family: GaugeMetricFamily | CounterMetricFamily, rows: Iterable[Row]) -> Metric:
    for values, figure in rows:
        family.add_metric(values, figure)
    return family


def _since(moment: datetime | None, now: datetime) -> float:
    """Seconds since then; 0 where nothing is to be told, or a clock was set back."""
    return 0.0 if moment is None else max((now - moment).total_seconds(), 0.0)

"""Makes the pictures of docs/reports.md: the first pages of a PDF, and its charts, of an invented month.

    .venv/bin/python docs/pictures/report.py

Needs the extra `pdf`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

from PIL import Image

from monitor.domain.change import previous, seen_from
from monitor.domain.hours import BusinessHours
from monitor.domain.judgement import Severity
from monitor.domain.notice import SourceHealth
from monitor.domain.numbers import Numbers
from monitor.domain.report import Period, count, days
from monitor.domain.report import build as built
from monitor.domain.sla import WaitFacts
from monitor.domain.wait import Outcome
from monitor.render.report_pdf import pages
from monitor.render.tongue import IN_ENGLISH

HERE = Path(__file__).parent
ZONE = ZoneInfo("Europe/Bucharest")
OFFICE = BusinessHours(zone=ZONE.key, weekly=((((9 * 60, 18 * 60),),) * 5) + ((), ()))
MONTH = days(date(2026, 4, 1), date(2026, 5, 1), ZONE)
AS_OF = MONTH.until + timedelta(hours=8)
SHOWN, COLOURS = 3, 96
EARLY, MOSTLY, NEVER, SURE = 7, 0.8, 0.06, 0.95
"""An hour; and chances: to write by day, to be never answered, to be surely a complaint."""


def main() -> None:
    """Write the picture beside this file."""
    found = [Image.open(BytesIO(one)) for one in pages(numbers(), IN_ENGLISH)[:SHOWN]]
    width, height = found[0].size
    whole = Image.new("RGB", (width * SHOWN, height), "white")
    for place, one in enumerate(found):
        whole.paste(one, (place * width, 0))
    whole.quantize(COLOURS).save(HERE / "report-pdf.png", optimize=True)


def numbers() -> Numbers:
    """A month that went better than the one before."""
    chance = random.Random(3)  # noqa: S311 - an invented month, always the same
    before = previous(MONTH, ZONE)
    now = [*waits(chance, MONTH, 420, 1.0), *fresh(chance)]
    then = list(waits(chance, before, 300, 1.5))
    seen = {"*": AS_OF}
    source = SourceHealth(
        source="x",
        stream="mentions",
        network="x",
        read_through=AS_OF,
        failing_since=None,
        problem=None,
    )
    facts = {"brand": "Bufnivo", "read_through": seen, "sources": [source]}
    return Numbers(
        report=built(now, period=MONTH, as_of=AS_OF, **facts),
        before=built(then, period=before, as_of=seen_from(MONTH, before, AS_OF), **facts),
        backlog=tuple(
            count(one, AS_OF, seen) for one in now if one.confirmed and not one.has_ended(AS_OF)
        ),
        zone=ZONE,
        staffed=OFFICE,
    )


def waits(
    chance: random.Random, period: Period, number: int, slowness: float
) -> Iterator[WaitFacts]:
    """Customers who wrote in the period, mostly by day, and how long it took to answer them."""
    for case_id in range(number):
        began = period.since + (period.until - period.since) * chance.random()
        if began.astimezone(ZONE).hour < EARLY and chance.random() < MOSTLY:
            began += timedelta(hours=8)
        takes = timedelta(hours=chance.lognormvariate(slowness, 1.1))
        never = chance.random() < NEVER or began + takes > AS_OF
        yield a_wait(chance, case_id, began, None if never else began + takes)


def fresh(chance: random.Random) -> Iterator[WaitFacts]:
    """Some who wrote this morning, and whose answer is not due yet."""
    for case_id in range(1000, 1012):
        yield a_wait(chance, case_id, AS_OF - timedelta(hours=3 * chance.random()), None)


def a_wait(
    chance: random.Random, case_id: int, began: datetime, ended: datetime | None
) -> WaitFacts:
    """One wait, due after four hours in which somebody is there."""
    topics = chance.choice([(), ("delivery",), ("delivery", "refund"), ("app",)])
    return WaitFacts(
        case_id=case_id,
        number=1,
        network=chance.choice(["x", "x", "reddit", "google_play"]),
        severity=chance.choice(list(Severity)),
        topics=topics,
        owner=chance.choice([None, "ana", "bogdan", "elena"]),
        confirmed=chance.random() < SURE,
        started_at=began.astimezone(UTC),
        first_seen_at=began + timedelta(minutes=chance.lognormvariate(1, 1.3)),
        due_at=OFFICE.add(began, timedelta(hours=4)),
        ended_at=ended,
        outcome=Outcome.ANSWERED if ended else None,
    )


if __name__ == "__main__":
    main()

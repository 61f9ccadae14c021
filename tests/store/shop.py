"""A brand whose cases have histories as given, for whoever reads waits."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from monitor.domain.digest import Unanswered
from monitor.domain.event import Event
from monitor.domain.hours import always
from monitor.domain.policy import Match, Rule
from monitor.domain.report import Period, Report
from monitor.domain.sla import WaitFacts
from monitor.store import brands, cases, readings, said, schema, waits
from monitor.store.cases import CaseKey, Fact
from monitor.store.engine import Database
from tests.domain.histories import NOON, at

LONG_AGO, LATER = at(-10_000), at(10_000)
RULE = Rule(
    name="all", match=Match(), target=timedelta(hours=1), hours=always("UTC"), audience="#care"
)


class Shop:
    """A brand with cases whose histories are written as given."""

    def __init__(self, database: Database) -> None:
        self.database = database
        with database.writing() as conn:
            [self.brand] = brands.ensure(conn, ["shop"]).values()
            rows = [_post(number) for number in (*range(1, 10), *range(100, 103))]
            ana = {"id": 1, "network": "x", "key": "ana", "handle": "@ana"}
            conn.execute(schema.author.insert().values(ana))
            conn.execute(schema.post.insert(), rows)
            said.add(conn, [one["id"] for one in rows])
            conn.execute(schema.rule.insert().values(digest="r", snapshot=RULE.snapshot))

    def case(self, *facts: tuple[float, Event], thread: str = "t") -> int:
        """A case with this history, each fact (minute after noon, event) learnt in that order."""
        with self.database.writing() as conn:
            key = CaseKey(self.brand, "x", thread, "1")
            case_id = cases.open_case(conn, key, root_post_id=1, opened_at=NOON)
            known = [Fact(at(minute), event, "ana") for minute, event in facts]
            cases.append(conn, case_id, known, now=LATER)
        return case_id

    def reads(self, as_of: datetime) -> list[WaitFacts]:
        with self.database.reading() as conn:
            return waits.of_period(conn, self.brand, since=LONG_AGO, until=LATER, as_of=as_of)

    def unanswered(self, as_of: datetime) -> list[Unanswered]:
        with self.database.reading() as conn:
            return waits.unanswered(conn, self.brand, as_of)

    def open_list(self, **page: Any) -> list[Unanswered]:
        with self.database.reading() as conn:
            return waits.open_list(conn, self.brand, LATER, **page)

    def report(self, as_of: datetime) -> Report:
        with self.database.reading() as conn:
            period = Period(LONG_AGO, LATER)
            return readings.report(conn, self.brand, period=period, as_of=as_of)


def _post(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "network": "x",
        "external_id": str(number),
        "kind": "post",
        "thread": "t",
        "quotes": [],
        "title": None,
        "text": f"text {number}",
        "author_id": 1 if number % 2 else None,
        "url": f"https://example.com/{number}",
        "posted_at": NOON,
        "first_seen_at": NOON,
        "last_seen_at": NOON,
        "to_judge": False,
    }

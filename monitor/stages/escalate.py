"""Escalate: open waits tell people, rung by rung."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar

from monitor.domain.escalation import decide
from monitor.domain.rota import Person
from monitor.domain.subscription import escalated
from monitor.store import cases, foretelling, outbox, subscriptions
from monitor.store.cases import Fact
from monitor.store.engine import Database, log_when_done

ROUND = 500


class Escalate:
    """Applies each open wait's frozen rule; what fires is recorded and written to the outbox at once."""

    name: ClassVar[str] = "escalate"

    def __init__(self, database: Database, people: Mapping[str, Person] | None = None) -> None:
        """`people`: whom steps can tell alone, or by a rota."""
        self._database = database
        self._people = people or {}

    def due(self, now: datetime) -> Sequence[str]:
        """Cases whose next action fell due, longest due first."""
        with self._database.reading() as conn:
            return [str(one) for one in cases.due(conn, self.name, now, ROUND)]

    def handle(self, item: str, now: datetime) -> None:
        """Decide for one case; history, picture and notices in one transaction."""
        case_id = int(item)
        with self._database.writing() as conn:
            cases.lock(conn, case_id)
            case = cases.load(conn, case_id)
            wait = case.open_wait
            row = cases.row(conn, case_id)
            if wait is None or row is None:
                cases.look_again(conn, case_id, None)
                return
            decision = decide(
                case,
                case_id=case_id,
                rule=cases.kept_rule(conn, wait.rule),
                watched=foretelling.watched(conn, row.brand_id),
                staff=foretelling.staff(conn, self._people),
                now=now,
            )
            facts = [Fact(one.at, one.event, self.name) for one in decision.firings]
            cases.append(conn, case_id, facts, now=now)
            planned = [it for one in decision.firings for it in one.notices]
            outbox.write(conn, planned, brand_id=row.brand_id, case_id=case_id, now=now)
            heard = [it for one in decision.firings for it in escalated(one)]
            subscriptions.write(conn, heard, brand_id=row.brand_id, case_id=case_id, now=now)
            for one in planned:
                if one.suppressed:
                    log_when_done(conn, "notice_suppressed", key=one.key, reason=one.reason.value)
            cases.look_again(conn, case_id, decision.next_at)

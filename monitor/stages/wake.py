"""Wake: when a person's quiet hours end, one summary says what came meanwhile and is still open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar

from monitor.domain.notice import NoticeKind, Planned, Reason
from monitor.domain.rota import Person, Staff
from monitor.store import held_back, outbox
from monitor.store.engine import Database, log_when_done


class Wake:
    """Writes the summary in the transaction that takes it from what was held back: it comes once."""

    name: ClassVar[str] = "wake"

    def __init__(self, database: Database, people: Mapping[str, Person]) -> None:
        self._database = database
        self._staff = Staff(people)

    def due(self, now: datetime) -> Sequence[str]:
        """The places of people who may be disturbed again and for whom something was held back."""
        with self._database.reading() as conn:
            return [one for one in held_back.audiences(conn) if self._is_awake(one, now)]

    def _is_awake(self, audience: str, now: datetime) -> bool:
        """Also whoever the config knows no longer, or without quiet hours: nothing is held for ever."""
        person = self._staff.person_at(audience)
        return person is None or not person.sleeps(now)

    def handle(self, item: str, now: datetime) -> None:
        """Sum up for one place."""
        with self._database.writing() as conn:
            still_open = held_back.take(conn, item)
            log_when_done(conn, "quiet_hours_ended", audience=item, still_open=len(still_open))
            if not still_open:
                return
            planned = Planned(
                f"{NoticeKind.WAITING}:{item}:{now.isoformat()}",
                NoticeKind.WAITING,
                item,
                Reason.QUIET_HOURS_ENDED,
                due_at=now,
            )
            said = {"cases": still_open}
            outbox.write(conn, [planned], brand_id=None, case_id=None, now=now, payload=said)

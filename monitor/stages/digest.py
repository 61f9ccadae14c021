"""Digest: once a business day the unanswered are told, and once in a brand's life what was open before.

What is written holds a day and a moment only; the lines are gathered when the notice leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from itertools import dropwhile, islice, takewhile
from typing import Any, ClassVar

from monitor.domain.digest import Schedule
from monitor.domain.notice import NoticeKind, Planned, Reason
from monitor.store import brands, coverage, outbox, waits
from monitor.store.engine import Connection, Database

_MISSED = 31
"""Digests before the newest that may have been missed; older ones are nobody's question any more."""


class DailyDigest:
    """Writes the day's digest of each brand from its hour on, and the summary of the backlog.

    Args:
        database: where the outbox is.
        names: the brands.
        schedule: the days and the hour.
        place: whom to tell of a brand, by its name.

    """

    name: ClassVar[str] = "digest"

    def __init__(
        self,
        database: Database,
        *,
        names: Sequence[str],
        schedule: Schedule,
        place: Callable[[str], str],
    ) -> None:
        self._database = database
        self._names = frozenset(names)
        self._schedule = schedule
        self._place = place
        self._written: tuple[date | None, set[str]] = (None, set())
        """Keys of the day's digests, and of summaries, that are known to be there."""

    def due(self, now: datetime) -> Sequence[str]:
        """The keys of digests and backlog summaries that are due and not written yet.

        A day's key is written once, whatever the clock does and however often the program starts;
        one that starts late still sends the newest, that of a day before as well.
        """
        day = next(self._schedule.due(now), None)
        if self._written[0] != day:
            self._written = (day, set())
        written = self._written[1]
        with self._database.reading() as conn:
            # asked of all brands at once: there may be thousands, and this is asked every second
            ids = self._ids(conn)
            keys = [one for one in self._digests(conn, ids, day, now) if one not in written]
            old = waits.with_backlog(conn)
            backlogs = {f"{NoticeKind.BACKLOG}:{one}": one for one in ids if one in old}
            keys += [one for one in backlogs if one not in written]
            written.update(outbox.there(conn, keys))
            return [
                one
                for one in keys
                if one not in written
                and (one not in backlogs or _is_caught_up(conn, backlogs[one]))
            ]

    def handle(self, item: str, now: datetime) -> None:
        """Write one of them. Does nothing if it is there already, or no longer called for."""
        kind, brand, *day = item.split(":")
        brand_id = int(brand)
        with self._database.writing() as conn:
            if kind == NoticeKind.BACKLOG:
                found = waits.backlog(conn, brand_id)
                if found is not None:
                    number, oldest_at = found
                    payload = {"waits": number, "oldest_at": oldest_at.isoformat()}
                    self._write(conn, item, brand_id, now, payload)
                return
            payload = {"day": day[0], "as_of": now.isoformat()}
            self._write(conn, item, brand_id, now, payload)
            if len(day) == 1:
                self._write_missed(conn, brand_id, date.fromisoformat(day[0]), now)

    def _ids(self, conn: Connection) -> list[int]:
        return [number for number, name in brands.names(conn).items() if name in self._names]

    def _digests(
        self, conn: Connection, ids: Sequence[int], day: date | None, now: datetime
    ) -> Iterator[str]:
        if day is None:
            return
        begun = brands.begun(conn, ids)
        is_today = day == self._schedule.today(now)
        due_at = self._schedule.sent_at(day) or now
        for one in ids:
            if one not in begun:
                # a rehearsal's digest must not stand in for the one that people get
                if is_today:
                    yield f"{_key(one, day)}:{Reason.SHADOW.value}"
            elif is_today or begun[one] <= due_at:
                yield _key(one, day)

    def _was_missed(self, day: date, since: datetime) -> bool:
        """Whether a digest that was not written should have been: people were told of the brand then."""
        due_at = self._schedule.sent_at(day)
        return due_at is not None and since <= due_at

    def _write_missed(self, conn: Connection, brand_id: int, newest: date, now: datetime) -> None:
        """Of the digests that nobody was there to write, that the newest speaks for them."""
        since = brands.first_run_at(conn, brand_id)
        before = dropwhile(lambda day: day >= newest, self._schedule.due(now))
        unwritten = takewhile(
            lambda day: (
                self._was_missed(day, since) and outbox.entry(conn, _key(brand_id, day)) is None
            ),
            islice(before, _MISSED),
        )
        for day in unwritten:
            payload = {"day": day.isoformat(), "as_of": now.isoformat()}
            key = _key(brand_id, day)
            self._write(conn, key, brand_id, now, payload, Reason.SUPERSEDED)

    def _write(
        self,
        conn: Connection,
        key: str,
        brand_id: int,
        now: datetime,
        payload: dict[str, Any],
        reason: Reason = Reason.SCHEDULED,
    ) -> None:
        kind = NoticeKind(key.partition(":")[0])
        due_at = now
        if kind is NoticeKind.DIGEST:
            due_at = self._schedule.sent_at(date.fromisoformat(payload["day"])) or now
        audience, is_told = self._place(brands.name(conn, brand_id)), reason is Reason.SCHEDULED
        planned = Planned(key, kind, audience, reason, due_at, suppressed=not is_told)
        outbox.write(conn, [planned], brand_id=brand_id, case_id=None, now=now, payload=payload)


def _key(brand_id: int, day: date) -> str:
    return f"{NoticeKind.DIGEST}:{brand_id}:{day.isoformat()}"


def _is_caught_up(conn: Connection, brand_id: int) -> bool:
    """Whether all that was there is read and judged, so that the summary counts it whole."""
    return coverage.is_looked_at(conn, brand_id) and not waits.is_under_way(conn, brand_id)

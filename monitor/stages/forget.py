"""Forget: what was kept long enough is purged, and the way it went is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

import structlog

from monitor.domain.keeping import Keep, Purge
from monitor.domain.notice import Reason
from monitor.store import alarms, keeping, said
from monitor.store.engine import Connection, Database

log = structlog.get_logger()

BATCH = 500
EVERY = timedelta(hours=1)
"""How often is looked whether something has been kept long enough."""
REST = "rest"
"""The item for what is no post's words: notes, samples, addresses of posts without words."""
INDEX = "index"
"""The item for what the search's index still holds of words that are gone."""
INDEX_EVERY = timedelta(days=1)
_PAGES = 500
"""Of the index, at a time: 2 MB, so that others write in between."""


class Forget:
    """Purges words and names by age, and words of which their network did not say that they stand.

    An item is a reason to purge, or what is left over. Each is a batch of posts, and comes once a round
    of the runner as long as there are more: so others write in between. Cases that are open keep their
    words, unless their network was asked and did not confirm them: of that `operators` hear (None: the
    log alone).
    """

    name: ClassVar[str] = "forget"

    def __init__(self, database: Database, keep: Keep, *, operators: str | None = None) -> None:
        self._database = database
        self._keep = keep
        self._operators = operators
        self._done_at: datetime | None = None
        """When no post was left to be purged."""
        self._rested_at: datetime | None = None
        self._tidied_at: datetime | None = None
        self._is_tidying = False

    def due(self, now: datetime) -> Sequence[str]:
        """The reasons for which a post is to be purged, until there is none; the rest, once an hour."""
        items: list[str] = []
        if not _is_recent(self._done_at, now):
            with self._database.reading() as conn:
                items += [
                    one for one in keeping.OF_POSTS if keeping.due(conn, one, self._keep, now, 1)
                ]
            self._done_at = None if items else now
        is_purged = not items
        if not _is_recent(self._rested_at, now):
            self._rested_at = now
            items.append(REST)
        is_tidy = _is_recent(self._tidied_at, now, INDEX_EVERY) and not self._is_tidying
        # PostgreSQL tidies up by itself; and its workers do not know what another one did
        if self._database.is_sqlite and is_purged and not is_tidy:
            items.append(INDEX)
        return items

    def handle(self, item: str, now: datetime) -> None:
        """Purge one batch, in one transaction, and what it left in the write-ahead log."""
        with self._database.writing() as conn:
            if item == REST:
                keeping.purge_rest(conn, self._keep, now)
            elif item == INDEX:
                self._is_tidying = said.tidy(conn, pages=_PAGES, goes_on=self._is_tidying)
                self._tidied_at = now
            else:
                _purge(conn, Purge(item), self._keep, now, self._operators)
        self._database.empty_log()


def purge_all(
    database: Database, keep: Keep, now: datetime, *, operators: str | None = None
) -> Mapping[Purge, int]:
    """Purge all that was kept long enough, batch by batch. Returns how much, by reason."""
    found: Counter[Purge] = Counter()
    for reason in keeping.OF_POSTS:
        is_more = True
        while is_more:
            with database.writing() as conn:
                number = _purge(conn, reason, keep, now, operators)
            found[reason] += number
            is_more = number > 0
    with database.writing() as conn:
        found.update(keeping.purge_rest(conn, keep, now))
        said.tidy(conn)
    database.empty_log()
    return found


def _purge(
    conn: Connection, reason: Purge, keep: Keep, now: datetime, operators: str | None
) -> int:
    """Purge a batch of posts. Returns how many were."""
    ids = keeping.due(conn, reason, keep, now, BATCH)
    done = keeping.purge(conn, reason, ids, keep, now)
    if done.of_open_cases:
        log.warning("words_of_open_cases_purged", number=done.of_open_cases)
        _tell(conn, keep, now, operators)
    return done.posts


def _tell(conn: Connection, keep: Keep, now: datetime, operators: str | None) -> None:
    """Once a day (UTC), however many cases it is about."""
    days = keep.without_look_up / timedelta(days=1)
    alarms.write(
        conn,
        operators,
        f"words-of-open-cases:{now.date()}",
        Reason.WORDS_PURGED,
        f"words of open cases were purged: their network did not confirm them for {days:g} days",
        [
            "the cases go on, and their links lead to the posts",
            "`complaint-monitor keep` says how many there were, and why asking failed",
        ],
        now,
    )


def _is_recent(at: datetime | None, now: datetime, every: timedelta = EVERY) -> bool:
    return at is not None and at <= now < at + every

"""After a back-up was put back: read what came since; what follows is looked for before it is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from monitor.cli.opening import alone_on
from monitor.cli.run import begin, stopped_by_signals, unread_of
from monitor.domain.errors import StoreError
from monitor.runner import Runner
from monitor.settings import Settings
from monitor.store import put_back
from monitor.wiring import Application

_TELLING = ("gather", "deliver", "reply")


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """`since`: when the copy was made. `unread`: what could not be read, and why."""

    since: datetime
    notices: int
    unread: list[str]


def catch_up(settings: Settings) -> CaughtUp:
    """Do all that a `run` does but tell and answer, then mark what is to be told.

    Raises:
        StoreError: something runs on the database, or a stage cannot work.

    """
    application = Application(settings)
    try:
        with alone_on(application.database) as _, stopped_by_signals() as stop:
            with application.database.writing() as conn:
                since = put_back.last_moment(conn) or application.clock()
                put_back.mark(conn, since)
            begin(application)
            stages = [one for one in application.stages() if one.name not in _TELLING]
            runner = Runner(
                stages,
                application.database,
                clock=application.clock,
                operators=application.operators,
            )
            done = runner.until_idle(stop)
            with application.database.writing() as conn:
                number = put_back.mark(conn, since)
            if done.broken:
                raise StoreError(f"{done.broken}; say this again when it is mended")
            return CaughtUp(since, number, unread_of(application))
    finally:
        application.close()

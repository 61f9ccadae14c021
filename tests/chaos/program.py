"""The program in this process, in a time of its own: born, at work, dead and born again."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import datetime

from monitor import settings
from monitor.cli.run import begin
from monitor.runner import Runner
from monitor.store import outbox, replaying, replies
from monitor.store.engine import Database
from monitor.wiring import Application
from tests.chaos.fate import Death, Fate
from tests.chaos.installation import Installation

ONE_BY_ONE = {"intake": 1}
"""Streams take turns, so that a seed says what comes after what."""


class Program:
    """What `run` puts together. Its leases and rests are in `clock`'s time, too.

    `amnesia`: SQL that harms the database at each death. All programs of a drill may share `database`:
    the dead one's connections are closed; what SQLAlchemy has compiled for it is half of the time.
    """

    def __init__(
        self,
        home: Installation,
        database: Database,
        fate: Fate,
        *,
        clock: Callable[[], datetime],
        amnesia: str = "",
    ) -> None:
        self.home = home
        self._fate = fate
        self._clock = clock
        self._amnesia = amnesia
        self._settings = settings.read_text(home.config().read_text(), "scenario")
        self._made: tuple[Application, Runner] | None = None
        self._database = database

    @property
    def application(self) -> Application:
        """The one that lives: one is born if none does."""
        return self._alive()[0]

    def works(self) -> None:
        """Until nothing is left to do now; dead, it is born again and goes on."""
        self.does(self._rounds)

    def does(self, what: Callable[[], object]) -> None:
        """That, and if it dies meanwhile: born again, then once more. (Deaths are few.)"""
        while True:
            with suppress(Death):
                what()
                if not self._fate.is_dead:
                    return
            self.ends()

    def ends(self) -> None:
        """Nothing is left of it but what it wrote."""
        if self._made is not None:
            self._made[0].close()
        self._made = None
        if self._fate.is_dead and self._amnesia:
            with closing(sqlite3.connect(self.home.folder / "monitor.db")) as rows, rows:
                rows.execute(self._amnesia)
        self._fate.rises()

    def differences(self) -> list[str]:
        """Where a stored picture is not the fold of its history."""
        with self._database.reading() as conn:
            return [str(one) for one in replaying.differences(conn)]

    def _rounds(self) -> None:
        done = self._alive()[1].until_idle()
        if not self._fate.is_dead and (done.broken or done.failed):
            raise RuntimeError(f"{done.broken} {done.failed}")

    def _alive(self) -> tuple[Application, Runner]:
        if self._made is None:
            its = Application(
                self._settings,
                clock=self._clock,
                machine=self._clock,
                environment=dict(self.home.secrets),
            )
            its.database = self._database
            self._made = (
                its,
                Runner(
                    its.stages(),
                    its.database,
                    clock=self._clock,
                    side_by_side=ONE_BY_ONE,
                    operators=its.operators,
                ),
            )
            begin(its)
            with its.database.writing() as conn:
                outbox.release(conn)
                replies.release(conn)
        return self._made

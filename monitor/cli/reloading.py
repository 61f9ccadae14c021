"""A config that changes while the program runs is taken up between two rounds, or refused as a whole."""

from __future__ import annotations

import hashlib
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from types import FrameType
from typing import TYPE_CHECKING

import click
import structlog

from monitor import log as logs
from monitor.cli.opening import config_path
from monitor.cli.printing import tell
from monitor.domain.errors import ConfigError, StoreError
from monitor.domain.notice import Reason
from monitor.settings.watching import News, Watch
from monitor.store.maintenance import said_of_a_transaction

if TYPE_CHECKING:
    from monitor.settings import Settings
    from monitor.wiring import Application

_TOLD = 10
"""Mistakes that the operators are told; `check` names all."""
_LOOK_S = 1.0

log = structlog.get_logger()


def watch_of(ctx: click.Context) -> Watch:
    """What watches the config of the command line. Make it before the config is read."""
    from pathlib import Path

    from monitor.secrets import STORE, Keyring

    return Watch(config_path(ctx), beside=Keyring(Path(STORE)).files)


class Reload:
    """The application as the newest config describes it.

    `adopt` puts another application into force, or raises (ConfigError: it is refused; StoreError: it is
    tried again). A config that is wrong changes nothing: the operators hear of it once, the old stays.
    """

    def __init__(
        self, application: Application, watch: Watch, adopt: Callable[[Application], None]
    ) -> None:
        self.application = application
        self._watch = watch
        self._adopt = adopt
        self._files = watch.files
        self._news: News | None = None

    def look(self) -> None:
        """Take up what is new, if anything is; nothing that goes wrong ends the work."""
        self._news = self._watch.taken() or self._news
        if self._news is None:
            return
        try:
            with said_of_a_transaction():
                try:
                    self._take_up(self._meant(self._news))
                    self._files = self._news.files
                except ConfigError as error:
                    self._take_up_secrets()
                    self._refuse(error)
        except StoreError as error:
            log.warning("config_waits", problem=str(error))
        else:
            self._news = None

    def _meant(self, news: News) -> Settings:
        """What is to be in force. Raises ConfigError: mistakes, or what nobody asked to be without."""
        if isinstance(news.said, ConfigError):
            raise news.said
        if not news.is_asked:  # a copy that stopped half-way looks the same
            brands = set(self.application.settings.brand_names) - set(news.said.brand_names)
            gone = [
                *sorted(self._files - news.files),
                *(f'the brand "{name}"' for name in sorted(brands)),
            ]
            if gone:
                raise ConfigError(
                    "\n".join(f"{one} is gone: send SIGHUP if that is meant" for one in gone)
                )
        return news.said

    def _take_up(self, settings: Settings) -> None:
        before = self.application
        fresh = before.changed(settings)
        if fresh is before:
            log.info("config_unchanged")
            return
        self._put_in_force(fresh)
        logs.configure(
            level=settings.log.level, format=settings.log.format, hide=fresh.secrets.hide
        )
        log.info("config_taken_up", brands=len(settings.brands), sources=len(settings.sources))
        for key in _for_a_restart(before.settings, settings):
            log.warning("config_needs_restart", key=key)
            tell(f"complaint-monitor: {key} is another now: that takes a restart")

    def _take_up_secrets(self) -> None:
        """Secrets are rotated whether or not the config is right: the one in force goes on with them."""
        try:
            fresh = self.application.changed(self.application.settings)
            if fresh is not self.application:
                self._put_in_force(fresh)
                log.info("secrets_taken_up")
        except ConfigError as error:
            self._refuse(error)

    def _put_in_force(self, fresh: Application) -> None:
        # what cannot be made is refused before all else
        _ = (fresh.feeds, fresh.notifiers, fresh.rotas)
        self._adopt(fresh)
        self.application = fresh

    def _refuse(self, error: ConfigError) -> None:
        """Once a day and config, whoever of the programs on the database finds it."""
        from monitor.store import alarms

        its = self.application
        mistakes = str(error).splitlines()
        more = len(mistakes) - _TOLD
        lines = [
            *mistakes[:_TOLD],
            *([f"and {more} more"] if more > 0 else []),
            "nothing was changed: the program goes on by what the config said before",
            "`complaint-monitor check` names every mistake; what is mended is taken up by itself",
        ]
        now = its.clock()
        digest = hashlib.sha256(str(error).encode()).hexdigest()[:16]
        log.error("config_refused", mistakes=len(mistakes), problem=mistakes[0])
        with its.database.writing() as conn:
            alarms.write(
                conn,
                its.operators,
                f"config:{digest}:{now.date()}",
                Reason.CONFIG_REFUSED,
                "the config was changed and has mistakes: it is not in force",
                lines,
                now,
            )


def _for_a_restart(old: Settings, new: Settings) -> Iterator[str]:
    """What was read when the program began, and cannot become something else in it."""
    for name in ("host", "port", "hosts", "most_bytes"):
        if getattr(old.web, name) != getattr(new.web, name):
            yield f"[web] {name}"
    was, its = old.slack_app, new.slack_app
    if (was is None) != (its is None):
        yield "[slack_app]"
    elif was is not None and its is not None:
        for name in sorted(type(its).model_fields.keys() - {"rights", "brands"}):
            if getattr(was, name) != getattr(its, name):
                yield f"[slack_app] {name}"


@contextmanager
def asked_by_signal(watch: Watch) -> Iterator[None]:
    """SIGHUP: read the config again. From a terminal that was closed it means, as ever: end."""
    hang_up = getattr(signal, "SIGHUP", None)
    if hang_up is None:
        yield
        return
    had_terminal = _has_terminal()

    def ask(_number: int, _frame: FrameType | None) -> None:
        if had_terminal and not _has_terminal():
            signal.raise_signal(signal.SIGTERM)
        else:
            watch.ask()

    before = signal.signal(hang_up, ask)
    try:
        yield
    finally:
        signal.signal(hang_up, before)


def _has_terminal() -> bool:
    try:
        return os.isatty(sys.stdin.fileno())
    except (OSError, ValueError):
        return False


@contextmanager
def looked_for(reload: Reload) -> Iterator[None]:
    """Take up what is new beside what serves calls, which has no rounds."""
    stop = Event()

    def look() -> None:
        while not stop.wait(_LOOK_S):
            reload.look()

    thread = Thread(target=look, name="reload", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=5)

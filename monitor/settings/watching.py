"""Watches the config's files, and reads them again when they were changed or somebody asks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Self, TypeAlias

from monitor.domain.errors import ConfigError
from monitor.settings.model import Settings
from monitor.settings.reading import files_of, read

GLANCE_S = 0.5
"""So often is looked whether somebody asked (machine's time) …"""
GLANCES = 10
"""… and after so many glances, whether a file was changed."""
STILL = 20
"""Glances until files that change all the time are read as they are."""

_Print: TypeAlias = tuple[tuple[str, int, int, int], ...]


class Watch:
    """Reads the config beside the work, in a thread of its own: thousands of files take seconds.

    Files are written in steps, so what changed by itself is read once it is still; what somebody asks
    for is read at once. Made before the config is read for the first time: no change is missed.
    """

    def __init__(
        self,
        path: Path,
        *,
        beside: Callable[[], Iterable[Path]] = tuple,
        glance_s: float = GLANCE_S,
    ) -> None:
        """`beside`: other files, of secrets, after whose change all is read again, too."""
        self._path = path
        self._beside = beside
        self._glance_s = glance_s
        self._seen = self._print()
        self._is_asked = False  # no Event: a signal may interrupt the one who sets it
        self._lock = Lock()
        self._news: Settings | ConfigError | None = None
        self._stop = Event()
        self._thread = Thread(target=self._watch, name="config", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(timeout=5)

    def ask(self) -> None:
        """Read it again now. A signal's handler may call this."""
        self._is_asked = True

    def taken(self) -> Settings | ConfigError | None:
        """What was read since this was asked last: the settings, or what is wrong with them."""
        with self._lock:
            news, self._news = self._news, None
        return news

    def _watch(self) -> None:
        glances = 0
        while not self._stop.wait(self._glance_s):
            glances += 1
            if self._is_asked:
                self._is_asked = False
                self._seen = self._print()
                self._read()
            elif glances >= GLANCES:
                glances = 0
                if self._has_changed_and_is_still():
                    self._read()

    def _has_changed_and_is_still(self) -> bool:
        before, now = self._seen, self._print()
        if now == before:
            return False
        for _ in range(STILL):
            before = now
            if self._stop.wait(self._glance_s):
                return False
            now = self._print()
            if now == before:
                break
        self._seen = now
        return True

    def _read(self) -> None:
        news: Settings | ConfigError
        try:
            news = read(self._path)
        except ConfigError as error:
            news = error
        with self._lock:
            self._news = news

    def _print(self) -> _Print:
        """By what a changed file is known: when it was changed, how long it is, and which one it is."""
        try:
            files = files_of(self._path)
        except ConfigError:
            files = []
        found = []
        for one in [*files, *self._beside()]:
            try:
                its = one.stat()
            except OSError:
                continue
            found.append((str(one), its.st_mtime_ns, its.st_size, its.st_ino))
        return tuple(found)

"""Watches the config's files, and reads them again when they were changed or somebody asks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
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
QUIET, QUIET_FOLDER = 2, 10
"""Glances in which nothing changes, until what changed is read: a folder is copied file by file."""

_Print: TypeAlias = tuple[tuple[str, int, int, int], ...]


@dataclass(frozen=True, slots=True)
class News:
    """What the config says, or what is wrong with it; in which files, and whether somebody asked."""

    said: Settings | ConfigError
    files: frozenset[str]
    is_asked: bool = False


class Watch:
    """Reads the config beside the work, in a thread of its own: thousands of files take seconds.

    Files are written in steps, so what changed by itself is read once it is still, and only if it stayed
    so while it was read; what somebody asks for is read at once. Made before the config is read for the
    first time: no change is missed.
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
        self._seen = self._last = self._print()
        self._glances = self._quiet = 0
        """All, and those in a row in which nothing changed."""
        self._is_asked = False  # no Event: a signal may interrupt the one who sets it
        self._lock = Lock()
        self._news: News | None = None
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

    @property
    def files(self) -> frozenset[str]:
        """The config's files when they were read last."""
        return self._names(self._seen)

    def taken(self) -> News | None:
        """What was read since this was asked last."""
        with self._lock:
            news, self._news = self._news, None
        return news

    def glance(self) -> None:
        """Look once, and read what is to be read: the thread does, again and again."""
        self._glances += 1
        if self._is_asked:
            self._is_asked = False
            self._read(self._print(), is_asked=True)
        elif self._glances % GLANCES == 0 or self._last != self._seen:
            now = self._print()
            self._quiet = self._quiet + 1 if now == self._last else 0
            self._last = now
            needed = QUIET_FOLDER if self._path.is_dir() else QUIET
            if now != self._seen and self._quiet >= needed:
                self._read(now)

    def _watch(self) -> None:
        while not self._stop.wait(self._glance_s):
            self.glance()

    def _read(self, before: _Print, *, is_asked: bool = False) -> None:
        said: Settings | ConfigError
        try:
            said = read(self._path)
        except ConfigError as error:
            said = error
        if not is_asked and self._print() != before:
            return  # half of it may be from before: it is read when it is still again
        self._seen = before
        with self._lock:
            self._news = News(said, self._names(before), is_asked)

    def _names(self, its: _Print) -> frozenset[str]:
        return frozenset(name for name, *_ in its) - {str(one) for one in self._beside()}

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

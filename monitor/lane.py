"""Work that waits for networks, beside the rounds of the runner: a thread an item, and room for so many."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from threading import Condition, Event, Thread
from typing import TypeAlias

Work: TypeAlias = Callable[[str], bool | Exception]
"""Does an item. True: it went through; False: it did not; an error: something is wrong as a whole."""


class Lane:
    """Items under way beside the rounds, each in a thread of its own, which ends with the program."""

    def __init__(self, stage: str, room: int) -> None:
        self._stage = stage
        self._room = room
        self._changed = Condition()
        self._under_way: dict[str, float] = {}
        self._reported: set[str] = set()
        self._ended: list[bool] = []
        self._problem: Exception | None = None

    def start(self, items: Sequence[str], do: Work) -> list[str]:
        """Begin what is not under way yet, as far as there is room. Returns what found none."""
        for at, item in enumerate(items):
            with self._changed:
                if item in self._under_way:
                    continue
                if len(self._under_way) >= self._room:
                    return list(items[at:])
                self._under_way[item] = time.monotonic()
            name = f"{self._stage} {item}"
            Thread(target=self._work, args=(item, do), name=name, daemon=True).start()
        return []

    def finish(self, items: Sequence[str], do: Work, stop: Event) -> None:
        """Do all of them, unless `stop` is set meanwhile."""
        left = list(items)
        while not stop.is_set():
            left = self.start(left, do)
            with self._changed:
                if not (left or self._under_way):
                    return
                while not stop.is_set() and len(self._under_way) >= (self._room if left else 1):
                    self._changed.wait(1)

    def wait(self, until: float) -> Sequence[str]:
        """Wait for what is under way, at most until that machine's time. Returns what still is."""
        with self._changed:
            self._changed.wait_for(lambda: not self._under_way, max(until - time.monotonic(), 0))
            return sorted(self._under_way)

    def take(self) -> tuple[int, int]:
        """How many ended well, and how many did not, since this was asked last.

        Raises what was no failure of an item, but of the whole.
        """
        with self._changed:
            ended, self._ended = self._ended, []
            problem, self._problem = self._problem, None
        if problem is not None:
            raise problem
        return sum(ended), len(ended) - sum(ended)

    def hanging(self, after: timedelta) -> Sequence[str]:
        """What is under way for longer than that (machine's time). Each is named once."""
        began_before = time.monotonic() - after.total_seconds()
        with self._changed:
            long = [one for one, began in self._under_way.items() if began <= began_before]
            found = [one for one in long if one not in self._reported]
            self._reported.update(found)
        return found

    @property
    def under_way(self) -> frozenset[str]:
        with self._changed:
            return frozenset(self._under_way)

    @property
    def is_busy(self) -> bool:
        return bool(self._under_way)

    @property
    def has_news(self) -> bool:
        return bool(self._ended) or self._problem is not None

    def _work(self, item: str, do: Work) -> None:
        ended: bool | Exception | None = None
        try:
            ended = do(item)
        finally:
            with self._changed:
                del self._under_way[item]
                self._reported.discard(item)
                if isinstance(ended, Exception):
                    self._problem = ended
                elif ended is not None:
                    self._ended.append(ended)
                self._changed.notify_all()

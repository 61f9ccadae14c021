"""How many calls were refused, and why, until that is written down."""

from __future__ import annotations

from collections import Counter
from threading import Lock

from monitor.domain.errors import Refusal


class Refusals:
    """A flood of refused calls costs no writes: they are counted here, and written down now and then."""

    def __init__(self) -> None:
        self._counted: Counter[tuple[str, Refusal]] = Counter()
        self._lock = Lock()

    def count(self, source: str, reason: Refusal) -> None:
        """One more. `source` is empty where there is none of the name."""
        with self._lock:
            self._counted[source, reason] += 1

    def taken(self) -> Counter[tuple[str, Refusal]]:
        """What was counted since it was last taken."""
        with self._lock:
            counted, self._counted = self._counted, Counter()
        return counted

    def put_back(self, counted: Counter[tuple[str, Refusal]]) -> None:
        """What could not be written down."""
        with self._lock:
            self._counted += counted

"""A real process's clock, set forwards and back while it runs: by libfaketime, which it is started with.

Only the time of day jumps; what counts seconds (the monotonic clock) goes on, as on a machine whose
clock is set.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

LIBRARY = "*/faketime/libfaketime.so.1"
NOTICED_S = 1
"""So long a process goes by what the file said before."""


def library() -> Path | None:
    """Where the library is; None: it is not installed."""
    return next(Path("/usr/lib").glob(LIBRARY), None)


@dataclass(frozen=True, slots=True)
class Clock:
    """That of every process started with `environment`. `file` says how far it is off."""

    file: Path

    def set(self, ahead: timedelta) -> None:
        """So far from the right time, from `NOTICED_S` seconds later on; less than nothing: behind it."""
        self.file.write_text(f"{ahead.total_seconds():+.0f}s\n")

    @property
    def environment(self) -> Mapping[str, str]:
        """Variables to start a process with."""
        return {
            "LD_PRELOAD": str(library()),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_CACHE_DURATION": str(NOTICED_S),
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DISABLE_SHM": "1",
            "NO_FAKE_STAT": "1",
        }

"""What libraries log, and what ends a thread or the program unforeseen, told as our own lines.

Python would print such an error with its words, and they may be a customer's. Nothing that takes long to
import is needed before there is something to tell: `--help` begins here, too.
"""

from __future__ import annotations

import logging
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType


def take_over() -> None:
    """For a process of our own: from now on nothing of it is printed by Python or by a library."""
    logging.getLogger().addHandler(_Libraries(logging.WARNING))
    sys.excepthook = _ended
    threading.excepthook = lambda told: _ended(told.exc_type, told.exc_value, told.exc_traceback)


def _ended(
    kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error or kind(), trace)
        return
    from monitor import log

    log.configured()
    log.tell("ended_unforeseen", error or kind())


class _Libraries(logging.Handler):
    """Tells that a library has something to say, and where: its words may be anybody's."""

    def emit(self, record: logging.LogRecord) -> None:
        from monitor import log

        log.configured()
        log.tell_of(record)

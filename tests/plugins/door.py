"""Tests may look at every brand's rows: what they themselves ask goes through the door of `store.barrier`.

What the program asks does not, also when a test calls it: there the barrier stands as it does for everybody.
What runs as a program of its own and looks with tests' eyes calls `let_tests_ask`; pytest has it by itself.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

TESTS = str(Path(__file__).parents[1])
_is_shut: ContextVar[bool] = ContextVar("is_shut", default=False)


@contextmanager
def as_the_program() -> Iterator[None]:
    """Until the end of the block, what this thread of the test asks is judged like what the program asks."""
    token = _is_shut.set(True)
    try:
        yield
    finally:
        _is_shut.reset(token)


def pytest_collection_finish() -> None:
    if "monitor.store.engine" in sys.modules:  # tests of the pure parts do not wait for SQLAlchemy
        let_tests_ask()


def let_tests_ask() -> None:
    """From now on in this process. Once is enough."""
    import sqlalchemy as sa

    from monitor.store.cross_brand import OPTION

    @sa.event.listens_for(sa.Engine, "before_cursor_execute")
    def _open(
        _conn: object, _cursor: object, _text: str, _values: object, context: Any, _many: object
    ) -> None:
        if not _is_shut.get() and _asked_by_a_test():
            options = context.execution_options
            context.execution_options = options.union({OPTION: "a test asks"})


def _asked_by_a_test() -> bool:
    frame = sys._getframe(2)  # who asks SQLAlchemy
    while frame.f_back is not None and "sqlalchemy" in frame.f_code.co_filename:
        frame = frame.f_back
    return frame.f_code.co_filename.startswith(TESTS)

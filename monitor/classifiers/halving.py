"""Where memory is short, fewer texts at once: a batch that does not fit is judged in halves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from monitor.domain.errors import ClassifierError
from monitor.domain.quoting import quoted

T = TypeVar("T")
R = TypeVar("R")

_WORDS = ("alloc", "out of memory", "not enough memory", "enough memory")
"""What runtimes say in errors that are no MemoryError."""


def in_halves(judge: Callable[[Sequence[T]], Sequence[R]], items: Sequence[T]) -> list[R]:
    """What `judge` says of the items, in order; asked of halves (and theirs) where memory runs out.

    Raises:
        ClassifierError: there is not enough memory for a single item; or what `judge` raises else.

    """
    try:
        return list(judge(items))
    except (MemoryError, RuntimeError, ClassifierError) as error:
        if not _is_of_memory(error):
            raise
        if len(items) <= 1:
            is_ours = isinstance(error, ClassifierError)
            said = error if is_ours else f"{type(error).__name__} {quoted(error)}"
            raise ClassifierError(
                "there is not enough memory to judge a single text; free some, or set fewer "
                f"`threads` under [classifier] ({said})"
            ) from error
    middle = len(items) // 2
    return [*in_halves(judge, items[:middle]), *in_halves(judge, items[middle:])]


def _is_of_memory(error: Exception) -> bool:
    return isinstance(error, MemoryError) or any(one in str(error).lower() for one in _WORDS)

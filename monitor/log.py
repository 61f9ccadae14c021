"""What the program says of its own work: structured lines on standard error.

Without secrets, and without others' words: a log is copied and kept where nobody can erase a customer.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Any, Literal, TextIO, TypeAlias

import structlog

from monitor.domain.errors import CrossingError, MonitorError
from monitor.domain.quoting import unquoted

Hide: TypeAlias = Callable[[str], str]
"""Takes what must not be seen out of a text."""

_OURS = Path(__file__).parent


def configure(
    *,
    level: str = "info",
    format: Literal["text", "json"] = "text",  # noqa: A002 - the config's own word
    hide: Hide = str,
    stream: TextIO | None = None,
) -> None:
    """Send log lines of `level` and above to `stream` (standard error), through `hide`."""
    out = stream or sys.stderr
    last: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if format == "json"
        else structlog.dev.ConsoleRenderer(
            colors=out.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _without_words,
            _Hider(hide),
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        # the stream of the moment: a test, or a daemon, may have put another one in place
        logger_factory=lambda *_: structlog.PrintLogger(stream or sys.stderr),
        cache_logger_on_first_use=False,
    )


def places(error: BaseException | None) -> str:
    """Where in the program an error went through, and those that caused it: no words of a customer."""
    found: list[str] = []
    while error is not None:
        found.append(type(error).__name__)
        found.extend(line.rstrip() for line in traceback.format_tb(error.__traceback__))
        error = error.__cause__ or error.__context__
    return "\n".join(found)


def in_a_line(error: BaseException) -> str:
    """What went wrong, in a line that quotes nobody.

    The words of a MonitorError are ours but for what it marks as quoted, which no line shows; those of a
    CrossingError are a statement of ours, without its values; those of the operating system (no room, no
    right) name what it refuses. Any other's may quote a customer, so it is told by its class and where we
    met it.
    """
    if isinstance(error, MonitorError | CrossingError):
        said = str(error)
    elif isinstance(error, OSError) and error.strerror:  # libraries make some that quote addresses
        said = f"{type(error).__name__}: {error}"
    else:
        said = type(error).__name__ + _place(error)
    return said.strip().partition("\n")[0]


def _place(error: BaseException) -> str:
    """The innermost line of the program that an error went through; of a plug-in, if of no other."""
    frames = [(Path(one.filename), one.lineno) for one in traceback.extract_tb(error.__traceback__)]
    ours = [one for one in frames if one[0].is_relative_to(_OURS)]
    if not frames:
        return ""
    path, line = (ours or frames)[-1]
    shown = path.relative_to(_OURS.parent) if ours else path.name
    return f" at {shown}:{line}"


def tell(event: str, error: BaseException, **of: str) -> None:
    """Log an error as a line, and the places in the program that it went through."""
    structlog.get_logger().error(event, **of, problem=in_a_line(error), where=places(error))


def tell_of(record: logging.LogRecord) -> None:
    """Log that a library has something to say, and where, without its words."""
    error = record.exc_info[1] if record.exc_info else None
    structlog.get_logger().log(
        record.levelno,
        "library_warns",
        library=record.name,
        at=f"{record.filename}:{record.lineno}",
        **({} if error is None else {"where": places(error)}),
    )


def configured() -> None:
    """See that lines go through here: also before a command has read how it shall log."""
    if not structlog.is_configured():
        configure(level="warning")


def _without_words(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """In place of a traceback, which ends in the error's words, the places that it names."""
    told = event.pop("exc_info", None)
    error = told if isinstance(told, BaseException) else sys.exception() if told else None
    return event if error is None else {**event, "where": places(error)}


class _Hider:
    """Takes secrets, and what others said, out of everything that a line says."""

    def __init__(self, hide: Hide) -> None:
        self._hide = hide

    def __call__(
        self, logger: Any, method: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        return {key: self._clean(value) for key, value in event.items()}

    def _clean(self, value: Any) -> Any:
        match value:
            case str():
                return self._hide(unquoted(value))
            case bool() | int() | float() | None:
                return value
            case dict():
                return {str(key): self._clean(one) for key, one in value.items()}
            case list() | tuple() | set() | frozenset():
                return [self._clean(one) for one in value]
            case _:
                return self._hide(unquoted(str(value)))

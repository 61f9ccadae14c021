"""Reads the config file, or says everything that is wrong with it, line by line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from monitor.domain.errors import ConfigError
from monitor.settings.lines import Place, line_of, lines_of
from monitor.settings.mistakes import Mistake, mistakes_in
from monitor.settings.model import Settings

_SYNTAX_PLACE = re.compile(r" \(at line (\d+), column \d+\)$")


def read(path: Path) -> Settings:
    """The settings of a file.

    Raises:
        ConfigError: one line a mistake, each with file and line.

    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: there is no such file. `complaint-monitor init` writes one; "
            f"--config or COMPLAINT_MONITOR_CONFIG names another."
        ) from None
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise ConfigError(f"{path}:{line}: is not UTF-8; save the file as UTF-8") from error
    return read_text(text, str(path))


def read_text(text: str, name: str) -> Settings:
    """The settings that a text says; `name` stands in messages. Raises ConfigError like `read`."""
    text = text.replace("\r\n", "\n")
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(_syntax(str(error), text, name)) from None
    mistakes = mistakes_in(document)
    if mistakes:
        raise ConfigError("\n".join(_told(mistakes, lines_of(text), name)))
    return Settings.model_validate(document)


def _syntax(problem: str, text: str, name: str) -> str:
    found = _SYNTAX_PLACE.search(problem)
    line = int(found[1]) if found else text.count("\n") + 1
    words = _SYNTAX_PLACE.sub("", problem).replace(" (at end of document)", "")
    return f"{name}:{line}: is no TOML: {words}"


def _told(mistakes: Iterable[Mistake], lines: Mapping[Place, int], name: str) -> list[str]:
    placed = [(line_of(lines, one.place) or 1, one) for one in mistakes]
    placed.sort(key=lambda pair: pair[0])
    return [f"{name}:{line}: {_path(one.place)}: {one.what}" for line, one in placed]


def _path(place: Place) -> Any:
    """`policies[0].steps[1].after`, as it is said in the docs."""
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "the file"

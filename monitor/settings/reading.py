"""Reads the config, one file or a folder of them, or says everything that is wrong, line by line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path

from monitor.domain.errors import ConfigError
from monitor.settings.merging import File, Merged
from monitor.settings.mistakes import examined
from monitor.settings.model import Settings

_SYNTAX_PLACE = re.compile(r" \(at line (\d+), column \d+\)$")
SUFFIX = ".toml"


def read(path: Path) -> Settings:
    """The settings of a file, or of a folder's files.

    Raises:
        ConfigError: one line a mistake, each with file and line.

    """
    return _settings([(_text(one), str(one)) for one in files_of(path)], str(path))


def read_text(text: str, name: str) -> Settings:
    """The settings that a text says; `name` stands in messages. Raises ConfigError like `read`."""
    return _settings([(text, name)], name)


def files_of(path: Path) -> list[Path]:
    """The file, or those of the folder that end in `.toml`, by name; hidden ones are an editor's.

    Raises:
        ConfigError: it cannot be listed, or holds none.

    """
    if not path.is_dir():
        return [path]
    try:
        found = [
            one for one in path.iterdir() if one.suffix == SUFFIX and not one.name.startswith(".")
        ]
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    if not found:
        raise ConfigError(f"{path}: no file in this folder ends in {SUFFIX}")
    return sorted(found)


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: there is no such file. `complaint-monitor init` writes one; "
            f"--config or COMPLAINT_MONITOR_CONFIG names another, or a folder of them."
        ) from None
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise ConfigError(f"{path}:{line}: is not UTF-8; save the file as UTF-8") from error


def _settings(texts: Sequence[tuple[str, str]], name: str) -> Settings:
    files: list[File] = []
    broken: list[str] = []
    for said, its in texts:
        text = said.replace("\r\n", "\n")
        if not text.strip():  # more likely one that is being written than one that says nothing
            broken.append(f"{its}: is empty: write what it is to say, or delete it")
            continue
        try:
            files.append(File(its, text, tomllib.loads(text)))
        except tomllib.TOMLDecodeError as error:
            broken.append(_syntax(str(error), text, its))
    if broken:
        raise ConfigError("\n".join(broken))
    merged = Merged(name, files)
    settings, mistakes = examined(merged.document)
    told = merged.told(mistakes)
    if told or settings is None:
        raise ConfigError("\n".join(told))
    return settings


def _syntax(problem: str, text: str, name: str) -> str:
    found = _SYNTAX_PLACE.search(problem)
    line = int(found[1]) if found else text.count("\n") + 1
    words = _SYNTAX_PLACE.sub("", problem).replace(" (at end of document)", "")
    return f"{name}:{line}: is no TOML: {words}"

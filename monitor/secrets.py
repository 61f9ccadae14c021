"""Tokens and passwords: from the environment, from files that it names, or from a store of the owner's.

A secret `x_token` is looked for in the variable COMPLAINT_MONITOR_X_TOKEN, then in the file that
COMPLAINT_MONITOR_X_TOKEN_FILE names. What a network rotates is kept by `put` in one JSON file that
only the owner can read. A rotated secret wins over the one it came from; once the environment says
something new, the new one wins.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from threading import Lock
from typing import Any

from monitor.domain.errors import ConfigError
from monitor.ports import Secrets

PREFIX = "COMPLAINT_MONITOR_"
FILE_SUFFIX = "_FILE"
STORE = "complaint-monitor.secrets.json"

HIDDEN = "[secret]"
_LEAST = 4
"""Shorter ones are not looked for in log lines: they would blacken ordinary words."""


class Keyring:
    """The secrets of one installation. Its `repr` shows none."""

    def __init__(self, store: Path, environment: Mapping[str, str] = os.environ) -> None:
        """`store` is where rotated secrets are kept; nothing is read before it is needed."""
        self._store = store
        self._environment = environment
        self._lock = Lock()
        self._seen: set[str] = set()

    def __repr__(self) -> str:
        return f"Keyring({str(self._store)!r})"

    def get(self, name: str, /) -> str:
        """The secret.

        Raises:
            ConfigError: there is none, or others can read where it is kept.

        """
        given = self._given(name)
        with self._lock:
            kept = self._read().get(name)
        if kept is not None and (given is None or kept["seed"] == _digest(given)):
            given = str(kept["value"])
        if not given:
            variable = variable_of(name)
            raise ConfigError(
                f'the secret "{name}" is missing: set the environment variable {variable}, '
                f"or {variable}{FILE_SUFFIX} to the path of a file that holds it"
            )
        self._seen.add(given)
        return given

    def put(self, name: str, value: str, /) -> None:
        """Keep a rotated secret. Survives a crash at any moment: the old file or the new one is there."""
        given = self._given(name)
        self._seen.add(value)
        with self._lock:
            kept = dict(self._read())
            kept[name] = {"value": value, "seed": _digest(given) if given else None}
            self._write(kept)

    def given(self, name: str) -> str | None:
        """A hash of what the environment or its file says now; None: nothing that can be read."""
        try:
            said = self._given(name)
        except ConfigError:
            return None
        return _digest(said) if said else None

    def files(self) -> list[Path]:
        """The files of secrets that the environment names."""
        return [
            Path(path)
            for variable, path in sorted(self._environment.items())
            if variable.startswith(PREFIX) and variable.endswith(FILE_SUFFIX) and path
        ]

    def hide(self, text: str) -> str:
        """The text without any secret that was handed out, also as Python or JSON quotes it."""
        forms = {form for secret in self._seen for form in _forms(secret)}
        for form in sorted(forms, key=len, reverse=True):
            if len(form) >= _LEAST:
                text = text.replace(form, HIDDEN)
        return text

    def _given(self, name: str) -> str | None:
        variable = variable_of(name)
        value = self._environment.get(variable)
        if value:
            return value
        path = self._environment.get(variable + FILE_SUFFIX)
        return _private_text(Path(path), variable + FILE_SUFFIX).strip() if path else None

    def _read(self) -> Mapping[str, Any]:
        if not self._store.exists():
            return {}
        try:
            kept: Mapping[str, Any] = json.loads(_private_text(self._store, "the secrets' store"))
        except ValueError as error:
            raise ConfigError(
                f"{self._store} is damaged ({error}): delete it and give the secrets anew"
            ) from error
        return kept

    def _write(self, kept: Mapping[str, Any]) -> None:
        folder = self._store.parent
        handle, name = tempfile.mkstemp(prefix=f".{self._store.name}.", dir=folder)  # made 0600
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(kept, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self._store)
        except OSError:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise


class Lent:
    """The secrets as one part of the program has them: whether they are still those is known."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._had: dict[str, str | None] = {}

    def get(self, name: str, /) -> str:
        """The secret. Raises ConfigError as `Keyring.get`."""
        said = self._keyring.get(name)
        self._had.setdefault(name, self._keyring.given(name))
        return said

    def put(self, name: str, value: str, /) -> None:
        """Keep a rotated secret."""
        self._keyring.put(name, value)

    @property
    def still_hold(self) -> bool:
        """Whether nobody gave another one since. What cannot be read now may be being written."""
        for name, had in self._had.items():
            now = self._keyring.given(name)
            if now is not None and now != had:
                return False
        return True


def for_header(secrets: Secrets, name: str) -> str:
    """A secret that is sent in a header of HTTP, without the blanks around it.

    Raises:
        ConfigError: there is none, or no header can hold it. A library would say that with the
            secret in its words.

    """
    secret = secrets.get(name).strip()
    if not secret:
        raise ConfigError(f'the secret "{name}" is empty')
    if not (secret.isascii() and secret.isprintable() and " " not in secret):
        raise ConfigError(
            f'the secret "{name}" holds a line break, a blank or a letter that is in no token: '
            "copy it anew"
        )
    return secret


def variable_of(name: str) -> str:
    """The environment variable of a secret."""
    return PREFIX + name.upper().replace("-", "_").replace(".", "_")


def _private_text(path: Path, what: str) -> str:
    """The text of a file that nobody else can read."""
    try:
        mode = path.stat().st_mode
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise ConfigError(f"{path} ({what}) can be read by others: chmod 600 {path}")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path} ({what}): {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} ({what}) is not UTF-8 text") from error


def _forms(secret: str) -> Iterator[str]:
    """How a secret may look in a text; with a line break or an accent in it, some ways differ."""
    for one in (secret, secret.strip()):
        yield one
        yield repr(one)[1:-1]
        yield repr(one.encode(errors="backslashreplace"))[2:-1]
        yield json.dumps(one)[1:-1]


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()

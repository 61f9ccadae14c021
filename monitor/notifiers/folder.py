"""A folder: reports as files, for whoever collects them there (a share, a synchronised folder).

A report's name says the brand and the days, so one that is written again replaces itself: nothing is doubled.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from monitor.domain.errors import ConfigError, Outcome, SendError
from monitor.domain.finding import Finding
from monitor.domain.notice import Absent, Document, Notice, Receipt, Unknowable
from monitor.ports import Clock, Secrets
from monitor.render.words import say

_A_NAME = re.compile(r"[\w][\w. -]{0,99}")


class Folder:
    """Writes each report's page and files; of any other notice its words, as a text."""

    class Options(BaseModel):
        """The table of a notifier `use = "folder"`."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        path: Path = Field(description="Where to; an audience `folder:NAME` is a folder in it.")
        zone: ZoneInfo = Field(ZoneInfo("UTC"), description="IANA zone of the times in the words.")

    def __init__(self, options: Options, *, secrets: Secrets, clock: Clock) -> None:
        """It needs neither `secrets` nor `clock`."""
        del secrets, clock
        self._options = options

    def send(self, notice: Notice, earlier: Receipt | None, /) -> Receipt:
        folder = self._folder(notice.audience)
        files = self._files(notice)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name, content in files.items():
                _write(folder / name, content)
        except OSError as error:
            raise SendError(
                f"{folder}: {error.strerror or error}", outcome=Outcome.NOT_SENT
            ) from error
        return Receipt(str(folder), next(iter(files)))

    def find(self, notice: Notice, /) -> Receipt | Absent | Unknowable:
        """All of its files, or it is written again: that changes nothing."""
        folder = self._folder(notice.audience)
        files = self._files(notice)
        if all((folder / name).is_file() for name in files):
            return Receipt(str(folder), next(iter(files)))
        return Absent()

    def try_out(self) -> Iterator[Finding]:
        probe = self._options.path / f".complaint-monitor.{os.getpid()}"
        try:
            self._options.path.mkdir(parents=True, exist_ok=True)
            probe.write_bytes(b"")
            probe.unlink()
        except OSError as error:
            raise ConfigError(f"{self._options.path}: {error.strerror or error}") from error
        yield Finding("it can be used: files can be written there")

    def _folder(self, audience: str) -> Path:
        if not audience:
            return self._options.path
        if not _A_NAME.fullmatch(audience):
            raise SendError(f'"{audience}" is no name of a folder', outcome=Outcome.PERMANENT)
        return self._options.path / audience

    def _files(self, notice: Notice) -> dict[str, bytes]:
        match notice.content:
            case Document() as report:
                return {
                    report.name: report.html.encode("utf-8", "replace"),
                    **{one.name: one.content for one in report.attached},
                }
            case _:
                name = re.sub(r"[^\w.-]+", "-", notice.key)
                words = f"{say(notice, self._options.zone).text}\n"
                return {f"{name}.txt": words.encode("utf-8", "replace")}


def _write(path: Path, content: bytes) -> None:
    """All of it or nothing."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)

"""The console: notices as words on standard output, and in a journal that remembers them.

The journal is what counts: a notice is delivered once its line is on the disk, and there `find`
looks after a crash. What is printed is a view of it. One line is one `write`, so that lines of
several processes never mix; a line that a crash tore is left behind, and the next one begins anew.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets as randomness
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from threading import Lock
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from monitor.domain.errors import Outcome, SendError
from monitor.domain.finding import Finding
from monitor.domain.judgement import Severity
from monitor.domain.notice import Absent, CaseCard, Notice, NoticeKind, Receipt, Unknowable
from monitor.ports import Clock, Secrets
from monitor.render.words import EXCERPT, Spoken, cut, local_time, plain, say

_GATHERED = (NoticeKind.ALERT, NoticeKind.ESCALATION)
"""What a storm tells with others."""
_BOLD, _DIM, _RED, _YELLOW, _GREEN = "1", "2", "31", "33", "32"


class Console:
    """Prints notices; with `log` each one exactly once, also across crashes."""

    class Options(BaseModel):
        """The table of a notifier `use = "console"`."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        log: Path | None = Field(
            default=None,
            description="The journal: one JSON line a notice. Without it, none is kept.",
        )
        zone: ZoneInfo = Field(ZoneInfo("UTC"), description="IANA zone of the times in the words.")
        colour: Literal["auto", "always", "never"] = Field(
            "auto", description="auto: on a terminal, unless NO_COLOR is set."
        )
        quiet: bool = Field(default=False, description="Write the journal only.")
        brief: bool = Field(default=False, description="Print cases in two lines each.")

    def __init__(self, options: Options, *, secrets: Secrets, clock: Clock) -> None:
        """The console needs no `secrets`; `clock` is the time that lines show."""
        del secrets
        self._options = options
        self._clock = clock
        self._journal = Journal(options.log) if options.log else None
        self._levels: dict[int, int] = {}
        """The level that each case's card shows."""

    def send(self, notice: Notice, earlier: Receipt | None, /) -> Receipt:
        spoken = say(notice, self._options.zone)
        receipt = Receipt("console", randomness.token_hex(6))
        if self._journal is not None:
            self._journal.append(_line(notice, spoken, receipt, earlier))
        if not self._options.quiet:
            self._print(notice, spoken, earlier)
        return receipt

    def try_out(self) -> Iterator[Finding]:
        if self._journal is not None:
            self._journal.try_out()
            yield Finding("it can be used: its journal can be written")
        else:
            yield Finding("it can be used; without a journal nobody can look what was told")

    def find(self, notice: Notice, /) -> Receipt | Absent | Unknowable:
        if self._journal is None:
            return Unknowable("the console keeps no journal (option `log`)")
        was_put_back = notice.told_since is not None
        found = self._journal.find(notice.key, notice.about, other_keys=was_put_back)
        if found is None and was_put_back and notice.kind in _GATHERED and self._journal.has_storms:
            return Unknowable("the journal holds storms, and one may have named its case")
        return found or Absent()

    def _print(self, notice: Notice, spoken: Spoken, earlier: Receipt | None) -> None:
        text = self._view(notice, spoken, earlier)
        encoding = sys.stdout.encoding or "utf-8"
        try:
            sys.stdout.write(text.encode(encoding, "replace").decode(encoding))
            sys.stdout.flush()
        except (OSError, ValueError) as error:  # closed, or nobody reads any more
            if self._journal is None:
                raise SendError(f"standard output: {error}", outcome=Outcome.NOT_SENT) from error

    def _view(self, notice: Notice, spoken: Spoken, earlier: Receipt | None) -> str:
        when = local_time(self._clock(), self._options.zone)
        audience = f" → {plain(notice.audience)}" if notice.audience else ""
        headline = self._paint(_style(notice), spoken.headline)
        card = notice.content if isinstance(notice.content, CaseCard) else None
        if earlier is not None:
            if card is not None and self._only_climbed(card):
                return ""
            return f"{self._paint(_DIM, f'{when}{audience} (the card, edited)')} {headline}\n"
        if card is not None and self._options.brief:
            quote = f"  “{cut(plain(card.title or card.text or ''), EXCERPT)}”\n"
            return f"{self._paint(_DIM, f'{when}{audience}')} {headline}\n{quote}"
        lines = "".join(f"  {one}".rstrip() + "\n" for one in spoken.lines)
        top = self._paint(_DIM, f"{when}{audience}")
        return f"{top}\n{headline}\n{lines}\n"

    def _only_climbed(self, card: CaseCard) -> bool:
        """Whether the edit only shows a level more: the escalation tells that by itself."""
        before = self._levels.pop(card.case_id, 0)
        if card.status == "open":
            self._levels[card.case_id] = card.level
        return card.status == "open" and card.owner is None and card.level > before

    def _paint(self, style: str, text: str) -> str:
        return f"\033[{style}m{text}\033[0m" if style and self._is_coloured() else text

    def _is_coloured(self) -> bool:
        if self._options.colour != "auto":
            return self._options.colour == "always"
        return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def _style(notice: Notice) -> str:
    match notice.content:
        case CaseCard(status=status) if status != "open":
            return _GREEN
        case CaseCard(severity=Severity.CRITICAL):
            return f"{_BOLD};{_RED}"
        case CaseCard(severity=Severity.HIGH):
            return f"{_BOLD};{_YELLOW}"
        case _:
            pass
    return _RED if notice.kind is NoticeKind.OPERATIONS else _BOLD


def _line(
    notice: Notice, spoken: Spoken, receipt: Receipt, earlier: Receipt | None
) -> Mapping[str, Any]:
    return {
        "key": notice.key,
        "about": notice.about,
        "kind": notice.kind.value,
        "audience": notice.audience,
        "place": receipt.place,
        "name": receipt.name,
        "edits": earlier.name if earlier else None,
        "thread": notice.thread.name if notice.thread else None,
        "possibly_repeated": notice.possibly_repeated,
        "text": spoken.text,
    }


class Journal:
    """A file of JSON lines, one a delivery, shared by any number of processes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._known: dict[tuple[str, str], Receipt] = {}
        """By key, and what the notice was about (empty in lines that do not say)."""
        self._abouts: dict[str, Receipt] = {}
        self.has_storms = False
        """Whether one was told, as far as was read: which cases it named, no line says."""
        self._offset = 0
        self._file: tuple[int, int] | None = None
        """Device and inode of the file that was read up to `_offset`."""

    def try_out(self) -> None:
        """See that lines could be written, and write none. Raises SendError: they could not."""
        folder = self._path.absolute().parent
        try:
            if self._path.exists():
                os.close(os.open(self._path, os.O_RDWR | os.O_APPEND))
                return
        except OSError as error:
            raise self._problem(error, Outcome.NOT_SENT) from error
        if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
            msg = f"the journal {self._path}: is {folder} a folder in which this user may write?"
            raise SendError(msg, outcome=Outcome.NOT_SENT)

    def append(self, line: Mapping[str, Any]) -> None:
        """Write one line and see it safe on the disk.

        Raises:
            SendError: it could not be written (not sent), or not be made safe (unknown).

        """
        text = json.dumps(line, ensure_ascii=True) + "\n"
        with self._lock:
            try:
                file = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            except OSError as error:
                raise self._problem(error, Outcome.NOT_SENT) from error
            try:
                self._write(file, text.encode())
            finally:
                os.close(file)

    def _write(self, file: int, line: bytes) -> None:
        outcome = Outcome.NOT_SENT
        try:
            end = os.fstat(file).st_size
            torn = end > 0 and os.pread(file, 1, end - 1) != b"\n"
            whole = b"\n" + line if torn else line
            written = os.write(file, whole)
            outcome = Outcome.UNKNOWN
            os.fsync(file)
        except OSError as error:
            raise self._problem(error, outcome) from error
        if written < len(whole):  # all but the line's end may be there: `find` will tell
            raise SendError(f"the journal {self._path}: is the disk full?", outcome=outcome)

    def find(self, key: str, about: str = "", *, other_keys: bool = False) -> Receipt | None:
        """The delivery of that notice. Reads what was written since the last look.

        After a database was put back, a key may be of two notices, and one notice have two keys: what
        they are about tells.

        Raises:
            SendError: the journal cannot be read, so that nobody knows.

        """
        with self._lock:
            try:
                with contextlib.suppress(FileNotFoundError), self._path.open("rb") as file:
                    self._read_on(file)
            except OSError as error:
                raise self._problem(error, Outcome.UNKNOWN) from error
            if other_keys and about:
                return self._abouts.get(about)
            return self._known.get((key, about)) or self._known.get((key, ""))

    def _read_on(self, file: Any) -> None:
        stat = os.fstat(file.fileno())
        identity = (stat.st_dev, stat.st_ino)
        if identity != self._file or stat.st_size < self._offset:
            self._file, self._offset = identity, 0  # rotated: what was known stays known
        file.seek(self._offset)
        for line in file:
            with contextlib.suppress(ValueError, KeyError, TypeError):
                said = json.loads(line)
                about = said["about"] if "about" in said else ""  # noqa: SIM401 - it may be a list
                receipt = Receipt(said["place"], said["name"])
                self._known.setdefault((said["key"], about), receipt)
                self.has_storms |= str(said["key"]).startswith(f"{NoticeKind.STORM}:")
                if about:
                    self._abouts.setdefault(about, receipt)
            if line.endswith(b"\n"):  # one without may be under way still: it is read again
                self._offset += len(line)

    def _problem(self, error: OSError, outcome: Outcome) -> SendError:
        why = error.strerror or str(error)
        return SendError(f"the journal {self._path}: {why}", outcome=outcome)

"""One file, read from a place on: its rows made posts, and the place that was reached."""

from __future__ import annotations

import os
from collections import Counter
from typing import IO, TYPE_CHECKING

from monitor.domain.post import Rejected
from monitor.rows.meaning import (
    Row,
    RowError,
    RowMeaning,
    fingerprint,
    identity,
    is_interchangeable,
    own_id,
)
from monitor.rows.texts import sample
from monitor.sources.files import cursor
from monitor.sources.files.layout import find_layout, refuse_wrong_encoding
from monitor.sources.files.lines import Lines
from monitor.sources.files.records import Record, records

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from monitor.domain.post import Gone, Post
    from monitor.sources.files.cursor import Place
    from monitor.sources.files.layout import Layout, Said


class Tally:
    """How often each interchangeable row occurred so far: the rest of the id of one that has none.

    About 150 bytes of memory a distinct row; rows with an id, or with author and time, cost none.
    """

    def __init__(self, file: str) -> None:
        """`file` is the file's name, the other part of such an id."""
        self._file = file
        self._occurrences: Counter[bytes] = Counter()
        self.total = 0

    def id_of(self, row: Row) -> str:
        """The id of this row, which is the next one: its own, or one made for it."""
        own = own_id(row)
        if own is not None:
            return own
        print_ = fingerprint(row)
        if not is_interchangeable(row):
            return identity(self._file, print_, 0)
        occurrence = self._occurrences[print_]
        self._occurrences[print_] = occurrence + 1
        self.total += 1
        return identity(self._file, print_, occurrence)


class Reading:
    """A file opened for reading on after a place (the beginning, if the file is another by now)."""

    def __init__(self, path: Path, name: str, file: IO[bytes], said: Said, *, whole: bool) -> None:
        """`name` is the file's in ids and reports. `whole`: a last line without end is read too."""
        self._path = path
        self._name = name
        self._file = file
        self._said = said
        self._whole = whole
        self._lines: Lines | None = None
        self.tally = Tally(name)
        self.size = os.fstat(file.fileno()).st_size

    @property
    def offset(self) -> int:
        """Bytes read so far."""
        return self._lines.offset if self._lines else 0

    @property
    def open_line(self) -> int:
        """The line of a row that has no end yet, behind which nothing could be read; 0: none."""
        return self._lines.open_line if self._lines else 0

    def place(self) -> Place:
        """The place behind the last item given."""
        line = self._lines.line if self._lines else 0
        return cursor.place(self._file, self.offset, line, self.tally.total, self.open_line)

    def items(
        self, since: Place | None, tally: Tally | None, meaning: RowMeaning
    ) -> Iterator[Post | Gone | Rejected]:
        """What the rows after `since` say. `tally` is the one of the last reading, if there is one.

        Raises:
            SourceError: the file as a whole can't be read.

        """
        if since is not None and not since.is_in(self._file, self.size):
            since = tally = None
        layout = find_layout(self._path, self._file, self._said, whole=self._whole)
        if layout is None:
            return
        if since is None or since.offset == 0:
            if self._whole:
                refuse_wrong_encoding(self._path, self._file, layout)
            self._lines = self._from(layout, layout.offset, layout.line)
        else:
            known = tally is not None and tally.total == since.interchangeable
            self.tally = tally if tally and known else self._counted(layout, since)
            self._lines = self._from(layout, since.offset, since.line)
        for record in records(self._lines, layout, self._said.mapping):
            yield self._item(record, meaning)

    def _from(self, layout: Layout, offset: int, line: int) -> Lines:
        return Lines(self._file, layout.encoding, offset, line, whole=self._whole)

    def _counted(self, layout: Layout, since: Place) -> Tally:
        """Count again from the beginning; only where ids depend on it."""
        tally = Tally(self._name)
        if since.interchangeable:
            lines = self._from(layout, layout.offset, layout.line)
            for record in records(lines, layout, self._said.mapping):
                if lines.offset > since.offset:
                    break
                if record.row is not None:
                    try:
                        tally.id_of(record.row)
                    except RowError:
                        continue
        return tally

    def _item(self, record: Record, meaning: RowMeaning) -> Post | Gone | Rejected:
        row = record.row
        if row is None:
            return self._rejected(record, record.problem)
        try:
            return meaning.of(row, self.tally.id_of(row))
        except RowError as error:
            return self._rejected(record, str(error))

    def _rejected(self, record: Record, reason: str) -> Rejected:
        shown = record.sample or " | ".join(str(value) for value in (record.row or {}).values())
        return Rejected(f"{self._name}:{record.line}", reason, sample(shown))

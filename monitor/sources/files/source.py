"""The plug-in `files`: posts from CSV and JSONL files, once or as they grow."""

from __future__ import annotations

import codecs
import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator

from monitor.domain.errors import SourceError
from monitor.domain.post import Gap, Page, Stream, StreamKind
from monitor.domain.storable import storable
from monitor.ports import About
from monitor.rows.meaning import Field as RowField
from monitor.rows.meaning import RowMeaning
from monitor.sources.files import cursor
from monitor.sources.files.layout import Said
from monitor.sources.files.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from monitor.domain.post import Cursor, Gone, Post, Rejected
    from monitor.ports import Clock, Secrets
    from monitor.sources.files.cursor import Place
    from monitor.sources.files.reading import Tally

_WIDE = ("utf-16", "utf-16-le", "utf-16-be")
_EVERY = timedelta(seconds=10)
"""How often a followed file is looked at: it costs nothing but a look at its size."""
_PAGE_BYTES = 4_000_000
"""A page ends at about so many bytes of rows, however few they are: it is held in memory."""
_MAGIC = re.compile(r"[*?[]")


class Files:
    """Reads rows of CSV and JSONL files as posts: customers' and the brand's own alike.

    Each row's fields are those of `monitor.rows.meaning.FIELDS`; only `text` is required,
    and a time (see `assume_now`). A row with `deleted_at` says that the post `external_id` is gone.
    A row without id gets one made of the file's name and of what it says, so that reading the file
    again, or when it has grown, gives the same ids. A file that shrank, or begins otherwise than
    before, is read from its beginning. What was read already is not looked at again: a row changed
    in its place is not noticed, a row appended with the same id is.
    """

    extra: ClassVar[str | None] = None
    about: ClassVar[About] = About(
        title="CSV and JSONL files",
        reads="exports of any other place: rows of posts and of your answers",
        rights="to read the files",
        limits="a file tells of no deletion",
        cost="none",
        page="import.md",
        cannot_reply_because="a file is not where the customer reads",
    )

    class Options(BaseModel):
        """The table of a source `use = "files"`."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        path: str = Field(min_length=1, description="A file, or a pattern: exports/*.csv")
        format: Literal["auto", "csv", "jsonl"] = "auto"
        network: str = Field("files", min_length=1, description="For rows that name none.")
        mapping: dict[RowField, str] = Field(
            default_factory=dict, description="Our field -> the file's own header or key."
        )
        follow: bool = Field(default=False, description="Read on as the file grows.")
        assume_now: bool = Field(
            default=False, description="A missing posted_at is the time of reading."
        )
        encoding: str = Field("auto", description="Python's name of it; auto is UTF-8, or by BOM.")
        delimiter: str = Field("auto", description="One character; auto finds , ; tab or |.")
        quotes: bool = Field(default=True, description='False: " is an ordinary character.')
        timezone: ZoneInfo | None = Field(
            default=None, description="IANA zone of times that name none; without it, refused."
        )
        time_format: str | None = Field(default=None, description="strptime's, for other times.")
        page_size: int = Field(default=1000, ge=1, le=100_000, description="Rows stored at once.")

        @field_validator("encoding")
        @classmethod
        def _known_encoding(cls, encoding: str) -> str:
            if encoding == "auto":
                return encoding
            try:
                name = codecs.lookup(encoding).name
                plain = "\n".encode(name) == b"\n"
            except (LookupError, UnicodeError) as error:
                raise ValueError(f'"{encoding}" is no encoding that Python knows') from error
            if not plain and name not in _WIDE:
                raise ValueError(
                    f"files in {encoding} can't be read line by line: save them as UTF-8"
                )
            return "utf-16-le" if name == "utf-16" else name

        @field_validator("delimiter")
        @classmethod
        def _one_character(cls, delimiter: str) -> str:
            if delimiter == "auto":
                return delimiter
            if len(delimiter) != 1 or delimiter in '"\r\n':
                raise ValueError('a delimiter is one character, "\\t" for a tab')
            return delimiter

    def __init__(self, options: Options, *, secrets: Secrets, clock: Clock) -> None:
        """Files need no `secrets`. `clock` gives the time that `assume_now` assumes."""
        del secrets
        self._options = options
        self._said = Said(
            format=options.format,
            encoding=options.encoding,
            delimiter=options.delimiter,
            quotes=options.quotes,
            mapping=options.mapping,
        )
        self._meaning = RowMeaning(
            network=options.network,
            zone=options.timezone,
            time_format=options.time_format,
            now=clock if options.assume_now else None,
        )
        self._tallies: dict[str, Tally] = {}
        self._progress = (0, 0)

    def streams(self) -> Sequence[Stream]:
        """The one stream: all rows of all files, in order of the files' names."""
        return (Stream("rows", StreamKind.ALL, self._options.network.lower(), _EVERY),)

    def progress(self) -> tuple[int, int]:
        """Bytes read and bytes to read, of all files of the current look."""
        return self._progress

    def pages(self, stream: Stream, since: Cursor | None, /) -> Iterator[Page]:
        """Pages of at most `page_size` rows; one file that can't be read does not stop the others.

        Raises:
            SourceError: a file can't be read; after all that could be.

        """
        del stream
        known, paths = cursor.read(since), self._paths()
        places = {name: known[name] for name in paths if name in known}
        reached = since or cursor.write({})
        done = begun = 0
        total = sum(_size(path) for path in paths.values())
        batch: list[Post | Gone | Rejected] = []
        problems: list[SourceError] = []
        gap: Gap | None = None
        for name, path in paths.items():
            try:
                self._check(name)
                with path.open("rb") as file:
                    reading = Reading(path, name, file, self._said, whole=not self._options.follow)
                    tally = self._tallies.get(name)
                    for item in reading.items(places.get(name), tally, self._meaning):
                        batch.append(item)
                        at = done + reading.offset
                        if len(batch) == self._options.page_size or at - begun > _PAGE_BYTES:
                            self._mark(places, name, reading)
                            self._progress, begun = (at, total), at
                            reached = cursor.write(places)
                            yield Page(tuple(batch), reached)
                            batch.clear()
                    self._mark(places, name, reading)
                    gap = _gap(name, known.get(name), reading.open_line) or gap
            except SourceError as error:
                problems.append(error)
            except OSError as error:
                problems.append(self._unreadable(path, error))
            done += _size(path)
            self._progress = (done, total)
        if batch or gap or cursor.write(places) != reached:
            yield Page(tuple(batch), cursor.write(places), gap)
        if problems:
            raise problems[0]

    def _mark(self, places: dict[str, Place], name: str, reading: Reading) -> None:
        places[name] = reading.place()
        self._tallies[name] = reading.tally

    def _paths(self) -> dict[str, Path]:
        """The files by their names in ids and reports: relative to where the pattern starts."""
        path = Path(self._options.path).expanduser()
        if path.is_file():
            return {path.name: path}
        if path.is_dir():
            raise SourceError(
                f"{path} is a folder: name a file in it, or a pattern such as {path / '*.csv'}",
                permanent=True,
            )
        parts = path.parts
        fixed = next((at for at, part in enumerate(parts) if _MAGIC.search(part)), None)
        if fixed is None:
            return {path.name: path}
        root, pattern = Path(*parts[:fixed]), str(Path(*parts[fixed:]))
        found = {
            one.relative_to(root).as_posix(): one for one in root.glob(pattern) if one.is_file()
        }
        if not root.is_dir() or not (found or self._options.follow):
            raise SourceError(f"no file matches {path}", permanent=not self._options.follow)
        return dict(sorted(found.items()))

    def _check(self, name: str) -> None:
        """Ids and cursors hold the name. Raises SourceError if none can."""
        shown = storable(name)
        if shown != name:
            reason = "the file's name is not UTF-8: rename it"
            raise SourceError(f"{shown}: {reason}", permanent=not self._options.follow)

    def _unreadable(self, path: Path, error: OSError) -> SourceError:
        reason = error.strerror or str(error)
        return SourceError(f"{path}: {reason}", permanent=not self._options.follow)


def _gap(name: str, before: Place | None, line: int) -> Gap | None:
    """Tell of a row without end that hides those behind it.

    Not at the first look that finds it, as it may just be being written; then in every look, as the
    stream is not read to its end until it is closed.
    """
    if not line or before is None or before.open_line != line:
        return None
    return Gap("a quote is opened and not closed: the rows behind it wait", f"{name}:{line}")


def _size(path: Path) -> int:
    """Bytes of the file; 0 if it can't be told, which opening it will tell better."""
    try:
        return path.stat().st_size
    except OSError:
        return 0

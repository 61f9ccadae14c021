"""A file's physical lines as text, with the byte offset and the line number behind each."""

from __future__ import annotations

from typing import IO

MAX_LINE = 8_000_000
"""Bytes of one physical line that are held in memory; a longer line is passed over as a flaw."""


class Lines:
    """Iterates over lines from `offset`; what can't be read as text is told in `flaw`.

    Unless the file is taken as `whole`, a last line without its newline is left for later; so is a
    row of several lines without its end, whose first line is then `open_line` (0: none).
    """

    def __init__(
        self, file: IO[bytes], encoding: str, offset: int, line: int, *, whole: bool
    ) -> None:
        self._file = file
        self.encoding = encoding
        self.whole = whole
        wide = {"utf-16-le": b"\n\x00", "utf-16-be": b"\x00\n"}
        self._newline = wide.get(encoding, b"\n")
        self._read = self._read_wide if encoding in wide else file.readline
        self.back_to(offset, line)

    def back_to(self, offset: int, line: int) -> None:
        """Go on after this place instead."""
        self._file.seek(offset)
        self.offset = offset
        self.line = line
        self.flaw = ""
        self.ended = False
        self.open_line = 0

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        raw = self._read(MAX_LINE)
        size = len(raw)
        if not raw.endswith(self._newline):
            size, complete = self._rest(raw)
            if not raw or not (complete or self.whole):
                self.ended = True
                self._file.seek(self.offset)
                raise StopIteration
        self.offset += size
        self.line += 1
        if size > len(raw):
            self.flaw = f"the line is longer than {MAX_LINE:,} bytes"
            return ""
        try:
            return raw.decode(self.encoding)
        except UnicodeDecodeError as error:
            bad = f"byte 0x{raw[error.start]:02X} in line {self.line}"
            self.flaw = f"{bad} is not {self.encoding.upper()} (see the option encoding)"
            return raw.decode(self.encoding, "replace")

    def _rest(self, begun: bytes) -> tuple[int, bool]:
        """The size of the whole line of which this is the beginning, and whether it has an end."""
        size, part = len(begun), begun
        while part and not part.endswith(self._newline):
            part = self._read(MAX_LINE)
            size += len(part)
        return size, bool(part)

    def _read_wide(self, limit: int) -> bytes:
        """Like readline, for two-byte characters: a byte 0A alone is no newline there."""
        line = bytearray()
        while len(line) < limit:
            part = self._file.readline(limit - len(line))
            line += part
            if len(line) % 2:  # in the middle of a character: little-endian, or the end
                line += self._file.read(1)
            if not part or line[-2:] == self._newline:
                break
        return bytes(line)

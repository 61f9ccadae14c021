"""The server's side of a WebSocket (RFC 6455), as much of it as Slack's Socket Mode needs."""

from __future__ import annotations

import base64
import hashlib
import struct
from dataclasses import dataclass, field
from threading import Lock
from typing import Protocol

_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_TEXT, _CLOSE, _PING, _PONG = 0x1, 0x8, 0x9, 0xA
_CONTROL = 0x8
_FIN, _MASKED = 0x80, 0x80
_SHORT, _LONG = 126, 127


class _Reads(Protocol):
    def read(self, size: int, /) -> bytes: ...


class _Writes(Protocol):
    def write(self, data: bytes, /) -> object: ...
    def flush(self) -> object: ...


def accept(key: str) -> str:
    """What answers a client's Sec-WebSocket-Key."""
    digest = hashlib.sha1((key + _GUID).encode(), usedforsecurity=False).digest()
    return base64.b64encode(digest).decode()


@dataclass
class WebSocket:
    """An open connection: texts go out whole, and come in whole. Safe to be written by several threads."""

    reads: _Reads
    writes: _Writes
    _lock: Lock = field(default_factory=Lock)

    def send(self, text: str) -> None:
        """Raises OSError: nobody is there."""
        self._frame(_TEXT, text.encode())

    def close(self) -> None:
        """Say good-bye."""
        self._frame(_CLOSE, struct.pack("!H", 1000))

    def receive(self) -> str | None:
        """The next text; pings are answered meanwhile. None: the other side is gone."""
        whole = b""
        while True:
            head = self.reads.read(2)
            if len(head) < 2:  # noqa: PLR2004 - the two bytes of every frame
                return None
            code, payload = head[0] & 0x0F, self._payload(head[1])
            if code == _CLOSE:
                return None
            if code == _PING:
                self._frame(_PONG, payload)
            if code & _CONTROL:
                continue
            whole += payload
            if head[0] & _FIN:
                return whole.decode()

    def _payload(self, second: int) -> bytes:
        size = second & 0x7F
        if size == _SHORT:
            (size,) = struct.unpack("!H", self.reads.read(2))
        elif size == _LONG:
            (size,) = struct.unpack("!Q", self.reads.read(8))
        mask = self.reads.read(4) if second & _MASKED else bytes(4)
        body = self.reads.read(size)
        return bytes(one ^ mask[at % 4] for at, one in enumerate(body))

    def _frame(self, code: int, payload: bytes) -> None:
        size = len(payload)
        if size < _SHORT:
            head = struct.pack("!BB", _FIN | code, size)
        elif size < 1 << 16:
            head = struct.pack("!BBH", _FIN | code, _SHORT, size)
        else:
            head = struct.pack("!BBQ", _FIN | code, _LONG, size)
        with self._lock:
            try:
                self.writes.write(head + payload)
                self.writes.flush()
            except ValueError as error:  # how a file says that it is closed
                raise ConnectionResetError("nobody is there") from error

"""One log-in to a mailbox: it looks, and changes nothing. What goes wrong becomes a SourceError here."""

from __future__ import annotations

import imaplib
import re
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Literal

from imap_tools import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError, UnexpectedCommandStatusError
from imap_tools.folder import FolderInfo

from monitor.domain.errors import SourceError
from monitor.domain.quoting import quoted
from monitor.fetching.deadline import Deadline

_PORTS = {"tls": 993, "starttls": 143, "none": 143}
_SLOWNESS = 4
"""So many times the time-out may one answer take that comes in drop by drop."""
_MOST_ASKED = 500
"""UIDs in one question: a line of a question has a limit with some servers."""
_SAID = 200
_PASSING = re.compile(
    r"\[(?:UNAVAILABLE|INUSE|LIMIT|SERVERBUG|THROTTLED|OVERQUOTA)\]"
    r"|try again|temporar|too many|unavailable|internal",
    re.IGNORECASE,
)
"""What a server says in a refusal that will pass (RFC 5530, and older ones in their own words)."""
_UID = re.compile(rb"\bUID (\d+)")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)")
_RECEIVED = re.compile(rb'\bINTERNALDATE "([^"]+)"')

Security = Literal["tls", "starttls", "none"]
LogIn = Callable[[BaseMailBox], object]
"""Says who we are."""


@dataclass(frozen=True, slots=True)
class Door:
    """Where the mailbox is, and how it is reached. `timeout`: seconds of silence."""

    host: str
    port: int | None
    security: Security
    ca_file: Path | None
    timeout: float

    def connect(self) -> BaseMailBox:
        """A connection, not logged in. Raises what sockets and imaplib raise."""
        port = self.port or _PORTS[self.security]
        if self.security == "none":
            return MailBoxUnencrypted(self.host, port, timeout=self.timeout)
        trusted = ssl.create_default_context(cafile=self.ca_file)
        kind = MailBox if self.security == "tls" else MailBoxStartTls
        return kind(self.host, port, timeout=self.timeout, ssl_context=trusted)


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that is open. UIDs count upwards, and mean something as long as `validity` lasts.

    `upcoming`: the next mail's UID will be at least that; 0: the server does not say.
    """

    validity: int
    upcoming: int


@dataclass(frozen=True, slots=True)
class Fetched:
    """A mail as the server has it. `size`: bytes of the whole, of which `body` may be the beginning."""

    uid: int
    received_at: datetime | None
    size: int
    body: bytes

    @property
    def is_whole(self) -> bool:
        return len(self.body) >= self.size


class Session:
    """A mailbox that is logged in to. All raise SourceError."""

    def __init__(self, box: BaseMailBox, timeout: float) -> None:
        self._box = box
        self._timeout = timeout
        self._calls = 0

    def spent(self) -> int:
        """The questions since this was asked last."""
        calls, self._calls = self._calls, 0
        return calls

    def folders(self) -> Sequence[FolderInfo]:
        """Those that can be opened."""
        with self._asking():
            found = self._box.folder.list()
        shut = {"\\noselect", "\\nonexistent"}
        return [one for one in found if shut.isdisjoint(flag.casefold() for flag in one.flags)]

    def open(self, name: str) -> Folder:
        """Look into a folder. EXAMINE, not SELECT: nothing in it can be changed, not even by mistake."""
        with self._asking(f'the folder "{name}" can\'t be opened'):
            self._box.folder.set(name, readonly=True)
            validity, upcoming = self._told("UIDVALIDITY"), self._told("UIDNEXT")
        if not validity:
            raise SourceError(
                "the server does not say how long its UIDs last: it can't be followed"
            )
        return Folder(validity, upcoming)

    def uids(self, asked: str) -> list[int]:
        """The UIDs that fit a search, upwards."""
        with self._asking():
            return sorted(int(one) for one in self._box.uids(asked, charset=None))

    def since(self, day: date, after: int) -> list[int]:
        """The UIDs beyond one, of mails that came on a day or later, upwards."""
        # "n:*" brings the last mail even where its UID is below n
        found = self.uids(f"UID {after + 1}:* SINCE {day.day}-{_MONTHS[day.month - 1]}-{day.year}")
        return [one for one in found if one > after]

    def fetch(self, uids: Sequence[int], most: int) -> Iterator[Fetched]:
        """The mails, of each at most so many bytes. Those that are no more are left out."""
        for start in range(0, len(uids), _MOST_ASKED):
            those = ",".join(map(str, uids[start : start + _MOST_ASKED]))
            parts = f"(UID INTERNALDATE RFC822.SIZE BODY.PEEK[]<0.{most}>)"
            with self._asking():
                status, data = self._box.client.uid("FETCH", those, parts)
                if status != "OK":
                    raise imaplib.IMAP4.error(_words(data))
            yield from _fetched(data)

    def keep(self, name: str, mail: bytes, at: datetime) -> None:
        """Lay a mail into a folder, as one that was seen. The one thing that is ever changed."""
        with self._asking(f'the folder "{name}" takes no copy'):
            self._box.append(mail, name, dt=at, flag_set=["\\Seen"])

    def _told(self, name: str) -> int:
        _, told = self._box.client.response(name)
        return int(told[-1]) if told and told[-1] else 0

    @contextmanager
    def _asking(self, doing: str = "the mailbox can't be read") -> Iterator[None]:
        self._calls += 1
        with _telling(doing), _ending(self._box, self._timeout * _SLOWNESS):
            yield


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@contextmanager
def opened(door: Door, log_in: LogIn) -> Iterator[Session]:
    """A session, from `with` to its end. Raises SourceError."""
    with _telling(f"{door.host} can't be reached", is_asked=False):
        box = door.connect()
    try:
        with _telling("the log-in was refused"), _ending(box, door.timeout * _SLOWNESS):
            log_in(box)
        yield Session(box, door.timeout)
    finally:
        with suppress(OSError, imaplib.IMAP4.error, ImapToolsError):
            box.client.sock.settimeout(1)  # a server that was just told good-bye may be silent
            box.logout()
        with suppress(OSError):
            box.client.shutdown()


@contextmanager
def _telling(doing: str, *, is_asked: bool = True) -> Iterator[None]:
    """The one place where what imaplib and sockets raise becomes a SourceError.

    `is_asked`: the server was asked for something that it may forbid for good.
    """
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise SourceError(
            f"{doing}: its certificate is not trusted ({quoted(error.verify_message)}): "
            "check host, or give ca_file",
            permanent=True,
        ) from error
    except imaplib.IMAP4.abort as error:
        raise SourceError(f"{doing}: the connection broke off ({quoted(_short(error))})") from error
    except UnexpectedCommandStatusError as error:
        words = _words(error.command_result[1])
        raise _refused(doing, words, is_asked=is_asked) from error
    except imaplib.IMAP4.error as error:
        raise _refused(doing, _short(error), is_asked=is_asked) from error
    except (OSError, ImapToolsError) as error:
        said = f"{type(error).__name__} {quoted(_short(error))}"
        raise SourceError(f"{doing}: {said}") from error
    except (ValueError, LookupError, AttributeError, TypeError) as error:
        # a library's way to say that it was answered with nonsense
        raise SourceError(f"{doing}: the server's answer makes no sense") from error


@contextmanager
def _ending(box: BaseMailBox, seconds: float) -> Iterator[None]:
    """What is inside ends in time, however slowly the answer comes in."""
    deadline = Deadline()
    deadline.holds(box.client.sock)
    with deadline.within(seconds):
        yield


def _refused(doing: str, words: str, *, is_asked: bool) -> SourceError:
    is_for_good = is_asked and not _PASSING.search(words)
    return SourceError(f"{doing}: the server says no ({quoted(words)})", permanent=is_for_good)


def _words(data: Any) -> str:
    """The server's own words on a refusal."""
    said = data[0] if isinstance(data, list | tuple) and data else data
    text = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
    return text[:_SAID]


def _short(error: Exception) -> str:
    said = error.args[0] if error.args else ""
    text = said.decode(errors="replace") if isinstance(said, bytes) else str(error)
    return text[:_SAID] or type(error).__name__


def _fetched(data: Sequence[Any]) -> Iterator[Fetched]:
    """Mails from the pieces that imaplib makes of an answer; what else is in it is news of others."""
    head, body = b"", b""
    for piece in [*data, b""]:
        if isinstance(piece, tuple):
            head, body = piece[0], piece[1]
            continue
        told = head + (piece or b"")
        uid = _UID.search(told)
        if uid and b"BODY[" in told:
            size = _SIZE.search(told)
            yield Fetched(
                int(uid[1]), _received_at(told), int(size[1]) if size else len(body), body
            )
        head, body = b"", b""


def _received_at(told: bytes) -> datetime | None:
    found = _RECEIVED.search(told)
    if found is None:
        return None
    try:
        return parsedate_to_datetime(found[1].decode().strip()).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None

"""The plug-in `imap`: reads folders of a mailbox by UID, and what was sent from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

import structlog
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from monitor import mailing
from monitor.domain.errors import Outcome, SendError, SourceError
from monitor.domain.finding import Finding
from monitor.domain.notice import Absent, Unknowable
from monitor.domain.post import (
    Author,
    Cost,
    Cursor,
    Gone,
    Page,
    Post,
    PostKey,
    Rejected,
    Stream,
    StreamKind,
)
from monitor.domain.quoting import quoted
from monitor.domain.reply import Length
from monitor.mailing import Outgoing
from monitor.ports import About, Clock, Secrets
from monitor.settings.addresses import MailAddress, is_loopback
from monitor.settings.secret_names import SecretName
from monitor.settings.spans import PositiveSpan
from monitor.sources.imap import answers, cursor, looking_up, mails, session, trying
from monitor.sources.imap.cursor import Place
from monitor.sources.imap.login import LogIn, OAuth, Renewed
from monitor.sources.imap.mails import Desk
from monitor.sources.imap.session import Door, Fetched, Folder, Session

_log = structlog.get_logger(__name__)

_EVERY = timedelta(minutes=2)
_A_DAY = timedelta(days=1)
_BEGINNING = 2**18
"""Bytes of a mail that are fetched at first: what is written stands before what is attached."""
_SENT = "sent"
_WAYS_IN = 3
MUTE = "no server for outgoing mail is configured: answer from the mailbox itself"

FolderName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class Imap:
    """Reads a mailbox, and changes nothing in it: what was new to people stays new to them."""

    extra: ClassVar[str | None] = "mail"
    about: ClassVar[About] = About(
        title="E-mail (IMAP)",
        reads="folders of a mailbox, and the Sent folder for your own answers",
        rights="a password of the mailbox, or a token of OAuth; to answer, a server for outgoing mail",
        limits="words only, no attachments; mails without Message-ID are not looked up again",
        cost="no money",
        page="sources/imap.md",
        finds_replies=True,
    )

    class Options(BaseModel):
        """The table of a source `use = "imap"`."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        host: str = Field(min_length=1, description="The mail server.")
        port: int | None = Field(default=None, ge=1, le=65535, description="Without it 993 or 143.")
        security: session.Security = "tls"
        allow_insecure: bool = Field(
            default=False, description="Lets security be none beyond this machine."
        )
        ca_file: Path | None = Field(
            default=None, description="Certificates to trust instead of the system's (PEM)."
        )
        username: str = Field(min_length=1, description="The mailbox, as its server calls it.")
        password: SecretName | None = Field(default=None, description="A secret's name.")
        access_token: SecretName | None = Field(
            default=None, description="A secret's name: the token of OAuth, renewed by others."
        )
        oauth: OAuth | None = Field(default=None, description="Where such tokens are had.")
        network: str = Field(
            default="mail",
            pattern=r"^[a-z0-9][a-z0-9._-]{0,40}$",
            description="What its mails are filed under.",
        )
        folders: tuple[FolderName, ...] = Field(default=("INBOX",), min_length=1)
        sent: FolderName | Literal[False] | None = Field(
            default=None, description="The folder of sent mails; none: the one marked so; or false."
        )
        addresses: tuple[MailAddress, ...] = Field(
            default=(), description="Your own, beside username, from which forms write, too."
        )
        look_back: PositiveSpan = timedelta(days=7)
        smtp: Outgoing | None = Field(
            default=None, description="A server for outgoing mail; without it nothing is answered."
        )
        keep_copy: bool = Field(
            default=True, description="Lay answers into the folder of sent mails."
        )
        page_size: int = Field(default=50, ge=1, le=500, description="Mails fetched at once.")
        most_bytes: int = Field(
            default=25 * 2**20, ge=2**18, description="Of a mail, in search of its words."
        )
        timeout: float = Field(default=30, gt=0, le=120, description="Seconds of silence.")

        @model_validator(mode="after")
        def _guarded(self) -> Self:
            if self.security == "none" and not (self.allow_insecure or is_loopback(self.host)):
                raise ValueError(
                    f"mail of {self.host} would travel in the open: "
                    'set security = "tls" or "starttls" (or allow_insecure = true)'
                )
            if [self.password, self.access_token, self.oauth].count(None) != _WAYS_IN - 1:
                raise ValueError("give a password, an access_token or oauth: one of them")
            if len(set(self.folders)) < len(self.folders):
                raise ValueError("each folder is named once")
            return self

    def __init__(self, options: Options, *, secrets: Secrets, clock: Clock) -> None:
        """`secrets` are asked for at each log-in; `clock` dates looks."""
        self._options = options
        self._clock = clock
        self._door = Door(
            options.host, options.port, options.security, options.ca_file, options.timeout
        )
        renewed = Renewed(options.oauth, secrets) if options.oauth else None
        self._log_in = LogIn(
            secrets, options.username, options.password, options.access_token, renewed
        )
        sender = (options.smtp.sender,) if options.smtp else ()
        own = {one.casefold() for one in (options.username, *options.addresses, *sender)}
        self._desk = Desk(options.network, frozenset(own), None if options.smtp else MUTE)
        self._secrets = secrets
        folders = {f"folder-{name.casefold()}": name for name in options.folders}
        self._folders: dict[str, str | None] = {**folders}
        if options.sent is not False:
            self._folders[_SENT] = options.sent

    def streams(self) -> Sequence[Stream]:
        return tuple(
            Stream(
                name,
                StreamKind.OWN if name == _SENT else StreamKind.MENTIONS,
                self._options.network,
                _EVERY,
            )
            for name in self._folders
        )

    def pages(self, stream: Stream, since: Cursor | None, /) -> Iterator[Page]:
        now = self._clock()
        horizon = (now - self._options.look_back).timestamp()
        place = cursor.read(since) if since is not None else Place(horizon)
        with self._opened() as box:
            name = self._folders[stream.name] or looking_up.sent_folder(box)
            folder = box.open(name)
            if place.validity not in (0, folder.validity):
                # all UIDs mean something else now; what is read twice is known by its Message-ID
                again = place.looked - self._options.look_back.total_seconds()
                place = Place(max(place.horizon, again))
            place = replace(place, validity=folder.validity)
            yield from self._pages(box, stream.name, name, folder, place, now)

    def refresh(self, keys: Sequence[PostKey], /) -> Iterator[Post | Gone | Rejected]:
        """Look for the mails in all folders, by their Message-ID: one that is nowhere was deleted."""
        those = [key for key in keys if key.network == self._options.network]
        with self._opened() as box:
            folders = [
                (name or looking_up.sent_folder(box), stream == _SENT)
                for stream, name in self._folders.items()
            ]
            yield from looking_up.find(box, those, folders, self._read_again, self._clock)

    def _read_again(
        self, box: Session, folder: str, uid: int, *, sent: bool
    ) -> Iterator[Post | Rejected]:
        for one in self._fetched(box, [uid]):
            yield mails.read(folder, one, self._desk, self._clock(), sent=sent)

    @property
    def reply_author(self) -> Author | None:
        """The sender of outgoing mail, if there is a server for it."""
        smtp = self._options.smtp
        return Author(handle=smtp.sender.casefold()) if smtp else None

    def reply_length(self, text: str, /) -> Length:
        """In characters."""
        return Length(len(text), answers.LONGEST)

    def reply(self, to: Post, text: str, key: str, /) -> Post:
        smtp, now = self._options.smtp, self._clock()
        if smtp is None:
            raise SendError(MUTE, outcome=Outcome.PERMANENT)
        message = answers.compose(to, text, key, smtp.sender, now)
        answers.send(smtp, self._secrets, message)
        body = answers.wire(message)
        self._keep(body, now)
        sent = mails.read("answer", Fetched(0, now, len(body), body), self._desk, now, sent=True)
        if isinstance(sent, Rejected):
            raise SendError(f"it was sent, and is {quoted(sent.reason)}", outcome=Outcome.UNKNOWN)
        return sent

    def find_reply(self, to: Post, key: str, /) -> Post | Absent | Unknowable:
        """Look for the copy of it: who has none has perhaps sent it all the same."""
        smtp = self._options.smtp
        if smtp is None:
            return Unknowable(MUTE)
        name = mailing.message_id(key, smtp.sender).strip("<>")
        wanted = PostKey(self._options.network, name)
        try:
            found = next(iter(list(self.refresh([wanted]))), None)
        except SourceError as error:
            # that we may not look says nothing about what was sent
            raise SendError(
                str(error), outcome=Outcome.UNKNOWN, retry_after=error.retry_after
            ) from error
        if isinstance(found, Post):
            return found
        return Unknowable("a mail that was sent leaves no trace but its copy, and there is none")

    def try_out(self) -> Iterator[Finding]:
        """Log in, and open every folder: that changes nothing."""
        with self._opened() as box:
            yield from trying.findings(box, self._folders)
        yield from trying.outgoing(self._options.smtp, self._secrets, MUTE)

    def _keep(self, body: bytes, now: datetime) -> None:
        """What was sent stays sent, whether or not a copy of it can be kept."""
        if not self._options.keep_copy or _SENT not in self._folders:
            return
        try:
            with self._opened() as box:
                box.keep(self._folders[_SENT] or looking_up.sent_folder(box), body, now)
        except SourceError as error:
            _log.warning("no_copy_kept", problem=str(error))

    def _opened(self) -> AbstractContextManager[Session]:
        return session.opened(self._door, self._log_in)

    def _pages(
        self, box: Session, stream: str, name: str, folder: Folder, place: Place, now: datetime
    ) -> Iterator[Page]:
        day = (datetime.fromtimestamp(place.horizon, UTC) - _A_DAY).date()
        new, size = box.since(day, place.uid), self._options.page_size
        items: list[Post | Rejected] = []
        for start in range(0, len(new), size):
            if items:
                yield Page(tuple(items), cursor.write(place), cost=Cost(box.spent()))
            some = new[start : start + size]
            items = [
                mails.read(name, one, self._desk, now, sent=stream == _SENT)
                for one in self._fetched(box, some)
                if one.received_at is None or one.received_at.timestamp() >= place.horizon
            ]
            place = replace(place, uid=some[-1])
        uid = max(place.uid, folder.upcoming - 1)
        place = replace(place, uid=uid, looked=now.timestamp())
        yield Page(tuple(items), cursor.write(place), cost=Cost(box.spent()))

    def _fetched(self, box: Session, uids: Sequence[int]) -> Iterator[Fetched]:
        """The mails; one whose words are not in its beginning is fetched as far as is allowed."""
        for one in box.fetch(uids, _BEGINNING):
            if one.is_whole or mails.has_text(one):
                yield one
            else:
                yield from box.fetch([one.uid], self._options.most_bytes)

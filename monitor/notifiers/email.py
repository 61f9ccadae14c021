"""E-mail over SMTP: at least once, under a Message-ID that stays the same, so that mailboxes can tell.

The steps of SMTP are taken one by one, because what is known after a failure depends on the step:
before the text was handed over nothing was sent; once it was, only the server's answer tells.
"""

from __future__ import annotations

import hashlib
import smtplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from email.utils import format_datetime
from pathlib import Path
from typing import Literal, Self
from zoneinfo import ZoneInfo

import structlog
from pydantic import BaseModel, ConfigDict, Field, model_validator

from monitor.domain.errors import ConfigError, Outcome, SendError
from monitor.domain.finding import Finding
from monitor.domain.notice import Absent, CaseCard, Document, Notice, Receipt, Unknowable
from monitor.ports import Clock, Secrets
from monitor.render.words import Spoken, cut, say
from monitor.settings.addresses import MailAddress, is_loopback, mail_address
from monitor.settings.secret_names import SecretName

_PORTS = {"tls": 465, "starttls": 587, "none": 25}
_OURS_TO_MEND = timedelta(minutes=5)
"""The server, not the notice, is at fault, or the config: rest until a person may have mended it."""
_SUBJECT = 150
_TEMPORARY, _PERMANENT = 400, 500
"""From here on SMTP's answers mean: not now; never."""

_log = structlog.get_logger(__name__)


class Email:
    """Sends each notice as a text message.

    A message cannot be edited. Of the edits of a card only those that end the case are sent, as an
    answer to the card's message; what changes before is in the escalations and in the digest.
    """

    class Options(BaseModel):
        """The table of a notifier `use = "email"`."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        host: str = Field(min_length=1)
        port: int | None = Field(
            default=None, ge=1, le=65535, description="Without it 587 (starttls), 465 (tls), 25."
        )
        security: Literal["starttls", "tls", "none"] = "starttls"
        allow_insecure: bool = Field(
            default=False, description="Lets security be none beyond this machine."
        )
        ca_file: Path | None = Field(
            default=None, description="Certificates to trust instead of the system's (PEM)."
        )
        username: str | None = None
        password: SecretName | None = Field(
            default=None, description="The secret's name, not the secret."
        )
        sender: MailAddress
        recipients: tuple[MailAddress, ...] = Field(
            default=(), description="For audiences that name nobody."
        )
        targets: dict[str, tuple[MailAddress, ...]] = Field(
            default_factory=dict, description="Audiences by name: leads = [addresses]."
        )
        zone: ZoneInfo = Field(ZoneInfo("UTC"), description="IANA zone of the times in the words.")
        timeout: float = Field(default=10, gt=0, le=30, description="Seconds a step may take.")

        @model_validator(mode="after")
        def _guarded(self) -> Self:
            if self.security == "none" and not (self.allow_insecure or is_loopback(self.host)):
                raise ValueError(
                    f"mail to {self.host} would travel in the open: "
                    'set security = "starttls" or "tls" (or allow_insecure = true)'
                )
            if (self.username is None) != (self.password is None):
                raise ValueError("username and password go together")
            return self

    def __init__(self, options: Options, *, secrets: Secrets, clock: Clock) -> None:
        """`secrets` has the password; `clock` dates the messages."""
        self._options = options
        self._secrets = secrets
        self._clock = clock

    def send(self, notice: Notice, earlier: Receipt | None, /) -> Receipt:
        if earlier is not None and not _ends_the_case(notice):
            return earlier
        recipients = self._recipients(notice.audience)
        message = self._message(notice, earlier or notice.thread, recipients)
        with self._session() as session:
            _hand_over(session, recipients, message.as_bytes(policy=WIRE))
        return Receipt(", ".join(recipients), str(message["Message-ID"]))

    def try_out(self) -> Iterator[Finding]:
        with self._session():
            yield Finding("it can be used: the server lets us in")

    def find(self, notice: Notice, /) -> Receipt | Absent | Unknowable:
        return Unknowable("e-mail cannot be looked up")

    def _recipients(self, audience: str) -> Sequence[str]:
        if audience in self._options.targets:
            return self._options.targets[audience]
        try:
            found = [mail_address(one) for one in audience.split(",") if one.strip()]
        except ValueError as error:
            raise SendError(
                f'"{audience}" is neither a target of this notifier nor a list of addresses',
                outcome=Outcome.PERMANENT,
            ) from error
        if not (found or self._options.recipients):
            raise SendError("no recipients: name some", outcome=Outcome.PERMANENT)
        return found or self._options.recipients

    def _message(
        self, notice: Notice, about: Receipt | None, recipients: Sequence[str]
    ) -> EmailMessage:
        spoken = say(notice, self._options.zone)
        message = EmailMessage()
        message["From"] = self._options.sender
        message["To"] = ", ".join(recipients)
        message["Subject"] = cut(spoken.headline, _SUBJECT)
        message["Date"] = format_datetime(self._clock())
        message["Message-ID"] = _message_id(notice.key, self._options.sender)
        if about is not None:
            message["In-Reply-To"] = message["References"] = about.name
        message["Auto-Submitted"] = "auto-generated"  # out-of-office replies stay away
        message.set_content(_body(spoken))
        if isinstance(notice.content, Document):
            page = notice.content
            message.add_attachment(page.html, subtype="html", filename=page.name)
        return message

    @contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        """A connection that is ready for a message. What fails here is not the notice's fault."""
        with ExitStack() as stack:
            try:
                session = self._connect()
                stack.callback(_part, session)
                self._greet(session)
            except (OSError, smtplib.SMTPException, ConfigError) as error:
                raise SendError(
                    f"{self._options.host}: {error}",
                    outcome=Outcome.NOT_SENT,
                    retry_after=_OURS_TO_MEND,
                ) from error
            yield session

    def _connect(self) -> smtplib.SMTP:
        options = self._options
        port = options.port or _PORTS[options.security]
        if options.security == "tls":
            trusted = self._trusted()
            return smtplib.SMTP_SSL(options.host, port, timeout=options.timeout, context=trusted)
        return smtplib.SMTP(options.host, port, timeout=options.timeout)

    def _greet(self, session: smtplib.SMTP) -> None:
        options = self._options
        if options.security == "starttls":
            session.starttls(context=self._trusted())
        if options.username is not None and options.password is not None:
            session.login(options.username, self._password(options.password))
        session.ehlo_or_helo_if_needed()
        _expect(session.mail(options.sender))

    def _password(self, name: str) -> str:
        password = self._secrets.get(name)
        if not password.isascii():
            raise ConfigError(f'the secret "{name}" holds a sign that no mail server can be told')
        return password

    def _trusted(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._options.ca_file)


def _part(session: smtplib.SMTP) -> None:
    with suppress(OSError, smtplib.SMTPException):
        session.quit()
    session.close()


def _expect(answer: tuple[int, bytes]) -> None:
    code, text = answer
    if code >= _TEMPORARY:
        raise smtplib.SMTPResponseException(code, text)


def _hand_over(session: smtplib.SMTP, recipients: Sequence[str], message: bytes) -> None:
    """Name the recipients and give the text. Raises SendError."""
    try:
        answers = {one: session.rcpt(one) for one in recipients}
    except (OSError, smtplib.SMTPException) as error:
        raise SendError(str(error), outcome=Outcome.NOT_SENT) from error
    refused = {one: answer for one, answer in answers.items() if answer[0] >= _TEMPORARY}
    for one, (code, text) in refused.items():
        # to send to some now and to the rest later would double it for the former
        if code < _PERMANENT or len(refused) == len(recipients):
            raise _refusal(code, text, one)
        _log.error("recipient_refused", recipient=one, code=code)
    try:
        code, text = session.data(message)
    except smtplib.SMTPDataError as error:
        raise _refusal(error.smtp_code, error.smtp_error) from error
    except (OSError, smtplib.SMTPException) as error:
        raise SendError(f"no answer to the text: {error}", outcome=Outcome.UNKNOWN) from error
    if code >= _TEMPORARY:
        raise _refusal(code, text)


def _refusal(code: int, text: bytes | str, recipient: str = "") -> SendError:
    said = text.decode(errors="replace") if isinstance(text, bytes) else text
    outcome = Outcome.PERMANENT if code >= _PERMANENT else Outcome.NOT_SENT
    return SendError(f"{code} {said} {recipient}".strip(), outcome=outcome)


def _body(spoken: Spoken) -> str:
    return "\n".join((spoken.headline, "", *spoken.lines, ""))


def _ends_the_case(notice: Notice) -> bool:
    return isinstance(notice.content, CaseCard) and notice.content.status != "open"


def _message_id(key: str, sender: str) -> str:
    """The same for every attempt at a notice; tells nothing of the case."""
    digest = hashlib.sha256(f"{sender} {key}".encode()).hexdigest()[:32]
    return f"<{digest}@{sender.rpartition('@')[2]}>"

"""Hands mails to a server for outgoing mail (SMTP), for whoever has some: notices, answers.

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
from pathlib import Path
from typing import Literal, Self

import structlog
from pydantic import BaseModel, ConfigDict, Field, model_validator

from monitor.domain.errors import ConfigError, Outcome, SendError
from monitor.domain.quoting import quoted
from monitor.ports import Secrets
from monitor.settings.addresses import MailAddress, is_loopback
from monitor.settings.secret_names import SecretName

_PORTS = {"tls": 465, "starttls": 587, "none": 25}
_OURS_TO_MEND = timedelta(minutes=5)
"""The server, not the mail, is at fault, or the config: rest until a person may have mended it."""
_TEMPORARY, _PERMANENT = 400, 500
"""From here on SMTP's answers mean: not now; never."""

_log = structlog.get_logger(__name__)


class Outgoing(BaseModel):
    """A server for outgoing mail, as a config names it, and in whose name it is used."""

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


@contextmanager
def session(options: Outgoing, secrets: Secrets) -> Iterator[smtplib.SMTP]:
    """A connection that is ready for a mail. What fails here is not the mail's fault: SendError."""
    with ExitStack() as stack:
        try:
            opened = _connect(options)
            stack.callback(_part, opened)
            _greet(opened, options, secrets)
        except (OSError, smtplib.SMTPException, ConfigError) as error:
            raise SendError(
                f"{options.host}: {_own(error)}",
                outcome=Outcome.NOT_SENT,
                retry_after=_OURS_TO_MEND,
            ) from error
        yield opened


def hand_over(opened: smtplib.SMTP, recipients: Sequence[str], message: EmailMessage) -> None:
    """Name the recipients and give the text. Raises SendError."""
    try:
        answers = {one: opened.rcpt(one) for one in recipients}
    except (OSError, smtplib.SMTPException) as error:
        raise SendError(_own(error), outcome=Outcome.NOT_SENT) from error
    refused = {one: answer for one, answer in answers.items() if answer[0] >= _TEMPORARY}
    for one, (code, text) in refused.items():
        # to send to some now and to the rest later would double it for the former
        if code < _PERMANENT or len(refused) == len(answers):
            raise _refusal(code, text, one)
        # one of several: staff, as the config names them; an answer has one recipient, the customer
        _log.error("recipient_refused", recipient=one, code=code)
    try:
        code, text = opened.data(message.as_bytes(policy=WIRE))
    except smtplib.SMTPDataError as error:
        raise _refusal(error.smtp_code, error.smtp_error) from error
    except (OSError, smtplib.SMTPException) as error:
        raise SendError(f"no answer to the text: {_own(error)}", outcome=Outcome.UNKNOWN) from error
    if code >= _TEMPORARY:
        raise _refusal(code, text)


def message_id(key: str, sender: str) -> str:
    """The same for every attempt at what the key names; it tells nothing of what that is."""
    digest = hashlib.sha256(f"{sender} {key}".encode()).hexdigest()[:32]
    return f"<{digest}@{sender.rpartition('@')[2]}>"


def _connect(options: Outgoing) -> smtplib.SMTP:
    port = options.port or _PORTS[options.security]
    if options.security == "tls":
        trusted = _trusted(options)
        return smtplib.SMTP_SSL(options.host, port, timeout=options.timeout, context=trusted)
    return smtplib.SMTP(options.host, port, timeout=options.timeout)


def _greet(opened: smtplib.SMTP, options: Outgoing, secrets: Secrets) -> None:
    if options.security == "starttls":
        opened.starttls(context=_trusted(options))
    if options.username is not None and options.password is not None:
        opened.login(options.username, _password(secrets, options.password))
    opened.ehlo_or_helo_if_needed()
    _expect(opened.mail(options.sender))


def _password(secrets: Secrets, name: str) -> str:
    password = secrets.get(name)
    if not password.isascii():
        raise ConfigError(f'the secret "{name}" holds a sign that no mail server can be told')
    return password


def _trusted(options: Outgoing) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=options.ca_file)


def _part(opened: smtplib.SMTP) -> None:
    with suppress(OSError, smtplib.SMTPException):
        opened.quit()
    opened.close()


def _expect(answer: tuple[int, bytes]) -> None:
    code, text = answer
    if code >= _TEMPORARY:
        raise smtplib.SMTPResponseException(code, text)


def _refusal(code: int, text: bytes | str, recipient: str = "") -> SendError:
    said = text.decode(errors="replace") if isinstance(text, bytes) else text
    outcome = Outcome.PERMANENT if code >= _PERMANENT else Outcome.NOT_SENT
    whom = f", of {quoted(recipient)}" if recipient else ""
    return SendError(f"the mail server says {code}{whom}: {quoted(said)}", outcome=outcome)


def _own(error: Exception) -> str:
    """What went wrong: our words and the machine's as they are, the mail server's marked as its own."""
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        words = said.decode(errors="replace") if isinstance(said, bytes) else said
        return f"{error.smtp_code} {quoted(words)}"
    if isinstance(error, smtplib.SMTPException):
        return f"{type(error).__name__} {quoted(error)}"
    return str(error)

"""Answers a mail by mail, and lays a copy to those that were sent, as a mail program does."""

from __future__ import annotations

import json
from datetime import datetime
from email.errors import MessageError
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from email.utils import format_datetime

from monitor import mailing
from monitor.domain.errors import Outcome, SendError
from monitor.domain.post import Post
from monitor.domain.quoting import quoted
from monitor.mailing import Outgoing
from monitor.ports import Secrets
from monitor.settings.addresses import mail_address

LONGEST = 100_000
"""Characters; no server sets a limit to words, but one to bytes."""
_LONGEST_LINE = 250


def compose(to: Post, text: str, key: str, sender: str, now: datetime) -> EmailMessage:
    """The answer to a mail, in its thread.

    Raises:
        SendError: the mail names nobody who could be answered.

    """
    address, references = _token(to)
    message = EmailMessage()
    try:
        message["From"] = sender
        message["To"] = mail_address(address)
        message["Subject"] = _subject(to.title)
        message["Date"] = format_datetime(now)
        message["Message-ID"] = mailing.message_id(key, sender)
        if references:
            message["In-Reply-To"] = f"<{references[-1]}>"
            message["References"] = " ".join(f"<{one}>" for one in references)
        message.set_content(text)
    except (ValueError, MessageError) as error:
        raise SendError(f"{quoted(to.key)}: {quoted(error)}", outcome=Outcome.PERMANENT) from error
    return message


def send(options: Outgoing, secrets: Secrets, message: EmailMessage) -> None:
    """Hand it over, once. Raises SendError."""
    with mailing.session(options, secrets) as opened:
        mailing.hand_over(opened, [str(message["To"])], message)


def wire(message: EmailMessage) -> bytes:
    """The answer as it is sent and kept."""
    return message.as_bytes(policy=WIRE)


def token(address: str, references: list[str]) -> str:
    """What answering needs besides the mail's id: to whom, and the thread."""
    return json.dumps({"to": address, "references": references}, separators=(",", ":"))


def _token(to: Post) -> tuple[str, list[str]]:
    try:
        said = json.loads(to.reply_token or "")
        return str(said["to"]), [str(one) for one in said["references"]]
    except (ValueError, KeyError, TypeError) as error:
        raise SendError(
            f"{quoted(to.key)} names no address that could be answered", outcome=Outcome.PERMANENT
        ) from error


def _subject(title: str | None) -> str:
    said = (title or "").strip()
    again = said if said.casefold().startswith("re:") else f"Re: {said}".strip()
    return again[:_LONGEST_LINE]

"""A source `imap` over a mailbox of a real Dovecot, and mails to put there."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

from monitor import registry
from monitor.domain.post import Cursor, Gone, Page, Post, Rejected
from monitor.sources.imap import Imap
from tests.given import Given
from tests.sources.dovecot import PASSWORD, Mailbox, shared

NOW = datetime(2026, 3, 27, 12, tzinfo=UTC)
SECRETS = {
    "mail_password": PASSWORD,
    "mail_token": "t0ken",
    "old_token": "0ld",
    "refresh": "r3fresh",
}
INBOX = "folder-inbox"


def source(box: Mailbox | None, **options: Any) -> Imap:
    usual = {
        "host": "127.0.0.1",
        "port": shared().plain,
        "security": "none",
        "username": box.user if box else "nobody",
        "password": "mail_password",
        "timeout": 10,
    }
    given = {name: value for name, value in {**usual, **options}.items() if value is not None}
    checked = registry.options(Imap, given, "sources.imap")
    assert isinstance(checked, Imap.Options)
    return Imap(checked, secrets=Given(dict(SECRETS)), clock=lambda: NOW)


def mail(number: int, text: str = "My parcel is late", **headers: str) -> bytes:
    made = EmailMessage(policy=SMTP)
    made["Message-ID"] = f"<{number}@mail.example>"
    made["Subject"] = "Parcel"
    for name, value in {"From": "Ana <ana@mail.example>", **headers}.items():
        made[name.replace("_", "-")] = value
    made.set_content(text)
    return bytes(made)


def read(of: Imap, name: str = INBOX, since: Cursor | None = None) -> list[Page]:
    stream = next(one for one in of.streams() if one.name == name)
    return list(of.pages(stream, since))


def items(pages: list[Page]) -> list[Post | Gone | Rejected]:
    return [item for page in pages for item in page.items]


def ids(found: list[Page]) -> list[str]:
    return [one.key.external_id for one in items(found) if isinstance(one, Post)]

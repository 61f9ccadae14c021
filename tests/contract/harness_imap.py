"""A mailbox of a real Dovecot, which a source `imap` reads: its inbox, and what was sent."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import ClassVar
from uuid import uuid4

from monitor.domain.post import PostKey
from tests.contract import harness
from tests.contract.harness import NOON, Expected, Item
from tests.sources.dovecot import PASSWORD, SENT, Mailbox, shared
from tests.sources.mail_door import Door, Plan

_LATER = Expected(permanent=False)
_NEVER = Expected(permanent=True)
_FIRST = 2**60
_PLANS = {
    "wrong password": Plan(refused="LOGIN", refusal="NO [AUTHENTICATIONFAILED] no"),
    "server busy": Plan(refused="LOGIN", refusal="NO [UNAVAILABLE] later"),
    "too many": Plan(refused="LOGIN", refusal="NO Too many simultaneous connections"),
    "no such folder": Plan(refused="EXAMINE", refusal="NO [NONEXISTENT] no"),
    "search refused": Plan(refused="SEARCH", refusal="NO [SERVERBUG] no"),
    "fetch refused": Plan(refused="FETCH", refusal="NO [INUSE] no"),
    "no answer": Plan(silent=3),
    "web server": Plan(greeting=b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    "garbage": Plan(greeting=b"\x00\xff" * 400 + b"\r\n"),
    "good-bye": Plan(greeting=b"* BYE later\r\n"),
    "drop": Plan(greeting=b""),
    "drop at log-in": Plan(cut="LOGIN"),
    "drop at search": Plan(cut="SEARCH"),
    "drop at fetch": Plan(cut="FETCH"),
    "trickle": Plan(trickles=True),
}


class Harness(harness.Harness):
    name: ClassVar[str] = "imap"
    needs: ClassVar[tuple[str, ...]] = ("dovecot",)
    page: ClassVar[int] = 4
    edits: ClassVar[bool] = False
    impatient: ClassVar[dict[str, object]] = {"timeout": 0.5}
    faults: ClassVar[dict[str, Expected]] = {
        name: _NEVER if name in ("wrong password", "no such folder") else _LATER for name in _PLANS
    }

    def start(self) -> None:
        server = shared()
        self._box = Mailbox(server, f"u{uuid4().hex}")
        self._door = Door(server.plain)
        self._door.__enter__()

    def stop(self) -> None:
        self._door.__exit__()
        self._box.close()

    def options(self) -> dict[str, object]:
        return {
            "host": "127.0.0.1",
            "port": self._door.port,
            "security": "none",
            "username": self._box.user,
            "password": "mail_password",
            "page_size": self.page,
        }

    def secrets(self) -> dict[str, str]:
        return {"mail_password": PASSWORD}

    def key(self, item_id: str) -> PostKey:
        return PostKey("mail", item_id)

    def item_id(self, number: int) -> str:
        return f"{_FIRST + number}@mail.example"

    def put(self, item: Item) -> None:
        mail = EmailMessage(policy=SMTP)
        mail["From"] = "care@shop.example" if item.by_brand else f"{item.author}@mail.example"
        mail["Date"] = format_datetime(item.at)
        mail["Message-ID"] = f"<{item.id}>"
        if item.reply_to:
            mail["In-Reply-To"] = mail["References"] = f"<{item.reply_to}>"
        mail.set_content(item.text)
        self._box.put(bytes(mail), item.at, SENT if item.by_brand else "INBOX")

    def put_broken(self) -> None:
        self._box.put(b"From: ana_p@mail.example\r\n\r\n", NOON)

    def delete(self, item_id: str) -> None:
        self._box.expunge(item_id)

    def fail(self, fault: str) -> None:
        self._door.plan = _PLANS[fault]

    def fail_stream(self, name: str) -> None:
        folder = "INBOX" if name == "folder-inbox" else "Trimise"
        self._door.plan = Plan(refused=f"EXAMINE.*{folder}", refusal="NO [UNAVAILABLE] later")

    def heal(self) -> None:
        self._door.plan = Plan()

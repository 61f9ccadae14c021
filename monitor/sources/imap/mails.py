"""What one mail of a folder means: a post, or what could not be read."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parseaddr, parsedate_to_datetime

from monitor.domain.post import AUTOMATIC, NOBODY, Author, Post, PostKey, PostKind, Rejected
from monitor.domain.storable import can_be_kept
from monitor.fetching import fields
from monitor.sources.imap import answers, mime
from monitor.sources.imap.mime import Mail
from monitor.sources.imap.said import is_forwarded, without_quotes
from monitor.sources.imap.session import Fetched

MADE_UP = "sha256:"
"""How the id of a mail begins that has no Message-ID."""
_SAMPLE = 200
_MOST_REFERENCES = 20
_LANGUAGE = re.compile(r"[a-z]{2,3}(?=$|[-_,])", re.IGNORECASE)
_REPORTS = ("delivery-status", "disposition-notification")


@dataclass(frozen=True, slots=True)
class Desk:
    """Where mails stand. `own`: the shop's addresses, in lower case. `mute`: why none can be answered."""

    network: str
    own: frozenset[str]
    mute: str | None


def read(
    folder: str, fetched: Fetched, desk: Desk, now: datetime, *, sent: bool
) -> Post | Rejected:
    """The mail, read. `now`: when it was looked at. `sent`: it stands among those that we sent."""
    try:
        return _read(fetched, desk, now, sent=sent)
    except fields.BREAKS as error:
        sample = fetched.body[:_SAMPLE].decode(errors="replace")
        return fields.rejected(f"{folder}/{fetched.uid}", ValueError(str(error)), sample)


def has_text(fetched: Fetched) -> bool:
    """Whether any words were found in it."""
    try:
        return bool(mime.read(fetched.body).text(quoted=True))
    except fields.BREAKS:
        return True  # more of it would not help


def _read(fetched: Fetched, desk: Desk, now: datetime, *, sent: bool) -> Post:
    mail = mime.read(fetched.body)
    subject = mail.header("Subject") or None
    text = _said(mail, subject)
    if not (subject or text):
        raise ValueError("it says nothing: it has no subject, and no text that could be found")
    key = PostKey(desk.network, _id(mail))
    above = [one for one in mail.ids("References") if one != key.external_id]
    answered = [one for one in mail.ids("In-Reply-To") if one != key.external_id]
    parent = next(iter([*answered, *above[-1:]]), None)
    received = fetched.received_at or now
    via = AUTOMATIC if is_automatic(mail, sent=sent) else _program(mail)
    address = _answered_at(mail, desk)
    mute = desk.mute or _mute(via, address)
    named = [] if key.external_id.startswith(MADE_UP) else [key.external_id]
    return Post(
        key=key,
        kind=PostKind.MAIL,
        thread=(above or answered or [key.external_id])[0],
        reply_to=parent,
        title=subject,
        text=text,
        lang=_language(mail),
        author=_author(mail, desk, sent=sent),
        via=via,
        visibility="private",
        reply_token=answers.token(address, [*above[:1], *above[1:][-_MOST_REFERENCES:], *named]),
        posted_at=_date(mail) or received,
        indexed_at=received,
        can_reply=mute is None,
        cannot_reply_because=mute,
    )


def is_automatic(mail: Mail, *, sent: bool) -> bool:
    """Whether a machine answers here (RFC 3834), or brings a mail back.

    What a machine only made may hold a person's words, as a form on a page does; among our own mails
    it is a receipt.
    """
    submitted = mail.header("Auto-Submitted").partition(";")[0].strip().casefold() or "no"
    if submitted == "auto-replied" or (sent and submitted != "no"):
        return True
    if mail.kind() == "multipart/report":
        return str(mail.part.get_param("report-type")).casefold() in _REPORTS
    if mail.header("Precedence").casefold() == "auto_reply":
        return True
    if mail.has("X-Autoreply") or mail.has("X-Autorespond") or mail.has("X-Failed-Recipients"):
        return True
    # no person can be answered nowhere: bounces are sent so, that none is made of a bounce
    return not sent and mail.header("Return-Path") == "<>"


def _said(mail: Mail, subject: str | None) -> str:
    if is_forwarded(subject):
        return mail.text(quoted=True)
    own = without_quotes(mail.text(quoted=False))
    return own or without_quotes(mail.text(quoted=True))


def _id(mail: Mail) -> str:
    """Its Message-ID, which every answer repeats; a mail without one is known by what it says."""
    own = mail.ids("Message-ID")
    if own:
        return own[0]
    said = [mail.header(name) for name in ("From", "To", "Date", "Subject")]
    words = "\n".join([*said, mail.text(quoted=True)])
    return f"{MADE_UP}{hashlib.sha256(words.encode(errors='replace')).hexdigest()}"


def _author(mail: Mail, desk: Desk, *, sent: bool) -> Author:
    """Who wrote it. A form on our own page sends in our name, and says in Reply-To for whom."""
    name, address = _person(mail, "From")
    if not sent and address.casefold() in desk.own:
        other = _person(mail, "Reply-To")
        name, address = other if "@" in other[1] else (name, address)
    if "@" not in address:
        alone = name or address
        return Author(handle=alone, name=alone) if alone else NOBODY
    return Author(handle=address.casefold(), name=name or None)


def _answered_at(mail: Mail, desk: Desk) -> str:
    """The address that wants the answer: Reply-To, unless that is our own."""
    wanted = _person(mail, "Reply-To")[1]
    if "@" in wanted and wanted.casefold() not in desk.own:
        return wanted
    return _person(mail, "From")[1]


def _mute(via: str | None, address: str) -> str | None:
    """Why this mail cannot be answered."""
    if via == AUTOMATIC:
        return "a machine wrote it: nobody would read the answer"
    return None if "@" in address else "it names no address that could be answered"


def _person(mail: Mail, header: str) -> tuple[str, str]:
    name, address = parseaddr(mail.header(header))
    return " ".join(name.split()), address.strip()


def _date(mail: Mail) -> datetime | None:
    """When it was sent, as its writer's machine says."""
    try:
        said = parsedate_to_datetime(mail.header("Date"))
    except (*fields.UNREADABLE, IndexError):
        return None
    # "-0000" says: in UTC, and nobody knows where
    at = said.replace(tzinfo=UTC) if said.tzinfo is None else said
    try:
        at = at.astimezone(UTC)
    except OverflowError:
        return None
    return at if can_be_kept(at) else None


def _program(mail: Mail) -> str | None:
    return mail.header("X-Mailer") or mail.header("User-Agent") or None


def _language(mail: Mail) -> str | None:
    found = _LANGUAGE.match(mail.header("Content-Language"))
    return found[0].lower() if found else None

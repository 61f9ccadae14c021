"""E-mail over SMTP: at least once, under a Message-ID that stays the same, so that mailboxes can tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from email.message import EmailMessage
from email.utils import format_datetime
from zoneinfo import ZoneInfo

from pydantic import Field

from monitor import mailing
from monitor.domain.errors import NoSuchPlaceError
from monitor.domain.finding import Finding
from monitor.domain.notice import Absent, Document, Notice, Receipt, Unknowable
from monitor.mailing import Outgoing
from monitor.ports import Clock, Secrets
from monitor.render.notice_html import PICTURE, notice_html
from monitor.render.words import Spoken, cut, say
from monitor.settings.addresses import MailAddress, mail_address

_SUBJECT = 150


class Email:
    """Sends each notice as a message, in plain text and as a page.

    A message cannot be edited. Of the edits of a card only those that end the case are sent, as an
    answer to the card's message; what changes before is in the escalations and in the digest.
    """

    class Options(Outgoing):
        """The table of a notifier `use = "email"`."""

        recipients: tuple[MailAddress, ...] = Field(
            default=(), description="For audiences that name nobody."
        )
        targets: dict[str, tuple[MailAddress, ...]] = Field(
            default_factory=dict, description="Audiences by name: leads = [addresses]."
        )
        zone: ZoneInfo = Field(ZoneInfo("UTC"), description="IANA zone of the times in the words.")

    def __init__(self, options: Options, *, secrets: Secrets, clock: Clock) -> None:
        """`secrets` has the password; `clock` dates the messages."""
        self._options = options
        self._secrets = secrets
        self._clock = clock

    def send(self, notice: Notice, earlier: Receipt | None, /) -> Receipt:
        if earlier is not None and not notice.ends_a_case:
            return earlier
        recipients = self._recipients(notice.audience)
        message = self._message(notice, earlier or notice.thread, recipients)
        with mailing.session(self._options, self._secrets) as session:
            mailing.hand_over(session, recipients, message)
        return Receipt(", ".join(recipients), str(message["Message-ID"]))

    def try_out(self) -> Iterator[Finding]:
        with mailing.session(self._options, self._secrets):
            yield Finding("it can be used: the server lets us in")

    def find(self, notice: Notice, /) -> Receipt | Absent | Unknowable:
        return Unknowable("e-mail cannot be looked up")

    def _recipients(self, audience: str) -> Sequence[str]:
        if audience in self._options.targets:
            return self._options.targets[audience]
        try:
            found = [mail_address(one) for one in audience.split(",") if one.strip()]
        except ValueError as error:
            raise NoSuchPlaceError(
                f'"{audience}" is neither a target of this notifier nor a list of addresses'
            ) from error
        if not (found or self._options.recipients):
            raise NoSuchPlaceError("no recipients: name some")
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
        message["Message-ID"] = mailing.message_id(notice.key, self._options.sender)
        if about is not None:
            message["In-Reply-To"] = message["References"] = about.name
        message["Auto-Submitted"] = "auto-generated"  # out-of-office replies stay away
        message.set_content(_body(spoken))
        message.add_alternative(notice_html(notice, self._options.zone), subtype="html")
        if isinstance(notice.content, Document):
            _attach(message, notice.content)
        return message


def _attach(message: EmailMessage, document: Document) -> None:
    """The picture in the mail's own page, the report's page and the other files beside it."""
    shown = message.get_body(("html",))
    if document.picture is not None and isinstance(shown, EmailMessage):
        shown.add_related(document.picture.png, "image", "png", cid=f"<{PICTURE}>")
    message.add_attachment(document.html, subtype="html", filename=document.name)
    for one in document.attached:
        kind, _, subtype = one.type.partition("/")
        message.add_attachment(one.content, kind, subtype, filename=one.name)


def _body(spoken: Spoken) -> str:
    return "\n".join((spoken.headline, "", *spoken.lines, ""))

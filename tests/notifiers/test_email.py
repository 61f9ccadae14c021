"""E-mail against a real server on loopback: what arrives, and what each failure means."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from structlog.testing import capture_logs

from monitor.domain.errors import ConfigError, Outcome, SendError
from monitor.domain.notice import Document, NoticeKind, Receipt, Unknowable, Words
from monitor.notifiers.email import Email
from monitor.registry import NOTIFIERS, build, load, options
from tests.given import Given
from tests.notifiers.mailbox import Mailbox
from tests.notifiers.ports import free_port
from tests.notifiers.sample import LINE, NOTHING, card_notice

NOW = datetime(2026, 3, 3, 12, 10, tzinfo=UTC)
LATE = replace(NOTHING, overdue=(LINE,))
BASE = {"host": "127.0.0.1", "security": "none", "sender": "monitor@shop.example"}


Server = Callable[..., dict[str, Any]]


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def server(mailbox: Mailbox) -> Iterator[Server]:
    """Starts a server; returns the options by which it is reached."""
    with ExitStack() as stack:

        def start(**how: Any) -> dict[str, Any]:
            port = free_port()
            one = Controller(mailbox, hostname="127.0.0.1", port=port, **how)
            one.start()
            stack.callback(one.stop)
            return BASE | {"port": port}

        yield start


@pytest.fixture
def authority(tmp_path: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's TLS context, and the file of the authority that vouches for it."""
    root = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    root.issue_cert("127.0.0.1").configure_cert(context)
    path = tmp_path / "ca.pem"
    root.cert_pem.write_to_path(path)
    return context, path


def mailer(table: dict[str, Any], **known: str) -> Email:
    cls = load(NOTIFIERS, "email")
    secrets = Given(known)
    made = build(cls, options(cls, table, "notify.mail"), secrets=secrets, clock=lambda: NOW)
    assert isinstance(made, Email)
    return made


def bodies(mail: EmailMessage) -> tuple[str, str]:
    """The plain text, and the page."""
    plain, page = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert page is not None
    return plain.get_content(), page.get_content().replace("\r\n", "\n")


def refused(sender: Email, **changes: Any) -> SendError:
    with pytest.raises(SendError) as caught:
        sender.send(card_notice(**({"audience": "ana@shop.example"} | changes)), None)
    return caught.value


# ----------------------------------------------------------------------------------- what arrives


def test_a_card_arrives_in_words(server: Server, mailbox: Mailbox) -> None:
    sender = mailer(server() | {"zone": "Europe/Bucharest"})
    receipt = sender.send(card_notice(audience="ana@shop.example", text="Unde e? 😡 șters"), None)
    ((recipients, mail),) = mailbox.mails
    assert recipients == ["ana@shop.example"]
    assert mail["Subject"] == "New complaint, normal: Acme, case 1, reddit"
    assert mail["From"] == "monitor@shop.example"
    assert mail["To"] == "ana@shop.example"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime == NOW
    assert receipt == Receipt("ana@shop.example", mail["Message-ID"])
    assert mail.get_content_type() == "multipart/alternative"
    for body in bodies(mail):
        assert "“Unde e? 😡 șters”" in body
        assert "Tue 3 Mar 2026 12:10 EET" in body
    assert '<a href="https://reddit.example/1"' in bodies(mail)[1]


def test_what_strangers_write_is_no_markup(server: Server, mailbox: Mailbox) -> None:
    evil = "<script>alert(1)</script><img src=https://spy.example/1>"
    sender = mailer(server())
    sender.send(card_notice(audience="a@x.example", text=evil, url="javascript:alert(1)"), None)
    sender.send(card_notice(audience="a@x.example", key="d", content=LATE), None)
    for _, mail in mailbox.mails:
        page = bodies(mail)[1]
        assert "<script" not in page
        assert "<img" not in page
        assert 'href="javascript' not in page
    assert "1 overdue" in mailbox.mails[1][1]["Subject"]
    assert "Still no refund" in bodies(mailbox.mails[1][1])[1]


def test_a_report_is_a_page_beside_its_summary(server: Server, mailbox: Mailbox) -> None:
    report = Document("Acme, week 9", ("a   1", "bb  2"), "report.html", "<h1>All of it</h1>")
    mailer(server()).send(card_notice(audience="a@x.example", content=report), None)
    ((_, mail),) = mailbox.mails
    assert "<pre>a   1\nbb  2</pre>" in bodies(mail)[1]
    (attached,) = mail.iter_attachments()
    assert (attached.get_filename(), attached.get_content_type()) == ("report.html", "text/html")


def test_each_attempt_at_a_notice_has_the_same_message_id(server: Server, mailbox: Mailbox) -> None:
    sender = mailer(server())
    notice = card_notice(audience="ana@shop.example")
    assert sender.find(notice) == Unknowable("e-mail cannot be looked up")
    first = sender.send(notice, None)
    again = sender.send(card_notice(audience="ana@shop.example", possibly_repeated=True), None)
    other = sender.send(card_notice(audience="ana@shop.example", key="alert:2:1"), None)
    assert first == again
    assert first != other
    digest = hashlib.sha256(b"monitor@shop.example alert:1:1").hexdigest()[:32]
    assert first.name == f"<{digest}@shop.example>"
    assert mailbox.mails[1][1]["Subject"].endswith("(possibly repeated)")


def test_an_escalation_answers_the_card(server: Server, mailbox: Mailbox) -> None:
    sender = mailer(server())
    card = sender.send(card_notice(audience="ana@shop.example"), None)
    step = card_notice(
        key="step:1:1:leads", kind=NoticeKind.ESCALATION, audience="bo@shop.example", thread=card
    )
    sender.send(step, None)
    mail = mailbox.mails[1][1]
    assert mail["In-Reply-To"] == mail["References"] == card.name


def test_of_the_edits_only_the_end_is_sent(server: Server, mailbox: Mailbox) -> None:
    sender = mailer(server())
    card = Receipt("ana@shop.example", "<card@shop.example>")
    change = {"kind": NoticeKind.UPDATE, "audience": "ana@shop.example"}
    assert sender.send(card_notice(key="u1", owner="Ana", **change), card) == card
    assert mailbox.mails == []
    sender.send(card_notice(key="u2", status="answered", answered_at=NOW, **change), card)
    ((_, mail),) = mailbox.mails
    assert mail["Subject"].startswith("Answered after 2 h")
    assert mail["In-Reply-To"] == card.name


def test_strangers_words_make_no_headers(server: Server, mailbox: Mailbox) -> None:
    sender = mailer(server())
    evil = "x\r\nBcc: everybody@shop.example\r\n\r\n.\r\nhello\x00\ud83d"
    notice = card_notice(audience="ana@shop.example", network=evil, text=evil, brand=evil)
    sender.send(notice, None)
    sender.send(card_notice(audience="ana@shop.example", key="w", content=Words(evil)), None)
    for recipients, mail in mailbox.mails:
        assert recipients == ["ana@shop.example"]
        assert mail["Bcc"] is None
        assert "Bcc: everybody" in mail["Subject"]
    assert len(mailbox.mails[0][1]["Subject"]) <= 150


def test_audiences(server: Server, mailbox: Mailbox) -> None:
    leads = ["ana@shop.example", "bo@shop.example"]
    table = server() | {"recipients": ["care@shop.example"], "targets": {"leads": leads}}
    sender = mailer(table)
    for audience in ("", "leads", "a@x.example, b@x.example"):
        sender.send(card_notice(audience=audience), None)
    assert [recipients for recipients, _ in mailbox.mails] == [
        ["care@shop.example"],
        leads,
        ["a@x.example", "b@x.example"],
    ]


@pytest.mark.parametrize("audience", ["#care", "", "a@b@c", "a@x.example\r\nb"])
def test_an_audience_that_nobody_is_behind_is_refused_for_good(audience: str) -> None:
    error = refused(mailer(BASE), audience=audience)
    assert error.outcome is Outcome.PERMANENT


# ------------------------------------------------------------------------------------ safe travel


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_mail_travels_encrypted_after_a_login(
    security: str, server: Server, mailbox: Mailbox, authority: tuple[ssl.SSLContext, Path]
) -> None:
    context, ca_file = authority
    # the server knows of STARTTLS only: in a tunnel it takes the login for an open one
    tunnel = {"ssl_context": context, "auth_require_tls": False}
    by: dict[str, dict[str, Any]] = {"tls": tunnel, "starttls": {"tls_context": context}}
    table = server(**by[security], authenticator=mailbox.authenticate)
    table |= {"security": security, "ca_file": ca_file, "username": "monitor", "password": "mail"}
    mailer(table, mail="right").send(card_notice(audience="ana@shop.example"), None)
    assert mailbox.logins == [b"monitor"]
    assert mailbox.encrypted == [True]

    wrong = refused(mailer(table, mail="wrong"))
    assert wrong.outcome is Outcome.NOT_SENT  # a person mends the password; the alert waits
    assert "535" in str(wrong)
    missing = refused(mailer(table))
    assert 'the secret "mail" is missing' in str(missing)
    assert (missing.outcome, missing.retry_after) == (Outcome.NOT_SENT, timedelta(minutes=5))
    untold = refused(mailer(table, mail="pârola"))
    assert untold.outcome is Outcome.NOT_SENT
    assert str(untold).endswith('the secret "mail" holds a sign that no mail server can be told')


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_stranger_with_a_certificate_of_his_own_gets_nothing(
    security: str, server: Server, mailbox: Mailbox, authority: tuple[ssl.SSLContext, Path]
) -> None:
    by = {"tls": {"ssl_context": authority[0]}, "starttls": {"tls_context": authority[0]}}
    error = refused(mailer(server(**by[security]) | {"security": security}))
    assert error.outcome is Outcome.NOT_SENT
    assert "CERTIFICATE_VERIFY_FAILED" in str(error)
    assert mailbox.mails == []


def test_a_server_that_offers_no_encryption_gets_nothing(server: Server, mailbox: Mailbox) -> None:
    error = refused(mailer(server() | {"security": "starttls"}))
    assert error.outcome is Outcome.NOT_SENT
    assert "STARTTLS" in str(error)
    assert mailbox.mails == []


# -------------------------------------------------------------------------------- what goes wrong


def test_nobody_listens() -> None:
    error = refused(mailer(BASE | {"port": free_port()}))
    assert (error.outcome, error.retry_after) == (Outcome.NOT_SENT, timedelta(minutes=5))
    assert "127.0.0.1" in str(error)


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        ({"mail_answer": "450 later"}, Outcome.NOT_SENT),
        ({"mail_answer": "550 not from you"}, Outcome.NOT_SENT),
        ({"rcpt_answers": {"ana@shop.example": "451 greylisted"}}, Outcome.NOT_SENT),
        ({"rcpt_answers": {"ana@shop.example": "550 no such user"}}, Outcome.PERMANENT),
        ({"rcpt_answers": {"ana@shop.example": "hang up"}}, Outcome.NOT_SENT),
        ({"data_answer": "452 mailbox full"}, Outcome.NOT_SENT),
        ({"data_answer": "554 spam"}, Outcome.PERMANENT),
    ],
    ids=["mail-4", "mail-5", "rcpt-4", "rcpt-5", "rcpt-drop", "data-4", "data-5"],
)
def test_what_a_refusal_means(
    answers: dict[str, Any], outcome: Outcome, server: Server, mailbox: Mailbox
) -> None:
    for name, answer in answers.items():
        setattr(mailbox, name, answer)
    error = refused(mailer(server()))
    assert error.outcome is outcome
    assert mailbox.mails == []


def test_who_of_several_was_refused_is_named_in_the_log(server: Server, mailbox: Mailbox) -> None:
    """The mail counts as sent: without the address nobody could mend it."""
    mailbox.rcpt_answers["bo@shop.example"] = "550 no such user"
    with capture_logs() as lines:
        mailer(server()).send(card_notice(audience="ana@shop.example, bo@shop.example"), None)
    assert [recipients for recipients, _ in mailbox.mails] == [["ana@shop.example"]]
    assert [(one["event"], one["recipient"], one["code"]) for one in lines] == [
        ("recipient_refused", "bo@shop.example", 550)
    ]


def test_one_address_named_twice_is_one_recipient(server: Server, mailbox: Mailbox) -> None:
    mailbox.rcpt_answers["ana@shop.example"] = "550 no such user"
    with capture_logs() as lines:
        error = refused(mailer(server()), audience="ana@shop.example, ana@shop.example")
    assert "550, of “ana@shop.example”" in str(error)
    assert lines == []


def test_a_text_that_is_too_long_for_the_server_is_refused(server: Server) -> None:
    error = refused(mailer(server(data_size_limit=100)))
    assert error.outcome is Outcome.PERMANENT


def test_a_server_that_hangs_up_after_the_text_leaves_the_fate_unknown(
    server: Server, mailbox: Mailbox
) -> None:
    mailbox.hangs_up = True
    error = refused(mailer(server()))
    assert error.outcome is Outcome.UNKNOWN
    assert len(mailbox.mails) == 1  # it did arrive: nobody on this side can know


def test_one_bad_address_does_not_cost_the_others_their_mail(
    server: Server, mailbox: Mailbox
) -> None:
    mailbox.rcpt_answers = {"gone@shop.example": "550 no such user"}
    sender = mailer(server())
    sender.send(card_notice(audience="gone@shop.example,ana@shop.example"), None)
    assert [recipients for recipients, _ in mailbox.mails] == [["ana@shop.example"]]
    mailbox.rcpt_answers = {"ana@shop.example": "451 later"}
    error = refused(sender, audience="bo@shop.example,ana@shop.example")
    assert error.outcome is Outcome.NOT_SENT  # all of them later: nobody gets it twice
    assert len(mailbox.mails) == 1


# ------------------------------------------------------------------------------------ the config


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"host": "mail.shop.example"}, "would travel in the open"),
        ({"sender": "monitor"}, "no e-mail address"),
        ({"sender": "monitor@büro.example"}, "xn--"),
        ({"recipients": ["@"]}, "no e-mail address"),
        ({"targets": {"leads": ["a b@c"]}}, "no e-mail address"),
        ({"username": "monitor"}, "go together"),
        ({"pasword": "x"}, 'did you mean "password"'),
        ({"port": 0}, "notify.mail.port"),
        ({"timeout": 0}, "notify.mail.timeout"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_mistakes_in_the_config_are_named(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        options(load(NOTIFIERS, "email"), BASE | changes, "notify.mail")


@pytest.mark.parametrize(
    "changes",
    [
        {"host": "localhost"},
        {"host": "::1"},
        {"host": "relay", "allow_insecure": True},
        {"host": "mail.shop.example", "security": "tls"},
    ],
    ids=str,
)
def test_where_mail_may_travel(changes: dict[str, Any]) -> None:
    assert mailer(BASE | changes)

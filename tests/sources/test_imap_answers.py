"""Answers by mail: what goes out, what is kept of it, and what is known if it failed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from aiosmtpd.controller import Controller

from monitor.domain.errors import Outcome, SendError
from monitor.domain.finding import Standing
from monitor.domain.notice import Unknowable
from monitor.domain.post import Post
from monitor.mailing import message_id
from monitor.ports import AnsweringSource, DescribesReplies
from monitor.sources.imap import Imap, answers, mails
from monitor.sources.imap.mails import Desk
from monitor.sources.imap.session import Fetched
from monitor.sources.imap.source import MUTE
from tests.notifiers.mailbox import Mailbox as Outbox
from tests.sources.dovecot import SENT, Mailbox, free_port, mailbox, shared
from tests.sources.imap_world import NOW, items, mail, read, source
from tests.sources.mail_door import Door, Plan

OWN = "care@shop.example"
DESK = Desk("mail", frozenset({OWN}), None)

needs_dovecot = pytest.mark.needs("dovecot")


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mailbox(f"u{uuid4().hex}") as made:
        yield made


@pytest.fixture
def outbox() -> Outbox:
    return Outbox()


@pytest.fixture
def smtp(outbox: Outbox) -> Iterator[dict[str, Any]]:
    port = free_port()
    server = Controller(outbox, hostname="127.0.0.1", port=port)
    server.start()
    yield {"host": "127.0.0.1", "port": port, "security": "none", "sender": OWN}
    server.stop()


def question(body: bytes | None = None) -> Post:
    told = body or mail(1, References="<0@mail.example>", In_Reply_To="<0@mail.example>")
    found = mails.read("INBOX", Fetched(1, NOW, len(told), told), DESK, NOW, sent=False)
    assert isinstance(found, Post)
    return found


def composed(to: Post) -> Any:
    return answers.compose(to, "Sorry, Ană!", "k1", OWN, NOW)


def test_an_answer_stands_in_the_thread_of_what_it_answers() -> None:
    message = composed(question())
    assert (message["To"], message["From"]) == ("ana@mail.example", OWN)
    assert message["Subject"] == "Re: Parcel"
    assert message["In-Reply-To"] == "<1@mail.example>"
    assert message["References"] == "<0@mail.example> <1@mail.example>"
    assert message["Message-ID"] == message_id("k1", OWN)
    assert "Auto-Submitted" not in message
    assert message.get_content().strip() == "Sorry, Ană!"


@pytest.mark.parametrize(
    ("title", "subject"),
    [("RE: Parcel", "RE: Parcel"), (None, "Re:"), ("x" * 999, "Re: " + "x" * 246)],
)
def test_a_subject_is_said_to_be_answered_once(title: str | None, subject: str) -> None:
    assert composed(replace(question(), title=title))["Subject"] == subject


def test_an_answer_goes_where_it_is_wanted() -> None:
    assert composed(question(mail(1, Reply_To="Ana <home@mail.example>")))["To"] == (
        "home@mail.example"
    )
    assert composed(question(mail(1, Reply_To=OWN)))["To"] == "ana@mail.example"
    form = mail(1, From=OWN, Reply_To="dan@mail.example")
    assert composed(question(form))["To"] == "dan@mail.example"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (mail(1, Auto_Submitted="auto-replied"), "a machine wrote it"),
        (mail(1, From="nobody"), "no address"),
    ],
)
def test_a_mail_that_cannot_be_answered_says_why(body: bytes, why: str) -> None:
    to = question(body)
    assert to.can_reply is False
    assert why in (to.cannot_reply_because or "")


@pytest.mark.parametrize(
    "token",
    [
        *(None, "", "[]", "{}", '{"to": "a", "references": ["x"]}'),
        '{"to": "a@b.example\\r\\nBcc: c@d.example", "references": []}',
        '{"to": "a@b.example", "references": ["x\\r\\ny: z"]}',
    ],
)
def test_no_token_gets_a_foreign_line_into_an_answer(token: str | None) -> None:
    with pytest.raises(SendError) as caught:
        composed(replace(question(), reply_token=token))
    assert caught.value.outcome is Outcome.PERMANENT


def test_a_title_gets_no_foreign_line_into_an_answer() -> None:
    with pytest.raises(SendError):
        composed(replace(question(), title="x\r\nBcc: c@d.example"))


def test_a_mail_without_an_id_is_answered_without_a_thread() -> None:
    to = question(b"From: ana@mail.example\r\nSubject: Parcel\r\n\r\nlate\r\n")
    assert json.loads(to.reply_token or "") == {"to": "ana@mail.example", "references": []}
    assert "References" not in composed(to)


@needs_dovecot
def test_an_answer_is_sent_once_kept_and_seen(
    box: Mailbox, outbox: Outbox, smtp: dict[str, Any]
) -> None:
    box.put(mail(1), NOW)
    of = source(box, smtp=smtp)
    assert isinstance(of, AnsweringSource)
    assert isinstance(of, DescribesReplies)
    [asked] = items(read(of))
    assert isinstance(asked, Post)
    assert asked.can_reply
    sent = of.reply(asked, "Sorry!", "k1")
    [(recipients, message)] = outbox.mails
    assert recipients == ["ana@mail.example"]
    assert (sent.reply_to, sent.thread, sent.text) == ("1@mail.example", "1@mail.example", "Sorry!")
    assert of.reply_author is not None
    assert sent.author.handle == of.reply_author.handle == OWN
    assert [one for one in items(read(of, "sent")) if isinstance(one, Post)] == [sent]
    assert of.find_reply(asked, "k1") == sent
    assert b"Seen" in box.flags(SENT)[0]
    assert b"Seen" not in box.flags()[0]
    assert message["Message-ID"] == f"<{sent.key.external_id}>"


@needs_dovecot
def test_an_answer_without_a_copy_is_sent_all_the_same(
    box: Mailbox, outbox: Outbox, smtp: dict[str, Any]
) -> None:
    with Door(shared().plain) as door:
        of = source(box, port=door.port, smtp=smtp)
        door.plan = Plan(refused="APPEND", refusal="NO [OVERQUOTA] full")
        assert of.reply(question(), "Sorry!", "k1").text == "Sorry!"
    assert source(box, smtp=smtp, keep_copy=False).reply(question(), "Sorry!", "k2")
    assert len(outbox.mails) == 2
    assert items(read(source(box), "sent")) == []
    assert isinstance(source(box, smtp=smtp).find_reply(question(), "k2"), Unknowable)


@needs_dovecot
@pytest.mark.parametrize(
    ("told", "outcome"),
    [
        ({"data_answer": "554 no"}, Outcome.PERMANENT),
        ({"data_answer": "451 later"}, Outcome.NOT_SENT),
        ({"rcpt_answers": {"ana@mail.example": "550 unknown"}}, Outcome.PERMANENT),
        ({"hangs_up": True}, Outcome.UNKNOWN),
    ],
)
def test_what_is_known_of_an_answer_by_mail_that_failed(
    box: Mailbox, outbox: Outbox, smtp: dict[str, Any], told: dict[str, Any], outcome: Outcome
) -> None:
    for name, value in told.items():
        setattr(outbox, name, value)
    of = source(box, smtp=smtp)
    with pytest.raises(SendError) as caught:
        of.reply(question(), "Sorry!", "k1")
    assert caught.value.outcome is outcome
    assert isinstance(of.find_reply(question(), "k1"), Unknowable)


@needs_dovecot
def test_a_look_for_an_answer_that_fails_leaves_its_fate_unknown(
    box: Mailbox, smtp: dict[str, Any]
) -> None:
    with Door(shared().plain) as door:
        of = source(box, port=door.port, smtp=smtp)
        door.plan = Plan(refused="LOGIN")
        with pytest.raises(SendError) as caught:
            of.find_reply(question(), "k1")
    assert caught.value.outcome is Outcome.UNKNOWN


@needs_dovecot
def test_without_a_server_for_outgoing_mail_nothing_is_answered(box: Mailbox) -> None:
    of: Imap = source(box)
    assert of.reply_author is None
    with pytest.raises(SendError, match="no server for outgoing mail") as caught:
        of.reply(question(), "Sorry!", "k1")
    assert caught.value.outcome is Outcome.PERMANENT
    assert of.find_reply(question(), "k1") == Unknowable(MUTE)


@needs_dovecot
def test_check_tries_the_server_for_outgoing_mail(box: Mailbox, smtp: dict[str, Any]) -> None:
    *_, good = source(box, smtp=smtp).try_out()
    assert (good.standing, good.said) == (
        Standing.WELL,
        "answers: 127.0.0.1 lets us in, as care@shop.example",
    )
    *_, bad = source(box, smtp={**smtp, "port": free_port()}).try_out()
    assert bad.standing is Standing.FAILS

"""Whom a notice that was not received holds up: its own audience, and others only if nobody is reached."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from monitor import registry
from monitor.domain.errors import NoSuchPlaceError, Outcome, SendError
from monitor.domain.notice import Notice, NoticeKind, NoticeState, Receipt
from monitor.domain.rests import REST
from monitor.ports import Notifier
from monitor.simulator.serving import Answer, Asked, Server
from monitor.stages.deliver import Deliver
from tests.given import Given
from tests.notifiers.mailbox import Mailbox
from tests.notifiers.ports import free_port
from tests.stages.otherside import OtherSide
from tests.stages.told import NOW, Machine, Told, digest_of

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
FULL = SendError("mailbox full", outcome=Outcome.NOT_SENT)
DOWN = SendError("connection refused", outcome=Outcome.NOT_SENT, is_down=True)


class Mail(OtherSide):
    """Some of its audiences cannot be reached."""

    def __init__(self, bad: Mapping[str, SendError]) -> None:
        super().__init__()
        self.bad = bad
        self.tried: list[str] = []

    def send(self, notice: Notice, earlier: Receipt | None, /) -> Receipt:
        self.tried.append(notice.audience)
        if notice.audience in self.bad:
            raise self.bad[notice.audience]
        return super().send(notice, earlier)


class Office:
    """Writes notices, and looks what may leave."""

    def __init__(self, told: Told, notifier: Notifier) -> None:
        self.told = told
        self.machine = Machine()
        self._count = 0
        self._stage = Deliver(
            told.database,
            {"mail": notifier},
            digest=digest_of,
            operators=None,
            shadow=False,
            clock=self.machine,
        )

    def writes(self, *to: str) -> list[str]:
        keys = []
        for one in to:
            self._count += 1
            words = f"number {self._count}"
            keys.append(self.told.words(NoticeKind.TEST, words, to=f"mail:{one}"))
        return keys

    def looks(self, after: timedelta = timedelta()) -> Sequence[str]:
        self.machine.passes(after)
        due = self._stage.due(NOW)
        for key in due:
            self._stage.handle(key, NOW)
        return due


def test_one_full_mailbox_holds_up_nobody_else(told: Told) -> None:
    mail = Mail({"ana": FULL})
    office = Office(told, mail)
    for _ in range(8):
        office.writes("ana", "bo")
        office.looks()
        office.machine.passes(timedelta(seconds=5))
    assert [one.target for one in mail.messages] == ["bo"] * 8
    assert mail.tried.count("ana") == 3  # after 0, 15 and 30 s, however much waits for that mailbox


@SQLITE
def test_two_audiences_in_a_row_rest_the_notifier(told: Told) -> None:
    mail = Mail({"ana": FULL, "bo": FULL})
    office = Office(told, mail)
    office.writes("ana", "bo", "cy")
    office.looks()
    assert mail.tried == ["ana", "bo"]
    assert office.looks(REST - timedelta(seconds=1)) == []
    mail.bad = {}
    office.looks(timedelta(seconds=1))
    assert sorted(mail.tried[2:]) == ["ana", "bo", "cy"]


@SQLITE
@pytest.mark.parametrize("is_refused", [False, True])
def test_who_is_answered_in_between_shows_that_it_is_not_down(told: Told, is_refused: bool) -> None:
    refusal = SendError("no such user", outcome=Outcome.PERMANENT)
    mail = Mail({"ana": FULL, "bo": FULL} | ({"cy": refusal} if is_refused else {}))
    office = Office(told, mail)
    office.writes("ana", "cy", "bo", "di")
    office.looks()
    assert mail.tried == ["ana", "cy", "bo", "di"]


@SQLITE
def test_a_place_that_the_config_does_not_name_rests_nobody(told: Told) -> None:
    mail = Mail(
        {"ana": NoSuchPlaceError("no such target"), "bo": NoSuchPlaceError("no such target")}
    )
    office = Office(told, mail)
    first, *_ = office.writes("ana", "bo", "cy")
    office.looks()
    assert [one.target for one in mail.messages] == ["cy"]
    for hours in range(20):
        office.looks(timedelta(hours=hours))
    assert told.state(first)[0] is NoticeState.PENDING
    mail.bad = {}  # it is named again
    office.looks(timedelta(hours=1))
    assert sorted(one.target for one in mail.messages) == ["ana", "bo", "cy"]


def test_a_card_without_a_place_holds_up_nothing_of_its_case(told: Told) -> None:
    """A channel that was renamed in the config: who is told next is told all the same."""
    nowhere = NoSuchPlaceError('"#care" is no target of this notifier')
    slack = Mail({"#care": nowhere})
    machine = Machine()
    stage = Deliver(
        told.database,
        {"slack": slack},
        digest=digest_of,
        operators=None,
        shadow=False,
        clock=machine,
    )
    case = told.case()
    card, step = told.alert(case), told.escalate(case, "leads")
    for _ in range(3):
        for key in stage.due(NOW):
            stage.handle(key, NOW)
        machine.passes(REST)
    assert told.state(card)[0] is NoticeState.PENDING
    assert told.state(step)[0] is NoticeState.SENT
    slack.bad = {}
    machine.passes(timedelta(hours=1))
    for key in stage.due(NOW):
        stage.handle(key, NOW)
    assert told.state(card)[0] is NoticeState.SENT


@SQLITE
def test_where_there_is_no_connection_nobody_else_is_tried(told: Told) -> None:
    mail = Mail({"ana": DOWN})
    office = Office(told, mail)
    office.writes("ana", *(f"bo{number}" for number in range(9)))
    office.looks()
    assert mail.tried == ["ana"]
    mail.bad = {}
    office.looks(REST)
    assert len(mail.messages) == 10


@SQLITE
def test_a_mail_server_that_greylists_one_address_is_used_for_the_others(told: Told) -> None:
    mailbox = Mailbox(rcpt_answers={"ana@shop.example": "451 come again"})
    server = Controller(mailbox, hostname="127.0.0.1", port=free_port())
    server.start()
    try:
        said = {"host": "127.0.0.1", "security": "none", "sender": "monitor@shop.example"}
        office = Office(told, _made("email", {**said, "port": server.port}))
        first, second = office.writes("ana@shop.example", "bo@shop.example")
        office.looks()
    finally:
        server.stop()
    assert told.state(first)[0] is NoticeState.PENDING
    assert told.state(second)[0] is NoticeState.SENT


@SQLITE
def test_a_mail_server_that_is_not_there_is_asked_once(told: Told) -> None:
    said = {"host": "127.0.0.1", "security": "none", "sender": "monitor@shop.example"}
    office = Office(told, _made("email", {**said, "port": free_port()}))
    keys = office.writes("ana@shop.example", "bo@shop.example", "cy@shop.example")
    office.looks()
    assert [told.entry(key).attempts for key in keys] == [1, 0, 0]


@SQLITE
def test_an_address_that_breaks_holds_up_no_other_address(told: Told) -> None:
    class Hook(Server):
        def serve(self, asked: Asked) -> Answer:
            return Answer(500 if asked.address == "/bad" else 202)

    with Hook() as server:
        targets = {"bad": f"{server.url}/bad", "good": f"{server.url}/good"}
        office = Office(told, _made("webhook", {"url": server.url, "targets": targets}))
        first, second = office.writes("bad", "good")
        office.looks()
    assert told.state(first)[0] is NoticeState.PENDING
    assert told.state(second)[0] is NoticeState.SENT


def _made(use: str, said: Mapping[str, Any]) -> Notifier:
    cls: Any = registry.load(registry.NOTIFIERS, use)
    options = registry.options(cls, said, f"notifiers.{use}")
    secrets = Given({"webhook_out": "whsec_" + base64.b64encode(bytes(32)).decode()})
    made: Notifier = registry.build(cls, options, secrets=secrets, clock=lambda: NOW)
    return made

"""The summary of quiet hours, in both languages, for terminals, mails and Slack."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC

from monitor.domain.notice import Notice, NoticeKind, Reason, StillOpen
from monitor.render.slack_cards import messages
from monitor.render.tongue import tongue
from monitor.render.words import say
from tests.notifiers.sample import LINE, NOW


def summary(*cases: int) -> Notice:
    return Notice(
        key="waiting:slack:ana:1",
        kind=NoticeKind.WAITING,
        audience="ana",
        reason=Reason.QUIET_HOURS_ENDED,
        brand="",
        content=StillOpen(NOW, tuple(LINE._replace(case_id=one) for one in cases)),
        written_at=NOW,
    )


def test_every_case_is_named() -> None:
    said = say(summary(12, 15), UTC)
    assert said.headline == "2 cases of your quiet hours are still open"
    assert "2 h · reddit, high · case 12 · nobody has it · Still no refund" in said.lines
    assert any("case 15" in one for one in said.lines)
    assert said.lines.count("https://reddit.example/1") == 2
    assert say(summary(12), UTC).headline == "1 case of your quiet hours is still open"
    assert "answered" in say(summary(), UTC).headline


def test_it_is_said_in_romanian_too() -> None:
    romanian = tongue("ro")
    assert say(summary(12, 15), UTC, romanian).headline.startswith("2 cazuri din orele tale")
    assert say(summary(12), UTC, romanian).headline.startswith("1 caz din orele tale")
    assert say(summary(), UTC, romanian).headline.startswith("Tot ce a venit")


def test_slack_names_them_too() -> None:
    (message,) = messages(replace(summary(12, 15), possibly_repeated=True), UTC, {})
    blocks = json.dumps(message.blocks)
    assert "case 12" in blocks
    assert "case 15" in blocks
    assert "possibly repeated" in blocks

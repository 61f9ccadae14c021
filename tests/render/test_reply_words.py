"""What people are told of an answer in doubt: what became of it and what to do, and never its text."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from monitor.domain.notice import Reason
from monitor.domain.reply import Outgoing, ReplyState
from monitor.render.reply_words import about_reply, why_cancelled

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
ONE = Outgoing(
    number=3,
    case_id=12,
    wait=1,
    post=345,
    to_url="https://x.example/1",
    network="x",
    source="x",
    by="ana",
    text="It left today.",
    state=ReplyState.ASKED,
    reason=None,
    problem="the connection broke",
    written_at=NOON,
    tried_at=NOON,
    attempts=4,
    sent_at=None,
    url=None,
)


@pytest.mark.parametrize(
    ("reason", "headline", "wanted"),
    [
        (
            Reason.REPLY_UNKNOWN,
            "Was the answer to case 12 posted? Please look",
            ["cases answer 12 --posted 3", "--resend 3", "https://x.example/1", "not posted again"],
        ),
        (Reason.REPLY_REFUSED, "The answer to case 12 was refused", ["--resend 3"]),
        (Reason.REPLY_DELAYED, "The answer to case 12 is not posted yet", ["--cancel 3"]),
    ],
)
def test_people_hear_what_to_do(reason: Reason, headline: str, wanted: list[str]) -> None:
    words = about_reply(ONE, reason)
    assert str(words.headline) == headline
    assert tuple(map(str, words.lines[:2])) == (
        "Answer 3 by ana on x, tried at 2026-05-04 12:00 UTC",
        "the connection broke",
    )
    said = "\n".join(map(str, words.lines))
    assert all(one in said for one in wanted)
    assert "It left today" not in said


def test_what_a_network_said_stays_in_the_database() -> None:
    """Slack and mailboxes keep what they are told: no erasure reaches them."""
    refused = replace(ONE, problem="X refuses (403): “no answer to @dan: my parcel”")
    assert about_reply(refused, Reason.REPLY_REFUSED).lines[1] == "X refuses (403): “…”"


def test_people_hear_why_it_was_not_posted() -> None:
    never_tried = replace(ONE, reason=Reason.ANSWERED, problem=None, tried_at=None, to_url=None)
    assert tuple(map(str, about_reply(never_tried, Reason.REPLY_CANCELLED).lines)) == (
        "Answer 3 by ana on x",
        "Because the customer was answered in another way first.",
    )
    assert why_cancelled(replace(ONE, reason=Reason.ABSORBED)) == "nobody waits for it any more"
    assert "another answer to the customer was first" in why_cancelled(
        replace(ONE, reason=Reason.SECOND)
    )

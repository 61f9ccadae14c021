"""Answers written on Reddit: sent once, and looked for where nobody knows."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from monitor.domain.errors import Outcome, SendError
from monitor.domain.notice import Absent, Unknowable
from monitor.domain.post import Post, PostKey
from monitor.simulator.serving import Fault
from tests.sources.subreddit import BRAND, LOGGED_IN, NOW, comment, reddit, source, submission

ASKED = Post(
    key=PostKey("reddit", "t3_s0001"),
    thread="t3_s0001",
    text="?",
    posted_at=NOW - timedelta(days=1),
)
WRITTEN = "/api/comment"


def refused(sentence: str, code: str = "RATELIMIT", **more: object) -> Fault:
    """Reddit's own no, which comes with status 200."""
    body = {"json": {"errors": [[code, sentence, "ratelimit"]], **more}}
    return Fault("said", WRITTEN, body=json.dumps(body))


def test_an_answer_is_posted_under_what_it_answers() -> None:
    with reddit() as server:
        server.reddit.put(submission(1))
        sent = source(server, **LOGGED_IN).reply(ASKED, "On its way! & <3", "case-1")
        stored = server.reddit[sent.key.external_id]
    assert (sent.thread, sent.reply_to, sent.text) == ("t3_s0001", "t3_s0001", "On its way! & <3")
    assert sent.author.handle == BRAND
    assert (stored.author, stored.parent, stored.text) == (BRAND, "t3_s0001", "On its way! & <3")


@pytest.mark.parametrize(
    ("fault", "outcome", "is_there"),
    [
        (Fault("drop after", WRITTEN), Outcome.UNKNOWN, True),
        (Fault("drop", WRITTEN), Outcome.UNKNOWN, False),
        (Fault("500", WRITTEN), Outcome.UNKNOWN, False),
        (Fault("503", WRITTEN), Outcome.UNKNOWN, False),
        (Fault("truncated", WRITTEN), Outcome.UNKNOWN, False),
        (Fault("html", WRITTEN), Outcome.UNKNOWN, False),
        (Fault("said", WRITTEN, body='{"kind": "Listing"}'), Outcome.UNKNOWN, False),
        (Fault("slow", WRITTEN, seconds=2), Outcome.UNKNOWN, False),
        (Fault("stall", WRITTEN, seconds=2), Outcome.UNKNOWN, False),
        (Fault("402", WRITTEN), Outcome.PERMANENT, False),
        (Fault("403", WRITTEN), Outcome.PERMANENT, False),
        (Fault("404", WRITTEN), Outcome.PERMANENT, False),
        (Fault("429", WRITTEN), Outcome.NOT_SENT, False),
        (Fault("500", "access_token"), Outcome.NOT_SENT, False),
        (Fault("drop", "access_token"), Outcome.NOT_SENT, False),
    ],
    ids=lambda value: value.kind if isinstance(value, Fault) else None,
)
def test_a_reply_that_fails_is_sent_once_and_then_looked_for(
    fault: Fault, outcome: Outcome, is_there: bool
) -> None:
    with reddit() as server:
        server.reddit.put(submission(1))
        reader = source(server, timeout=1, **LOGGED_IN)
        server.faults.append(fault)
        with pytest.raises(SendError) as raised:
            reader.reply(ASKED, "On its way!", "case-1")
        assert raised.value.outcome is outcome
        assert sum(one.path == WRITTEN for one in server.asked) == (
            0 if "token" in fault.path else 1
        )
        server.faults.clear()
        found = reader.find_reply(ASKED, "case-1")
        assert isinstance(found, Post) is is_there
        assert isinstance(found, Absent) is not is_there
        assert len(server.reddit.names()) == (2 if is_there else 1)


def test_what_found_nobody_to_connect_to_was_not_sent() -> None:
    with reddit() as server:
        server.reddit.put(submission(1))
        reader = source(server, **LOGGED_IN)
        reader.find_reply(ASKED, "case-1")  # it is logged in now
        server.faults.append(Fault("drop"))
        with pytest.raises(SendError):
            reader.find_reply(ASKED, "case-1")  # and has no connection any more
    with pytest.raises(SendError, match="can't be reached") as raised:
        reader.reply(ASKED, "On its way!", "case-1")
    assert raised.value.outcome is Outcome.NOT_SENT


def test_an_expired_token_is_renewed_and_the_answer_sent_once() -> None:
    with reddit() as server:
        server.reddit.put(submission(1))
        reader = source(server, **LOGGED_IN)
        reader.find_reply(ASKED, "case-1")
        server.expire_tokens()
        reader.reply(ASKED, "On its way!", "case-1")
        assert len(server.reddit.names()) == 2


@pytest.mark.parametrize(
    ("sentence", "more", "pause"),
    [
        ("Take a break for 9 minutes before trying again.", {}, timedelta(minutes=10)),
        ("you are doing that too much. try again in 1 second.", {}, timedelta(seconds=2)),
        ("Take a break for 9 minutes.", {"ratelimit": 571.5}, timedelta(seconds=571.5)),
        ("slow down", {}, timedelta(minutes=1)),
    ],
)
def test_too_fast_a_reply_is_tried_again_after_the_pause_that_reddit_names(
    sentence: str, more: dict[str, Any], pause: timedelta
) -> None:
    with reddit() as server:
        server.faults.append(refused(sentence, **more))
        with pytest.raises(SendError, match="Reddit") as raised:
            source(server, **LOGGED_IN).reply(ASKED, "On its way!", "case-1")
    assert raised.value.outcome is Outcome.NOT_SENT
    assert raised.value.retry_after == pause


@pytest.mark.parametrize("closed", ["locked", "archived", "fate"])
def test_what_takes_no_replies_is_refused_for_good(closed: str) -> None:
    with reddit() as server:
        server.reddit.put(submission(1))
        setattr(server.reddit["t3_s0001"], closed, "deleted" if closed == "fate" else True)
        with pytest.raises(SendError, match="refuses the reply") as raised:
            source(server, **LOGGED_IN).reply(ASKED, "On its way!", "case-1")
    assert raised.value.outcome is Outcome.PERMANENT


def test_without_an_account_nothing_is_sent_and_nothing_can_be_known() -> None:
    with reddit() as server:
        reader = source(server)
        with pytest.raises(SendError) as raised:
            reader.reply(ASKED, "On its way!", "case-1")
        assert raised.value.outcome is Outcome.PERMANENT
        assert isinstance(reader.find_reply(ASKED, "case-1"), Unknowable)
        assert server.asked == []


def test_an_answer_to_somebody_else_is_not_taken_for_it() -> None:
    with reddit() as server:
        server.reddit.put(submission(1))
        server.reddit.put(submission(2))
        server.reddit.put(comment(3, author=BRAND, parent="t3_s0002"))
        server.reddit.put(comment(4, parent="t3_s0001"))
        assert source(server, **LOGGED_IN).find_reply(ASKED, "case-1") == Absent()


def test_an_answer_behind_what_reddit_lists_cannot_be_known() -> None:
    with reddit() as server:
        for number in range(1000):
            server.reddit.put(comment(number, author=BRAND, parent="t3_s0002", at=NOW))
        found = source(server, **LOGGED_IN).find_reply(ASKED, "case-1")
    assert isinstance(found, Unknowable)


@pytest.mark.parametrize("status", ["503", "403", "404", "401", "402"])
def test_a_look_for_an_answer_that_fails_says_nothing_about_what_was_sent(status: str) -> None:
    """Even one that fails for good: taken for a refusal, the answer would be typed twice."""
    with reddit() as server:
        server.faults.append(Fault(status, "/comments"))
        with pytest.raises(SendError) as raised:
            source(server, **LOGGED_IN).find_reply(ASKED, "case-1")
    assert raised.value.outcome is Outcome.UNKNOWN

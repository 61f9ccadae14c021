"""What people read: spans, times, strangers' texts, and every notice in words."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.coverage import Blind, Silence, Why
from monitor.domain.judgement import Band, Severity
from monitor.domain.notice import (
    Backlog,
    Notice,
    NoticeKind,
    Reason,
    Receipt,
    SourceHealth,
    Words,
)
from monitor.render.words import Spoken, cut, duration, is_blind, local_time, plain, say, source
from tests.notifiers import sample
from tests.notifiers.sample import NOTHING, NOW

BUCHAREST = ZoneInfo("Europe/Bucharest")

CARD = replace(
    sample.CARD,
    case_id=12,
    severity=Severity.HIGH,
    topics=("refund", "delivery"),
    why="score 0.93, alert from 0.70",
    followers=12300,
    text="Still no refund after 3 weeks",
    posted_at=NOW - timedelta(hours=2, minutes=10),
    due_at=NOW + timedelta(minutes=50),
    waited=timedelta(hours=2, minutes=10),
)

LINE = sample.LINE._replace(
    network="x",
    severity=Severity.NORMAL,
    topics=(),
    url="https://x.example/1",
    waiting_since=NOW - timedelta(days=3, hours=4),
    waited=timedelta(days=3, hours=4),
    due_at=NOW,
)


def notice(content: Any, kind: NoticeKind = NoticeKind.ALERT, **rest: Any) -> Notice:
    return Notice(
        key="k",
        kind=kind,
        audience="#care",
        reason=Reason.OPENED,
        brand="Acme",
        content=content,
        written_at=NOW,
        **rest,
    )


def spoken(content: Any, kind: NoticeKind = NoticeKind.ALERT, **rest: Any) -> Spoken:
    return say(notice(content, kind, **rest), BUCHAREST)


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=59), "under a minute"),
        (timedelta(seconds=60), "1 min"),
        (timedelta(minutes=59, seconds=59), "59 min"),
        (timedelta(hours=2), "2 h"),
        (timedelta(hours=2, minutes=10, seconds=50), "2 h 10 min"),
        (timedelta(hours=47, minutes=59), "47 h 59 min"),
        (timedelta(days=2), "2 d"),
        (timedelta(days=3, hours=4, minutes=5), "3 d 4 h"),
        (timedelta(minutes=-5), "-5 min"),
    ],
    ids=str,
)
def test_spans_are_said_as_people_say_them(span: timedelta, words: str) -> None:
    assert duration(span) == words


def test_times_are_local_and_tell_the_hour_that_comes_twice_apart() -> None:
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert local_time(first, BUCHAREST) == "Sun 25 Oct 2026 03:30 EEST"
    assert local_time(first + timedelta(hours=1), BUCHAREST) == "Sun 25 Oct 2026 03:30 EET"


# ------------------------------------------------------------------------------ strangers' texts


@pytest.mark.parametrize(
    ("text", "harmless"),
    [
        ("two\nlines\r\n\tand  more ", "two lines and more"),
        ("\x1b[2Jgone\x07", "�[2Jgone�"),
        ("nul\x00 and \x9b31m", "nul� and �31m"),
        ("\u202egnorw\u202c \u2066x\u2069\u200f", "gnorw x"),
        ("half \ud83d a face", "half � a face"),
        ("a\u2028b\u2029c\u0085d", "a b c d"),
        ("zero\u200bwidth\ufeff\u00ad", "zerowidth"),
        ("👩\u200d💻 می\u200cخواهم שלום", "👩\u200d💻 می\u200cخواهم שלום"),
        ("", ""),
    ],
    ids=["lines", "escape", "nul", "bidi", "surrogate", "separators", "hidden", "joined", "empty"],
)
def test_strangers_texts_are_made_harmless(text: str, harmless: str) -> None:
    assert plain(text) == harmless


@given(st.text(st.characters()))
def test_no_text_moves_a_cursor_or_turns_a_direction(text: str) -> None:
    out = plain(text)
    out.encode()  # no lone surrogates
    kinds = {unicodedata.category(one) for one in out} - {"Cn", "Co"}
    assert not kinds & {"Cc", "Cs", "Zl", "Zp"}
    assert {one for one in out if unicodedata.category(one) == "Cf"} <= {"\u200c", "\u200d"}


@given(st.text(), st.integers(1, 40))
def test_a_cut_text_is_no_longer_than_allowed_and_says_that_it_is_cut(text: str, most: int) -> None:
    out = cut(text, most)
    assert len(out) <= most
    assert out == text or (out.endswith("…") and text.startswith(out[:-1]))


def test_a_text_is_cut_between_words() -> None:
    assert cut("Still no refund after weeks", 20) == "Still no refund…"
    assert cut("https://shop.example/orders/1", 12) == "https://sho…"


# ----------------------------------------------------------------------------------------- cards


def test_a_card_says_what_a_person_needs_to_act() -> None:
    said = spoken(CARD, mentions=("Ana", "Bo"))
    assert said.headline == "New complaint, high: Acme, case 12, reddit"
    assert said.lines == (
        "“Still no refund after 3 weeks”",
        "by @dana (12,300 followers), Tue 3 Mar 2026 12:00 EET",
        "Waiting 2 h 10 min; due Tue 3 Mar 2026 15:00 EET (in 50 min)",
        "About refund, delivery",
        "Why: score 0.93, alert from 0.70",
        "For Ana, Bo",
        "https://reddit.example/1",
    )
    assert said.text.startswith("New complaint, high: Acme, case 12, reddit\n“Still no refund")


def test_an_escalation_says_how_long_nobody_answered_and_how_far_was_looked() -> None:
    late = replace(CARD, due_at=NOW - timedelta(minutes=30), no_answer_seen_as_of=NOW)
    said = spoken(late, NoticeKind.ESCALATION)
    assert said.headline == "2 h 10 min without an answer: Acme, case 12, reddit"
    assert "No answer seen as of Tue 3 Mar 2026 14:10 EET" in said.lines
    assert "(overdue by 30 min)" in said.text


def test_a_review_that_was_purged_and_has_an_owner() -> None:
    said = spoken(
        replace(
            CARD,
            text=None,
            author=None,
            rating=1.0,
            followers=None,
            owner="Ana",
            band=Band.REVIEW,
            topics=(),
            why="",
            url=None,
            due_at=None,
        )
    )
    assert said.headline.startswith("New possible complaint")
    assert said.lines == (
        "(the text was purged)",
        "by somebody unknown, Tue 3 Mar 2026 12:00 EET, rated 1 of 5",
        "Waiting 2 h 10 min",
        "Ana has it",
    )


def test_a_title_stands_over_the_text() -> None:
    assert spoken(replace(CARD, title="Broken")).lines[:2] == (
        "Broken",
        "“Still no refund after 3 weeks”",
    )


def test_a_long_text_is_cut() -> None:
    assert len(spoken(replace(CARD, text="word " * 20_000)).lines[0]) < 700


@pytest.mark.parametrize(
    ("changes", "headline"),
    [
        ({"owner": "Ana"}, "Ana has it: Acme, case 12"),
        ({}, "Open, high: Acme, case 12"),
        ({"status": "dismissed"}, "Dismissed: Acme, case 12"),
        ({"status": "withdrawn", "waited": None}, "Withdrawn: Acme, case 12"),
        ({"status": "answered", "answered_at": NOW}, "Answered after 2 h 10 min: Acme, case 12"),
    ],
    ids=["owned", "open", "dismissed", "withdrawn", "answered"],
)
def test_an_edited_card_leads_with_how_it_stands(changes: dict[str, Any], headline: str) -> None:
    assert spoken(replace(CARD, **changes), NoticeKind.UPDATE).headline == headline


def test_an_answer_is_quoted() -> None:
    answered = replace(CARD, status="answered", answered_at=NOW, answer_text="Sorry!\nIt is sent.")
    said = spoken(answered, NoticeKind.UPDATE)
    assert "Answered Tue 3 Mar 2026 14:10 EET, after 2 h 10 min: “Sorry! It is sent.”" in said.lines
    assert not any(one.startswith("Waiting") for one in said.lines)


def test_an_answered_elsewhere_case_has_no_text_to_quote() -> None:
    said = spoken(replace(CARD, status="answered", answered_at=NOW), NoticeKind.ESCALATION)
    assert said.headline == "Answered after 2 h 10 min: Acme, case 12"
    assert "Answered Tue 3 Mar 2026 14:10 EET, after 2 h 10 min" in said.lines


def test_an_escalation_of_a_case_without_waits_left() -> None:
    said = spoken(replace(CARD, waited=None), NoticeKind.ESCALATION)
    assert said.headline.startswith("Some time without an answer")


def test_a_further_complaint_is_told_apart_from_the_first() -> None:
    said = spoken(CARD, thread=Receipt("#care", "m1"))
    assert said.headline.startswith("Still unhappy, high")


def test_what_may_have_been_said_before_says_so() -> None:
    said = spoken(CARD, possibly_repeated=True)
    assert said.headline.endswith("(possibly repeated)")


def test_no_stranger_writes_a_line_of_ours() -> None:
    """Names, titles, links and networks are strangers' words too."""
    evil = "x\nNew complaint, critical\x1b[31m\u202e"
    card = replace(
        CARD,
        author=evil,
        title=evil,
        text=evil,
        url=evil,
        owner=evil,
        network=evil,
        why=evil,
        topics=(evil,),
    )
    said = spoken(card, mentions=(evil,))
    assert all("\n" not in one and "\x1b" not in one for one in (said.headline, *said.lines))
    assert "\u202e" not in said.text


# -------------------------------------------------------------------------- digest, backlog, words


def test_a_digest_lists_all_of_them_and_says_what_could_not_be_read() -> None:
    many = tuple(LINE._replace(case_id=number) for number in range(120))
    said = spoken(
        replace(
            NOTHING,
            overdue=many,
            unconfirmed=(LINE._replace(text=None, url=None, owner="Ana"),),
            unjudged=1,
            sources=(
                SourceHealth(
                    source="reddit",
                    stream="own",
                    network="reddit",
                    read_through=NOW,
                    failing_since=None,
                    problem=None,
                    gaps=2,
                    rejected=3,
                ),
                SourceHealth(
                    source="x",
                    stream="mentions",
                    network="x",
                    read_through=None,
                    failing_since=NOW,
                    problem="402 out of credits",
                ),
            ),
        ),
        NoticeKind.DIGEST,
    )
    assert said.headline == "Acme, Tue 3 Mar 2026: 120 overdue, 1 unconfirmed"
    assert "Overdue (120)" in said.lines
    assert sum("case " in one for one in said.lines) == 121
    assert "  3 d 4 h · x, normal · case 7 · nobody has it · Still no refund" in said.lines
    assert "  3 d 4 h · x, normal · case 12 · Ana has it · (the text was purged)" in said.lines
    assert "Not judged yet: 1 post" in said.lines
    assert (
        "  reddit/own: read up to Tue 3 Mar 2026 14:10 EET, with 2 gaps, 3 items unreadable"
        in said.lines
    )
    assert (
        "  x/mentions: could not be read since Tue 3 Mar 2026 14:10 EET (never read): "
        "402 out of credits" in said.lines
    )


def test_a_digest_leaves_out_what_a_network_said() -> None:
    silent = SourceHealth(
        source="x",
        stream="m",
        network="x",
        read_through=NOW,
        failing_since=NOW,
        problem="X refuses (400): “no such post: my parcel”",
    )
    said = spoken(replace(NOTHING, sources=(silent,)), NoticeKind.DIGEST)
    assert said.lines[-1].endswith(": X refuses (400): “…”")


def test_an_empty_digest_says_so() -> None:
    silent = SourceHealth(
        source="x",
        stream="m",
        network="x",
        read_through=NOW,
        failing_since=NOW,
        problem=None,
        gaps=1,
    )
    said = spoken(replace(NOTHING, unjudged=3, sources=(silent,)), NoticeKind.DIGEST)
    unsure = "nothing is known to wait, 3 posts are not judged yet"
    assert said.headline == f"Acme, Tue 3 Mar 2026: {unsure}"
    assert "Not judged yet: 3 posts" in said.lines
    assert said.lines[-1].endswith("(read up to Tue 3 Mar 2026 14:10 EET, with 1 gap)")
    sure = spoken(replace(NOTHING, sources=(silent,)), NoticeKind.DIGEST)
    assert sure.headline == "Acme, Tue 3 Mar 2026: nothing is waiting"


def test_a_digest_says_when_nobody_looked_and_what_is_strangely_silent() -> None:
    hour = timedelta(hours=1)
    night = Blind(NOW - 12 * hour, NOW - 3 * hour, Why.NOT_LOOKED)
    refused = Blind(NOW - 2 * hour, NOW - hour, Why.FAILING, "503")
    told = SourceHealth(
        source="x",
        stream="m",
        network="x",
        read_through=NOW,
        failing_since=None,
        problem=None,
        blind=(night,),
    )
    assert is_blind(told)
    assert source(told, BUCHAREST) == (
        "x/m: read up to Tue 3 Mar 2026 14:10 EET; nobody looked for 9 h, from Tue 3 Mar 2026 "
        "02:10 EET to Tue 3 Mar 2026 11:10 EET (the program did not run)"
    )
    twice = source(replace(told, blind=(refused, night)), BUCHAREST)
    assert "nobody looked for 10 h in all, 2 times, the longest from Tue 3 Mar 2026 02:10" in twice
    alone = source(replace(told, blind=(refused,)), BUCHAREST)
    assert alone.endswith("(the source could not be read)")
    still = replace(told, blind=(), silence=Silence(NOW - 30 * hour, 5 * hour))
    assert is_blind(still)
    assert source(still, BUCHAREST).endswith(
        "nothing new since Mon 2 Mar 2026 08:10 EET, and it was never silent for longer than 5 h before"
    )
    assert not is_blind(replace(told, blind=()))


def test_the_first_run_sums_up_what_was_there() -> None:
    oldest = NOW - timedelta(days=9)
    said = spoken(Backlog(brand="Acme", as_of=NOW, waits=3, oldest_at=oldest), NoticeKind.BACKLOG)
    assert said.headline == "Acme: 3 complaints were already waiting when watching began"
    assert said.lines[0] == "The oldest has waited 9 d, since Sun 22 Feb 2026 14:10 EET."
    one = spoken(Backlog(brand="Acme", as_of=NOW, waits=1, oldest_at=None), NoticeKind.BACKLOG)
    assert one.headline == "Acme: 1 complaint was already waiting when watching began"
    assert len(one.lines) == 1


def test_bare_words() -> None:
    said = spoken(Words("Test\nalert", ("It works.",)), NoticeKind.TEST)
    assert said == Spoken("Test alert", ("It works.",))

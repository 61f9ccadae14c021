"""What an agent sees in Slack: the card first, nothing left out, and nothing that a stranger can break."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from monitor.domain.judgement import Band, Severity
from monitor.domain.notice import (
    Backlog,
    CaseCard,
    Digest,
    DigestLine,
    Document,
    Notice,
    NoticeKind,
    Picture,
    Reason,
    Receipt,
    SourceHealth,
    Words,
)
from monitor.render.slack_blocks import web_address
from monitor.render.slack_cards import Message, messages
from monitor.render.slack_case import Look
from monitor.render.tongue import tongue
from monitor.simulator.slack_workspace import Channel, Workspace
from tests.notifiers.sample import CARD, LINE, NOTHING, NOW, card_notice
from tests.notifiers.slack_side import ANA, HELPERS, strings

BUCHAREST = ZoneInfo("Europe/Bucharest")
PEOPLE = {"ana": ANA, "helpers": HELPERS}
PINGS = re.compile(r"<[@!#][^>]*>")

DIGEST = replace(NOTHING, overdue=(LINE,))
BLIND = SourceHealth(
    source="x",
    stream="mentions",
    network="x",
    read_through=None,
    failing_since=NOW,
    problem="401",
)


def told(notice: Notice) -> tuple[Message, ...]:
    return messages(notice, BUCHAREST, PEOPLE)


def kinds(message: Message) -> list[str]:
    return [one["type"] for one in message.blocks]


def texts(shown: Sequence[Message]) -> str:
    return "\n".join(text for one in shown for text in strings(one.blocks))


def own_words(shown: Sequence[Message]) -> list[str]:
    """What Slack would interpret: everything of type mrkdwn, and the fallback."""

    def found(value: Any) -> list[str]:
        match value:
            case {"type": "mrkdwn", "text": str(text)}:
                return [text]
            case dict():
                return [text for one in value.values() for text in found(one)]
            case list() | tuple():
                return [text for one in value for text in found(one)]
            case _:
                return []

    return [text for one in shown for text in [one.text, *found(one.blocks)]]


# ------------------------------------------------------------------------------------- the card


def test_a_new_complaint_shows_first_what_an_agent_has_to_know() -> None:
    (card,) = told(card_notice(severity=Severity.HIGH, followers=12300))
    head, quote, who, due, facts = card.blocks
    assert head["text"]["text"] == "🟠 New complaint, high: Acme, case 1, reddit"
    assert strings(quote["elements"])[-1] == "Still no refund, unde sunt banii?"
    assert [one["text"] for one in who["elements"]] == [
        "by @dana, 12,300 followers",
        "<!date^1772532600^{date_short_pretty}, {time}|Tue 3 Mar 2026 12:10 EET>",
        "<https://reddit.example/1|Open on reddit>",
    ]
    assert due["text"]["text"].startswith("*Answer due* <!date^1772547000^")
    assert facts["elements"][0]["text"] == "About refund · Why: score 0.93"
    assert card.text == (
        "New complaint, high: Acme, case 1, reddit: Still no refund, unde sunt banii?"
    )


def test_lines_of_a_complaint_stay_lines_and_a_very_long_one_is_cut() -> None:
    (card,) = told(card_notice(title="Day 9", text="First.\n\n  Second.\n" + "x " * 5000))
    quote = strings(card.blocks[1]["elements"])[-1]
    assert quote.startswith("Day 9\nFirst.\nSecond.\nx x")
    assert quote.endswith("…")
    assert len(quote) < 1200


@pytest.mark.parametrize(
    ("changes", "mark"),
    [
        ({"severity": Severity.CRITICAL}, "🔴 New complaint, critical"),
        ({"band": Band.REVIEW}, "🔵 New possible complaint"),
        ({"kind": NoticeKind.UPDATE, "owner": "Ana"}, "🟡 Ana has it"),
        ({"status": "answered", "answered_at": NOW}, "✅ Answered after 2 h"),
        ({"status": "withdrawn"}, "☑️ Withdrawn"),
        ({"kind": NoticeKind.ESCALATION}, "⏰ 2 h without an answer"),
        ({"thread": Receipt("C", "1")}, "🟡 Still unhappy, normal"),
        ({"possibly_repeated": True}, "🟡 New complaint, normal"),
    ],
)
def test_the_headline_says_how_the_case_stands(changes: dict[str, Any], mark: str) -> None:
    (card,) = told(card_notice(**changes))
    headline = card.blocks[0]["text"]["text"]
    assert headline.startswith(mark)
    assert ("(possibly repeated)" in headline) is bool(changes.get("possibly_repeated"))


def test_an_answered_case_shows_the_answer_and_no_due_time() -> None:
    answered = {"status": "answered", "answered_at": NOW, "answer_text": "Sorry!\nRefunded."}
    shown = texts(told(card_notice(kind=NoticeKind.UPDATE, **answered)))
    assert "Sorry!\nRefunded." in shown
    assert "Answered <!date^1772539800^" in shown
    assert "due" not in shown


def test_what_is_late_and_what_was_looked_for_is_said() -> None:
    late = card_notice(due_at=NOW - timedelta(hours=1), no_answer_seen_as_of=NOW)
    shown = texts(told(late))
    assert "*Was due* <!date^" in shown
    assert "No answer seen as of <!date^" in shown


def test_the_card_says_how_far_it_was_escalated_and_who_has_it() -> None:
    shown = texts(told(card_notice(kind=NoticeKind.UPDATE, level=2, owner="Ana")))
    assert "Ana has it · Escalated, level 2 · About refund" in shown


def test_a_purged_text_and_an_unknown_author_are_said_to_be_so() -> None:
    shown = texts(told(card_notice(text=None, author=None, rating=2.0)))
    assert "(the text was purged)" in shown
    assert "by somebody unknown, rated 2 of 5" in shown


def test_an_escalation_names_people_and_leaves_the_rest_to_the_card_above() -> None:
    mentions = ("ana", "helpers", "bob <!channel>", "U0OTHER001")
    step = card_notice(kind=NoticeKind.ESCALATION, mentions=mentions, thread=Receipt("C", "1"))
    (reply,) = told(step)
    assert reply.blocks[1]["text"]["text"] == (
        f"For <@{ANA}>, <!subteam^{HELPERS}>, bob &lt;!channel&gt;, U0OTHER001"
    )
    assert kinds(reply) == ["header", "section", "rich_text", "section"]


def test_a_name_in_capitals_is_no_id() -> None:
    (card,) = told(card_notice(mentions=("WAREHOUSE", "SALESTEAM", "UNIVERSITY", "ana")))
    said = f"For WAREHOUSE, SALESTEAM, UNIVERSITY, <@{ANA}>"
    assert card.blocks[1]["text"]["text"] == said


def test_of_very_many_names_the_first_are_called_and_the_others_counted() -> None:
    (card,) = told(card_notice(mentions=tuple(f"person {number}" for number in range(33))))
    assert card.blocks[1]["text"]["text"].endswith("person 19 and 13 more")


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://x.example/a?b=1&c=2", "https://x.example/a?b=1&c=2"),
        ("https://x.example/a|b>c d", "https://x.example/a%7Cb%3Ec%20d"),
        ("https://x.example/șase", "https://x.example/%C8%99ase"),
        ("javascript:alert(1)", None),
        ("https://", None),
        ("https://[", None),
        ("https://x.example/" + "a" * 5000, None),
        (None, None),
    ],
)
def test_only_an_address_becomes_a_link(url: str | None, address: str | None) -> None:
    assert web_address(url) == address


# -------------------------------------------------------------------------- digest, report, words


def test_the_digest_lists_every_wait_with_a_link() -> None:
    source = replace(BLIND, failing_since=None, problem=None, read_through=NOW)
    digest = replace(DIGEST, unconfirmed=(LINE,), sources=(BLIND, source), unjudged=2)
    (shown,) = told(card_notice(kind=NoticeKind.DIGEST, content=digest))
    said = "".join(strings(shown.blocks))
    assert "Overdue (1)" in said
    assert "reddit, high · case 12 · nobody has it" in said
    assert "Unconfirmed: is it a complaint? (1)" in said
    assert "Not judged yet: 2 posts" in said
    assert "Sources: 1 read, 1 not or not wholly" in said
    assert "x/mentions: could not be read since" in said
    assert said.count("https://reddit.example/1") == 2


def test_a_channel_hears_digest_and_backlog_in_its_language() -> None:
    digest = replace(DIGEST, unconfirmed=(LINE,), sources=(BLIND,), unjudged=2)
    look = Look(tongue("ro"))
    notice = card_notice(kind=NoticeKind.DIGEST, content=digest)
    (shown,) = messages(notice, BUCHAREST, {}, look)
    said = "".join(strings(shown.blocks))
    for one in (
        "Întârziate (1)",
        "cazul 12 · nu se ocupă nimeni",
        "Neconfirmate: este o reclamație? (1)",
        "Neevaluate încă: 2 postări",
        "Surse: 0 citite, 1 deloc sau nu în întregime",
    ):
        assert one in said
    assert "Overdue" not in said
    assert "Waiting" not in said
    waited = Backlog(brand="Shop", as_of=NOW, waits=21, oldest_at=NOW)
    (first,) = messages(card_notice(kind=NoticeKind.BACKLOG, content=waited), BUCHAREST, {}, look)
    assert "21 de reclamații așteptau deja" in first.text


@settings(max_examples=25)
@given(number=st.integers(0, 400))
def test_however_many_wait_the_digest_leaves_none_out(number: int) -> None:
    lines = tuple(LINE._replace(case_id=one, text='"' * 80) for one in range(number))
    shown = told(card_notice(kind=NoticeKind.DIGEST, content=replace(DIGEST, overdue=lines)))
    said = texts(shown)
    assert all(f"case {one} ·" in said for one in range(number))
    assert all(is_taken(one) for one in shown)
    assert (number < 20) <= (len(shown) == 1)


def test_a_report_keeps_its_columns() -> None:
    page = Document("Week 9", ("answered   12", "late        3"), "report.html", "<p>")
    (shown,) = told(card_notice(kind=NoticeKind.REPORT, content=page))
    assert shown.blocks[1]["elements"] == [
        {
            "type": "rich_text_preformatted",
            "elements": [{"type": "text", "text": "answered   12\nlate        3"}],
        }
    ]


def test_a_report_with_a_picture_says_what_that_shows() -> None:
    """Columns of a hundred signs would break where they should not; the page has them."""
    drawn = Picture("within.png", b"", "Within the SLA. all 60 % of 5; x 0 % of 2.")
    page = Document("Week 9", ("as of Monday", "", "all  5"), "report.html", "<p>", drawn)
    (shown,) = told(card_notice(kind=NoticeKind.REPORT, content=page))
    said = [text for text in strings(shown.blocks[1]) if " " in text]
    assert said == ["as of Monday", "Within the SLA. all 60 % of 5", "x 0 % of 2."]


def test_words_to_the_operators_are_marked_and_those_of_a_test_are_not() -> None:
    warning = card_notice(kind=NoticeKind.OPERATIONS, content=Words("x fails", ("since noon",)))
    (shown,) = told(warning)
    assert shown.blocks[0]["text"]["text"] == "⚠️ x fails"
    assert shown.text == "x fails: since noon"
    (test,) = told(card_notice(kind=NoticeKind.TEST, content=Words("hello")))
    assert (test.text, kinds(test)) == ("hello", ["header"])


def test_the_backlog_is_one_summary() -> None:
    backlog = Backlog(brand="Acme", as_of=NOW, waits=3, oldest_at=NOW - timedelta(days=3))
    (shown,) = told(card_notice(kind=NoticeKind.BACKLOG, content=backlog))
    assert "3 complaints were already waiting" in shown.text


# ---------------------------------------------------------------------------------- any input

ATTACKS = (
    "<!channel> <!here> <@U0EVIL0001> <!subteam^S0EVIL0001> <#C0EVIL0001>",
    "*bold* _italic_ ~struck~ `code` ```block``` > quote",
    "<https://evil.example|your bank> &lt;!channel&gt; &amp;",
    "\u200b<\u200b!channel> \u202eright to left\u2066 \ufeff\x00\x1b[31m",
    "😀" * 3000,
    "\ud800 lone",
    "\u2028\u2029\x85\x0b",
    '"\\' * 4000,
    "&" * 4000,
    "",
    " ",
)
hostile = st.one_of(
    st.sampled_from(ATTACKS),
    st.text(max_size=300),
    st.lists(st.sampled_from(ATTACKS), max_size=4).map("".join),
)
moments = st.integers(0, 4 * 10**9).map(lambda stamp: datetime.fromtimestamp(stamp, UTC))
spans = st.timedeltas(timedelta(0), timedelta(days=400))
maybe = st.none() | hostile

cards = st.builds(
    CaseCard,
    case_id=st.integers(1, 10**12),
    brand=hostile,
    network=hostile,
    status=st.sampled_from(["open", "answered", "withdrawn", "not a complaint"]),
    band=st.sampled_from(Band),
    severity=st.sampled_from(Severity),
    topics=st.lists(hostile, max_size=5).map(tuple),
    why=hostile,
    author=maybe,
    followers=st.none() | st.integers(0, 10**12),
    title=maybe,
    text=maybe,
    lang=st.none(),
    rating=st.none() | st.floats(0, 5),
    url=maybe | hostile.map("https://x.example/{}".format),
    posted_at=moments,
    first_seen_at=moments,
    due_at=st.none() | moments,
    waited=st.none() | spans,
    answered_at=st.none() | moments,
    answer_text=maybe,
    owner=maybe,
    level=st.integers(0, 5),
    no_answer_seen_as_of=st.none() | moments,
)
lines = st.builds(
    DigestLine,
    case_id=st.integers(1, 10**9),
    network=hostile,
    severity=st.sampled_from(Severity),
    topics=st.just(()),
    title=maybe,
    text=maybe,
    author=maybe,
    url=maybe,
    waiting_since=moments,
    waited=spans,
    due_at=st.none(),
    owner=maybe,
)
healths = st.builds(
    SourceHealth,
    source=hostile,
    stream=hostile,
    network=hostile,
    read_through=st.none() | moments,
    failing_since=st.none() | moments,
    problem=maybe,
    gaps=st.integers(0, 9),
)
some_lines = st.lists(lines, max_size=12).map(tuple)
contents = st.one_of(
    cards,
    st.builds(
        Digest,
        brand=hostile,
        day=st.just(date(2026, 3, 3)),
        as_of=moments,
        overdue=some_lines,
        at_risk=some_lines,
        new=some_lines,
        other=some_lines,
        unconfirmed=some_lines,
        sources=st.lists(healths, max_size=5).map(tuple),
        unjudged=st.integers(0, 9),
    ),
    st.builds(Words, hostile, st.lists(hostile, max_size=60).map(tuple)),
    st.builds(
        Document,
        hostile,
        st.lists(hostile, max_size=60).map(tuple),
        hostile,
        hostile,
        st.none() | st.builds(Picture, hostile, st.just(b""), hostile),
    ),
)
notices = st.builds(
    Notice,
    key=st.just("k"),
    kind=st.sampled_from(NoticeKind),
    audience=st.just(""),
    reason=st.just(Reason.OPENED),
    brand=hostile,
    content=contents,
    written_at=st.just(NOW),
    possibly_repeated=st.booleans(),
    thread=st.none() | st.just(Receipt("C", "1")),
    mentions=st.lists(
        hostile | st.sampled_from(["ana", "WAREHOUSE", "SALESTEAM", "U0OTHER001"]), max_size=40
    ).map(tuple),
)


def is_taken(message: Message) -> bool:
    """By the simulated Slack, whose limits are written down apart from ours, and by the library's checks."""
    for block in message.blocks:
        parsed = Block.parse(block)
        assert parsed is not None, block
        parsed.validate_json()
    slack = Workspace([Channel("C0CARE0001", "care")])
    said = {"channel": "C0CARE0001", "text": message.text, "blocks": list(message.blocks)}
    ts = slack.call("chat.postMessage", said)["ts"]
    return bool(slack.call("chat.update", {**said, "ts": ts}))


@given(notice=notices)
def test_whatever_strangers_write_slack_takes_it(notice: Notice) -> None:
    assert all(is_taken(one) for one in told(notice))


@given(notice=notices)
def test_nobody_is_pinged_but_whom_the_policy_names(notice: Notice) -> None:
    allowed = {f"<@{ANA}>"} if "ana" in notice.mentions else set()
    for text in own_words(told(notice)):
        pings = set(PINGS.findall(re.sub(r"<!date\^\d+\^[^|>]*\|[^<>]*>", "", text)))
        assert pings <= allowed


@given(text=hostile)
def test_a_strangers_words_stand_only_where_slack_takes_them_literally(text: str) -> None:
    marked = f"*zqx* _{text}_ ~zqx~ `zqx`"
    names = {"author": marked, "title": marked, "text": marked, "answer_text": marked}
    shown = told(card_notice(**names, why=marked, owner=marked, topics=(marked,)))
    interpreted = [one for message in shown for one in own_words([message]) if one != message.text]
    assert not any("zqx" in one for one in interpreted)
    assert CARD.brand in texts(shown)

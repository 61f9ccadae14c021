"""Every notice as Slack messages: what an agent has to know first stands first.

One notice is one message, unless it is longer than Slack lets a message be; then the others belong
under the first one. Nothing is left out of a list: what nobody can see is a lost complaint.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta, tzinfo
from itertools import chain
from typing import assert_never

from monitor.domain.judgement import Band, Severity
from monitor.domain.notice import (
    Backlog,
    CaseCard,
    Digest,
    DigestLine,
    Document,
    Notice,
    NoticeKind,
    Words,
)
from monitor.render import slack_blocks as slack
from monitor.render.slack_blocks import Block, Element
from monitor.render.words import EXCERPT, cut, duration, is_blind, plain, say, set_aside, source

_QUOTE, _QUOTED_LINES = 1000, 12
_ANSWER = 600
_NAME = 80
_ID = 9
"""Signs of an id of Slack's, at least."""
_WHY = 300
_MENTIONS, _CALLED = 20, 40
_MARKS = {
    Severity.CRITICAL: "🔴",
    Severity.HIGH: "🟠",
    Severity.NORMAL: "🟡",
    Severity.LOW: "⚪",
}


@dataclass(frozen=True, slots=True)
class Message:
    """What Slack shows (`blocks`), and what it says where blocks cannot be shown (`text`)."""

    text: str
    blocks: tuple[Block, ...]


def messages(notice: Notice, zone: tzinfo, people: Mapping[str, str]) -> tuple[Message, ...]:
    """The notice as messages, the first of which carries the others.

    Args:
        notice: what is told.
        zone: of times where Slack does not show the reader's own.
        people: the ids of members and groups by the names that policies use. Nobody else is pinged.

    """
    spoken = say(notice, zone)
    match notice.content:
        case CaseCard() as card:
            blocks = [_case(notice, card, spoken.headline, zone, people)]
            excerpt = plain(card.title or card.text or "")
        case Digest() as digest:
            blocks = slack.packed([slack.header(spoken.headline)], _digest(digest, zone))
            excerpt = ""
        case Document() as document:
            blocks = slack.packed([slack.header(spoken.headline)], _report(document))
            excerpt = ""
        case Words() | Backlog():
            headline = f"⚠️ {spoken.headline}" if _is_warning(notice) else spoken.headline
            runs = chain.from_iterable(map(slack.pieces, spoken.lines))
            blocks = slack.packed(
                [slack.header(headline)], (slack.line(slack.said(one)) for one in runs)
            )
            excerpt = spoken.lines[0] if spoken.lines else ""
        case never:
            assert_never(never)
    text = _fallback(spoken.headline, excerpt)
    return tuple(Message(text, tuple(one)) for one in blocks)


def _fallback(headline: str, excerpt: str) -> str:
    whole = f"{headline}: {excerpt}" if excerpt else headline
    return slack.escape(slack.short(whole, slack.FALLBACK)) or "…"


def _is_warning(notice: Notice) -> bool:
    return notice.kind is NoticeKind.OPERATIONS


def _report(document: Document) -> Iterator[Element]:
    """What its picture shows, in words; without one its columns. The page below has all of it."""
    if document.picture is None:
        yield from map(slack.columns, _boxes(document.lines))
        return
    for one in chain(document.lines[:1], document.picture.words.split("; ")):
        yield from (slack.line(slack.said(piece)) for piece in slack.pieces(plain(one)))


def _boxes(lines: Sequence[str]) -> Iterator[str]:
    """The lines in as few boxes as may be: columns stand under each other within a box."""
    box = ""
    for one in lines:
        for piece in slack.pieces("".join(sign if sign.isprintable() else " " for sign in one)):
            if box and len(box) + len(piece) > slack.LINE:
                yield box
                box = ""
            box = f"{box}\n{piece}" if box else piece
    if box:
        yield box


# ------------------------------------------------------------------------------------------- cards


def _case(
    notice: Notice, card: CaseCard, headline: str, zone: tzinfo, people: Mapping[str, str]
) -> list[Block]:
    is_reply = notice.thread is not None  # under the card, which says the rest
    blocks = [slack.header(f"{_mark(notice, card)} {headline}")]
    if notice.mentions:
        blocks.append(slack.section(_named(notice.mentions, people)))
    blocks.append(slack.quoted(_text(card, is_short=is_reply)))
    if not is_reply:
        blocks.append(slack.context(*_who(card, zone)))
    if card.answer_text:
        blocks.append(slack.section("*The answer*"))
        blocks.append(slack.quoted(slack.paragraphs(card.answer_text, _ANSWER, _QUOTED_LINES)))
    standing = " · ".join(_standing(card, zone))
    if standing:
        blocks.append(slack.section(standing))
    facts = [] if is_reply else _facts(card)
    if facts:
        blocks.append(slack.context(slack.theirs(" · ".join(facts))))
    return blocks


def _mark(notice: Notice, card: CaseCard) -> str:
    if card.answered_at is not None:
        return "✅"
    if card.status != "open":
        return "☑️"
    if notice.kind is NoticeKind.ESCALATION:
        return "⏰"
    return _MARKS[card.severity] if card.band is Band.ALERT else "🔵"


def _named(mentions: Sequence[str], people: Mapping[str, str]) -> str:
    """The people whom the policy names: pinged if their id is known, else only called."""
    called = ", ".join(_called(one, people.get(one)) for one in mentions[:_MENTIONS])
    others = len(mentions) - _MENTIONS
    return f"For {called} and {others} more" if others > 0 else f"For {called}"


def _called(name: str, its_id: str | None) -> str:
    """Only what the config says is an id is one: a name in capitals looks the same."""
    if its_id is None:
        return slack.escape(slack.short(plain(name), _CALLED)) or "somebody"
    return f"<!subteam^{its_id}>" if is_group(its_id) else f"<@{its_id}>"


def is_member(name: str) -> bool:
    """Whether that is a person's id in Slack (U… or W…)."""
    return _is_id(name, "UW")


def is_group(name: str) -> bool:
    """Whether that is a user group's id in Slack (S…)."""
    return _is_id(name, "S")


def _is_id(name: str, kinds: str) -> bool:
    rest = name[1:]
    is_written_so = rest.isascii() and rest.isalnum() and rest == rest.upper()
    return name[:1] in tuple(kinds) and _ID <= len(name) <= 2 * _ID and is_written_so


def _text(card: CaseCard, *, is_short: bool) -> str:
    if card.text is None:
        return "(the text was purged)"
    if is_short:  # the card above has all of it
        return slack.short(plain(card.title or card.text), 2 * EXCERPT) or "(no words)"
    title = f"{slack.short(plain(card.title), 2 * EXCERPT)}\n" if card.title else ""
    return title + (slack.paragraphs(card.text, _QUOTE, _QUOTED_LINES) or "(no words)")


def _who(card: CaseCard, zone: tzinfo) -> Iterator[Element]:
    crowd = f", {card.followers:,} followers" if card.followers else ""
    rated = f", rated {card.rating:g} of 5" if card.rating is not None else ""
    author = slack.short(plain(card.author or ""), _NAME) or "somebody unknown"
    yield slack.theirs(f"by {author}{crowd}{rated}")
    yield slack.own(slack.moment(card.posted_at, zone))
    opened = slack.link(card.url, f"Open on {cut(plain(card.network), _NAME)}")
    if opened:
        yield slack.own(opened)


def _standing(card: CaseCard, zone: tzinfo) -> Iterator[str]:
    if card.answered_at is not None:
        after = f", after {duration(card.waited)}" if card.waited is not None else ""
        yield f"Answered {slack.moment(card.answered_at, zone)}{after}"
        return
    if card.status != "open":
        return
    if card.due_at is not None:
        now = card.posted_at + (card.waited or timedelta(0))
        is_late = card.waited is not None and now > card.due_at
        word = "*Was due*" if is_late else "*Answer due*"
        yield f"{word} {slack.moment(card.due_at, zone)}"
    if card.no_answer_seen_as_of is not None:
        yield f"No answer seen as of {slack.moment(card.no_answer_seen_as_of, zone)}"


def _facts(card: CaseCard) -> list[str]:
    facts = []
    if card.owner and card.status == "open":
        facts.append(f"{slack.short(plain(card.owner), _NAME)} has it")
    if card.alike:
        facts.append(f"{card.alike} alike")
    if card.level and card.status == "open":
        facts.append(f"Escalated, level {card.level}")
    if card.topics:
        facts.append(f"About {slack.short(plain(', '.join(card.topics)), _WHY)}")
    if card.why:
        facts.append(f"Why: {slack.short(plain(card.why), _WHY)}")
    return facts


# ------------------------------------------------------------------------------------------ digest


def _digest(digest: Digest, zone: tzinfo) -> Iterator[Element]:
    parts = (
        ("Overdue", digest.overdue),
        ("At risk", digest.at_risk),
        ("New", digest.new),
        ("Waiting", digest.other),
        ("Unconfirmed: is it a complaint?", digest.unconfirmed),
    )
    for name, lines in parts:
        if lines:
            yield slack.line(slack.said(f"{name} ({len(lines)})", bold=True))
        yield from map(_line, lines)
    if digest.unjudged:
        posts = "1 post" if digest.unjudged == 1 else f"{digest.unjudged} posts"
        yield slack.line(slack.said(f"Not judged yet: {posts}"))
    if digest.filtered:
        yield slack.line(slack.said(set_aside(digest.filtered)))
    blind = [one for one in digest.sources if is_blind(one)]
    seen = len(digest.sources) - len(blind)
    yield slack.line(slack.said(f"Sources: {seen} read, {len(blind)} not or not wholly", bold=True))
    for one in blind:
        for piece in slack.pieces(source(one, zone)):
            yield slack.line(slack.said(f"⚠️ {piece}"))


def _line(one: DigestLine) -> Element:
    text = slack.short(plain(one.title or one.text or "(the text was purged)"), EXCERPT)
    owner = f"{slack.short(plain(one.owner), _NAME)} has it" if one.owner else "nobody has it"
    place = f"{slack.short(plain(one.network), _NAME)}, {one.severity.word}"
    return slack.line(
        slack.said(f"{duration(one.waited)}", bold=True),
        slack.said(f" · {place} · case {one.case_id} · {owner} · "),
        slack.linked(text, one.url),
    )

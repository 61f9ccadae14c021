"""Every notice as Slack messages: what an agent has to know first stands first.

One notice is one message, unless it is longer than Slack lets a message be; then the others belong
under the first one. Nothing is left out of a list: what nobody can see is a lost complaint.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from itertools import chain
from typing import assert_never

from monitor.domain.notice import (
    Backlog,
    CaseCard,
    Digest,
    DigestLine,
    Document,
    Notice,
    NoticeKind,
    StillOpen,
    Words,
)
from monitor.domain.storm import RollUp, Storm
from monitor.render import slack_blocks as slack
from monitor.render.slack_blocks import Block, Element
from monitor.render.slack_case import PLAIN, Look, called, case_blocks
from monitor.render.slack_storm import roll_up_blocks
from monitor.render.tongue import Tongue
from monitor.render.words import (
    EXCERPT,
    Spoken,
    duration,
    is_blind,
    plain,
    say,
    set_aside,
    source,
    unjudged,
    who_has,
)

_NAME = 80


@dataclass(frozen=True, slots=True)
class Message:
    """What Slack shows (`blocks`), and what it says where blocks cannot be shown (`text`)."""

    text: str
    blocks: tuple[Block, ...]


def messages(
    notice: Notice, zone: tzinfo, people: Mapping[str, str], look: Look = PLAIN
) -> tuple[Message, ...]:
    """The notice as messages, the first of which carries the others.

    Args:
        notice: what is told.
        zone: of times where Slack does not show the reader's own.
        people: the ids of members and groups by the names that policies use. Nobody else is pinged.
        look: the channel's language, and whether cards have buttons.

    """
    spoken = say(notice, zone, look.tongue)
    match notice.content:
        case CaseCard() as card:
            blocks = [case_blocks(notice, card, spoken.headline, zone, people, look)]
            excerpt = plain(card.title or card.text or "")
        case Digest() as digest:
            blocks = slack.packed(
                [slack.header(spoken.headline)], _digest(digest, zone, look.tongue)
            )
            excerpt = ""
        case Document() as document:
            blocks = slack.packed([slack.header(spoken.headline)], _report(document))
            excerpt = ""
        case RollUp() as some:
            named = roll_up_blocks(some, f"🌩️ {spoken.headline}", look)
            blocks = [[*named, *_called(notice, people, look)]]
            excerpt = ", ".join(str(one.case_id) for one in some.cases)
        case Storm():
            blocks = [_storm(notice, spoken, people, look)]
            excerpt = spoken.lines[-1]
        case Words() | Backlog() | StillOpen():
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


def _storm(notice: Notice, spoken: Spoken, people: Mapping[str, str], look: Look) -> list[Block]:
    """What stands for all: how many there are, and whom the policies name; pinged once for all."""
    said = spoken.lines[:-1] if notice.mentions else spoken.lines
    words = slack.section(slack.escape("\n".join(said)))
    return [slack.header(f"🌩️ {spoken.headline}"), words, *_called(notice, people, look)]


def _called(notice: Notice, people: Mapping[str, str], look: Look) -> Iterator[Block]:
    if notice.mentions:
        yield slack.section(called(notice.mentions, people, look.tongue))


def _is_warning(notice: Notice) -> bool:
    return notice.kind is NoticeKind.OPERATIONS


def _report(document: Document) -> Iterator[Element]:
    """What it says in short; else what its picture shows, in words; else its columns. The page has all."""
    if document.summary:
        for one in document.summary:
            yield from (slack.line(slack.said(piece)) for piece in slack.pieces(plain(one)))
        return
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


# ------------------------------------------------------------------------------------------ digest


def _digest(digest: Digest, zone: tzinfo, say_in: Tongue) -> Iterator[Element]:
    parts = (
        (say_in("Overdue"), digest.overdue),
        (say_in("At risk"), digest.at_risk),
        (say_in("New"), digest.new),
        (say_in("Waiting"), digest.other),
        (say_in("Unconfirmed: is it a complaint?"), digest.unconfirmed),
    )
    for name, lines in parts:
        if lines:
            yield slack.line(slack.said(f"{name} ({len(lines)})", bold=True))
        yield from (_line(one, say_in) for one in lines)
    if digest.unjudged:
        yield slack.line(slack.said(unjudged(digest.unjudged, say_in)))
    if digest.filtered:
        yield slack.line(slack.said(set_aside(digest.filtered, say_in)))
    blind = [one for one in digest.sources if is_blind(one)]
    seen = len(digest.sources) - len(blind)
    sources = say_in("Sources: {seen} read, {blind} not or not wholly", seen=seen, blind=len(blind))
    yield slack.line(slack.said(sources, bold=True))
    for one in blind:
        for piece in slack.pieces(source(one, zone, say_in)):
            yield slack.line(slack.said(f"⚠️ {piece}"))


def _line(one: DigestLine, say_in: Tongue) -> Element:
    text = slack.short(plain(one.title or one.text or say_in("(the text was purged)")), EXCERPT)
    owner = slack.short(who_has(one, say_in), _NAME)
    place = f"{slack.short(plain(one.network), _NAME)}, {say_in(one.severity.word)}"
    case = say_in("case {number}", number=one.case_id)
    return slack.line(
        slack.said(f"{duration(one.waited, say_in)}", bold=True),
        slack.said(f" · {place} · {case} · {owner} · "),
        slack.linked(text, one.url),
    )

"""The card of a case: what an agent has to know first stands first, what may be done stands last.

Times are Slack's own date tokens: each reader sees them in the reader's zone, and how long ago ticks
by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta, tzinfo

from monitor.domain.judgement import Band, Severity
from monitor.domain.notice import CaseCard, Notice, NoticeKind
from monitor.render import slack_blocks as slack
from monitor.render.slack_blocks import Block, Element
from monitor.render.slack_buttons import buttons
from monitor.render.tongue import IN_ENGLISH, Tongue
from monitor.render.words import EXCERPT, cut, duration, person, plain

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
class Look:
    """How a channel is spoken to."""

    tongue: Tongue = IN_ENGLISH
    has_buttons: bool = False
    """Somebody listens to what is pressed: without that a button would be a lie."""


PLAIN = Look()


def case_blocks(
    notice: Notice,
    card: CaseCard,
    headline: str,
    zone: tzinfo,
    people: Mapping[str, str],
    look: Look,
) -> list[Block]:
    """The card, or what is said under it when a step fell due."""
    is_reply = notice.thread is not None  # under the card, which says the rest
    say_in = look.tongue
    blocks = [slack.header(f"{_mark(notice, card)} {headline}")]
    if notice.mentions:
        blocks.append(slack.section(called(notice.mentions, people, say_in)))
    blocks.append(slack.quoted(_text(card, say_in, is_short=is_reply)))
    if not is_reply:
        blocks.append(slack.context(*_who(card, zone, say_in)))
    if card.answer_text:
        blocks.append(slack.section(f"*{say_in('The answer')}*"))
        blocks.append(slack.quoted(slack.paragraphs(card.answer_text, _ANSWER, _QUOTED_LINES)))
    standing = " · ".join(_standing(card, zone, say_in))
    if standing:
        blocks.append(slack.section(standing))
    facts = [] if is_reply else _facts(card, say_in)
    if facts:
        blocks.append(slack.context(slack.theirs(" · ".join(facts))))
    if not is_reply:
        blocks += _customer(card, say_in)
        if look.has_buttons:
            blocks += buttons(card, say_in, is_cut=_is_cut(card))
    return blocks


def _mark(notice: Notice, card: CaseCard) -> str:
    if card.answered_at is not None:
        return "✅"
    if card.status != "open":
        return "☑️"
    if notice.kind is NoticeKind.ESCALATION:
        return "⏰"
    return _MARKS[card.severity] if card.band is Band.ALERT else "🔵"


def called(mentions: Sequence[str], people: Mapping[str, str], say_in: Tongue) -> str:
    """The people whom the policy names: pinged if their id is known, else only called."""
    called = ", ".join(_called(one, people.get(one), say_in) for one in mentions[:_MENTIONS])
    others = len(mentions) - _MENTIONS
    if others > 0:
        return say_in("For {names} and {number} more", names=called, number=others)
    return say_in("For {names}", names=called)


def _called(name: str, its_id: str | None, say_in: Tongue) -> str:
    """Only what the config says is an id is one: a name in capitals looks the same."""
    if its_id is None:
        return slack.escape(slack.short(plain(name), _CALLED)) or say_in("somebody")
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


def _text(card: CaseCard, say_in: Tongue, *, is_short: bool) -> str:
    if card.text is None:
        return say_in("(the text was purged)")
    no_words = say_in("(no words)")
    if is_short:  # the card above has all of it
        return slack.short(plain(card.title or card.text), 2 * EXCERPT) or no_words
    title = f"{slack.short(plain(card.title), 2 * EXCERPT)}\n" if card.title else ""
    return title + (slack.paragraphs(card.text, _QUOTE, _QUOTED_LINES) or no_words)


def _is_cut(card: CaseCard) -> bool:
    """Whether the card shows less than the customer wrote."""
    if card.text is None:
        return False
    longest = max(len(card.text), 1)
    whole = slack.paragraphs(card.text, 2 * longest, longest)
    return whole != slack.paragraphs(card.text, _QUOTE, _QUOTED_LINES)


def _who(card: CaseCard, zone: tzinfo, say_in: Tongue) -> Iterator[Element]:
    author = slack.short(plain(card.author or ""), _NAME) or say_in("somebody unknown")
    said = say_in("by {author}", author=author)
    if card.followers:
        said += ", " + say_in("{number} followers", number=f"{card.followers:,}")
    if card.rating is not None:
        said += ", " + say_in("rated {stars} of 5", stars=f"{card.rating:g}")
    yield slack.theirs(said)
    yield slack.own(slack.moment(card.posted_at, zone))
    network = cut(plain(card.network), _NAME)
    opened = slack.link(card.url, say_in("Open on {network}", network=network))
    if opened:
        yield slack.own(opened)


def _standing(card: CaseCard, zone: tzinfo, say_in: Tongue) -> Iterator[str]:
    if card.answered_at is not None:
        took = duration(card.waited, say_in) if card.waited is not None else ""
        said = f"{say_in('Answered')} {slack.moment(card.answered_at, zone)}"
        if card.answer_channel:
            said += f" ({slack.escape(plain(say_in(card.answer_channel)))})"
        yield said + (f", {say_in('after {span}', span=took)}" if took else "")
        return
    if card.status != "open":
        return
    if card.due_at is not None:
        now = card.posted_at + (card.waited or timedelta(0))
        is_late = card.waited is not None and now > card.due_at
        word = say_in("Was due") if is_late else say_in("Answer due")
        yield f"*{word}* {slack.moment(card.due_at, zone, ticking=True)}"
    yield f"{say_in('Written')} {slack.ago(card.posted_at, zone)}"
    if card.seen_until is not None:
        yield f"{say_in('No repeats until')} {slack.moment(card.seen_until, zone)}"
    if card.snoozed_until is not None:
        yield f"{say_in('No step before')} {slack.moment(card.snoozed_until, zone)}"
    if card.no_answer_seen_as_of is not None:
        as_of = slack.moment(card.no_answer_seen_as_of, zone)
        yield f"{say_in('No answer seen as of')} {as_of}"


def _facts(card: CaseCard, say_in: Tongue) -> list[str]:
    facts = []
    if card.owner and card.status == "open":
        owner = slack.short(person(card.owner), _NAME)
        facts.append(say_in("{name} is answering" if card.claimed else "{name} has it", name=owner))
    if card.seen_by and card.status == "open":
        seen_by = slack.short(person(card.seen_by), _NAME)
        facts.append(say_in("{name} has seen it", name=seen_by))
    if card.alike:
        facts.append(say_in("{number} alike", number=card.alike))
    if card.level and card.status == "open":
        facts.append(say_in("Escalated, level {level}", level=card.level))
    if card.topics:
        topics = slack.short(plain(", ".join(card.topics)), _WHY)
        facts.append(say_in("About {topics}", topics=topics))
    if card.why:
        facts.append(say_in("Why: {reason}", reason=slack.short(plain(card.why), _WHY)))
    if card.policy:
        rule = slack.short(plain(card.policy), _NAME)
        facts.append(
            say_in("{severity} by the rule “{rule}”", severity=_graded(card, say_in), rule=rule)
        )
    return facts


def _graded(card: CaseCard, say_in: Tongue) -> str:
    return say_in(card.severity.word).capitalize()


def _customer(card: CaseCard, say_in: Tongue) -> Iterator[Block]:
    """What is known of the customer beside this complaint."""
    facts = []
    if card.contact:
        contact = slack.short(plain(card.contact), _NAME)
        facts.append(say_in("Wants to be reached by {contact}", contact=contact))
    if card.earlier:
        named = ", ".join(f"{one.case_id} ({say_in(one.status)})" for one in card.earlier)
        others = card.earlier_count - len(card.earlier)
        more = say_in(" and {number} more", number=others) if others > 0 else ""
        facts.append(say_in("Earlier cases: {cases}", cases=f"{named}{more}"))
    if facts:
        yield slack.context(slack.theirs(" · ".join(facts)))

"""`/complaints`: what is open, mine, overdue; search; a case from a link; the report of last week."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from monitor.domain.errors import PhrasedError
from monitor.domain.identity import Brand
from monitor.domain.report import last_week
from monitor.render import slack_lists as shown
from monitor.render.report_text import report_text
from monitor.render.slack_blocks import Block, escape, section
from monitor.render.slack_lists import PAGE, Line
from monitor.render.tongue import Tongue
from monitor.render.words import person
from monitor.rows.times import parse_time
from monitor.settings.slack import Right
from monitor.slackapp import handing, lists
from monitor.slackapp.staff import Person
from monitor.slackapp.workplace import Workplace
from monitor.stages import by_hand
from monitor.store import readings
from monitor.store.by_hand import NETWORK

_ADDRESS = re.compile(r"<?(https?://[^\s|>]+)(?:\|[^>]*)?>?")
"""As typed, or as Slack escapes what it takes for a link."""
_WHEN = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(?=\s|$)")
"""When it was written, if that is said at the start or after the link."""
_FOUND = 30


class CommandError(PhrasedError):
    """The command can't be understood; the text says how it is written."""


@dataclass(frozen=True, slots=True)
class Typed:
    """A command: `words` after its name, by whom and where. `key`: the same if delivered again."""

    key: str
    words: tuple[str, ...]
    person: Person
    channel: str


_Command: TypeAlias = Callable[[Workplace, Typed, Tongue], list[Block]]


def do(place: Workplace, typed: Typed) -> list[Block]:
    """What the command shows to who typed it. Raises MonitorError: why it was not done."""
    say_in = place.tongue(typed.channel)
    name = typed.words[0].lower() if typed.words else "help"
    if name.isascii() and name.isdigit():
        card = place.card(int(name))
        return shown.listed(
            say_in("Found: {words}", words=name), [shown.found(card, say_in)], say_in
        )
    return _COMMANDS.get(name, _help)(place, typed, say_in)


def _open(place: Workplace, typed: Typed, say_in: Tongue) -> list[Block]:
    lines = lists.open_cases(place, say_in, lambda _one, _now: True)
    return _paged(place, say_in("Open, first due first"), lines, typed, say_in)


def _mine(place: Workplace, typed: Typed, say_in: Tongue) -> list[Block]:
    lines = lists.open_cases(place, say_in, lists.is_of(typed.person))
    return _paged(place, say_in("My cases"), lines, typed, say_in)


def _overdue(place: Workplace, typed: Typed, say_in: Tongue) -> list[Block]:
    lines = lists.open_cases(place, say_in, lists.is_overdue)
    return _paged(place, say_in("Overdue"), lines, typed, say_in)


def _paged(
    place: Workplace, title: str, lines: Sequence[Line], typed: Typed, say_in: Tongue
) -> list[Block]:
    """The page that was asked for; the others are named: nothing is left out."""
    last = max((len(lines) - 1) // PAGE, 0)
    asked = typed.words[1] if len(typed.words) > 1 else "1"
    page = min(max(int(asked) - 1, 0), last) if asked.isascii() and asked.isdigit() else 0
    more = None
    if last > page:
        command = f"{place.command} {typed.words[0].lower()} {page + 2}"
        more = say_in(
            "Page {page} of {pages}: {command}", page=page + 1, pages=last + 1, command=command
        )
    whole = f"{title} ({len(lines)})"
    return shown.listed(whole, lines[page * PAGE : (page + 1) * PAGE], say_in, more=more)


def _search(place: Workplace, typed: Typed, say_in: Tongue) -> list[Block]:
    words = " ".join(typed.words[1:])
    if not words:
        raise CommandError(
            "Say what to look for: {command}", command=f"{place.command} search refund dana"
        )
    lines = lists.search(place, words, say_in, _FOUND)
    more = say_in("There may be more: say more words.") if len(lines) == _FOUND else None
    title = say_in("Found: {words}", words=words)
    return shown.listed(title, lines, say_in, more=more)


def _new(place: Workplace, typed: Typed, say_in: Tongue) -> list[Block]:
    place.staff.require(Right.DISMISS, typed.person)
    brand, words = _brand(place, list(typed.words[1:]))
    text = " ".join(words)
    address = _ADDRESS.search(text)
    said = " ".join(_ADDRESS.sub("", text).split())
    url = address[1] if address else None
    if url is None and not said:
        raise CommandError(
            "Give an address, and what was said: {command}",
            command=f"{place.command} new https://… No parcel!",
        )
    now = place.clock()
    at, said = _when(place, said, now)
    post = by_hand.heard(brand, said or str(url), url=url, author=None, posted_at=at or now)
    case_id = by_hand.open_case(
        place.once(typed.key),
        brand,
        post,
        rules=place.rules,
        lexicon=place.lexicon,
        severity=None,
        by=typed.person.name,
        now=now,
    )
    card = place.card(case_id)
    counted = say_in(
        "Counted from {when}", when=f"{card.posted_at.astimezone(place.zone):%Y-%m-%d %H:%M %Z}"
    )
    if at is None and card.network == NETWORK:
        counted += f" · {say_in('no time was given: now was taken')}"
    return shown.listed(say_in("Opened"), [shown.found(card, say_in)], say_in, more=counted)


def _when(place: Workplace, said: str, now: datetime) -> tuple[datetime | None, str]:
    """The time that stands at the start of what was said, in the team's zone, and the rest of it."""
    found = _WHEN.match(said)
    if found is None:
        return None, said
    try:
        at = parse_time(f"{found[1]} {found[2]}", place.zone)
    except ValueError as error:
        raise CommandError(
            "{wrong}: write {right}", wrong=str(error), right="2026-03-01 09:00"
        ) from error
    if at > now:
        raise CommandError("{when} is still to come: write when it was said", when=found[0])
    return at, said[found.end() :].strip()


def _brand(place: Workplace, words: list[str]) -> tuple[Brand, list[str]]:
    """Whom it is about: the only brand, or the one that is named first."""
    brands = place.brands_in_sight
    named = next((one for one in brands if words[:1] == [one.name]), None)
    if named is not None:
        return named, words[1:]
    if not brands:
        raise CommandError("No brand's cases are yours: [slack_app] brands says whose they are.")
    if len(brands) == 1:
        return brands[0], words
    known = ", ".join(one.name for one in brands)
    raise CommandError(
        "Say whom it is about ({brands}): {command}",
        brands=known,
        command=f"{place.command} new {brands[0].name} https://…",
    )


def _handover(place: Workplace, typed: Typed, say_in: Tongue) -> list[Block]:
    """All that the person has goes to somebody else: the end of a shift."""
    place.staff.require(Right.WORK, typed.person)
    to = place.staff.named(typed.words[1]) if len(typed.words) > 1 else None
    if to is None:
        raise CommandError(
            "Say to whom, by a name of `people` in the configuration, or a member's id: {command}",
            command=f"{place.command} handover ana",
        )
    numbers = handing.give(place, typed.key, typed.person, to)
    lines = [shown.found(place.card(one), say_in) for one in numbers]
    title = say_in("Handed over to {name}", name=person(to.name))
    first = lines[:PAGE]
    rest = ", ".join(str(one.case_id) for one in lines[PAGE:])
    return shown.listed(f"{title} ({len(lines)})", first, say_in, more=rest or None)


def _report(place: Workplace, _: Typed, say_in: Tongue) -> list[Block]:
    now = place.clock()
    period = last_week(now, place.zone)
    blocks: list[Block] = []
    with place.database.reading() as conn:
        for brand_id in place.brand_names(conn):
            made = readings.report(conn, brand_id, period=period, as_of=now)
            blocks += shown.columns(report_text(made, place.zone, say_in))
    return blocks or [section(say_in("None."))]


def _help(place: Workplace, _: Typed, say_in: Tongue) -> list[Block]:
    its = place.command
    lines = (
        (f"{its} open", "what is open, first due first"),
        (f"{its} mine", "what you have"),
        (f"{its} overdue", "what should have been answered"),
        (f"{its} handover ana", "gives all that you have to somebody else"),
        (f"{its} 12", "the case of that number"),
        (f"{its} search refund dana", "cases in which all these words are"),
        (f"{its} new https://… No parcel!", "opens a case from a link, or from what was said"),
        (f"{its} new https://… 2026-03-01 09:00", "the same, and when it was written"),
        (f"{its} report", "last week's figures"),
    )
    said = "\n".join(f"`{escape(one)}` {escape(say_in(means))}" for one, means in lines)
    return [section(said)]


_COMMANDS: Mapping[str, _Command] = {
    "open": _open,
    "mine": _mine,
    "overdue": _overdue,
    "search": _search,
    "new": _new,
    "handover": _handover,
    "report": _report,
}

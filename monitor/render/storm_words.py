"""The words of a storm: how many cases, what they have in common, and each by its number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import tzinfo

from monitor.domain.storm import Common, Group, NamedCase, RollUp, Storm
from monitor.render.texts import EXCERPT, cut, local_time, person, plain
from monitor.render.tongue import Tongue

_AT_ONCE = {
    Common.THREAD: "{number} complaints under one post",
    Common.TOPIC: "{number} complaints about {name}",
    Common.STEP: "{number} complaints at the step “{name}”",
    Common.BRAND: "{number} complaints at once",
}


_ALONE = "{number} more were told one by one."


def _headline(brand: str, group: Group, number: int, say_in: Tongue) -> str:
    """How many there are, and what they have in common."""
    said = say_in(_AT_ONCE[group.common], number=number, name=plain(group.name))
    return f"{plain(brand)}: {said}"


def say_storm(
    storm: Storm, zone: tzinfo, say_in: Tongue, mentions: Sequence[str]
) -> tuple[str, tuple[str, ...]]:
    """The headline, and the lines under it; the people whom policies name stand last."""
    since = local_time(storm.since, zone, say_in)
    lines = [
        say_in("Since {time}; each case is named below.", time=since),
        say_in("{number} of them are open.", number=storm.open),
        *(say_in(_ALONE, number=storm.alone) for _ in range(min(storm.alone, 1))),
        *_called(mentions, say_in),
    ]
    return _headline(storm.brand, storm.group, storm.cases, say_in), tuple(lines)


def say_roll_up(
    some: RollUp, say_in: Tongue, mentions: Sequence[str]
) -> tuple[str, tuple[str, ...]]:
    """The headline, each case with what it is about and where it is, and whom nobody called yet."""
    lines = [line for one in some.cases for line in _lines(one, say_in)]
    lines += _called(mentions, say_in)
    return _headline(some.brand, some.group, len(some.cases), say_in), tuple(lines)


def _called(mentions: Sequence[str], say_in: Tongue) -> Iterator[str]:
    if mentions:
        yield say_in("For {names}", names=plain(", ".join(mentions)))


def _lines(one: NamedCase, say_in: Tongue) -> Iterator[str]:
    yield f"{case_line(one, say_in)} · {excerpt_of(one, say_in)}"
    if one.url:
        yield f"  {plain(one.url)}"


def case_line(one: NamedCase, say_in: Tongue) -> str:
    """A case's number, and how it stands."""
    facts = [say_in("case {number}", number=one.case_id), say_in(one.severity.word)]
    facts.append(plain(one.network))
    if one.status != "open":
        facts.append(say_in(plain(one.status).capitalize()))
    elif one.owner:
        facts.append(say_in("{name} has it", name=person(one.owner)))
    return " · ".join(facts)


def excerpt_of(one: NamedCase, say_in: Tongue) -> str:
    """What it is about, in the customer's words."""
    return cut(plain(one.title or one.text or say_in("(the text was purged)")), EXCERPT)

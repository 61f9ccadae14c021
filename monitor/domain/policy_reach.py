"""Which rules no post can ever reach, because those before them take every post that they are for."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import product

from monitor.domain.judgement import Severity
from monitor.domain.policy import Match, Subject

_ELSEWHERE = "\0"
"""A network, or a language, that no rule names."""


def unreachable(
    matches: Sequence[Match], brands: Collection[str]
) -> Iterator[tuple[int, tuple[int, ...]]]:
    """The rules in vain, each with those that take its posts: numbers in the order of the rules.

    `brands` are all there are. Networks and languages are never all named. A rule that takes posts of
    one topic takes those of more topics, too, so it is enough to try the posts that have the fewest.
    """
    for number, one in enumerate(matches):
        before = matches[:number]
        takers = set()
        for subject in _hardest(one, before, brands):
            taker = next((place for place, it in enumerate(before) if it.fits(subject)), None)
            if taker is None:
                break
            takers.add(taker)
        else:
            yield number, tuple(sorted(takers))


def _hardest(one: Match, before: Sequence[Match], brands: Collection[str]) -> Iterator[Subject]:
    """Posts that the rule is for, one of every kind that the rules before it tell apart."""

    def named(own: Collection[str], others: str) -> list[str]:
        theirs = {name for it in before for name in getattr(it, others)}
        return sorted(own) or [_ELSEWHERE, *sorted(theirs)]

    topics: list[tuple[str, ...]] = [(topic,) for topic in sorted(one.topics)]
    return (
        Subject(
            brand=brand,
            network=network,
            severity=severity,
            topics=some,
            language=language,
            followers=one.followers or None,
        )
        for network, language, some, severity, brand in product(
            named(one.networks, "networks"),
            named(one.languages, "languages"),
            topics or [()],
            sorted(one.severities or Severity),
            sorted(one.brands or brands),
        )
    )

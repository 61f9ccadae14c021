"""Which rules no post can ever reach, because those before them take every post that they are for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from heapq import merge
from itertools import product
from operator import itemgetter

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
    before = _Before()
    for number, one in enumerate(matches):
        takers = set()
        for subject in _hardest(one, before, brands):
            taker = next(
                (place for place, it in before.of(subject.brand) if it.fits(subject)), None
            )
            if taker is None:
                break
            takers.add(taker)
        else:
            yield number, tuple(sorted(takers))
        before.add(number, one)


class _Before:
    """The rules before one, by the brands that they are for: an agency has a rule for each of thousands."""

    def __init__(self) -> None:
        self.networks: set[str] = set()
        self.languages: set[str] = set()
        self._of_all: list[tuple[int, Match]] = []
        self._of_one: defaultdict[str, list[tuple[int, Match]]] = defaultdict(list)

    def add(self, number: int, one: Match) -> None:
        self.networks.update(one.networks)
        self.languages.update(one.languages)
        for kept in [self._of_one[brand] for brand in set(one.brands)] or [self._of_all]:
            kept.append((number, one))

    def of(self, brand: str) -> Iterable[tuple[int, Match]]:
        """Those that may take a post of the brand, in the order of the rules."""
        return merge(self._of_all, self._of_one.get(brand, ()), key=itemgetter(0))


def _hardest(one: Match, before: _Before, brands: Collection[str]) -> Iterator[Subject]:
    """Posts that the rule is for, one of every kind that the rules before it tell apart."""

    def named(own: Collection[str], theirs: Collection[str]) -> list[str]:
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
            named(one.networks, before.networks),
            named(one.languages, before.languages),
            topics or [()],
            sorted(one.severities or Severity),
            sorted(one.brands or brands),
        )
    )

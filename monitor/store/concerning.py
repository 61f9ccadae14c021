"""Whom a post concerns: the brands whose mention it becomes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TypeAlias

from sqlalchemy.engine import Connection

from monitor.domain.identity import Brand
from monitor.domain.post import Post, PostKey
from monitor.domain.roll import Roll
from monitor.store import threads

Brands: TypeAlias = Sequence[tuple[int, Brand]]
"""Brands with their row numbers."""


class Watched(tuple[tuple[int, Brand], ...]):  # noqa: SLOT001 - the roll is kept on it
    """The same, kept by who asks of them page after page: where each is named is known by then."""

    @cached_property
    def roll(self) -> Roll:
        return Roll([brand for _, brand in self])


def brands_of(
    conn: Connection, brands: Brands, posts: Sequence[Post], roots: threads.Threads
) -> dict[PostKey, Brands]:
    """The brands of each post: those it names or speaks for, else those whose conversation it is in."""
    if len(brands) == 1:
        return dict.fromkeys((one.key for one in posts), brands)
    watched = brands if isinstance(brands, Watched) else Watched(brands)
    roll = watched.roll
    found: dict[PostKey, Brands] = {
        one.key: [watched[place] for place in roll.concerned(one)] for one in posts
    }
    nameless = [one.key for one in posts if not found[one.key]]
    if nameless:
        talks = _talks(conn, brands, found, nameless, roots)
        for key in nameless:
            here = talks.get(_talk(key, roots), set()) | talks.get(key, set())
            found[key] = [one for one in brands if one[0] in here] if here else []
    return found


def _talks(
    conn: Connection,
    brands: Brands,
    found: Mapping[PostKey, Brands],
    nameless: Sequence[PostKey],
    roots: threads.Threads,
) -> dict[PostKey, set[int]]:
    """Which brands have a post in the nameless posts' conversations, stored or in this page."""
    # under its own id too: replies that came first may have guessed that it is the root
    wanted = {_talk(key, roots) for key in nameless} | set(nameless)
    talks = threads.followers(conn, wanted, [number for number, _ in brands])
    for key, named in found.items():
        talks.setdefault(_talk(key, roots), set()).update(number for number, _ in named)
    return talks


def talks(
    keys: Iterable[PostKey], concerned: Mapping[PostKey, Brands], roots: threads.Threads
) -> dict[PostKey, set[int]]:
    """The conversations in which these posts stand, and the brands to which they bring them."""
    found: dict[PostKey, set[int]] = {}
    for key in keys:
        found.setdefault(_talk(key, roots), set()).update(number for number, _ in concerned[key])
    return found


def _talk(key: PostKey, roots: threads.Threads) -> PostKey:
    return PostKey(key.network, roots[key])

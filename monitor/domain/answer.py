"""What answers whom (semantics: "A reply to B never ends A's wait")."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MAX_CHAIN = 200
"""How far a reply chain is followed; a longer one, or a circle, answers nobody."""


@dataclass(frozen=True, slots=True)
class ThreadPost:
    """What matching needs to know of a post in a thread. Ids are external ones, on one network."""

    id: str
    customer: str | None
    """The case key of its author; None for the brand's own posts."""
    reply_to: str | None
    quotes: tuple[str, ...]
    thread: str


def answered_posts(answer: ThreadPost, posts: Mapping[str, ThreadPost]) -> frozenset[ThreadPost]:
    """The customers' posts that a brand post answers, as far as the posts known so far tell.

    A brand post answers the customer whose post its reply chain reaches first (the brand's own
    posts are passed over), the customers whom it quotes, and, where it is top-level in a thread,
    the writer of the root. Anything else is linked by hand.
    """
    found = {posts[one] for one in answer.quotes if one in posts}
    addressee = _addressee(answer, posts)
    if addressee is not None:
        found.add(addressee)
    return frozenset(one for one in found if one.customer is not None)


def _addressee(answer: ThreadPost, posts: Mapping[str, ThreadPost]) -> ThreadPost | None:
    at = answer
    for _ in range(MAX_CHAIN):
        up = at.reply_to
        if up is None:
            # top-level in somebody's thread; the brand's own announcement is its own root
            up = at.thread if at.thread != at.id else None
        if up is None or up not in posts:
            return None
        at = posts[up]
        if at.customer is not None:
            return at
    return None

"""Who speaks for the brand, and which posts name it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from monitor.domain.account import ANY_NETWORK, Identity, plain_handle
from monitor.domain.post import AUTOMATIC, Post, PostKind
from monitor.domain.relevance import EVERYTHING, Relevance, speaks_to

__all__ = ["ANY_NETWORK", "Brand", "Identity", "plain_handle"]


@dataclass(frozen=True, slots=True)
class Brand:
    """A brand: its name, its accounts, the words that name it, and what marks its automatic replies."""

    name: str
    identities: tuple[Identity, ...] = ()
    terms: tuple[str, ...] = ()
    automatic_apps: tuple[str, ...] = ()
    automatic_patterns: tuple[str, ...] = ()
    relevance: Relevance = EVERYTHING

    def wrote(self, post: Post) -> bool:
        """Whether the post is the brand's own. A site lets only the owner write a review's response."""
        if post.kind is PostKind.RESPONSE:
            return True
        network, author = post.key.network, post.author
        for one in self.identities:  # noqa: SIM110  # a generator costs as much as the question
            if one.is_(network, author):
                return True
        return False

    def answers_automatically(self, post: Post) -> bool:
        """Whether an own post is a machine's "we got your message", which ends no wait."""
        apps = _folded((AUTOMATIC, *self.automatic_apps))
        if post.via is not None and post.via.casefold() in apps:
            return True
        return self.reads_automatic(post.text)

    def reads_automatic(self, text: str) -> bool:
        """Whether what the brand says there is taken for a machine's, by its words."""
        return any(_compiled(one).search(text) for one in self.automatic_patterns)

    def is_addressed_in(self, post: Post) -> bool:
        """Whether the post speaks to the brand: a review, a mail, or it names one of its accounts."""
        return speaks_to(post, self.identities)

    def is_named_in(self, post: Post) -> bool:
        """Whether one of the brand's terms stands in the post as whole words."""
        text = f"{post.title or ''} {post.text}"
        return any(_term(one).search(text) for one in self.terms)


@lru_cache(maxsize=1024)
def _folded(apps: tuple[str, ...]) -> frozenset[str]:
    return frozenset(one.casefold() for one in apps)


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


@lru_cache(maxsize=4096)
def _term(term: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(term)}(?!\w)", re.IGNORECASE)

"""Which of many brands a post is by, or names, without asking each of them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property

from monitor.domain.account import plain_handle
from monitor.domain.identity import Brand
from monitor.domain.post import Post, PostKind

_WORD = re.compile(r"\w+")
_SAME = str.maketrans({"ı": "i", "\u0307": None})
"""What a regular expression without regard to case takes for one letter, and casefold does not."""


class Roll:
    """Brands in their order. An agency has thousands, and a post names one of them, or none."""

    def __init__(self, brands: Sequence[Brand]) -> None:
        self._brands = tuple(brands)

    def concerned(self, post: Post) -> tuple[int, ...]:
        """The places of the brands that a post belongs to: one brand has all; else own or named ones."""
        brands = self._brands
        if len(brands) == 1:
            return (0,)
        maybe = range(len(brands)) if post.kind is PostKind.RESPONSE else sorted(self._maybe(post))
        return tuple(
            one for one in maybe if brands[one].wrote(post) or brands[one].is_named_in(post)
        )

    def _maybe(self, post: Post) -> set[int]:
        """All that it can concern, and few others: by its author, and by the words in it."""
        by_id, by_handle = self._accounts
        author = post.author
        found = set(self._always)
        found.update(by_id.get(author.id or "", ()))
        found.update(by_handle.get(plain_handle(author.handle or ""), ()))
        for word in {_fold(one) for one in _WORD.findall(f"{post.title or ''} {post.text}")}:
            found.update(self._words.get(word, ()))
        return found

    @cached_property
    def _accounts(self) -> tuple[dict[str, list[int]], dict[str, list[int]]]:
        """Places by the ids and by the handles of the brands' accounts."""
        by_id: dict[str, list[int]] = defaultdict(list)
        by_handle: dict[str, list[int]] = defaultdict(list)
        for place, brand in enumerate(self._brands):
            for one in brand.identities:
                if one.id:
                    by_id[one.id].append(place)
                if one.handle:
                    by_handle[plain_handle(one.handle)].append(place)
        return dict(by_id), dict(by_handle)

    @cached_property
    def _words(self) -> dict[str, list[int]]:
        """Places by the first word of each of their terms."""
        found: dict[str, list[int]] = defaultdict(list)
        for place, brand in enumerate(self._brands):
            for term in brand.terms:
                first = _WORD.search(term)
                if first is not None:
                    found[_fold(first.group())].append(place)
        return dict(found)

    @cached_property
    def _always(self) -> tuple[int, ...]:
        """Places of brands with a term that has no word in it."""
        return tuple(
            place
            for place, brand in enumerate(self._brands)
            if any(_WORD.search(term) is None for term in brand.terms)
        )


def _fold(word: str) -> str:
    return word.casefold().translate(_SAME)

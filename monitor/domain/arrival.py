"""What a page's items mean, given what is stored already: new, seen before, edited, gone, unreadable."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime

from monitor.domain.post import Gone, Post, PostKey, Rejected


@dataclass(frozen=True, slots=True)
class Known:
    """What is stored of a post that a page brings again. `text` is None once it was purged."""

    id: int
    thread: str
    title: str | None
    text: str | None
    rating: float | None
    edited_at: datetime | None
    gone: bool


@dataclass(slots=True)
class Arrivals:
    """A page, sorted out: what to insert, to change and to count."""

    fresh: dict[PostKey, Post] = field(default_factory=dict)
    again: dict[PostKey, Post] = field(default_factory=dict)
    """Known posts, edited ones included, as last seen."""
    edited: dict[PostKey, Post] = field(default_factory=dict)
    gone: dict[PostKey, Gone] = field(default_factory=dict)
    """Of known or fresh posts only: of a post that nobody stored there is nothing to delete."""
    rejected: list[Rejected] = field(default_factory=list)
    duplicates: int = 0
    edits: int = 0


def sort_out(
    items: Iterable[Post | Gone | Rejected],
    known: Mapping[PostKey, Known],
    erased: AbstractSet[PostKey],
    seen_at: datetime,
) -> Arrivals:
    """Go through the items in order; where the page ends makes no difference to what is stored.

    A post that comes again after it was deleted stays deleted: indexes lag behind the network.
    """
    found = Arrivals()
    for item in items:
        match item:
            case Rejected():
                found.rejected.append(item)
            case Gone():
                found.duplicates += 1
                _delete(found, item, known)
            case Post() if item.key in known or item.key in found.fresh or item.key in erased:
                found.duplicates += 1
                if item.key not in erased:
                    _see_again(found, item, known, seen_at)
            case _:
                found.fresh[item.key] = item
    return found


def _delete(found: Arrivals, item: Gone, known: Mapping[PostKey, Known]) -> None:
    there = item.key in found.fresh or (item.key in known and not known[item.key].gone)
    if there:
        found.gone.setdefault(item.key, item)


def _see_again(
    found: Arrivals, item: Post, known: Mapping[PostKey, Known], seen_at: datetime
) -> None:
    key = item.key
    first = found.fresh.get(key)
    before = first or found.edited.get(key) or known[key]
    is_gone = key in found.gone or (key in known and known[key].gone)
    edited = not is_gone and is_edit(before, item, seen_at)
    found.edits += edited
    if first is not None:
        found.fresh[key] = _with_edit(first, item) if edited else first
        return
    found.again[key] = item
    if edited:
        found.edited[key] = item


def is_edit(before: Known | Post, after: Post, seen_at: datetime) -> bool:
    """Whether `after` says something else, and later, than `before`.

    A version older than the stored one is a lagging index. A purged text comes back only with a
    later edit (one dated in the future is no evidence of that).
    """
    if before.edited_at is not None and (
        after.edited_at is None or after.edited_at < before.edited_at
    ):
        return False
    if before.text is None:
        return (
            after.edited_at is not None
            and after.edited_at <= seen_at
            and after.edited_at != before.edited_at
        )
    return (before.text, before.title, before.rating) != (after.text, after.title, after.rating)


def _with_edit(first: Post, after: Post) -> Post:
    """The post as first seen, saying what it says now."""
    return replace(
        first,
        text=after.text,
        title=after.title,
        rating=after.rating,
        lang=after.lang,
        edited_at=after.edited_at,
    )

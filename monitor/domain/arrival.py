"""What a page's items mean, given what is stored already: new, seen before, edited, gone, unreadable."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime

from monitor.domain.post import Gone, Post, PostKey, PostKind, Rejected

REMEMBERED = 50
"""Earlier versions of a post that are known again."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is stored of a post that a page brings again. `text` is None once it was purged."""

    id: int
    thread: str
    title: str | None
    text: str | None
    rating: float | None
    edited_at: datetime | None
    gone_at: datetime | None
    past: str | None = None
    """What `version_of` says of its earlier versions, the latest last."""
    purged_at: datetime | None = None
    """When its words were purged while it stood."""
    kind: str = PostKind.POST
    posted_at: datetime | None = None

    @property
    def gone(self) -> bool:
        return self.gone_at is not None


@dataclass(slots=True)
class Arrivals:
    """A page, sorted out: what to insert, to change and to count."""

    fresh: dict[PostKey, Post] = field(default_factory=dict)
    again: dict[PostKey, Post] = field(default_factory=dict)
    """Known posts, edited ones included, as last seen."""
    edited: dict[PostKey, Post] = field(default_factory=dict)
    gone: dict[PostKey, Gone] = field(default_factory=dict)
    """Of known and fresh posts."""
    early: dict[PostKey, Gone] = field(default_factory=dict)
    """Of posts that have not come yet: to be remembered until they do."""
    past: dict[PostKey, str] = field(default_factory=dict)
    """What `Known.past` becomes, of posts that were edited."""
    replaced: set[int] = field(default_factory=set)
    """Ids of deleted responses in whose place the owner wrote another one, which is among `fresh`."""
    buried: dict[int, Gone] = field(default_factory=dict)
    """Of `replaced`, what this same page told of."""
    rejected: list[Rejected] = field(default_factory=list)
    duplicates: int = 0
    edits: int = 0


def sort_out(
    items: Iterable[Post | Gone | Rejected],
    known: Mapping[PostKey, Known],
    erased: AbstractSet[PostKey],
    seen_at: datetime,
    deleted: Mapping[PostKey, Gone] | None = None,
) -> Arrivals:
    """Go through the items in order; where the page ends makes no difference to what is stored.

    A post that comes (again) after it was deleted stays deleted: indexes lag behind the network.
    Only an owner's response that was written after that is another one, though sites give it the
    same id. `deleted` are the deletions remembered of posts that had not come.
    """
    known, deleted = dict(known), deleted or {}
    found = Arrivals()
    for item in items:
        match item:
            case Rejected():
                found.rejected.append(item)
            case Gone():
                found.duplicates += 1
                if item.key not in erased:
                    _delete(found, item, known)
            case Post() if item.key not in erased and _is_another(found, item, known, seen_at):
                _replace(found, item, known)
            case Post() if item.key in known or item.key in found.fresh or item.key in erased:
                found.duplicates += 1
                if item.key not in erased:
                    _see_again(found, item, known, seen_at)
            case _:
                found.fresh[item.key] = item
                before = deleted.get(item.key) or found.early.pop(item.key, None)
                if before is not None and not _is_of_an_earlier_one(before, item):
                    found.gone[item.key] = before
    return found


def _delete(found: Arrivals, item: Gone, known: Mapping[PostKey, Known]) -> None:
    standing = found.fresh.get(item.key) or known.get(item.key)
    if standing is None:
        found.early.setdefault(item.key, item)
    elif _is_of_an_earlier_one(item, standing):
        return
    elif item.key in found.fresh or not known[item.key].gone:
        found.gone.setdefault(item.key, item)


def _is_another(
    found: Arrivals, item: Post, known: Mapping[PostKey, Known], seen_at: datetime
) -> bool:
    """Whether it was written in the place of a deleted one (one dated in the future is no evidence)."""
    if item.kind is not PostKind.RESPONSE:
        return False
    told, before = found.gone.get(item.key), known.get(item.key)
    gone_at = told.before if told else before.gone_at if before else None
    return gone_at is not None and gone_at < item.posted_at <= seen_at


def _replace(found: Arrivals, item: Post, known: dict[PostKey, Known]) -> None:
    key = item.key
    told = found.gone.pop(key, None)
    for those in (found.again, found.edited, found.past):
        those.pop(key, None)
    if key in found.fresh:
        found.duplicates += 1  # nobody saw the one that came and went within a page
    else:
        number = known.pop(key).id
        found.replaced.add(number)
        if told is not None:
            found.buried[number] = told
    found.fresh[key] = item


def _is_of_an_earlier_one(item: Gone, standing: Known | Post) -> bool:
    """Whether a response was written after that deletion."""
    return (
        standing.kind == PostKind.RESPONSE
        and standing.posted_at is not None
        and item.before < standing.posted_at
    )


def _see_again(
    found: Arrivals, item: Post, known: Mapping[PostKey, Known], seen_at: datetime
) -> None:
    key = item.key
    first = found.fresh.get(key)
    before = first or found.edited.get(key) or known[key]
    is_gone = key in found.gone or (key in known and known[key].gone)
    past = found.past.get(key) or (known[key].past if key in known else None) or ""
    edited = not (is_gone or _is_earlier(item, before)) and is_edit(before, item, seen_at, past)
    if edited:
        found.edits += 1
        found.past[key] = _remembering(past, before)
    if first is not None:
        found.fresh[key] = _with_edit(first, item) if edited else first
        return
    found.again[key] = item
    if edited:
        found.edited[key] = item


def _is_earlier(item: Post, standing: Known | Post) -> bool:
    """Whether a response is one in whose place the one that stands was written."""
    return (
        item.kind is PostKind.RESPONSE
        and standing.posted_at is not None
        and (item.edited_at or item.posted_at) < standing.posted_at
    )


def is_edit(before: Known | Post, after: Post, seen_at: datetime, past: str) -> bool:
    """Whether `after` says something else, and later, than `before`.

    A version older than the stored one is a lagging index, and so is one that the post had in the
    `past`, unless a later `edited_at` proves that its author went back to it: a file with two
    versions of a post, read again, changes nothing. A purged text comes back only with an edit made
    after it was purged (one dated in the future is no evidence of that).
    """
    if before.edited_at is not None and (
        after.edited_at is None or after.edited_at < before.edited_at
    ):
        return False
    dated = (
        after.edited_at is not None
        and after.edited_at <= seen_at
        and after.edited_at != before.edited_at
    )
    if before.text is None:
        return dated and _is_after_purge(before, after)
    if (before.text, before.title, before.rating) == (after.text, after.title, after.rating):
        return False
    return dated or version_of(after) not in past.split()


def _is_after_purge(before: Known | Post, after: Post) -> bool:
    purged_at = before.purged_at if isinstance(before, Known) else None
    return purged_at is not None and after.edited_at is not None and after.edited_at > purged_at


def version_of(one: Known | Post) -> str:
    """What a post says, in a few letters, to know it again."""
    rating = None if one.rating is None else float(one.rating)
    said = repr((one.title, one.text, rating)).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(said, digest_size=6).hexdigest()


def _remembering(past: str, before: Known | Post) -> str:
    if before.text is None:
        return past
    return " ".join([*past.split(), version_of(before)][-REMEMBERED:])


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

"""Shared by the tests of sources: what one brings."""

from __future__ import annotations

from monitor.domain.post import Cursor, Gap, Gone, Page, Post, Rejected
from monitor.ports import Source


def pages(source: Source, name: str, since: Cursor | None = None) -> list[Page]:
    """A whole look at one stream."""
    (stream,) = (one for one in source.streams() if one.name == name)
    return list(source.pages(stream, since))


def items(source: Source, name: str, since: Cursor | None = None) -> list[Post | Gone | Rejected]:
    return [item for page in pages(source, name, since) for item in page.items]


def one(source: Source, name: str) -> Post:
    """The only post of a stream."""
    (item,) = items(source, name)
    assert isinstance(item, Post), item
    return item


def gaps(found: list[Page]) -> list[Gap]:
    return [page.gap for page in found if page.gap is not None]

"""What a page brings, sorted: nothing of an erased post comes back."""

from __future__ import annotations

from datetime import UTC, datetime

from monitor.domain.arrival import sort_out
from monitor.domain.post import Author, Gone, Post, PostKey

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
KEY = PostKey("x", "1")


def test_neither_an_erased_post_nor_its_deletion_is_kept() -> None:
    again = Post(
        key=KEY, thread="1", text="still here", author=Author(handle="ana"), posted_at=NOON
    )
    found = sort_out([again, Gone(KEY, NOON, None)], {}, {KEY}, NOON)
    assert (found.fresh, found.gone, found.early) == ({}, {}, {})
    assert found.duplicates == 2

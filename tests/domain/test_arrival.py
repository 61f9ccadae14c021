"""What a page brings, sorted: nothing of an erased post comes back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from monitor.domain.arrival import Known, sort_out
from monitor.domain.post import Author, Gone, Post, PostKey, PostKind

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
KEY = PostKey("x", "1")


def test_neither_an_erased_post_nor_its_deletion_is_kept() -> None:
    again = Post(
        key=KEY, thread="1", text="still here", author=Author(handle="ana"), posted_at=NOON
    )
    found = sort_out([again, Gone(KEY, NOON, None)], {}, {KEY}, NOON)
    assert (found.fresh, found.gone, found.early) == ({}, {}, {})
    assert found.duplicates == 2


def test_only_a_response_written_since_takes_the_place_of_a_deleted_one() -> None:
    hour = timedelta(hours=1)
    gone = Known(7, "1", None, None, None, None, NOON, kind="response", posted_at=NOON - hour)
    anew = Post(key=KEY, kind=PostKind.RESPONSE, thread="1", text="sent", posted_at=NOON + hour)
    found = sort_out([anew], {KEY: gone}, set(), NOON + 2 * hour)
    assert (found.fresh, found.replaced, found.duplicates) == ({KEY: anew}, {7}, 0)
    for other in (
        replace(anew, kind=PostKind.COMMENT),
        replace(anew, posted_at=NOON),
        replace(anew, posted_at=NOON + 3 * hour),  # dated in the future
    ):
        found = sort_out([other], {KEY: gone}, set(), NOON + 2 * hour)
        assert (found.fresh, found.replaced, found.duplicates) == ({}, set(), 1)
    assert not sort_out([anew], {KEY: gone}, {KEY}, NOON + 2 * hour).fresh


def test_what_came_went_and_came_anew_within_a_page_is_counted_once_each() -> None:
    first = Post(key=KEY, kind=PostKind.RESPONSE, thread="1", text="sorry", posted_at=NOON)
    anew = replace(first, text="sent", posted_at=NOON + timedelta(hours=2))
    gone = Gone(KEY, NOON + timedelta(hours=1))
    found = sort_out([first, gone, anew, gone], {}, set(), NOON + timedelta(hours=3))
    assert (found.fresh, found.gone, found.duplicates) == ({KEY: anew}, {}, 3)

"""X's ids are times: milliseconds since 2010, then 22 bits. So a place in a stream can be reckoned."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(2010, 11, 4, 1, 42, 54, 657000, tzinfo=UTC)
_BITS = 22
_MILLISECOND = timedelta(milliseconds=1)
_FIRST = 1 << 40
"""Ids below are from before 2010, when X simply counted."""


def id_at(moment: datetime) -> int:
    """The least id that a post of that moment can have."""
    return max(1, (moment - _EPOCH) // _MILLISECOND << _BITS)


def time_of(post_id: str) -> datetime | None:
    """When a post was written, to the second as `created_at` says it; None where the id doesn't tell."""
    number = int(post_id) if post_id.isdecimal() else 0
    if not _FIRST <= number < 1 << 63:
        return None
    return (_EPOCH + (number >> _BITS) * _MILLISECOND).replace(microsecond=0)

"""The key under which an answer is written into the account: always the same for the same answer.

So the network itself keeps it from standing there twice, and where to look for it is known. A post's key
must be a TID: 13 characters for the microseconds of a time and ten bits more. The time is that of the
post that is answered, within an hour and a bit; which moment of that, the answer's own key decides.
"""

from __future__ import annotations

import hashlib
import re

_DIGITS = "234567abcdefghijklmnopqrstuvwxyz"
_TID = re.compile(rf"[234567abcdefghij][{_DIGITS}]{{12}}")
_LENGTH, _BITS = 13, 5
_CLOCK_BITS, _SPREAD_BITS = 10, 42
_EARLIEST, _LATEST = 1_600_000_000 * 10**6, 4_000_000_000 * 10**6
"""Microseconds of the epoch; a key that tells of another age was made by a broken clock."""


def for_answer(to: str, key: str) -> str:
    """Of the answer with this key to the post whose own is `to`."""
    time = microseconds(to)
    if time is None or not _EARLIEST <= time <= _LATEST:
        time = _EARLIEST
    digest = hashlib.sha256(f"{to}\n{key}".encode()).digest()
    moment = int.from_bytes(digest) & ((1 << _SPREAD_BITS) - 1)
    number = (time << _CLOCK_BITS) + moment
    return "".join(
        _DIGITS[number >> place & 31] for place in range((_LENGTH - 1) * _BITS, -1, -_BITS)
    )


def microseconds(key: str) -> int | None:
    """The time in a TID, since the epoch; None: it is none."""
    if _TID.fullmatch(key) is None:
        return None
    number = 0
    for one in key:
        number = number << _BITS | _DIGITS.index(one)
    return number >> _CLOCK_BITS

"""Passwords: argon2id, by the parameters of RFC 9106 for little memory."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from monitor.domain.access import AccessError

SHORTEST, LONGEST = 12, 1000
AT_ONCE = 2
"""Each takes 64 MiB and a core while it is checked: whoever checks them sees to it."""
_hasher = PasswordHasher()


class Checked(NamedTuple):
    """Whether it is the password, and its hash by today's measure if the kept one is by another."""

    is_right: bool
    anew: str | None


def hashed(password: str, name: str) -> str:
    """What is kept of the password of the user of that name. Raises AccessError: too easy to guess."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise AccessError(f"a password has {SHORTEST} characters at least: four words will do")
    if len(set(password)) < SHORTEST // 3 or name.lower() in password.lower():
        raise AccessError("that is too easy to guess: four words that belong together to nobody")
    return _hasher.hash(password)


def checked(kept: str | None, password: str) -> Checked:
    """Compare them. It takes as long where there is none to compare it with."""
    try:
        _hasher.verify(kept or _nobodys(), password[:LONGEST])
    except (VerificationError, InvalidHashError):
        return Checked(is_right=False, anew=None)
    if kept is None:
        return Checked(is_right=False, anew=None)
    is_dated = _hasher.check_needs_rehash(kept)
    return Checked(is_right=True, anew=_hasher.hash(password) if is_dated else None)


@cache
def _nobodys() -> str:
    return _hasher.hash("nobody's")

"""Passwords: argon2id, by the parameters of RFC 9106 for little memory."""

from __future__ import annotations

from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from monitor.domain.access import AccessError

SHORTEST, LONGEST = 12, 1000
_AT_ONCE = BoundedSemaphore(2)
"""Each takes 64 MiB while it is checked."""
_hasher = PasswordHasher()


def hashed(password: str, name: str) -> str:
    """What is kept of the password of the user of that name. Raises AccessError: too easy to guess."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise AccessError(f"a password has {SHORTEST} characters at least: four words will do")
    if len(set(password)) < SHORTEST // 3 or name.lower() in password.lower():
        raise AccessError("that is too easy to guess: four words that belong together to nobody")
    with _AT_ONCE:
        return _hasher.hash(password)


def is_right(kept: str | None, password: str) -> bool:
    """Whether that is the password. It takes as long where there is none to compare it with."""
    with _AT_ONCE:
        try:
            _hasher.verify(kept or _nobodys(), password[:LONGEST])
        except (VerificationError, InvalidHashError):
            return False
    return kept is not None


def is_dated(kept: str) -> bool:
    """Whether it was hashed by another measure than today's."""
    return _hasher.check_needs_rehash(kept)


def rehashed(password: str) -> str:
    """A right password by today's measure."""
    with _AT_ONCE:
        return _hasher.hash(password)


@cache
def _nobodys() -> str:
    return _hasher.hash("nobody's")

"""What is spoilt, how, and what came of it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from traceback import format_exception
from typing import TypeAlias


@dataclass
class Found:
    """What came of it. `unhandled`: what nobody foresaw, with where."""

    rounds: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    unhandled: list[str] = field(default_factory=list)

    def tries(
        self,
        what: str,
        of: str,
        foreseen: type[Exception] | tuple[type[Exception], ...],
        do: Callable[[], object],
    ) -> None:
        """One round."""
        self.rounds[what] += 1
        try:
            do()
        except foreseen:
            self.refused[what] += 1
        except Exception as error:  # noqa: BLE001 - that there is none is what is sought
            where = "".join(format_exception(error)[-3:])
            self.unhandled.append(f"{what}, {of}: {where}")

    def answered(self, what: str, of: str, status: int) -> None:
        """One round, of something that answers by HTTP: its own errors are none that it foresaw."""
        self.rounds[what] += 1
        if status >= 500:
            self.unhandled.append(f"{what}, {of}: {status}")
        elif status >= 400:
            self.refused[what] += 1


Part: TypeAlias = Callable[[Found, random.Random, int], None]
"""Spoils one kind of thing so many times."""


def spoilt(content: bytes, chance: random.Random) -> bytes:
    """Some bytes lost, doubled, cut off or of another kind."""
    made = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(made) + 1)
        until = min(len(made), at + chance.randint(0, 12))
        match chance.randrange(5):
            case 0:
                del made[at:until]
            case 1:
                made[at:at] = made[at:until] * chance.choice((1, 50))
            case 2:
                made[at:at] = chance.choice(
                    (b"\x00", b"\xff\xfe", b'"', b"{", b"]", b"\xed\xa0\x80", b"9" * 400)
                )
            case 3:
                made[at:until] = bytes(chance.randrange(256) for _ in range(until - at))
            case _:
                del made[at:]
    return bytes(made)

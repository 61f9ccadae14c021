"""What a network never sends, and might: payloads with fields dropped, of another type, or enlarged."""

from __future__ import annotations

from copy import deepcopy
from random import Random
from typing import Any

JUNK: list[Any] = [
    None,
    0,
    -1,
    1e308,
    "",
    "\x00",
    "\ud800",
    [],
    {},
    True,
    "x" * 5000,
    [[[]]],
    {"a": {}},
    "9999-12-31T23:59:59-14:00",
    10**17,
]


def mutated(thing: Any, chance: Random, *, enlarges: bool = True) -> Any:
    """A field or three, at any depth, dropped, replaced by something of another type, or enlarged.

    Enlarged once, and a page of enlarged posts not again (`enlarges`): beyond some megabytes no source
    reads an answer at all, and the test would make gigabytes.
    """
    ways = 3 if enlarges else 2
    for _ in range(chance.randint(1, 3)):
        at: Any = thing
        while True:
            if isinstance(at, dict) and at:
                key: Any = chance.choice(list(at))
            elif isinstance(at, list) and at:
                key = chance.randrange(len(at))
            else:
                break
            if isinstance(at[key], dict | list) and at[key] and chance.random() < 0.6:
                at = at[key]
                continue
            match chance.randrange(ways):
                case 0:
                    del at[key]
                case 1:
                    at[key] = deepcopy(chance.choice(JUNK))
                case _:
                    old, ways = at[key], 2
                    at[key] = old * 300 if isinstance(old, str | list) else [old] * 50
            break
    return thing

"""Spoils what the program reads, by seed: it may refuse, and must never fail in a way that nobody foresaw.

    python -m tests.fuzz.parsers --rounds 300 --seed 1
    python -m tests.fuzz.parsers --only sources --rounds 1000

sources   every built-in source on its simulated network, whose answers lose fields, hold junk, are cut off
config    config files
rota      iCalendars
files     CSV and JSONL, as `files` follows and `import` reads them

Exit status 1: something was raised that the port does not know (`SourceError`, `ConfigError`, `RotaError`).
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import redirect_stderr
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from io import StringIO
from itertools import islice
from pathlib import Path
from traceback import format_exception
from zoneinfo import ZoneInfo

from monitor import registry, settings
from monitor.domain.errors import ConfigError, SourceError
from monitor.domain.post import Page
from monitor.ports import Source
from monitor.rotas.shifts import RotaError, shifts_of
from monitor.simulator.serving import Answer, Server
from tests.contract.harness import NOON, Item, Remembered, harnesses
from tests.sources.mutations import mutated

PAGES = 5
"""Pages read of a stream in a round."""
ITEMS = 3
CONFIG = Path(__file__).parents[2] / "config.example.toml"
ROTA = b"""BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//shop//rota//EN
BEGIN:VEVENT
UID:one
DTSTART;TZID=Europe/Bucharest:20260302T090000
DTEND;TZID=Europe/Bucharest:20260302T170000
RRULE:FREQ=WEEKLY;BYDAY=MO,TU;UNTIL=20261231T000000Z
EXDATE;TZID=Europe/Bucharest:20260309T090000
SUMMARY:ana on call
END:VEVENT
BEGIN:VEVENT
UID:two
DTSTART;VALUE=DATE:20260307
DURATION:P1D
SUMMARY:Weekend
ATTENDEE:mailto:ana@shop.example
STATUS:CANCELLED
END:VEVENT
END:VCALENDAR
"""
ROWS = {
    "jsonl": b'{"external_id": 1, "text": "late", "author": "ana", "posted_at": "2026-05-04T10:00Z"}\n'
    b'{"external_id": 2, "text": "again", "reply_to": 1, "rating": 2, "posted_at": 1777888800}\n',
    "csv": b'external_id;author;text;posted_at\n1;ana;"late; ""again""\n";2026-05-04\n2;;x;1777888800\n',
}


@dataclass
class Found:
    """What came of it. `unhandled`: what nobody foresaw, with where."""

    rounds: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    unhandled: list[str] = field(default_factory=list)

    def tries(
        self, what: str, of: str, foreseen: type[Exception], do: Callable[[], object]
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


def sources(found: Found, chance: random.Random, rounds: int) -> None:
    """Every source whose world is served by the simulator, with the answers spoilt."""
    for name, world in harnesses().items():
        if world.needs:
            continue
        # what a simulated network says against a question that its own spoilt answer led to is no finding
        with redirect_stderr(StringIO()), world() as there:
            servers = [one for one in vars(there).values() if isinstance(one, Server)]
            for number in range(ITEMS if servers else 0):
                there.put(Item(id=there.item_id(number), at=NOON - timedelta(minutes=number)))
            for server in servers:
                server.spoils = lambda answer: _spoilt_answer(answer, chance)
            for number in range(rounds if servers else 0):
                source = there.source()
                found.tries(
                    f"source {name}", f"round {number}", SourceError, partial(_look, source)
                )


def _look(source: Source) -> None:
    refusal: SourceError | None = None
    for stream in source.streams():
        try:
            pages = list(islice(source.pages(stream, None), PAGES))
        except SourceError as error:
            refusal = error
            continue
        assert all(isinstance(one, Page) for one in pages)
    if refusal is not None:
        raise refusal


def _spoilt_answer(answer: Answer, chance: random.Random) -> Answer:
    """One in three as it is, so that what is asked next is spoilt, too."""
    if chance.random() < 0.3:
        return answer
    try:
        said = json.loads(answer.content)
    except ValueError:
        return replace(answer, content=spoilt(answer.content, chance))
    if chance.random() < 0.1:
        return replace(answer, content=spoilt(answer.content, chance))
    return replace(answer, content=json.dumps(mutated(said, chance, enlarges=False)).encode())


def config(found: Found, chance: random.Random, rounds: int) -> None:
    """The example, spoilt."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.toml"
        for number in range(rounds):
            path.write_bytes(spoilt(CONFIG.read_bytes(), chance))
            found.tries("config", f"round {number}", ConfigError, lambda: settings.read(path))


def rota(found: Found, chance: random.Random, rounds: int) -> None:
    """A calendar, spoilt."""
    since = datetime(2026, 3, 1, tzinfo=UTC)
    zone = ZoneInfo("Europe/Bucharest")
    for _ in range(rounds):
        text = spoilt(ROTA, chance)
        read = partial(
            shifts_of, text, zone=zone, people={}, since=since, until=since + timedelta(days=30)
        )
        found.tries("rota", f"{text!r}", RotaError, read)


def files(found: Found, chance: random.Random, rounds: int) -> None:
    """Rows, spoilt."""
    cls = registry.load(registry.SOURCES, "files")
    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds):
            for kind, rows in ROWS.items():
                path = Path(folder) / f"rows.{kind}"
                path.write_bytes(spoilt(rows, chance))
                said = {
                    "path": str(path),
                    "network": "x",
                    "format": kind,
                    "follow": bool(number % 2),
                }
                options = registry.options(cls, said, "sources.files")
                made = registry.build(cls, options, secrets=Remembered({}, []), clock=lambda: NOON)
                found.tries(f"files {kind}", f"round {number}", SourceError, partial(_look, made))


PARTS: dict[str, Callable[[Found, random.Random, int], None]] = {
    "sources": sources,
    "config": config,
    "rota": rota,
    "files": files,
}


def main() -> int:
    """Spoil, and print what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.parsers")
    parser.add_argument("--only", choices=PARTS, nargs="+", default=list(PARTS))
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    found, began = Found(), time.monotonic()
    for part in given.only:
        PARTS[part](found, random.Random(given.seed), given.rounds)
    for what, number in sorted(found.rounds.items()):
        print(f"{what:26} {number} rounds, {found.refused[what]} refused")
    for one in found.unhandled[:20]:
        print(one)
    took = f"{time.monotonic() - began:.0f} s"
    print(
        f"seed {given.seed}: {found.rounds.total()} rounds,"
        f" {len(found.unhandled)} unhandled, {took}"
    )
    return 1 if found.unhandled else 0


if __name__ == "__main__":
    sys.exit(main())

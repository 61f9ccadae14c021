"""What the program reads, spoilt: a port's own error may come of it, and no other."""

from __future__ import annotations

import json
import random
import tempfile
from contextlib import redirect_stderr
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from io import StringIO
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

from monitor import registry, settings
from monitor.domain.errors import ConfigError, SourceError
from monitor.domain.post import Page
from monitor.ports import Source
from monitor.rotas.shifts import RotaError, shifts_of
from monitor.simulator.serving import Answer, Server
from tests.contract.harness import NOON, Item, Remembered, harnesses
from tests.fuzz.spoiling import Found, spoilt
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

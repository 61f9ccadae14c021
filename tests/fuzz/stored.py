"""What the program itself wrote, and a disk or a hand has spoilt: cursors, and the files of a model."""

from __future__ import annotations

import json
import random
import tempfile
from contextlib import redirect_stderr
from datetime import timedelta
from functools import partial
from io import StringIO
from itertools import islice
from pathlib import Path

from monitor.classifiers import weights
from monitor.classifiers.shipped import Shipped
from monitor.domain.errors import ClassifierError, SourceError
from monitor.domain.post import Cursor, Stream
from monitor.ports import Source
from tests.contract.harness import NOON, Harness, Item, harnesses
from tests.fuzz.spoiling import Found, spoilt
from tests.sources.mutations import mutated

PAGES = 3
ITEMS = 3


def cursors(found: Found, chance: random.Random, rounds: int) -> None:
    """Every source goes on from a cursor of its own that is spoilt, over a network that answers rightly."""
    for name, world in harnesses().items():
        if world.needs:
            continue
        # what a simulated network says against what a spoilt cursor led to is no finding
        with redirect_stderr(StringIO()), world() as there:
            for number in range(ITEMS):
                there.put(Item(id=there.item_id(number), at=NOON - timedelta(minutes=number)))
            known = _cursors(there)
            for number in range(rounds if known else 0):
                stream, cursor = chance.choice(known)
                made = _spoilt_cursor(cursor, chance)
                found.tries(
                    f"cursor {name}",
                    f"round {number} {made[:500]!r}",
                    SourceError,
                    partial(_read, there.source(), stream, made),
                )


def _cursors(there: Harness) -> list[tuple[Stream, Cursor]]:
    source = there.source()
    return [
        (stream, page.cursor)
        for stream in source.streams()
        for page in islice(source.pages(stream, None), PAGES)
        if page.cursor
    ]


def _spoilt_cursor(cursor: Cursor, chance: random.Random) -> Cursor:
    """As a database keeps texts: no NUL, no half characters."""
    try:
        held = json.loads(cursor)
    except ValueError:
        held = None
    if held is None or chance.random() < 0.2:
        return Cursor(spoilt(cursor.encode(), chance).decode(errors="ignore").replace("\0", ""))
    return Cursor(json.dumps(mutated(held, chance, enlarges=False)))


def _read(source: Source, stream: Stream, cursor: Cursor) -> None:
    for _ in islice(source.pages(stream, cursor), PAGES):
        pass


def models(found: Found, chance: random.Random, rounds: int) -> None:
    """The shipped model with a file spoilt: its card is read or refused, and any other file refused."""
    whole = weights.find(weights.installed())
    parts = (weights.CARD, weights.MODEL, weights.TOKENIZER)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for one in whole.iterdir():
            (folder / one.name).symlink_to(one)
        for number in range(rounds):
            part = parts[number % len(parts)]
            (folder / part).unlink()
            (folder / part).write_bytes(spoilt((whole / part).read_bytes(), chance))
            found.tries(
                f"model {part}", f"round {number}", ClassifierError, partial(_judges, folder)
            )
            (folder / part).unlink()
            (folder / part).symlink_to(whole / part)


def _judges(folder: Path) -> None:
    """With nothing of the model loaded that is not what was trained."""
    its = Shipped(Shipped.Options(folder=folder, threads=1))
    assert its.model
    assert its.thresholds
    weights.verify(folder, weights.read_card(folder))

"""A call's body split into items, and what an item means, as the config maps it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Any

from monitor.domain.post import Gone, Post, Rejected
from monitor.domain.storable import storable
from monitor.fetching.html import plain
from monitor.ports import Letter, Received
from monitor.rows.meaning import (
    FIELDS,
    Field,
    Row,
    RowError,
    RowMeaning,
    fingerprint,
    identity,
    own_id,
)
from monitor.rows.texts import sample
from monitor.sources.webhook.pointer import MISSING, Missing, at

_NO_ANSWER = "what came by a webhook is answered where it was written"


@dataclass(frozen=True, slots=True)
class Mapped:
    """How items are found in a body, and fields in an item."""

    network: str
    items: str
    mapping: Mapping[Field, str]
    constants: Mapping[Field, str]
    defaults: Mapping[Field, str]
    is_html: bool
    assume_now: bool
    zone: tzinfo | None
    time_format: str | None

    def letters(self, body: bytes, now: datetime) -> list[Letter]:
        """Every item of the body as a letter. A body without items is one, with its flaw."""
        try:
            said = json.loads(body)
            found = at(said, self.items)
            if isinstance(found, Missing):
                return [_letter(_written(said), f'there is nothing at "{self.items}"')]
            written = [_written(one) for one in (found if isinstance(found, list) else [found])]
        except (ValueError, RecursionError) as error:
            text = body.decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
            return [_letter(text, f"the body is no JSON: {error}")]
        return [_letter(one, self._flaw(one, now)) for one in written]

    def read(self, letter: Received) -> Post | Gone | Rejected:
        """What a letter says."""
        where = f"letter {letter.number}"
        try:
            return self._read(json.loads(letter.said), letter.came_at)
        except RowError as error:
            return Rejected(where, str(error), sample(letter.said))
        except (ValueError, RecursionError) as error:
            return Rejected(where, f"no JSON: {error}", sample(letter.said))

    def _flaw(self, written: str, now: datetime) -> str | None:
        try:
            self._read(json.loads(written), now)
        except RowError as error:
            return str(error)
        return None

    def _read(self, item: Any, came_at: datetime) -> Post | Gone:
        """The post, or the deletion. Raises RowError."""
        row = self._row(item)
        meaning = RowMeaning(
            network=self.network,
            zone=self.zone,
            time_format=self.time_format,
            now=(lambda: came_at) if self.assume_now else None,
        )
        found = meaning.of(row, own_id(row) or identity(self.network, fingerprint(row), 0))
        if isinstance(found, Gone):
            return found
        text = plain(found.text) if self.is_html else found.text
        if not text:
            raise RowError("no text")
        return replace(found, text=text, can_reply=False, cannot_reply_because=_NO_ANSWER)

    def _row(self, item: Any) -> Row:
        """Our fields: those that are not mapped stand in the item under our own names."""
        if not isinstance(item, dict | list):
            raise RowError(f"an item is a JSON object, not {type(item).__name__}")
        row: dict[str, object] = {}
        for field in FIELDS:
            found = at(item, self.mapping[field]) if field in self.mapping else _own(item, field)
            if found is MISSING or found in (None, ""):
                found = self.defaults.get(field)
            row[field] = self.constants.get(field, found)
        return row


def _own(item: Any, field: Field) -> Any:
    """What stands under our own name of a field; but no sender files under a network by itself."""
    return MISSING if field == "network" else at(item, f"/{field}")


def _letter(said: str, flaw: str | None) -> Letter:
    flaw = flaw and storable(flaw)  # it may repeat half a character of the item
    # a flaw may be the config's: once that is mended, the same item sent again is another letter
    known_by = said if flaw is None else f"{flaw}\0{said}"
    return Letter(hashlib.sha256(known_by.encode()).hexdigest(), said, flaw)


def _written(item: Any) -> str:
    """The same item gives the same text, whatever the order of its keys; ASCII, so that it can be kept."""
    return json.dumps(item, sort_keys=True, separators=(",", ":"))

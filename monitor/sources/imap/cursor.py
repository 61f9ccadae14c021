"""Where a folder was read to: a UID, and how long it means something."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from monitor.domain.cursor import held
from monitor.domain.post import Cursor
from monitor.fetching.shapes import Seconds, shaped

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Place:
    """How far a folder is read.

    `validity`: of the UIDs; 0 before the first look. `uid`: mails up to it were seen. `horizon`: what
    came before is never brought; `looked`: when the last whole look was; both seconds of the epoch.
    """

    horizon: Seconds
    validity: int = 0
    uid: int = 0
    looked: Seconds = 0.0


def write(place: Place) -> Cursor:
    """As a cursor."""
    return json.dumps({"mail": _VERSION, **asdict(place)}, separators=(",", ":"))


def read(cursor: Cursor) -> Place:
    """What a cursor holds.

    Raises:
        SourceError: it is no cursor of this source.

    """
    return held(cursor, "a mailbox", _place)


def _place(said: Any) -> Place:
    return shaped({_VERSION: Place}[said.pop("mail")], said)

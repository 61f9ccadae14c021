"""How far a listing of reviews was read, as the text that a stream's cursor is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice

from monitor.domain.cursor import held
from monitor.domain.post import Cursor
from monitor.fetching.shapes import Seconds, shaped

_VERSION = 1
_MOST = 10_000
"""Reviews whose marks are remembered: of more, the oldest come again, which does no harm."""


@dataclass(frozen=True, slots=True)
class Place:
    """The ground that is known.

    `horizon`, in seconds of the epoch: nothing older is ever brought. `next`: where the look that is
    under way goes on, after so many `pages`. `known`: the marks of the last whole look by a short
    name of the review; `seen`: those of the look under way.
    """

    horizon: Seconds
    next: str | None = None
    pages: int = 0
    known: Mapping[str, str] = field(default_factory=dict)
    seen: Mapping[str, str] = field(default_factory=dict)

    @property
    def horizon_at(self) -> datetime:
        """Older reviews are not brought."""
        return datetime.fromtimestamp(self.horizon, UTC)

    def mark_of(self, review_id: str) -> str | None:
        """The mark that the review had when it was seen last."""
        name = _short(review_id)
        return self.seen.get(name) or self.known.get(name)

    def partly(self, marks: Mapping[str, str], next_: str) -> Place:
        """The place in the middle of a look, after a page with these marks."""
        return replace(self, next=next_, pages=self.pages + 1, seen=self._seen(marks))

    def wholly(self, marks: Mapping[str, str]) -> Place:
        """The place after a look that ended with a page of these marks."""
        return Place(self.horizon, known=self._seen(marks))

    def broken_off(self, marks: Mapping[str, str]) -> Place:
        """The place after a look that was cut off: what it did not come to is remembered as it was."""
        return Place(self.horizon, known=_latest(self._seen(marks), self.known))

    def again(self) -> Place:
        """From the top: the site forgot where the look was. What it saw is not brought again."""
        return Place(self.horizon, known=_latest(self.seen, self.known))

    def _seen(self, marks: Mapping[str, str]) -> Mapping[str, str]:
        # a review that two pages show is where it was first, with the mark that it had last
        shown = {_short(name): mark for name, mark in marks.items()}
        return _latest({**self.seen, **shown}, {})


def write(place: Place) -> Cursor:
    """The place as a cursor."""
    return json.dumps({"reviews": _VERSION, **asdict(place)}, separators=(",", ":"))


def read(cursor: Cursor) -> Place:
    """The place that a cursor holds.

    Raises:
        SourceError: it is no cursor of reviews.

    """
    return held(
        cursor, "reviews", lambda said: shaped({_VERSION: Place}[said.pop("reviews")], said)
    )


def _short(review_id: str) -> str:
    return hashlib.blake2b(review_id.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()


def _latest(seen: Mapping[str, str], known: Mapping[str, str]) -> Mapping[str, str]:
    """The first of them: a listing begins with the newest, and `known` is of an earlier look."""
    return dict(islice({**seen, **known, **seen}.items(), _MOST))

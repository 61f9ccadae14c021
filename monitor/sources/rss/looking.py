"""One look at one feed: what is new in its documents, and whether known ground was reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from monitor.domain.post import Gap, Gone, Post, Rejected
from monitor.fetching import fields
from monitor.sources.rss import entries
from monitor.sources.rss.documents import Feed
from monitor.sources.rss.entries import Entry, Place
from monitor.sources.rss.ground import Ground


@dataclass(slots=True)
class Look:
    """Goes through a feed's documents, newest first."""

    place: Place
    before: Ground
    now: datetime
    listed: dict[str, int] = field(init=False)
    """What this look saw, and one before it that broke off."""
    _met: bool = False
    _old: bool = False
    _calls: int = 0
    _oldest: str | None = None

    def __post_init__(self) -> None:
        self.listed = dict(self.before.seen)

    def items(self, feed: Feed) -> Iterator[Post | Gone | Rejected]:
        """What is new in a document of the feed."""
        self._calls += 1
        read = [_read(said) for said in feed.entries]
        entry = [one for one in read if isinstance(one, Entry)]
        dates = [one.posted.timestamp() for one in entry if one.posted]
        self._old = bool(dates) and max(dates) < self.before.horizon
        for broken in (one for one in read if isinstance(one, Rejected)):
            if self._is_new(broken.where, 0):
                yield broken
        for one in _newest(entry):
            self._met |= self._is_known(one.name, one.mark)
            self._oldest = one.name
            if self._is_new(one.name, one.mark):
                yield from self._item(one, feed)
        for one in _doubled(entry):
            if self._is_new(f"{one.name} {one.mark}", 0):
                why = ValueError("another entry of the feed has the same id")
                yield entries.rejected(one.name, why, one.said)
        for ref, when in feed.deleted:
            if ref and self._is_new(f"deleted {ref}", 0):
                yield entries.gone(ref, when, self.place, self.now)

    @property
    def is_done(self) -> bool:
        """Whether what is older was seen before, or is older than anybody wants."""
        return self._met or (self.before.is_first and self._old)

    def gap(self, *, is_capped: bool) -> Gap | None:
        """What may have stood between this look and the last one."""
        if self.is_done or not self.listed:
            return None
        if is_capped:
            return Gap(
                "the feed goes on to older entries than further_pages allows", to=self._oldest
            )
        if self.before.known:
            reason = "all that the feed shows is new: what left it since the last look was not seen"
            return Gap(reason, to=self._oldest)
        return None

    def spent(self) -> int:
        """The calls since this was asked last."""
        calls, self._calls = self._calls, 0
        return calls

    def _is_new(self, name: str, mark: int) -> bool:
        """Whether it was not seen like this before; from now on it was."""
        short = entries.fingerprint(name)
        is_seen = self.listed.get(short) == mark
        self.listed[short] = mark
        return not (is_seen or self._is_known(name, mark))

    def _is_known(self, name: str, mark: int) -> bool:
        """Whether the last whole look saw it like this."""
        return self.before.known.get(entries.fingerprint(name)) == mark

    def _item(self, one: Entry, feed: Feed) -> Iterator[Post | Rejected]:
        if one.posted is None and self.before.is_first:
            # how old it is nobody knows, and an alert about an old complaint helps nobody
            why = ValueError("it names no date, and stood in the feed before the first look")
            yield entries.rejected(one.name, why, one.said)
        elif one.posted is None or one.posted.timestamp() >= self.before.horizon:
            yield entries.read(one, feed, self.place, self.now)


def _read(said: Mapping[str, Any]) -> Entry | Rejected:
    try:
        return entries.entry(said)
    except fields.UNREADABLE as error:
        return entries.rejected(f"entry {entries.fingerprint(str(said))}", error, said)


def _newest(those: Sequence[Entry]) -> list[Entry]:
    """Of several versions of an entry the one edited last, which is what it says now."""
    found: dict[str, Entry] = {}
    for one in those:
        other = found.get(one.name)
        if other is None or one.changed > other.changed:
            found[one.name] = one
    return list(found.values())


def _doubled(those: Sequence[Entry]) -> list[Entry]:
    """Entries that are no versions of one another, and yet have one id: one of them can be kept."""
    kept = {one.name: one for one in _newest(those)}
    return [
        one
        for one in those
        if one.mark != kept[one.name].mark and one.changed == kept[one.name].changed
    ]

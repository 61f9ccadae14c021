"""A source as tests want it: numbered pages, gaps, errors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from monitor.domain.post import Cursor, Page, Stream, StreamKind
from tests.store.written import written

SEARCH = Stream("search", StreamKind.SEARCH, "x")
OWN = Stream("own", StreamKind.OWN, "x", every=timedelta(minutes=5))


class Network:
    """A source of numbered pages; what a stream says may be an error in their midst."""

    def __init__(self, *streams: Stream) -> None:
        self._streams = streams or (SEARCH,)
        self.says: dict[str, list[Page | Exception]] = {one.name: [] for one in self._streams}

    def streams(self) -> Sequence[Stream]:
        return self._streams

    def pages(self, stream: Stream, since: Cursor | None, /) -> Iterator[Page]:
        for said in self.says[stream.name][int(since or 0) :]:
            if isinstance(said, Exception):
                self.says[stream.name].remove(said)
                raise said
            yield said

    def posts(self, *numbers: str, stream: str = "search", **said: Any) -> None:
        said_before = self.says[stream]
        cursor = str(1 + sum(isinstance(one, Page) for one in said_before))
        page = Page(tuple(written(one) for one in numbers), cursor, **said)
        said_before.append(page)

    def fails(self, error: Exception, stream: str = "search") -> None:
        self.says[stream].append(error)

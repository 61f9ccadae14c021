"""The plug-in `hackernews`: which questions are asked of Algolia, and what is looked up again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Annotated, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from monitor.domain.finding import Finding, Standing
from monitor.domain.post import (
    Cursor,
    Gone,
    Page,
    Post,
    PostKey,
    Rejected,
    Stream,
    StreamKind,
)
from monitor.fetching import Budget, Client, Descent, FetchError, Looks, Thing
from monitor.ports import About, Clock, Secrets
from monitor.settings.spans import PositiveSpan
from monitor.sources.hackernews import items
from monitor.sources.hackernews.listing import Hits

_SITE = "https://hn.algolia.com"
_EVERY = timedelta(minutes=2)
_HOUR = timedelta(hours=1)
_GONE = (404, 410)

Query = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=200)]
Account = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{2,15}$")]


class HackerNews:
    """Reads what names the brand, and what its accounts write. It needs no key, and cannot answer."""

    extra: ClassVar[str | None] = None
    about: ClassVar[About] = About(
        title="Hacker News",
        reads="stories and comments that a query finds, own comments",
        rights="none",
        limits="what Algolia's public search knows, seconds to minutes late",
        cost="no money; 5,000 calls an hour",
        page="sources/hackernews.md",
        cannot_reply_because="Hacker News has no way for a program to write",
    )

    class Options(BaseModel):
        """The table of a source `use = "hackernews"`."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        queries: tuple[Query, ...] = Field(min_length=1, description="Words that name the brand.")
        accounts: tuple[Account, ...] = Field(default=(), description="Those that answer for you.")
        overlap: PositiveSpan = timedelta(hours=6)
        look_back: PositiveSpan = timedelta(days=7)
        page_size: int = Field(default=100, ge=1, le=1000, description="Hits asked for at once.")
        calls_per_hour: int = Field(default=5000, ge=1, description="All calls together.")
        timeout: float = Field(default=16, gt=0, le=120, description="Seconds of silence.")
        base_url: str | None = Field(default=None, pattern=r"^https?://.")

        @model_validator(mode="after")
        def _each_once(self) -> Self:
            for given in (self.queries, self.accounts):
                if len({one.casefold() for one in given}) < len(given):
                    raise ValueError("each query and each account is named once")
            return self

    def __init__(self, options: Options, *, secrets: Secrets, clock: Clock) -> None:
        """`secrets` are not needed; `clock` dates looks."""
        del secrets
        self._options = options
        self._clock = clock
        self._client = Client(
            "Hacker News",
            options.base_url or _SITE,
            budget=Budget(options.calls_per_hour, _HOUR),
            timeout=options.timeout,
        )
        self._looks = Looks(items.NETWORK, self._made(), options.look_back)

    def streams(self) -> Sequence[Stream]:
        return self._looks.streams

    def pages(self, stream: Stream, since: Cursor | None, /) -> Iterator[Page]:
        return self._looks.pages(stream, since, self._clock())

    def refresh(self, keys: Sequence[PostKey], /) -> Iterator[Post | Gone | Rejected]:
        """Look up again, one in a call. What was found once and is not known any more was deleted."""
        for key in keys:
            number = key.external_id
            if not (number.isascii() and number.isdecimal()):
                continue
            try:
                said = self._client.get(f"api/v1/items/{number}")
            except FetchError as error:
                if error.status not in _GONE:
                    raise
                yield Gone(key, self._clock())
                continue
            item = items.read(number, said, self._clock())
            if isinstance(item, Rejected) or item.key == key:
                yield item

    def try_out(self) -> Iterator[Finding]:
        """Ask each question once; that is free and needs no log-in."""
        yield from self._looks.tried(self._clock())
        if not self._options.accounts:
            said = "accounts: none is named, so a complaint that you answered stays unanswered here"
            yield Finding(said, Standing.LACKS)
        yield Finding("answers: none from here, as Hacker News lets no program write")

    def _made(self) -> Iterator[tuple[Stream, Descent]]:
        for query in self._options.queries:
            asked = {"query": query, "tags": "(story,comment)", "typoTolerance": "false"}
            yield self._made_one(f"search-{query.casefold()}", StreamKind.SEARCH, asked)
        for account in self._options.accounts:
            asked = {"tags": f"(story,comment),author_{account}"}
            yield self._made_one(f"own-{account.casefold()}", StreamKind.OWN, asked)

    def _made_one(
        self, name: str, kind: StreamKind, asked: dict[str, str]
    ) -> tuple[Stream, Descent]:
        hits = Hits(self._client, self._options.page_size, asked)
        overlap = int(self._options.overlap.total_seconds())
        look = Descent(hits, self._read, overlap, is_timed=True)
        return Stream(name, kind, items.NETWORK, _EVERY), look

    def _read(self, thing: Thing) -> Post | Gone | Rejected:
        return items.read(thing.name, thing.said, self._clock())

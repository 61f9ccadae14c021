"""The plug-in `rss`: follows each feed from its newest entries down to known ground."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from monitor.domain.errors import SourceError
from monitor.domain.finding import Finding, Standing
from monitor.domain.post import Cost, Cursor, Gone, Page, Post, Rejected, Stream, StreamKind
from monitor.fetching import Budget
from monitor.fetching.outside import Roamer
from monitor.ports import About, Clock, Secrets
from monitor.settings.addresses import Host, WebAddress
from monitor.settings.spans import PositiveSpan
from monitor.sources.rss import documents, ground
from monitor.sources.rss.documents import Feed
from monitor.sources.rss.entries import Place
from monitor.sources.rss.ground import Ground
from monitor.sources.rss.looking import Look

_EVERY = timedelta(minutes=10)
_HOUR = timedelta(hours=1)
_ACCEPT = "application/atom+xml, application/rss+xml, application/xml;q=0.9, */*;q=0.5"
_HEADER = re.compile(r"[\x20-\x7e]{1,500}")

FeedName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,40}$")]
Term = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class Rss:
    """Reads feeds. They cannot be answered, and tell of few deletions."""

    extra: ClassVar[str | None] = "feeds"
    about: ClassVar[About] = About(
        title="RSS and Atom",
        reads="feeds: comments, forums, saved searches; your own answers where a feed shows them",
        rights="none",
        limits="what left a feed between two looks is a gap; few feeds tell of deletions",
        cost="no money; one call a look and feed, 2,000 an hour",
        page="sources/rss.md",
        cannot_reply_because="a feed only shows",
    )

    class Options(BaseModel):
        """The table of a source `use = "rss"`."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        feeds: dict[FeedName, WebAddress] = Field(
            min_length=1, description="A name of yours, which lasts, and the feed's address."
        )
        network: str = Field(
            default="rss",
            pattern=r"^[a-z0-9][a-z0-9._-]{0,40}$",
            description="What the entries are filed under.",
        )
        with_answers: tuple[FeedName, ...] = Field(
            default=(), description="Feeds that show what you answer, too."
        )
        terms: tuple[Term, ...] = Field(
            default=(), description="Words one of which must stand there; none: everything counts."
        )
        look_back: PositiveSpan = timedelta(days=7)
        further_pages: int = Field(
            default=10, ge=0, le=1000, description="Followed where a feed links to older entries."
        )
        private_hosts: tuple[Host, ...] = Field(
            default=(), description="Hosts that may have a private address."
        )
        most_bytes: int = Field(default=4 * 2**20, ge=1000, description="The longest feed read.")
        calls_per_hour: int = Field(default=2000, ge=1, description="All calls together.")
        timeout: float = Field(default=16, gt=0, le=120, description="Seconds of silence.")

        @model_validator(mode="after")
        def _named(self) -> Self:
            unknown = sorted(set(self.with_answers) - set(self.feeds))
            if unknown:
                raise ValueError(f"with_answers names what is no feed: {', '.join(unknown)}")
            return self

    def __init__(self, options: Options, *, secrets: Secrets, clock: Clock) -> None:
        """`secrets` are not needed; `clock` dates looks."""
        del secrets
        self._options = options
        self._clock = clock
        self._client = Roamer(
            "the feed's server",
            budget=Budget(options.calls_per_hour, _HOUR),
            timeout=options.timeout,
            most_bytes=options.most_bytes,
            but=options.private_hosts,
        )
        words = "|".join(re.escape(term) for term in options.terms)
        self._terms = re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE) if words else None

    def streams(self) -> Sequence[Stream]:
        own = self._options.with_answers
        return tuple(
            Stream(
                name,
                StreamKind.ALL if name in own else StreamKind.SEARCH,
                self._options.network,
                _EVERY,
            )
            for name in self._options.feeds
        )

    def pages(self, stream: Stream, since: Cursor | None, /) -> Iterator[Page]:
        now = self._clock()
        horizon = (now - self._options.look_back).timestamp()
        before = ground.read(since, lambda: Ground(horizon))
        yield from self._pages(Look(Place(stream.network, stream.name), before, now))

    def try_out(self) -> Iterator[Finding]:
        """Ask for each feed once; that is free and needs no log-in."""
        for name, url in self._options.feeds.items():
            try:
                feed, _ = self._fetched(url, {})
            except SourceError as error:
                yield Finding(f"{name}: {error}", Standing.FAILS)
                continue
            if feed is None or feed.flaw is None:
                yield Finding(f"{name}: can be read")
            else:
                said = f"{name}: is no clean XML ({feed.flaw}); what can be read of it is read"
                yield Finding(said, Standing.LACKS)
        yield Finding("answers: none from here, as feeds only show")

    def _pages(self, look: Look) -> Iterator[Page]:
        before, url = look.before, self._options.feeds[look.place.feed]
        conditions = before.conditions(_number(url))
        validators = replace(before, seen={}, address=_number(url), etag=None, modified=None)
        further: str | None = url
        asked: set[str] = set()
        while further is not None:
            asked.add(further)
            feed, headers = self._fetched(further, conditions if len(asked) == 1 else {})
            if feed is None:
                yield Page((), ground.write(before), cost=Cost(1))
                return
            if len(asked) == 1:
                validators = replace(
                    validators,
                    etag=_header(headers, "etag"),
                    modified=_header(headers, "last-modified"),
                )
            items = [one for one in look.items(feed) if self._is_wanted(one, look.place)]
            further = feed.further if feed.further not in asked else None
            is_capped = further is not None and len(asked) > self._options.further_pages
            is_end = further is None or is_capped or look.is_done
            if is_end:
                after = replace(validators, known=look.listed or before.known, is_first=False)
                gap = look.gap(is_capped=is_capped)
                yield Page(tuple(items), ground.write(after), gap, Cost(look.spent()))
                return
            if items:
                cursor = ground.write(replace(before, seen=look.listed))
                yield Page(tuple(items), cursor, cost=Cost(look.spent()))

    def _fetched(
        self, url: str, conditions: Mapping[str, str]
    ) -> tuple[Feed | None, Mapping[str, str]]:
        """The feed and its headers; None if nothing changed. Raises SourceError."""
        document = self._client.document(url, {"accept": _ACCEPT, **conditions})
        return None if document.body is None else documents.read(document), document.headers

    def _is_wanted(self, item: Post | Gone | Rejected, place: Place) -> bool:
        """What answers a customer need not name the brand."""
        if self._terms is None or not isinstance(item, Post):
            return True
        if place.feed in self._options.with_answers:
            return True
        return self._terms.search(f"{item.title or ''} {item.text}") is not None


def _header(headers: Mapping[str, str], name: str) -> str | None:
    """A header as it can be sent back."""
    value = headers.get(name, "")
    return value if _HEADER.fullmatch(value) else None


def _number(text: str) -> int:
    return zlib.crc32(text.encode(errors="replace"))

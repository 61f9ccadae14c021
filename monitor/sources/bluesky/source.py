"""The plug-in `bluesky`: what the ports ask, put together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from importlib.util import find_spec
from typing import ClassVar, TypeAlias

from monitor.domain.errors import Outcome, SendError
from monitor.domain.finding import Finding
from monitor.domain.notice import Absent, Unknowable
from monitor.domain.post import (
    Author,
    Cursor,
    Gone,
    Page,
    Post,
    PostKey,
    Rejected,
    Stream,
    StreamKind,
)
from monitor.domain.reply import Length
from monitor.fetching import Descent, Looks, Thing, descent
from monitor.fetching.descent import FillIn
from monitor.ports import About, Clock, Secrets
from monitor.sources.bluesky import listings, options, posts, trying
from monitor.sources.bluesky.answers import Desk
from monitor.sources.bluesky.calls import NETWORK, Calls
from monitor.sources.bluesky.length import length_of
from monitor.sources.bluesky.listings import Listed
from monitor.sources.bluesky.looking_up import LookUp
from monitor.sources.bluesky.views import Views

_EVERY, _SELDOMER = timedelta(minutes=1), timedelta(minutes=2)
_SDK = "atproto_client"
"""Imported with the first answer: it takes a second, and as much memory as all the rest."""
_MUTE = "the account only reads (answers = false)"


class Bluesky:
    """Reads what mentions, answers or quotes the account, searches and own posts; answers in its name.

    A post's id is its address. Reposts are left out.
    """

    extra: ClassVar[str | None] = "bluesky"
    about: ClassVar[About] = About(
        title="Bluesky",
        reads="mentions, answers and quotes of one account, searches, own posts",
        rights="an app password of the account, without direct messages; it answers with the same",
        limits="nothing of muted or blocked people; what is dated back by more than overlap",
        cost="no money; 3,000 calls in five minutes, 300 log-ins a day",
        page="sources/bluesky.md",
        finds_replies=True,
    )

    Options: TypeAlias = options.Options

    def __init__(self, options: Options, *, secrets: Secrets, clock: Clock) -> None:
        """`secrets` holds the app password and keeps the session; both are asked for at the first call."""
        if options.answers and find_spec(_SDK) is None:
            raise ModuleNotFoundError(f"No module named {_SDK!r}", name=_SDK)
        self._options = options
        self._clock = clock
        self._calls = Calls(options, secrets)
        self._views = Views(self._calls)
        self._mute = None if options.answers else _MUTE
        self._desk = Desk(self._calls, self._views, options.account)
        self._look_up = LookUp(self._calls, self._views, self._mute)
        self._looks = Looks(NETWORK, self._made(), options.look_back)

    def streams(self) -> Sequence[Stream]:
        """Own posts last, so that an answer found there finds its question stored."""
        return self._looks.streams

    def pages(self, stream: Stream, since: Cursor | None, /) -> Iterator[Page]:
        return self._looks.pages(stream, since, self._clock())

    def refresh(self, keys: Sequence[PostKey], /) -> Iterator[Post | Gone | Rejected]:
        """Twenty-five in a call, and one more for each that is not shown any more."""
        return self._look_up.items(keys, self._clock())

    @property
    def reply_author(self) -> Author | None:
        """The account whose app password it is."""
        return Author(handle=self._options.account) if self._options.answers else None

    def reply_length(self, text: str, /) -> Length:
        """In characters as people see them."""
        return length_of(text)

    def reply(self, to: Post, text: str, key: str, /) -> Post:
        """The network keeps an answer under a key that is made of `key`, and takes none twice."""
        if self._mute:
            raise SendError(self._mute, outcome=Outcome.PERMANENT)
        return self._desk.write(to, text, key, self._clock())

    def find_reply(self, to: Post, key: str, /) -> Post | Absent | Unknowable:
        return self._desk.find(to, key)

    def try_out(self) -> Iterator[Finding]:
        """Log in, read one page of every stream, and say what the account keeps back. All is free."""
        found = self._looks.listings
        yield from trying.findings(self._calls, self._options, found)

    def _made(self) -> Iterator[tuple[Stream, Descent]]:
        said = self._options
        of_us = {"reasons": ("mention", "reply", "quote"), "priority": "false"}
        told = self._listed("app.bsky.notification.listNotifications", "notifications", of_us)
        yield (
            Stream("mentions", StreamKind.MENTIONS, NETWORK, _EVERY),
            self._look(told, self._views.notified),
        )
        for query in said.search:
            asked = {"q": query, "sort": "latest"}
            found = self._listed("app.bsky.feed.searchPosts", "posts", asked)
            yield (
                Stream(f"search-{query.casefold()}", StreamKind.SEARCH, NETWORK, _SELDOMER),
                self._look(found, self._views.followed),
            )
        for handle in (said.account, *said.accounts):
            asked = {"actor": handle, "filter": "posts_with_replies"}
            wrote = self._listed("app.bsky.feed.getAuthorFeed", "feed", asked)
            name = "own" if handle == said.account else f"own-{handle}"
            yield Stream(name, StreamKind.OWN, NETWORK, _EVERY), self._look(wrote)

    def _listed(self, method: str, inside: str, asked: Mapping[str, str | Sequence[str]]) -> Listed:
        return Listed(self._calls, method, inside, asked, self._options.page_size)

    def _look(self, listed: Listed, fill_in: FillIn = descent.as_listed) -> Descent:
        overlap = int(self._options.overlap.total_seconds())
        return Descent(listed, self._read, overlap, is_timed=True, fill_in=fill_in)

    def _read(self, thing: Thing) -> Post | Rejected | None:
        return None if listings.is_repost(thing) else posts.read(thing.name, thing.said, self._mute)

"""The plug-in `mastodon`: what the ports ask, put together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, ClassVar, TypeAlias

import mastodon

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
from monitor.fetching import CallError, source_error
from monitor.ports import About, Clock, Secrets
from monitor.secrets import for_header
from monitor.sources.mastodon import cursor, options, statuses, trying
from monitor.sources.mastodon.accounts import OWN, Accounts
from monitor.sources.mastodon.answers import Desk, length_of
from monitor.sources.mastodon.calls import Asks, Calls
from monitor.sources.mastodon.cursor import Place
from monitor.sources.mastodon.listing import Look, Span
from monitor.sources.mastodon.looking_up import LookUp
from monitor.sources.mastodon.statuses import View
from monitor.sources.mastodon.threads import Threads

_EVERY, _SELDOMER = timedelta(minutes=1), timedelta(minutes=2)
_MUTE = "the token may only read (answers = false)"
_Ask: TypeAlias = Callable[[mastodon.Mastodon, Span], object]


class Mastodon:
    """Reads what names the token's account, hashtags, searches and own posts, and answers in its name.

    A post's id is its ActivityPub address, the same on every server; the number that the account's own
    server gives it is the `reply_token`. Reposts are left out.
    """

    extra: ClassVar[str | None] = "mastodon"
    about: ClassVar[About] = About(
        title="Mastodon",
        reads="mentions of one account, hashtags, searches, own posts",
        rights="read:accounts, read:notifications, read:statuses, read:search; to answer write:statuses",
        limits="only what reached the account's server; no search of everything",
        cost="no money; 300 calls in five minutes",
        page="sources/mastodon.md",
        finds_replies=True,
    )

    Options: TypeAlias = options.Options

    def __init__(self, options: Options, *, secrets: Secrets, clock: Clock) -> None:
        """`secrets` holds the token, which is asked for when a connection is made."""
        self._options = options
        self._clock = clock
        self._calls = Calls(
            base_url=options.base_url,
            token=lambda: for_header(secrets, options.token),
            timeout=options.timeout,
            clock=clock,
        )
        self._threads = Threads()
        self._accounts = Accounts()
        self._view = View(options.host, None if options.answers else _MUTE)
        self._desk = Desk(self._calls, self._threads, self._accounts, self._view)
        self._look_up = LookUp(self._calls, self._threads, self._accounts, self._read)
        self._made: dict[str, tuple[Stream, Callable[[Asks], Look]]] = {
            stream.name: (stream, look) for stream, look in self._looks()
        }

    def streams(self) -> Sequence[Stream]:
        """Own posts last, so that an answer found there finds its question stored."""
        return tuple(stream for stream, _ in self._made.values())

    def pages(self, stream: Stream, since: Cursor | None, /) -> Iterator[Page]:
        now = self._clock()
        _, look = self._made[stream.name]
        place = cursor.read(since) if since else Place((now - self._options.look_back).timestamp())
        try:
            yield from look(self._calls).pages(self._calls, place, now)
        except CallError as error:
            raise source_error(stream.name, error) from error

    def refresh(self, keys: Sequence[PostKey], /) -> Iterator[Post | Gone | Rejected]:
        """Twenty in a call; a post of another server that this process never saw takes a search.

        What the server shows no more counts as gone: it tells nobody whether it was deleted or hidden.
        """
        try:
            yield from self._look_up.items(keys, self._clock())
        except CallError as error:
            raise source_error("look-up", error) from error

    @property
    def reply_author(self) -> Author | None:
        """The token's account."""
        return Author(handle=self._options.account) if self._options.answers else None

    def reply_length(self, text: str, /) -> Length:
        """As Mastodon counts, what the name of who is answered takes left out."""
        return length_of(text, self._options.longest_answer)

    def reply(self, to: Post, text: str, key: str, /) -> Post:
        """As widely as `to` is shown; `key` goes with it, and the server knows it again for an hour."""
        if self._view.mute:
            raise SendError(self._view.mute, outcome=Outcome.PERMANENT)
        return self._desk.write(to, text, key)

    def find_reply(self, to: Post, key: str, /) -> Post | Absent | Unknowable:
        """By the post that is answered: the key is shown nowhere."""
        return self._desk.find(to)

    def try_out(self) -> Iterator[Finding]:
        """Log in, read one page of every stream, and offer an empty answer, which is refused."""
        place = Place(0.0)
        reads = {
            name: lambda look=look: look(self._calls).listed(self._calls, place, None)
            for name, (_, look) in self._made.items()
        }
        try:
            yield from trying.findings(self._calls, self._options, reads)
        except CallError as error:
            raise source_error("log-in", error) from error

    def _read(self, thing: Any, calls: Asks) -> Post | Rejected | None:
        return statuses.read(thing, lambda one: self._threads.trace(one, calls), self._view)

    def _looks(self) -> Iterator[tuple[Stream, Callable[[Asks], Look]]]:
        said = self._options
        types = ["mention", "quote"] if said.quotes else ["mention"]
        mentions = _always(partial(_mentioned, types))
        yield self._one("mentions", StreamKind.MENTIONS, mentions)
        for tag in said.hashtags:
            tagged = _always(partial(_tagged, tag))
            yield self._one(f"tag-{tag}", StreamKind.SEARCH, tagged)
        for query in said.search:
            found = _always(partial(_searched, query))
            name = f"search-{query}"
            yield self._one(name, StreamKind.SEARCH, found, every=_SELDOMER, inside="statuses")
        for account in (OWN, *said.accounts):
            name = "own" if account == OWN else f"own-{account}"
            yield self._one(name, StreamKind.OWN, partial(self._own, account))

    def _own(self, account: str, calls: Asks) -> _Ask:
        return partial(_written, self._accounts.number(account, calls))

    def _one(
        self,
        name: str,
        kind: StreamKind,
        ask: Callable[[Asks], _Ask],
        *,
        every: timedelta = _EVERY,
        inside: str | None = None,
    ) -> tuple[Stream, Callable[[Asks], Look]]:
        """`ask` may have to find out an account's number first."""
        said = self._options

        def look(calls: Asks) -> Look:
            return Look(
                ask(calls), self._read, said.overlap, said.page_size, said.max_pages, inside
            )

        return Stream(name, kind, statuses.NETWORK, every), look


def _always(ask: _Ask) -> Callable[[Asks], _Ask]:
    return lambda _: ask


def _mentioned(types: list[str], client: mastodon.Mastodon, span: Span) -> object:
    return client.notifications(
        types=types, since_id=span.since, max_id=span.until, limit=span.size
    )


def _tagged(tag: str, client: mastodon.Mastodon, span: Span) -> object:
    return client.timeline_hashtag(tag, since_id=span.since, max_id=span.until, limit=span.size)


def _searched(query: str, client: mastodon.Mastodon, span: Span) -> object:
    return client.search_v2(
        query, resolve=False, result_type="statuses", offset=span.offset, limit=span.size
    )


def _written(number: str, client: mastodon.Mastodon, span: Span) -> object:
    return client.account_statuses(
        number, exclude_reblogs=True, since_id=span.since, max_id=span.until, limit=span.size
    )

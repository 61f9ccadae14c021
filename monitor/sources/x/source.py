"""The plug-in `x`: what the ports ask, put together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, TypeAlias

import structlog

from monitor.domain.errors import ConfigError, Outcome, SendError, SourceError
from monitor.domain.finding import Finding, Standing
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
from monitor.domain.quoting import quoted
from monitor.domain.reply import Length
from monitor.ports import About, Clock, Secrets
from monitor.secrets import for_header
from monitor.sources.x import answering, budget, options, refusals, trying, wire
from monitor.sources.x.budget import Budget
from monitor.sources.x.calls import KEYS, Calls, Keys, NoAnswerError, RefusedError
from monitor.sources.x.length import has_link, length_of
from monitor.sources.x.reading import Bounds, Fares, Reach, Walk, listed, listing
from monitor.sources.x.wire import Account, Reading

_EVERY = timedelta(minutes=1)
_MENTIONS, _SEARCH, _OWN = "mentions", "search", "own"
_REFRESH, _ANSWERS = "refresh", "answers"
_REACH = {
    _MENTIONS: Reach(least=5, cap=800),
    _OWN: Reach(least=5, cap=3200),
    _SEARCH: Reach(least=10, days=7, share=budget.LESS_URGENT),
}
_OWN_SOUGHT = Reach(least=10, days=7)
_AT_ONCE = 100
"""Posts that X looks up in one call."""

_log = structlog.get_logger(__name__)


class X:
    """Reads an account's mentions, its own timeline and a search, and answers in its name.

    A post's id is that of its first version: X gives each edit a new one. Reposts are left out. The
    texts of long posts come whole. Every call is made once; what fails is tried again by the next look.
    """

    extra: ClassVar[str | None] = None
    about: ClassVar[About] = About(
        title="X",
        reads="mentions of one account, its own posts, and what a search finds",
        rights="an app's bearer token; to answer, the account's four keys with read and write",
        limits="800 mentions, 3,200 own posts, 7 days of search; no private messages, no reposts",
        cost="pay per use: $0.001 to $0.005 a post read, $0.01 an answer; a day's budget is kept",
        page="sources/x.md",
        finds_replies=True,
    )

    Options: TypeAlias = options.Options

    def __init__(self, options: Options, *, secrets: Secrets, clock: Clock) -> None:
        """`secrets` holds the token, and the four keys where `answer_keys` names them."""
        self._options = options
        self._secrets = secrets
        self._clock = clock
        self._account = Account(options.account, options.handle, options.answer_keys is not None)
        usd = options.budget_usd_per_day
        self._budget = Budget(
            micros=None if usd is None else round(usd * budget.DOLLAR),
            calls=options.budget_calls_per_day,
            clock=clock,
        )
        self._bounds = Bounds(
            options.page_size, options.max_pages, options.overlap, options.look_back
        )

    def streams(self) -> Sequence[Stream]:
        """The own timeline last, so that an answer found there finds its question stored."""
        streams = [Stream(_MENTIONS, StreamKind.MENTIONS, wire.NETWORK, _EVERY)]
        if self._options.search is not None:
            streams.append(Stream(_SEARCH, StreamKind.SEARCH, wire.NETWORK, _EVERY))
        return (*streams, Stream(_OWN, StreamKind.OWN, wire.NETWORK, _EVERY))

    def pages(self, stream: Stream, since: Cursor | None, /) -> Iterator[Page]:
        with self._reading_calls() as calls:
            at = since
            try:
                for page in self._walk(stream.name, calls).pages(since):
                    at = page.cursor
                    yield page
            except SourceError as refusal:
                if not (self._can_seek(stream.name) and refusals.is_lasting(refusal)):
                    raise
                _log.warning("x_own_posts_sought", problem=str(refusal))
                try:
                    yield from self._walk(_OWN, calls, sought=True).pages(at)
                except SourceError as another:
                    raise refusal from another

    def _walk(self, stream: str, calls: Calls, *, sought: bool = False) -> Walk:
        return Walk(
            stream,
            self._asking(stream, calls, sought=sought),
            account=self._account,
            reach=_OWN_SOUGHT if sought else _REACH[stream],
            bounds=self._bounds,
            fares=self._fares(stream, sought=sought),
            budget=self._budget,
            clock=self._clock,
        )

    def refresh(self, keys: Sequence[PostKey], /) -> Iterator[Post | Gone | Rejected]:
        """A hundred in a call, as far as the day's budget goes. Raises SourceError."""
        waiting = [key.external_id for key in keys if key.network == wire.NETWORK]
        edited: dict[str, str] = {}
        with self._reading_calls() as calls:
            while waiting:
                size = self._budget.room(
                    _REFRESH, budget.POST_READ, 1, _AT_ONCE, share=budget.LESS_URGENT
                )
                batch, waiting = waiting[:size], waiting[size:]
                try:
                    reading = self._look_up(calls, batch)
                finally:
                    self._budget.release(_REFRESH)
                # asked for by its first id, X gives the post as it first was
                newer = {now: edited.get(one, one) for one, now in reading.latest.items()}
                edited |= newer
                waiting += newer
                yield from self._found(reading, edited)

    @property
    def reply_author(self) -> Author | None:
        """The account; nobody without `answer_keys`."""
        return (
            Author(id=self._account.id, handle=self._account.handle)
            if self._account.answers
            else None
        )

    def reply_length(self, text: str, /) -> Length:
        """As X counts: a link is 23 characters, an emoji two."""
        return length_of(text, self._options.longest_answer)

    def reply(self, to: Post, text: str, key: str, /) -> Post:
        """X takes no mark of ours, so `key` is not sent: an answer is found again by what it replies to."""
        price = budget.REPLY_WITH_LINK if has_link(text) else budget.REPLY
        with self._answering_calls() as calls:
            posted = answering.reply(calls, self._account, to, text, self._clock())
        self._budget.charge(_ANSWERS, once=price)
        return posted

    def find_reply(self, to: Post, key: str, /) -> Post | Absent | Unknowable:
        """Whether the account's timeline shows an answer to this very post, whoever typed it.

        Raises:
            SendError: the timeline can't be read now; the outcome stays unknown.

        """
        posts: list[Post] = []
        continuation: str | None = None
        try:
            with self._reading_calls() as calls:
                ask = self._asking(_OWN, calls)
                for _ in range(self._bounds.max_pages):
                    answer = ask(int(to.key.external_id), continuation, self._bounds.page_size)
                    reading = listed(answer, self._account, _OWN)
                    self._budget.charge(_ANSWERS, *self._fares(_OWN).of(reading))
                    posts += [one for one in reading.items if isinstance(one, Post)]
                    continuation = reading.next
                    if continuation is None:
                        return answering.answers_to(to, posts) or Absent()
        except (RefusedError, NoAnswerError, SourceError) as error:
            wait = error.retry_after if isinstance(error, RefusedError | SourceError) else None
            raise SendError(
                f"own timeline: {error}", outcome=Outcome.UNKNOWN, retry_after=wait
            ) from error
        found = answering.answers_to(to, posts)
        return found or Unknowable("the account wrote too much since to be looked through")

    def try_out(self) -> Iterator[Finding]:
        """Whether the token reads each stream, and the keys may write in the name of this account."""
        try:
            with self._reading_calls() as calls:
                usage = calls.usage()
                yield trying.token(usage)
                yield from self._try_streams(calls, usage.at or self._clock())
        except (RefusedError, NoAnswerError) as error:
            raise refusals.source_error(error, "token") from error
        yield trying.limits(self._options)
        if self._options.owned:
            yield trying.OWNED
        if self._options.answer_keys is None:
            yield Finding("answers: typed on X, and seen there; without answer_keys none is sent")
            yield trying.unasked(self._account)
            return
        with self._answering_calls() as calls:
            yield from trying.answers(calls, self._account)

    def _try_streams(self, calls: Calls, now: datetime) -> Iterator[Finding]:
        for one in self.streams():
            found = self._try_stream(one.name, calls, now)
            if found.standing is Standing.WELL or not self._can_seek(one.name):
                yield found
            else:
                yield replace(found, standing=Standing.LACKS)
                yield self._try_stream(one.name, calls, now, sought=True)

    def _try_stream(
        self, name: str, calls: Calls, now: datetime, *, sought: bool = False
    ) -> Finding:
        return trying.stream(
            f"{name}, by search" if sought else name,
            self._asking(name, calls, sought=sought),
            self._account,
            self._fares(name, sought=sought),
            least=(_OWN_SOUGHT if sought else _REACH[name]).least,
            now=now,
        )

    def _can_seek(self, stream: str) -> bool:
        """Whether there is another way to its posts."""
        return stream == _OWN and self._options.own_by_search

    def _asking(self, stream: str, calls: Calls, *, sought: bool = False) -> Any:
        fields: dict[str, Any] = {"tweet_fields": wire.FIELDS}
        if stream == _OWN:
            # a reply names the version that it replies to: its first one is what we know it by
            fields |= {"expansions": ["referenced_tweets.id"]}
        elif self._options.authors:
            fields |= {"expansions": ["author_id"], "user_fields": wire.USER_FIELDS}
        client = calls.client
        match stream:
            case "mentions":
                fields["id"] = self._account.id
                return listing(client.get_users_mentions, calls.ask, "pagination_token", **fields)
            case "own" if sought:
                fields["query"] = self._options.search_of_own
                return listing(client.search_recent_tweets, calls.ask, "next_token", **fields)
            case "own":
                fields |= {"id": self._account.id, "exclude": ["retweets"]}
                return listing(client.get_users_tweets, calls.ask, "pagination_token", **fields)
            case _:
                fields["query"] = self._options.search
                return listing(client.search_recent_tweets, calls.ask, "next_token", **fields)

    def _fares(self, stream: str, *, sought: bool = False) -> Fares:
        owned = self._options.owned and stream != _SEARCH and not sought
        post = budget.OWNED_READ if owned else budget.POST_READ
        if stream == _OWN:
            return Fares(post, other=budget.POST_READ)
        return Fares(post, user=budget.USER_READ if self._options.authors else 0)

    def _look_up(self, calls: Calls, ids: Sequence[str]) -> Reading:
        try:
            answer = calls.ask(calls.client.get_tweets, list(ids), tweet_fields=wire.FIELDS)
        except (RefusedError, NoAnswerError) as error:
            raise refusals.source_error(error, _REFRESH) from error
        try:
            reading = wire.read(answer.body, self._account)
        except ValueError as error:
            raise SourceError(f"{_REFRESH}: X's answer can't be read: {quoted(error)}") from error
        self._budget.charge(_REFRESH, *Fares(budget.POST_READ).of(reading))
        return reading

    def _found(
        self, reading: Reading, edited: Mapping[str, str]
    ) -> Iterator[Post | Gone | Rejected]:
        superseded = reading.latest.keys()
        for item in reading.items:
            if isinstance(item, Rejected) or item.reply_token not in superseded:
                yield item
        now = self._clock()
        for missing in sorted(reading.missing):
            yield Gone(PostKey(wire.NETWORK, edited.get(missing, missing)), now)
        for hidden, why in sorted(reading.refused.items()):
            yield Rejected(hidden, f"X does not show it: {why}", hidden)

    def _reading_calls(self) -> Calls:
        try:
            token = for_header(self._secrets, self._options.token)
        except ConfigError as error:
            raise SourceError(str(error), permanent=True) from error
        return self._calls(token, None)

    def _answering_calls(self) -> Calls:
        start = self._options.answer_keys
        if start is None:
            raise SendError(wire.NO_KEYS, outcome=Outcome.PERMANENT)
        try:
            keys = Keys(*(for_header(self._secrets, f"{start}_{one}") for one in KEYS))
        except ConfigError as error:
            raise SendError(str(error), outcome=Outcome.PERMANENT) from error
        return self._calls(None, keys)

    def _calls(self, token: str | None, keys: Keys | None) -> Calls:
        """A connection of its own for each look: streams are read in threads, and secrets rotate."""
        return Calls(
            token=token,
            keys=keys,
            base_url=self._options.base_url,
            timeout=self._options.timeout,
            clock=self._clock,
        )

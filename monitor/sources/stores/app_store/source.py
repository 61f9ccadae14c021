"""The plug-in `app_store`: what the ports ask, put together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, ClassVar

from pydantic import Field

from monitor.domain.errors import ConfigError, Outcome, SendError
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
from monitor.fetching import CallError, source_error
from monitor.ports import About, Clock, Secrets
from monitor.reviewing import look, reviews, site
from monitor.reviewing.look import Listed
from monitor.reviewing.options import ReviewOptions
from monitor.reviewing.reviews import Review
from monitor.settings.secret_names import SecretName
from monitor.settings.spans import PositiveSpan, span
from monitor.sources.stores.app_store import wire
from monitor.sources.stores.app_store.calls import Calls, Key
from monitor.sources.stores.hourly import Hourly

_REVIEWS = Stream("reviews", StreamKind.ALL, wire.NETWORK, timedelta(minutes=5))
_LESS_URGENT = 0.5
"""Of the hour's calls: so much looking again may take, that reading is never kept waiting."""


class AppStore:
    """Reads an app's reviews and the owner's responses to them, in all countries, and answers."""

    extra: ClassVar[str | None] = "stores"
    about: ClassVar[About] = About(
        title="App Store",
        reads="an app's reviews of all countries and the responses to them",
        rights='a key of App Store Connect with "Customer Support"',
        limits="responses to reviews older than the window are seen once a day; no ratings without words",
        cost="no money beyond Apple's yearly fee; 3,000 calls an hour",
        page="sources/app_store.md",
        finds_replies=True,
    )

    class Options(ReviewOptions):
        """The table of a source `use = "app_store"`."""

        app: str = Field(pattern=r"^[0-9]{1,20}$", description="Apple's number of the app.")
        key_id: str = Field(pattern=r"^[A-Za-z0-9]{1,40}$", description="It is no secret.")
        issuer: str | None = Field(default=None, pattern=r"^[0-9A-Za-z-]{1,80}$")
        key: SecretName = Field("app_store_key", description="A secret's name.")
        window: PositiveSpan = Field(span("30d"), description="Every look reads so far back.")
        calls_per_hour: int = Field(3000, ge=1)
        page_size: int = Field(200, ge=1, le=200)

    def __init__(self, options: Options, *, secrets: Secrets, clock: Clock) -> None:
        """`secrets` holds the key, the .p8 file that Apple gives once."""
        self._options = options
        self._secrets = secrets
        self._clock = clock
        self._hourly = Hourly(options.calls_per_hour, clock, options.key)
        self._bounds = look.Bounds(options.window, options.look_back, options.max_pages)

    def streams(self) -> Sequence[Stream]:
        return (_REVIEWS,)

    def pages(self, stream: Stream, since: Cursor | None, /) -> Iterator[Page]:
        try:
            with self._calls() as calls:
                yield from look.pages(
                    lambda cursor: self._ask(calls, cursor), since, self._bounds, self._clock()
                )
        except CallError as error:
            raise source_error(stream.name, error) from error

    def refresh(self, keys: Sequence[PostKey], /) -> Iterator[Post | Gone | Rejected]:
        """One call a review, for it and its response, with half of the hour's calls at most."""
        try:
            with self._calls(_LESS_URGENT) as calls:
                for number, its in reviews.by_review(keys, wire.NETWORK).items():
                    ask = partial(self._looked_up, calls, number)
                    yield from site.looked_up(ask, its, self._clock())
        except CallError as error:
            raise source_error("refresh", error) from error

    @property
    def reply_author(self) -> Author | None:
        """The app's owner, by whom all responses are: whoever writes them."""
        return Author(id=self._options.app)

    def reply_length(self, text: str, /) -> Length:
        """In characters."""
        return Length(len(text), wire.LONGEST_ANSWER)

    def reply(self, to: Post, text: str, key: str, /) -> Post:
        """Apple keeps no mark of ours, and one response a review: sent twice, it is there once."""
        number = reviews.id_of(to.key.external_id)
        body = site.written(lambda: self._write(number, text), self.reply_length(text))
        try:
            return wire.response(body["data"], to, self._options.app)
        except (KeyError, ValueError, TypeError, AttributeError, OverflowError) as error:
            raise SendError(
                f"Apple did not say that the answer was taken: {quoted(error)}",
                outcome=Outcome.UNKNOWN,
            ) from error

    def find_reply(self, to: Post, key: str, /) -> Post | Absent | Unknowable:
        """A response that is younger than the review as it stands: an older one answers what it was.

        Raises:
            SendError: Apple can't be asked now; the outcome stays unknown.

        """
        return site.answered(lambda: self._one(reviews.id_of(to.key.external_id)), to)

    def try_out(self) -> Iterator[Finding]:
        """Read one review. Costs one of the hour's calls."""
        try:
            with self._calls() as calls:
                body = calls.list(self._options.app, None, 1)
        except CallError as error:
            raise source_error("key", error) from error
        yield Finding(f"key: works; the reviews of app {self._options.app} can be read")
        try:
            wire.listed(body, self._options.app)
        except ValueError as error:
            yield Finding(f"reviews: Apple's answer can't be read: {error}", Standing.FAILS)
        yield Finding("answers: Apple tells only when one is sent whether the key's role may")
        yield Finding(f"calls: {self._hourly.left} are left of this hour's")

    def _ask(self, calls: Calls, cursor: str | None) -> Listed:
        body = calls.list(self._options.app, cursor, self._options.page_size)
        try:
            return wire.listed(body, self._options.app)
        except ValueError as error:
            raise CallError(f"Apple's answer can't be read: {quoted(error)}") from error

    def _looked_up(self, calls: Calls, number: str) -> Review | Rejected:
        return wire.one(calls.get(number), self._options.app)

    def _one(self, number: str) -> Review | Rejected:
        with self._calls() as calls:
            return self._looked_up(calls, number)

    def _write(self, number: str, text: str) -> Mapping[str, Any]:
        with self._calls() as calls:
            return calls.reply(number, text)

    def _calls(self, share: float = 1.0) -> Calls:
        """A connection of its own for each look: secrets rotate, and looks are made in threads."""
        try:
            secret = self._secrets.get(self._options.key)
        except ConfigError as error:
            raise CallError(str(error), permanent=True) from error
        return Calls(
            Key(secret, self._options.key_id, self._options.issuer),
            self._hourly,
            base_url=self._options.base_url,
            timeout=self._options.timeout,
            share=share,
        )

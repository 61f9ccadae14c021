"""The plug-in `google_play`: what the ports ask, put together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
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
from monitor.sources.stores.google_play import wire
from monitor.sources.stores.google_play.calls import Calls
from monitor.sources.stores.hourly import Hourly

_REVIEWS = Stream("reviews", StreamKind.ALL, wire.NETWORK, timedelta(minutes=5))
_LESS_URGENT = 0.5
"""Of the hour's calls: so much looking again may take, that reading is never kept waiting."""
_LISTED_FOR = timedelta(days=6, hours=12)
"""Google lists a week's reviews; one that it does not find although it is younger was deleted."""


class GooglePlay:
    """Reads an app's reviews and the developer's responses to them, and answers.

    Google shows the reviews of one week, by when their author touched them last.
    """

    extra: ClassVar[str | None] = "stores"
    about: ClassVar[About] = About(
        title="Google Play",
        reads="an app's reviews and the responses to them",
        rights='a service account with "Reply to reviews" for the app, which reading needs, too',
        limits="reviews of the last week; no ratings without words; answers of 350 characters",
        cost="no money; 200 calls an hour, 2,000 answers a day",
        page="sources/google_play.md",
        finds_replies=True,
    )

    class Options(ReviewOptions):
        """The table of a source `use = "google_play"`."""

        package: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)+$")
        service_account: SecretName = "google_play_service_account"
        window: PositiveSpan = Field(span("7d"), description="Every look reads so far back.")
        calls_per_hour: int = Field(200, ge=1)
        page_size: int = Field(100, ge=1, le=100)

    def __init__(self, options: Options, *, secrets: Secrets, clock: Clock) -> None:
        """`secrets` holds the service account's key, the JSON file that Google gives."""
        self._options = options
        self._secrets = secrets
        self._clock = clock
        self._hourly = Hourly(options.calls_per_hour, clock, options.service_account)
        self._bounds = look.Bounds(options.window, options.look_back, options.max_pages)
        self._written: dict[str, datetime] = {}
        """When the reviews that Google listed were written, for as long as it must list them."""

    def streams(self) -> Sequence[Stream]:
        return (_REVIEWS,)

    def pages(self, stream: Stream, since: Cursor | None, /) -> Iterator[Page]:
        try:
            with self._calls() as calls:
                yield from look.pages(
                    lambda token: self._ask(calls, token), since, self._bounds, self._clock()
                )
        except CallError as error:
            raise source_error(stream.name, error) from error

    def refresh(self, keys: Sequence[PostKey], /) -> Iterator[Post | Gone | Rejected]:
        """One call a review, for it and its response, with half of the hour's calls at most.

        One that Google does not find was deleted, if it is so young that it would have to be listed;
        of an older one nothing is known then, and it counts as not looked up. Raises SourceError.
        """
        asked = reviews.by_review(keys, wire.NETWORK)
        try:
            with self._calls() as calls:
                for number, its in asked.items():
                    yield from self._look_up(calls, number, its)
        except CallError as error:
            raise source_error("refresh", error) from error

    @property
    def reply_author(self) -> Author | None:
        """The app's owner, by whom all responses are: whoever writes them."""
        return Author(id=self._options.package)

    def reply_length(self, text: str, /) -> Length:
        """In characters."""
        return Length(len(text), wire.LONGEST_ANSWER)

    def reply(self, to: Post, text: str, key: str, /) -> Post:
        """Google keeps no mark of ours, and one response a review: sent twice, it is there once."""
        number, package = reviews.id_of(to.key.external_id), self._options.package
        body = site.written(lambda: self._write(number, text), self.reply_length(text))
        try:
            return wire.answered(body, to, text, self._clock(), package)
        except ValueError as error:
            raise SendError(
                f"Google did not say that the answer was taken: {quoted(error)}",
                outcome=Outcome.UNKNOWN,
            ) from error

    def find_reply(self, to: Post, key: str, /) -> Post | Absent | Unknowable:
        """A response that is younger than the review as it stands: an older one answers what it was.

        Raises:
            SendError: Google can't be asked now; the outcome stays unknown.

        """
        return site.answered(lambda: self._one(reviews.id_of(to.key.external_id)), to)

    def try_out(self) -> Iterator[Finding]:
        """Get a token and read one review. Costs one of the hour's calls."""
        try:
            with self._calls() as calls:
                calls.log_in()
                yield Finding(f"service_account: works, as {calls.account}")
                yield self._try_reviews(calls)
        except CallError as error:
            raise source_error("service_account", error) from error
        yield Finding(f"calls: {self._hourly.left} are left of this hour's, by our own count")

    def _try_reviews(self, calls: Calls) -> Finding:
        try:
            self._hourly.take()
            listed = wire.listed(calls.list(self._options.package, None, 1), self._options.package)
        except (CallError, ValueError) as error:
            return Finding(f"reviews: {error}", Standing.FAILS)
        if not listed.items:
            said = f"reviews: can be read; {self._options.package} has none of the last week"
            return Finding(said)
        return Finding("reviews: can be read, and by the same right answered")

    def _ask(self, calls: Calls, token: str | None) -> Listed:
        self._hourly.take()
        body = calls.list(self._options.package, token, self._options.page_size)
        try:
            listed = wire.listed(body, self._options.package)
        except ValueError as error:
            raise CallError(f"Google's answer can't be read: {quoted(error)}") from error
        oldest = self._clock() - _LISTED_FOR
        self._written |= {one.id: one.moved_at for one in listed.shown}
        self._written = {name: at for name, at in self._written.items() if at >= oldest}
        return listed

    def _look_up(
        self, calls: Calls, number: str, keys: Sequence[PostKey]
    ) -> Iterator[Post | Gone | Rejected]:
        self._hourly.take(_LESS_URGENT)
        try:
            raw = calls.get(self._options.package, number)
        except CallError as error:
            if not error.missing:
                raise
            now, written_at = self._clock(), self._written.get(number)
            if written_at is not None and written_at >= now - _LISTED_FOR:
                yield from (Gone(key, now) for key in keys)
            return
        yield from reviews.told_of(reviews.read_one(raw, self._read), keys, self._clock())

    def _one(self, number: str) -> Review | Rejected:
        with self._calls() as calls:
            self._hourly.take()
            return reviews.read_one(calls.get(self._options.package, number), self._read)

    def _write(self, number: str, text: str) -> Mapping[str, Any]:
        with self._calls() as calls:
            return calls.reply(self._options.package, number, text)

    def _read(self, raw: reviews.Raw) -> Review:
        return wire.read(raw, self._options.package)

    def _calls(self) -> Calls:
        """A connection of its own for each look: secrets rotate, and looks are made in threads."""
        try:
            account = self._secrets.get(self._options.service_account)
        except ConfigError as error:
            raise CallError(str(error), permanent=True) from error
        return Calls(account, base_url=self._options.base_url, timeout=self._options.timeout)

"""The plug-in `google_business`: what the ports ask, put together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import Annotated, Any, ClassVar
from urllib.parse import quote

from pydantic import Field, StringConstraints, field_validator

from monitor.domain.errors import Outcome, SendError
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
from monitor.fetching import Budget, Client, FetchError, Refusals, fields, google
from monitor.ports import About, Clock, Secrets
from monitor.reviewing import look, reviews, site
from monitor.reviewing.look import Listed
from monitor.reviewing.options import Address, ReviewOptions
from monitor.settings.secret_names import SecretName
from monitor.settings.spans import PositiveSpan, span
from monitor.sources.google_business import wire
from monitor.sources.google_business.wire import Place

_HOST = "https://mybusiness.googleapis.com"
_EVERY = timedelta(minutes=5)
_MINUTE = timedelta(minutes=1)
_BAD = 400

Number = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,40}$")]


class GoogleBusiness:
    """Reads the reviews of places on Google Maps and the owner's replies to them, and answers."""

    extra: ClassVar[str | None] = None
    about: ClassVar[About] = About(
        title="Google Business Profile",
        reads="reviews of your places on Google Maps and the replies to them",
        rights="the scope business.manage of who manages the places, once Google approved the project",
        limits="replies to reviews older than the window are seen once a day; no places of others",
        cost="no money; 200 calls a minute",
        page="sources/google_business.md",
        finds_replies=True,
    )

    class Options(ReviewOptions):
        """The table of a source `use = "google_business"`."""

        account: Number = Field(description="Google's number of the account that has the places.")
        locations: tuple[Number, ...] = Field(min_length=1, description="Numbers of the places.")
        client_id: str = Field(min_length=1, max_length=200, description="It is no secret.")
        client_secret: SecretName = Field("google_client_secret", description="A secret's name.")
        refresh_token: SecretName = Field("google_refresh_token", description="A secret's name.")
        window: PositiveSpan = Field(span("30d"), description="Every look reads so far back.")
        calls_per_minute: int = Field(200, ge=1, description="All calls together.")
        page_size: int = Field(50, ge=1, le=50)
        login_url: Address = Field(google.TOKENS, description="Where tokens are had.")

        @field_validator("locations")
        @classmethod
        def _each_once(cls, locations: tuple[str, ...]) -> tuple[str, ...]:
            if len(set(locations)) < len(locations):
                raise ValueError("each place is named once")
            return locations

    def __init__(self, options: Options, *, secrets: Secrets, clock: Clock) -> None:
        """`secrets` hold the client's secret and the refresh token, asked for at the first call."""
        self._options = options
        self._clock = clock
        login = google.login(
            secrets,
            client_id=options.client_id,
            names=(options.client_secret, options.refresh_token),
            base_url=options.login_url,
            timeout=options.timeout,
        )
        self._client = Client(
            "Google",
            options.base_url or _HOST,
            budget=Budget(
                options.calls_per_minute, _MINUTE, credential=f"google_business {options.client_id}"
            ),
            headers=login.headers,
            renew=login.renew,
            refusals=Refusals(is_limit=google.is_limit),
            timeout=options.timeout,
        )
        self._bounds = look.Bounds(options.window, options.look_back, options.max_pages)
        self._streams = {
            f"reviews-{place}": Stream(f"reviews-{place}", StreamKind.ALL, wire.NETWORK, _EVERY)
            for place in options.locations
        }

    def streams(self) -> Sequence[Stream]:
        return tuple(self._streams.values())

    def pages(self, stream: Stream, since: Cursor | None, /) -> Iterator[Page]:
        location = stream.name.removeprefix("reviews-")
        yield from look.pages(
            lambda token: self._listed(location, token), since, self._bounds, self._clock()
        )

    def refresh(self, keys: Sequence[PostKey], /) -> Iterator[Post | Gone | Rejected]:
        """One call a review, for it and its reply. What is not of these places is not looked up."""
        for asked, its in reviews.by_review(keys, wire.NETWORK).items():
            location, number = wire.address(asked)
            if location in self._options.locations and number:
                yield from site.looked_up(partial(self._one, asked), its, self._clock())

    @property
    def reply_author(self) -> Author | None:
        """The account, by which all replies are, whoever writes them."""
        return Author(id=self._options.account)

    def reply_length(self, text: str, /) -> Length:
        """In bytes of UTF-8."""
        return Length(len(text.encode()), wire.LONGEST_ANSWER)

    def reply(self, to: Post, text: str, key: str, /) -> Post:
        """Google keeps no mark of ours, and one reply a review: sent twice, it is there once."""
        path = f"{self._path(to.key.external_id)}/reply"
        body = site.written(
            partial(self._client.put, path, {"comment": text}), self.reply_length(text)
        )
        try:
            return wire.response(fields.table(body), to, self._options.account)
        except fields.UNREADABLE as error:
            raise SendError(
                f"Google did not say that the answer was taken: {quoted(error)}",
                outcome=Outcome.UNKNOWN,
            ) from error

    def find_reply(self, to: Post, key: str, /) -> Post | Absent | Unknowable:
        """A reply that is younger than the review as it stands: an older one answers what it was."""
        return site.answered(partial(self._one, to.key.external_id), to)

    def try_out(self) -> Iterator[Finding]:
        """Log in and read one review of each place: a call each, which is free."""
        for location in self._options.locations:
            try:
                self._listed(location, None, size=1)
            except FetchError as error:
                if error.status is None:
                    raise
                yield Finding(f"place {location}: {error}", Standing.FAILS)
            else:
                said = "its reviews can be read, and by the same right answered"
                yield Finding(f"place {location}: {said}")
        yield Finding(f"calls: {self._client.budget.left} are left of this minute's")

    def _listed(self, location: str, token: str | None, size: int | None = None) -> Listed:
        asked: dict[str, Any] = {"pageSize": size or self._options.page_size}
        asked |= {"orderBy": "updateTime desc", **({"pageToken": token} if token else {})}
        try:
            body = self._client.get(f"{self._parent(location)}/reviews", **asked)
        except FetchError as error:
            if error.status == _BAD and token is not None:
                raise look.ForgottenError(str(error)) from error
            raise
        place = Place(self._options.account, location)
        return site.listed(partial(wire.listed, body, place))

    def _one(self, external_id: str) -> reviews.Review | Rejected:
        location, _ = wire.address(external_id)
        read = partial(wire.read, place=Place(self._options.account, location))
        return reviews.read_one(self._client.get(self._path(external_id)), read)

    def _parent(self, location: str) -> str:
        return f"v4/accounts/{self._options.account}/locations/{location}"

    def _path(self, external_id: str) -> str:
        location, number = wire.address(external_id)
        return f"{self._parent(location)}/reviews/{quote(number, safe='')}"

"""The plug-in `trustpilot`: what the ports ask, put together."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, ClassVar, Self

from pydantic import Field, model_validator

from monitor.domain.errors import Outcome, SendError, SourceError
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
from monitor.fetching import Budget, Client, FetchError
from monitor.fetching.oauth import Login
from monitor.ports import About, Clock, Secrets
from monitor.reviewing import look, reviews, site
from monitor.reviewing.look import Listed
from monitor.reviewing.options import ReviewOptions
from monitor.secrets import for_header
from monitor.settings.secret_names import SecretName
from monitor.settings.spans import PositiveSpan, span
from monitor.sources.trustpilot import wire
from monitor.sources.trustpilot.wire import Shop

_HOST = "https://api.trustpilot.com"
_TOKENS = "v1/oauth/oauth-business-users-for-applications/accesstoken"
_FORM = {"grant_type": "client_credentials"}
_REVIEWS = Stream("reviews", StreamKind.ALL, wire.NETWORK, timedelta(minutes=5))
_MINUTE = timedelta(minutes=1)
_NUMBER = re.compile(r"[0-9]{1,9}")
_HEXADECIMAL = r"^[0-9a-f]{24}$"


class Trustpilot:
    """Reads a shop's reviews and the company's replies to them. With a paid plan it answers, too."""

    extra: ClassVar[str | None] = None
    about: ClassVar[About] = About(
        title="Trustpilot",
        reads="a shop's reviews and the company's replies to them",
        rights="an API key; to answer, its secret and the id of a business user",
        limits="edits of and replies to reviews older than the window are seen once a day",
        cost="the interface is part of Trustpilot's paid plans; 100 calls a minute",
        page="sources/trustpilot.md",
        finds_replies=True,
    )

    class Options(ReviewOptions):
        """The table of a source `use = "trustpilot"`."""

        business_unit: str = Field(pattern=_HEXADECIMAL, description="Trustpilot's id of the shop.")
        api_key: SecretName = Field("trustpilot_key", description="A secret's name.")
        api_secret: SecretName | None = Field(default=None, description="A secret's name.")
        user: str | None = Field(default=None, pattern=_HEXADECIMAL, description="Who answers.")
        window: PositiveSpan = Field(span("30d"), description="Every look reads so far back.")
        calls_per_minute: int = Field(100, ge=1, description="All calls together.")
        page_size: int = Field(100, ge=1, le=100)

        @model_validator(mode="after")
        def _whole(self) -> Self:
            if self.user and not self.api_secret:
                raise ValueError("to answer as a user takes the api_secret, too")
            return self

    def __init__(self, options: Options, *, secrets: Secrets, clock: Clock) -> None:
        """`secrets` hold the key and its secret, asked for at the first call."""
        self._options = options
        self._secrets = secrets
        self._clock = clock
        self._client = self._made_client()
        self._bounds = look.Bounds(options.window, options.look_back, options.max_pages)
        self._shop = Shop(options.business_unit, self._mute())
        self._private = "private/" if options.api_secret else ""

    def streams(self) -> Sequence[Stream]:
        return (_REVIEWS,)

    def pages(self, stream: Stream, since: Cursor | None, /) -> Iterator[Page]:
        yield from look.pages(self._listed, since, self._bounds, self._clock())

    def refresh(self, keys: Sequence[PostKey], /) -> Iterator[Post | Gone | Rejected]:
        """One call a review, for it and its reply. What Trustpilot took offline is gone as well."""
        for asked, its in reviews.by_review(keys, wire.NETWORK).items():
            yield from site.looked_up(partial(self._one, asked), its, self._clock())

    @property
    def reply_author(self) -> Author | None:
        """The shop, by which all replies are, whoever writes them."""
        return None if self._shop.mute else Author(id=self._options.business_unit)

    def reply_length(self, text: str, /) -> Length:
        """In characters."""
        return Length(len(text), wire.LONGEST_ANSWER)

    def reply(self, to: Post, text: str, key: str, /) -> Post:
        """Trustpilot keeps no mark of ours, and one reply a review: sent twice, it is there once."""
        if self._shop.mute:
            raise SendError(self._shop.mute, outcome=Outcome.PERMANENT)
        said = {"authorBusinessUserId": self._options.user, "message": text}
        path = f"{self._path(to.key.external_id)}/reply"
        site.written(partial(self._client.post, path, said), self.reply_length(text))
        return wire.answered(to, text, self._clock(), self._shop)

    def find_reply(self, to: Post, key: str, /) -> Post | Absent | Unknowable:
        """A reply that is younger than the review as it stands: an older one answers what it was."""
        return site.answered(partial(self._one, to.key.external_id), to)

    def try_out(self) -> Iterator[Finding]:
        """Log in, if there is a secret, and read one review: a call each, part of any plan."""
        self._page(1, 1)
        yield Finding(f"reviews: those of {self._options.business_unit} can be read")
        if self._shop.mute:
            yield Finding(f"answers: none, as {self._shop.mute}", Standing.LACKS)
        else:
            yield Finding("answers: Trustpilot tells only when one is sent whether the plan may")
        yield Finding(f"calls: {self._client.budget.left} are left of this minute's")

    def _listed(self, number: str | None) -> Listed:
        if number is not None and not _NUMBER.fullmatch(number):
            raise SourceError(
                f"this is no page of Trustpilot's: {quoted(number[:20])}", permanent=True
            )
        return self._page(int(number or 1), self._options.page_size)

    def _page(self, number: int, size: int) -> Listed:
        path = f"v1/{self._private}business-units/{self._options.business_unit}/reviews"
        body = self._client.get(path, orderBy="createdat.desc", perPage=size, page=number)
        return site.listed(partial(wire.listed, body, self._shop, number, size))

    def _one(self, external_id: str) -> reviews.Review | Rejected:
        raw = self._client.get(self._path(external_id))
        return reviews.read_one(raw, partial(wire.read, shop=self._shop))

    def _path(self, external_id: str) -> str:
        number = reviews.id_of(external_id)
        if not number.isalnum():
            raise FetchError(f"{quoted(number[:40])} is no id of a review", permanent=True)
        return f"v1/{self._private}reviews/{number}"

    def _mute(self) -> str | None:
        if self._options.api_secret is None:
            return "the source has an API key alone, with which nobody can answer"
        if self._options.user is None:
            return "no user is named who answers"
        return None

    def _made_client(self) -> Client:
        options, base_url = self._options, self._options.base_url or _HOST
        budget = partial(Budget, per=_MINUTE)
        more: dict[str, Any] = {"headers": self._key}
        if options.api_secret is not None:
            client = Client(
                "Trustpilot's log-in",
                base_url,
                budget=budget(options.calls_per_minute),
                headers=self._basic,
                timeout=options.timeout,
            )
            mend = f'look at the secrets "{options.api_key}" and "{options.api_secret}"'
            login = Login(client, _TOKENS, lambda: _FORM, mend=mend)
            more = {"headers": login.headers, "renew": login.renew}
        return Client(
            "Trustpilot",
            base_url,
            budget=budget(options.calls_per_minute),
            timeout=options.timeout,
            **more,
        )

    def _key(self) -> Mapping[str, str]:
        return {"apikey": for_header(self._secrets, self._options.api_key)}

    def _basic(self) -> Mapping[str, str]:
        """The log-in of the program itself, as HTTP has had it from the beginning."""
        names = (self._options.api_key, str(self._options.api_secret))
        both = ":".join(for_header(self._secrets, name) for name in names)
        return {"authorization": f"Basic {base64.b64encode(both.encode()).decode()}"}

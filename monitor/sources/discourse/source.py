"""The plug-in `discourse`: which listings of a forum there are to read, and what may be asked of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

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
from monitor.fetching import (
    Budget,
    Client,
    Descent,
    FetchError,
    Listing,
    Looks,
    Refusals,
    Thing,
)
from monitor.ports import About, Clock, Secrets
from monitor.secrets import for_header
from monitor.settings.secret_names import SecretName
from monitor.settings.spans import PositiveSpan
from monitor.sources.discourse import answers, posts, trying
from monitor.sources.discourse.listings import Found, Latest, Written
from monitor.sources.discourse.posts import Forum

_EVERY, _SELDOMER = timedelta(minutes=2), timedelta(minutes=5)
_MINUTE = timedelta(minutes=1)
_GONE, _PRIVATE = (404, 410), 403
_MUTE = "the forum is read without an account that could answer"

Account = Annotated[str, StringConstraints(pattern=r"^[\w.-]{1,60}$")]
Term = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class Discourse:
    """Reads one forum. With `username` and `api_key` it reads as that account, and can answer."""

    extra: ClassVar[str | None] = None
    about: ClassVar[About] = About(
        title="Discourse",
        reads="a forum's public posts, its search, own posts",
        rights="none to read; to answer, a key with topics, posts: read and create, user: show",
        limits="the search shows one post of a topic and ten pages; no private messages",
        cost="no money; 50 calls a minute",
        page="sources/discourse.md",
        finds_replies=True,
    )

    class Options(BaseModel):
        """The table of a source `use = "discourse"`."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        base_url: str = Field(pattern=r"^https?://[^?#@]+$", description="The forum's address.")
        network: str = Field(
            default="discourse",
            pattern=r"^[a-z0-9][a-z0-9._-]{0,40}$",
            description="What its posts are filed under; every forum needs a name of its own.",
        )
        username: Account | None = Field(default=None, description="The account that answers.")
        api_key: SecretName | None = Field(default=None, description="A secret's name.")
        accounts: tuple[Account, ...] = Field(default=(), description="Others that answer for you.")
        posts: bool = Field(default=True, description="Read every public post.")
        terms: tuple[Term, ...] = Field(
            default=(), description="Words one of which names the brand; none: everything counts."
        )
        search: Term | None = Field(default=None, description="The forum's own search.")
        overlap: PositiveSpan = timedelta(hours=2)
        overlap_posts: int = Field(default=40, ge=1, le=1000, description="Looked at again.")
        look_back: PositiveSpan = timedelta(days=7)
        calls_per_minute: int = Field(default=50, ge=1, description="All calls together.")
        timeout: float = Field(default=16, gt=0, le=120, description="Seconds of silence.")

        @model_validator(mode="after")
        def _whole(self) -> Self:
            if bool(self.username) != bool(self.api_key):
                raise ValueError("an account is a username with an api_key; give both, or neither")
            if not (self.posts or self.search):
                raise ValueError("there is nothing to read: set posts = true, or a search")
            return self

    def __init__(self, options: Options, *, secrets: Secrets, clock: Clock) -> None:
        """`secrets` are asked for at the first call; `clock` dates looks."""
        self._options = options
        self._secrets = secrets
        self._clock = clock
        key = f"{options.base_url} {options.api_key}" if options.api_key else None
        self._client = Client(
            "the forum",
            options.base_url,
            budget=Budget(options.calls_per_minute, _MINUTE, credential=key),
            headers=self._headers,
            refusals=Refusals(pause=_wait_seconds),
            timeout=options.timeout,
        )
        mute = None if options.username else _MUTE
        self._forum = Forum(options.network, options.base_url.rstrip("/"), mute)
        names = filter(None, (options.username, *options.accounts))
        self._accounts = tuple({name.casefold(): name for name in names}.values())
        self._own = frozenset(name.casefold() for name in self._accounts)
        self._terms = tuple(
            re.compile(rf"(?<!\w){re.escape(term)}(?!\w)", re.IGNORECASE)
            for term in (*options.terms, *(f"@{name}" for name in self._accounts))
        )
        self._looks = Looks("discourse", self._made(), options.look_back)

    def streams(self) -> Sequence[Stream]:
        return self._looks.streams

    def pages(self, stream: Stream, since: Cursor | None, /) -> Iterator[Page]:
        return self._looks.pages(stream, since, self._clock())

    def refresh(self, keys: Sequence[PostKey], /) -> Iterator[Post | Gone | Rejected]:
        """Look up again, one in a call.

        What the forum does not know at its address any more was deleted, or moved to another one,
        where it is a post anew. What it hides from us counts as not looked up.
        """
        for key in keys:
            if posts.numbers(key.external_id) is None or key.network != self._forum.network:
                continue
            item = self._looked_up(posts.path(key.external_id), key)
            if isinstance(item, Rejected) or (item is not None and item.key == key):
                yield item

    @property
    def reply_author(self) -> Author | None:
        """The account whose key it is."""
        username = self._options.username
        return Author(handle=username) if username else None

    def reply_length(self, text: str, /) -> Length:
        """In characters."""
        return Length(len(text), answers.LONGEST)

    def reply(self, to: Post, text: str, key: str, /) -> Post:
        del key  # a forum keeps none with a post; `find_reply` goes by the post that is answered
        if self._forum.mute:
            raise SendError(self._forum.mute, outcome=Outcome.PERMANENT)
        return answers.write(self._client, self._forum, to, text, self._clock())

    def find_reply(self, to: Post, key: str, /) -> Post | Absent | Unknowable:
        del key
        if self._options.username is None:
            return Unknowable(_MUTE)
        account = self._options.username
        return answers.find(self._client, self._forum, account, to, self._clock())

    def try_out(self) -> Iterator[Finding]:
        """Say whose key it is, and look at every stream once."""
        listings = self._looks.listings
        yield from trying.findings(self._client, self._options.username, listings)

    def _headers(self) -> Mapping[str, str]:
        if not (self._options.username and self._options.api_key):
            return {}
        key = for_header(self._secrets, self._options.api_key)
        return {"api-key": key, "api-username": self._options.username}

    def _made(self) -> Iterator[tuple[Stream, Descent]]:
        options = self._options
        seconds = int(options.overlap.total_seconds())
        network = self._forum.network
        if options.posts:
            kind = StreamKind.SEARCH if options.terms else StreamKind.ALL
            look = Descent(
                Latest(self._client), self._read_listed, options.overlap_posts, is_timed=False
            )
            yield Stream("posts", kind, network, _EVERY), look
        listings: list[tuple[str, StreamKind, Listing]] = []
        if options.search:
            listings.append(("search", StreamKind.SEARCH, Found(self._client, options.search)))
        listings += [
            (f"own-{name.casefold()}", StreamKind.OWN, Written(self._client, name))
            for name in self._accounts
        ]
        for name, kind, listing in listings:
            look = Descent(listing, self._read_whole, seconds, is_timed=True, calls_to_read=1)
            yield (
                Stream(name, kind, network, _SELDOMER if kind is StreamKind.SEARCH else _EVERY),
                look,
            )

    def _read_listed(self, thing: Thing) -> Post | Gone | Rejected | None:
        if not posts.is_spoken(thing.said):
            return None
        item = posts.read(thing.name, thing.said, self._forum, self._clock())
        return item if not isinstance(item, Post) or self._is_wanted(thing.said) else None

    def _read_whole(self, thing: Thing) -> Post | Gone | Rejected | None:
        if thing.order is None or posts.numbers(thing.name) is None:
            return posts.read(thing.name, thing.said, self._forum, self._clock())
        return self._looked_up(posts.path(thing.name), None)

    def _looked_up(self, path: str, key: PostKey | None) -> Post | Gone | Rejected | None:
        """The post at an address; of one that is not there the deletion, if its key is known."""
        try:
            post = self._client.get(path)
        except FetchError as error:
            if error.status in _GONE:
                return Gone(key, self._clock()) if key else None
            if error.status == _PRIVATE:
                return None
            raise
        if not posts.is_spoken(post):
            return None
        return posts.read(path, post, self._forum, self._clock())

    def _is_wanted(self, post: Any) -> bool:
        if not self._options.terms or posts.author(post) in self._own:
            return True
        return any(term.search(posts.words(post)) for term in self._terms)


def _wait_seconds(said: Any) -> Any:
    """How long the forum wants to be left alone, which it tells in the body of a 429 as well."""
    extras = said.get("extras") if isinstance(said, dict) else None
    return extras.get("wait_seconds") if isinstance(extras, dict) else None

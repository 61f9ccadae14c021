"""The plug-in `stackexchange`: what is asked of one site, and what is looked up again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Self

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
from monitor.fetching import Budget, Client, Descent, Looks, Refusals, Thing
from monitor.ports import About, Clock, Secrets
from monitor.secrets import for_header
from monitor.settings.secret_names import SecretName
from monitor.settings.spans import PositiveSpan
from monitor.sources.stackexchange import calls, posts
from monitor.sources.stackexchange.calls import Calls
from monitor.sources.stackexchange.listing import Newest

_HOST = "https://api.stackexchange.com"
_EVERY = timedelta(minutes=15)
_DAY = timedelta(days=1)
_WITHOUT_KEY, _WITH_KEY = 300, 10_000
"""Calls that Stack Exchange allows in a day."""
_AT_ONCE = 100
_BY_ACTIVITY = ("activity", "last_activity_date")
_BY_CREATION = ("creation", "creation_date")

Tag = Annotated[str, StringConstraints(pattern=r"^[a-z0-9+#.-]{1,35}$")]
Query = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=200)]
User = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,12}$")]


class StackExchange:
    """Reads one of its sites: questions by tag and search, and what your people write. It cannot answer."""

    extra: ClassVar[str | None] = None
    about: ClassVar[About] = About(
        title="Stack Exchange",
        reads="questions with a tag or found by a search; your people's answers, comments, mentions",
        rights="none; a key of Stack Apps raises the day's quota",
        limits="answers and comments of others are read only where they address your people",
        cost="no money; 300 calls a day, 10,000 with a key",
        page="sources/stackexchange.md",
        cannot_reply_because="Stack Exchange wants answers from people, not from programs",
    )

    class Options(BaseModel):
        """The table of a source `use = "stackexchange"`."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        site: str = Field(pattern=r"^[a-z0-9.-]{2,60}$", description='Such as "stackoverflow".')
        tags: tuple[Tag, ...] = Field(default=(), description="Each is a stream.")
        queries: tuple[Query, ...] = Field(default=(), description="Words that name the brand.")
        users: tuple[User, ...] = Field(default=(), description="Numbers of those who answer.")
        key: SecretName | None = Field(default=None, description="A secret's name.")
        overlap: PositiveSpan = timedelta(hours=2)
        look_back: PositiveSpan = timedelta(days=7)
        page_size: int = Field(default=100, ge=1, le=100, description="Items asked for at once.")
        calls_per_day: int | None = Field(default=None, ge=1, description="None: what is allowed.")
        timeout: float = Field(default=16, gt=0, le=120, description="Seconds of silence.")
        base_url: str | None = Field(default=None, pattern=r"^https?://.")

        @model_validator(mode="after")
        def _something_once(self) -> Self:
            if not (self.tags or self.queries):
                raise ValueError("there is nothing to read: name tags, or queries")
            for given in (self.tags, self.queries, self.users):
                if len({one.casefold() for one in given}) < len(given):
                    raise ValueError("each tag, query and user is named once")
            return self

    def __init__(self, options: Options, *, secrets: Secrets, clock: Clock) -> None:
        """`secrets` hold the key, if there is one; `clock` dates looks, and tells the day."""
        self._options = options
        self._secrets = secrets
        self._clock = clock
        allowed = _WITH_KEY if options.key else _WITHOUT_KEY
        client = Client(
            "Stack Exchange",
            options.base_url or _HOST,
            budget=Budget(options.calls_per_day or allowed, _DAY, credential=options.key),
            refusals=Refusals(pause=calls.pause, is_limit=calls.is_limit),
            timeout=options.timeout,
        )
        self._calls = Calls(client, options.site, self._key, clock)
        self._looks = Looks(posts.NETWORK, self._made(), options.look_back)

    def streams(self) -> Sequence[Stream]:
        return self._looks.streams

    def pages(self, stream: Stream, since: Cursor | None, /) -> Iterator[Page]:
        return self._looks.pages(stream, since, self._clock())

    def refresh(self, keys: Sequence[PostKey], /) -> Iterator[Post | Gone | Rejected]:
        """Three calls for a hundred at most. What the site does not know any more was deleted."""
        mine = [key for key in dict.fromkeys(keys) if key.network == posts.NETWORK]
        known = [key for key in mine if posts.number_of(key.external_id, self._options.site)]
        for begin in range(0, len(known), _AT_ONCE):
            yield from self._looked_up(known[begin : begin + _AT_ONCE])

    def try_out(self) -> Iterator[Finding]:
        """Ask for every stream once: a call each, and one for the filter."""
        yield from self._looks.tried(self._clock())
        if not self._options.users:
            said = "users: none is named, so a complaint that you answered stays unanswered here"
            yield Finding(said, Standing.LACKS)
        if self._options.key is None:
            said = f"key: none, so {_WITHOUT_KEY} calls a day for all who share your address"
            yield Finding(said, Standing.LACKS)
        yield Finding(f"answers: none from here, as {posts.MUTE}")
        yield Finding(f"quota: {self._calls.left} calls are left of this day's")

    def _made(self) -> Iterator[tuple[Stream, Descent]]:
        search, own, asked = StreamKind.SEARCH, StreamKind.OWN, dict[str, str]
        for tag in self._options.tags:
            yield self._made_one(f"tag-{tag}", search, "questions", asked(tagged=tag), _BY_ACTIVITY)
        for query in self._options.queries:
            name, path = f"search-{query.casefold()}", "search/advanced"
            yield self._made_one(name, search, path, asked(q=query), _BY_ACTIVITY)
        for user in self._options.users:
            at = f"users/{user}"
            yield self._made_one(f"answers-{user}", own, f"{at}/answers", {}, _BY_ACTIVITY)
            yield self._made_one(f"comments-{user}", own, f"{at}/comments", {}, _BY_CREATION)
            name, mentions = f"mentions-{user}", StreamKind.MENTIONS
            yield self._made_one(name, mentions, f"{at}/mentioned", {}, _BY_CREATION)

    def _made_one(
        self, name: str, kind: StreamKind, path: str, asked: dict[str, str], by: tuple[str, str]
    ) -> tuple[Stream, Descent]:
        newest = Newest(self._calls, path, asked, by, self._options.page_size)
        overlap = int(self._options.overlap.total_seconds())
        is_own_comment = path.endswith("/comments")
        read = self._read_addressed if is_own_comment else self._read
        look = Descent(newest, read, overlap, is_timed=True, calls_to_read=int(is_own_comment))
        return Stream(name, kind, posts.NETWORK, _EVERY), look

    def _read(self, thing: Thing) -> Post | Rejected:
        return posts.read(thing.name, thing.said, self._options.site)

    def _read_addressed(self, thing: Thing) -> Post | Rejected:
        """An own comment that addresses somebody answers that person's last comment on the post.

        Taken for an answer to the post itself, it would end the wait of somebody else.
        """
        post, user = self._read(thing), posts.whom(thing.said, self._options.site)
        if isinstance(post, Rejected) or user is None:
            return post
        found, _ = self._calls.items(
            f"posts/{thing.said['post_id']}/comments",
            sort="creation",
            order="desc",
            pagesize=_AT_ONCE,
        )
        beside = (posts.read("comment", one, self._options.site) for one in found)
        theirs = [
            one
            for one in beside
            if isinstance(one, Post)
            and one.author.id == user
            and one.posted_at <= post.posted_at
            and one.key != post.key
        ]
        newest = max(theirs, key=lambda one: one.posted_at, default=None)
        return post if newest is None else replace(post, reply_to=newest.key.external_id)

    def _looked_up(self, keys: Sequence[PostKey]) -> Iterator[Post | Gone | Rejected]:
        site = self._options.site
        numbers = [posts.number_of(key.external_id, site) for key in keys]
        asked = {
            "questions": [one[0] for one in numbers if one and not one[1]],
            "answers": [one[0] for one in numbers if one and not one[1]],
            "comments": [one[0] for one in numbers if one and one[1]],
        }
        standing: dict[str, Post | Rejected] = {}
        for path, those in asked.items():
            for one in self._found(path, those):
                thing = posts.thing(one, "creation_date")
                standing[f"{site}/{thing.name}"] = self._read(thing)
        for key in keys:
            yield standing.get(key.external_id) or Gone(key, self._clock())

    def _found(self, path: str, numbers: Sequence[str]) -> list[Any]:
        if not numbers:
            return []
        found, _ = self._calls.items(f"{path}/{';'.join(numbers)}", pagesize=_AT_ONCE)
        return found

    def _key(self) -> str | None:
        return None if self._options.key is None else for_header(self._secrets, self._options.key)

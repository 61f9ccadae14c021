"""What the sources `facebook` and `instagram` do alike; what differs is asked of the subclass."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any, ClassVar, TypeAlias

from monitor.domain.errors import CallError, Outcome, Refusal, SendError, SourceError
from monitor.domain.finding import Finding, Standing
from monitor.domain.notice import Absent, Unknowable
from monitor.domain.post import (
    Author,
    Cost,
    Cursor,
    Gone,
    Page,
    Post,
    PostKey,
    PostKind,
    Rejected,
    Stream,
    StreamKind,
)
from monitor.domain.reply import Length
from monitor.fetching import Budget, Descent, Listing, Place, Thing, descent, fields, letters
from monitor.fetching.client import send_error
from monitor.ports import Call, Clock, Inbox, Letter, Received, Secrets
from monitor.sources.meta import hook
from monitor.sources.meta.edges import Under
from monitor.sources.meta.graph import Graph, MissingError, OddError, RightsError
from monitor.sources.meta.options import MetaOptions
from monitor.sources.meta.usage import Usage

HOOK = "hook"
_HOUR = timedelta(hours=1)
_HOOK_EVERY = timedelta(seconds=15)
_LETTERS = 50
"""Letters in one page: each is a call."""
_MOST_PAGES = 10
_IDS = ("item", "verb", "id", "comment_id", "post_id", "media_id")
"""What is kept of a letter about a thing that Meta does not show: which one it is, and none of its words."""

Item: TypeAlias = Post | Gone | Rejected


class GraphSource(ABC):
    """One account of Meta's. The hook's stream is there if `verify_token` is."""

    network: ClassVar[str]
    longest: ClassVar[int]
    """Characters of an answer."""

    def __init__(
        self,
        options: MetaOptions,
        account: str,
        *,
        secrets: Secrets,
        clock: Clock,
        inbox: Inbox,
    ) -> None:
        """`account`: its id. `secrets` are asked for at the first call; `clock` dates looks."""
        self._said = options
        self._account = account
        self._secrets = secrets
        self._clock = clock
        self._inbox = inbox
        # Meta counts by what an app does (Pages, Instagram) and for which page or account
        counted_by = f"{self.network} {account} {options.token}"
        self._graph = Graph(
            options.base_url,
            secrets=secrets,
            token=options.token,
            app_secret=options.app_secret,
            budget=Budget(options.calls_per_hour, _HOUR, credential=counted_by),
            usage=Usage(options.usage_limit),
            timeout=options.timeout,
        )
        self._looks = {stream.name: (stream, listing) for stream, listing in self._listings()}

    @abstractmethod
    def _listings(self) -> Sequence[tuple[Stream, Listing]]:
        """What is polled."""

    @abstractmethod
    def _read(self, said: Any, about: Any) -> Post:
        """A thing, read. Raises one of `fields.UNREADABLE`."""

    @abstractmethod
    def _is_wanted(self, field: str, value: Mapping[str, Any]) -> bool:
        """Whether what a webhook tells may be somebody's words."""

    @abstractmethod
    def _told(self, field: str, value: Mapping[str, Any], at: datetime) -> Item:
        """What a webhook told of, looked at. Raises SourceError, or one of `fields.UNREADABLE`.

        Gone is only what Meta says was removed: one that comes before its post is for ever.
        """

    @abstractmethod
    def _looked_up(self, external_id: str) -> Post | Rejected | None:
        """A thing by its id; None: nothing by it can be asked for. Raises SourceError, MissingError."""

    @abstractmethod
    def _place_of_answers(self, to: Post) -> tuple[str, Mapping[str, Any]]:
        """Where the answer to a post is written, and what that takes besides the message."""

    @abstractmethod
    def _answers(self, to: Post) -> Listing | None:
        """The answers that stand where one to a post would, if they can be listed."""

    @property
    @abstractmethod
    def reply_author(self) -> Author | None:
        """In whose name it answers."""

    @abstractmethod
    def _is_own(self, post: Post) -> bool:
        """Whether the account itself wrote it."""

    @abstractmethod
    def _look_at_account(self) -> str:
        """Whose account it is, in words. Raises SourceError."""

    def streams(self) -> Sequence[Stream]:
        polled = [stream for stream, _ in self._looks.values()]
        if self._said.verify_token is None:
            return polled
        return [*polled, Stream(HOOK, StreamKind.MENTIONS, self.network, _HOOK_EVERY)]

    def reading_stream(self) -> str:
        return HOOK

    def pages(self, stream: Stream, since: Cursor | None, /) -> Iterator[Page]:
        if stream.name == HOOK:
            yield from self._hooked(since)
            return
        now = self._clock()
        _, listing = self._looks[stream.name]
        overlap = int(self._said.overlap.total_seconds())
        horizon = (now - self._said.look_back).timestamp()
        look = Descent(listing, self._read_thing, overlap, is_timed=True)
        first = Place(horizon, int(horizon))
        yield from look.pages(descent.read(since, self.network, lambda: first), now)

    def refresh(self, keys: Sequence[PostKey], /) -> Iterator[Item]:
        """Look up again, one in a call; what is hidden from us counts as gone, too.

        Meta does not tell a deletion from a right that was lost, so the account itself is looked at
        before anything is said to be gone.
        """
        is_ours = False
        for key in keys:
            if key.network != self.network:
                continue
            try:
                found = self._looked_up(key.external_id)
            except MissingError:
                if not is_ours:
                    self._look_at_account()
                    is_ours = True
                yield Gone(key, self._clock())
            except OddError as error:
                yield Rejected(key.external_id, str(error), "")
            else:
                if found is not None:
                    yield found

    def reply_length(self, text: str, /) -> Length:
        """In characters."""
        return Length(len(text), self.longest)

    def reply(self, to: Post, text: str, key: str, /) -> Post:
        del key  # Meta keeps none with a comment; `find_reply` goes by what is answered
        path, said = self._place_of_answers(to)
        try:
            answer = self._graph.post(path, {**said, "message": text})
        except SourceError as error:
            raise send_error(error) from error
        name = answer.get("id") if isinstance(answer, dict) else None
        if not isinstance(name, str) or not name:
            raise SendError(
                "Meta answered to the reply with something that makes no sense",
                outcome=Outcome.UNKNOWN,
            )
        return Post(
            key=PostKey(self.network, name),
            kind=PostKind.COMMENT,
            thread=to.thread,
            reply_to=to.key.external_id,
            text=text,
            author=self.reply_author or Author(id=self._account),
            posted_at=self._clock(),
        )

    def find_reply(self, to: Post, key: str, /) -> Post | Absent | Unknowable:
        """The account's newest answer to that post, whoever typed it where."""
        del key
        listing, spot = self._answers(to), None
        under = Under(to.thread, to.key.external_id, to.url)
        if listing is None:
            return Unknowable("Meta lists no answers to what only mentions the account")
        try:
            for _ in range(_MOST_PAGES):
                leaf = listing.leaf(0, spot)
                for thing in leaf.things:
                    found = self._item(thing.name, thing.said[0], under)
                    if (
                        isinstance(found, Post)
                        and self._is_own(found)
                        and found.posted_at >= to.posted_at
                    ):
                        return found
                spot = leaf.further
                if spot is None:
                    return Absent()
        except SourceError as error:
            # that we may not look says nothing about what was sent
            raise SendError(
                str(error), outcome=Outcome.UNKNOWN, retry_after=error.retry_after
            ) from error
        return Unknowable("there are so many answers that they were not all looked at")

    def greet(self, call: Call, /) -> str:
        if self._said.verify_token is None:
            raise CallError("nothing is taken in at this address", Refusal.NOT_ASKED)
        return hook.greet(call, self._secrets.get(self._said.verify_token).strip())

    def take(self, call: Call, /) -> Sequence[Letter]:
        if self._said.verify_token is None or self._said.app_secret is None:
            raise CallError("nothing is taken in at this address", Refusal.NOT_ASKED)
        secret = self._secrets.get(self._said.app_secret).strip()
        return hook.take(call, secret, self._account, self._is_wanted)

    def try_out(self) -> Iterator[Finding]:
        """Say whose token it is, look at every stream once, and whether Meta can tell us. All is free."""
        yield Finding(f"token: works, for {self._look_at_account()}")
        for name, (_, listing) in self._looks.items():
            try:
                listing.leaf(int(self._clock().timestamp()), None)
            except SourceError as error:
                yield Finding(f"{name}: {error}", Standing.FAILS)
            else:
                yield Finding(f"{name}: can be read")
        if self._said.verify_token is not None:
            yield self._whether_told()
        yield Finding("answers: whether the token may write, the first one shows")
        left, used = self._graph.client.budget.left, self._graph.usage.highest
        said = (
            f"Meta says {used} % of its own limit is used" if used else "Meta says no figures yet"
        )
        yield Finding(f"calls: {left} of the budget are left now; {said}")

    def _whether_told(self) -> Finding:
        try:
            letters.require_listener(self._inbox, self._clock())
        except SourceError as error:
            return Finding(f"{HOOK}: {error}", Standing.FAILS)
        return Finding(f"{HOOK}: somebody listens at its address")

    def _read_thing(self, thing: Thing) -> Item:
        said, about = thing.said
        return self._item(thing.name, said, about)

    def _item(self, where: str, said: Any, about: Any) -> Post | Rejected:
        return self._readable(where, said, partial(self._read, about=about))

    def _readable(self, where: str, said: Any, read: Callable[[Any], Post]) -> Post | Rejected:
        try:
            return read(said)
        except fields.UNREADABLE as error:
            return fields.rejected(where, error, said)

    def _hooked(self, since: Cursor | None) -> Iterator[Page]:
        """What Meta told of, looked at thing by thing; the cursor never passes what was not looked at."""
        for some, _ in letters.read(self._inbox, since, _LETTERS, self._clock()):
            items: list[Item] = []
            done = since
            require_sight = cache(self._require_sight)  # once for all these letters
            for letter in some:
                try:
                    items.append(self._opened(letter, require_sight))
                except SourceError:
                    if done is not None and items:
                        yield Page(tuple(items), done, cost=Cost(len(items)))
                    raise
                done = letters.cursor(letter.number)
            if done is not None:
                yield Page(tuple(items), done, cost=Cost(len(items)))
        letters.require_listener(self._inbox, self._clock())

    def _opened(self, letter: Received, require_sight: Callable[[], None]) -> Item:
        where = f"letter {letter.number}"
        said: Any = None
        try:
            said = fields.table(json.loads(letter.said))
            hook.require_sound(said)
            return self._told(
                fields.text(said, "field"), fields.table(said["value"]), letter.came_at
            )
        except (MissingError, RightsError) as error:
            require_sight()
            value = said["value"]
            return fields.rejected(where, error, {one: value[one] for one in _IDS if one in value})
        except (*fields.UNREADABLE, OddError) as error:
            return fields.rejected(where, error, said)

    def _require_sight(self) -> None:
        """Raise SourceError unless we see the account and what stands on it.

        Meta answers alike for a thing that was deleted, one that is not for us, and a right that was
        lost; with the last, what was told of waits until the right is there again.
        """
        self._look_at_account()
        _, listing = next(iter(self._looks.values()))
        listing.leaf(int(self._clock().timestamp()), None)

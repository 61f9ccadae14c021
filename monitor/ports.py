"""The doors between the core and the world. Built-ins and strangers' plug-ins implement the same ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias, runtime_checkable

from monitor.domain.finding import Finding
from monitor.domain.identity import Brand
from monitor.domain.judgement import Judgement
from monitor.domain.notice import Absent, Notice, Receipt, Unknowable
from monitor.domain.post import Author, Cursor, Gone, Page, Post, PostKey, Rejected, Stream
from monitor.domain.reply import Length

Clock: TypeAlias = Callable[[], datetime]
"""Domain time: aware, UTC."""


class Source(Protocol):
    """Reads a network, stream by stream. Its constructor does no I/O."""

    def streams(self) -> Sequence[Stream]:
        """What there is to read, each with a cursor and a fate of its own."""
        ...

    def pages(self, stream: Stream, since: Cursor | None, /) -> Iterator[Page]:
        """Read on from `since` (None: the first look). Every page's cursor is resumable after it.

        Raises:
            SourceError: the stream can't be read; says whether for good and when to try again.

        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a source's class says of itself before it is configured, for `complaint-monitor sources`.

    The class attribute `about` holds it. Whether it answers and looks posts up again is told by its
    methods (`Replies`, `Refreshes`); all texts are for the person who has to choose and set it up.
    """

    title: str
    """The network's name, as people write it."""
    reads: str
    rights: str
    """The smallest rights with which it works, and what answering takes beyond; or that none are needed."""
    limits: str
    """What the network or this source leaves out or cuts off."""
    cost: str
    """Money and quota."""
    page: str
    """Its page, below `docs/`."""
    finds_replies: bool = False
    """Whether an answer whose fate is unknown can be looked for on the network."""
    cannot_reply_because: str | None = None
    """Why nothing can be answered through it; None where it answers."""


@runtime_checkable
class Refreshes(Protocol):
    """A source that can look its posts up again (deleted, edited)."""

    def refresh(self, keys: Sequence[PostKey], /) -> Iterator[Post | Gone | Rejected]:
        """Each key once, in any order; a key that is neither yielded nor gone was not looked up.

        Answers to what is asked for may come along (`reply_to`), where the network shows them with it.
        """
        ...


@runtime_checkable
class Replies(Protocol):
    """A source that can answer in the brand's name."""

    def reply(self, to: Post, text: str, key: str, /) -> Post:
        """Post `text` as the answer to `to`; `key` makes it findable. Raises SendError."""
        ...

    def find_reply(self, to: Post, key: str, /) -> Post | Absent | Unknowable:
        """Whether an answer sent with `key` arrived."""
        ...


@runtime_checkable
class DescribesReplies(Protocol):
    """A source that can tell how its answers will look before it posts one."""

    @property
    def reply_author(self) -> Author | None:
        """In whose name it answers; None: as it is configured, it cannot."""
        ...

    def reply_length(self, text: str, /) -> Length:
        """How long the network finds the text, and how long it may be."""
        ...


@dataclass(frozen=True, slots=True)
class Call:
    """A call from outside, at a source's address. Header names are in lower case; `at`: when it came."""

    asked: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    at: datetime


@dataclass(frozen=True, slots=True)
class Letter:
    """One thing that a call brought, for the source's own `pages` to read.

    `key`: what is told twice under it is one thing. `said`: as it came. `flaw`: why it will be
    rejected, for whoever sent it; where that may be the config's fault, the key is another one.
    """

    key: str
    said: str
    flaw: str | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """A letter in an inbox. Numbers rise, in the order in which letters were kept."""

    number: int
    said: str
    came_at: datetime


class Inbox(Protocol):
    """What was sent to one source and waits to be read by it. All may raise StoreError."""

    def after(self, number: int, most: int, /) -> Sequence[Received]:
        """The letters that follow, in order."""
        ...

    def forget(self, through: int, now: datetime, /) -> None:
        """Purge the words of the letters up to that one: they are stored as posts."""
        ...

    def heard_at(self) -> datetime | None:
        """When somebody last listened at the source's address; None: nobody ever did."""
        ...


@runtime_checkable
class Receives(Protocol):
    """A source that is also told, at the address /intake/NAME (`web`); constructed with an `inbox`, too.

    What is told is kept in the inbox, and becomes posts by `pages`, as everything does.
    """

    def greet(self, call: Call, /) -> str:
        """What to answer to a GET that asks whether it is us. Raises CallError."""
        ...

    def take(self, call: Call, /) -> Sequence[Letter]:
        """Make sure who sent it, and split it; nothing of what was sent is left out.

        Raises:
            CallError: it is none of ours.

        """
        ...

    def reading_stream(self) -> str:
        """The name of the stream that reads the inbox."""
        ...


@runtime_checkable
class Splits(Receives, Protocol):
    """One that also takes what somebody sends who is known by other means than a signature."""

    def split(self, call: Call, /) -> Sequence[Letter]:
        """What the call brings, whoever sent it; nothing of it is left out."""
        ...


@runtime_checkable
class AnsweringSource(Source, Replies, Protocol):
    """A source that also answers."""


@dataclass(frozen=True, slots=True)
class Desk:
    """A configured source that answers, and in the name of which brands."""

    name: str
    source: AnsweringSource
    brands: tuple[Brand, ...]

    def brand(self, name: str) -> Brand | None:
        """The brand of that name, if it answers for it."""
        return next((one for one in self.brands if one.name == name), None)

    def stream(self, network: str) -> Stream | None:
        """Where its own answers on a network come in; None if it does not read that network."""
        there = [one for one in self.source.streams() if one.network == network]
        return next((one for one in there if one.shows_answers), there[0] if there else None)


class Classifier(Protocol):
    """Judges posts on the shop's own machine."""

    @property
    def model(self) -> str:
        """`name@revision` of what judges."""
        ...

    def classify(self, posts: Sequence[Post], /) -> Sequence[Judgement]:
        """One judgement a post, same order; independent of which posts share the call.

        Raises:
            ClassifierError: no judgement can be had; the posts wait unjudged.

        """
        ...


class Notifier(Protocol):
    """Brings notices to people."""

    def send(self, notice: Notice, earlier: Receipt | None, /) -> Receipt:
        """Deliver; with `earlier`, edit that message in place instead. Raises SendError."""
        ...

    def find(self, notice: Notice, /) -> Receipt | Absent | Unknowable:
        """Whether a notice whose fate is unknown arrived."""
        ...


@runtime_checkable
class Speaks(Protocol):
    """A notifier whose places are spoken to in languages of their own."""

    def language(self, target: str, /) -> str:
        """That of a place, as policies name it without the notifier's name; empty: of the first one."""
        ...


@runtime_checkable
class TriesOut(Protocol):
    """A plug-in that can be tried without telling anybody anything (`check`)."""

    def try_out(self) -> Iterator[Finding]:
        """Log in, open what it needs, and say what may be done, and what is missing for what.

        Costs nothing, or the least possible, and says so. Raises ConfigError, SourceError or
        SendError, perhaps after some findings: nothing further can be tried before that is mended.
        """
        ...


class Secrets(Protocol):
    """Tokens and sessions, from the environment, files, or a store that only the owner can read."""

    def get(self, name: str, /) -> str:
        """The secret. Raises ConfigError naming the variable or file that is missing."""
        ...

    def put(self, name: str, value: str, /) -> None:
        """Keep a rotated secret."""
        ...

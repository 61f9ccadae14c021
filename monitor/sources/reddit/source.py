"""The plug-in `reddit`: which listings there are to read, and what may be asked of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

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
from monitor.settings.secret_names import SecretName
from monitor.settings.spans import PositiveSpan
from monitor.sources.reddit import answers, cursor, things, trying
from monitor.sources.reddit.calls import Calls
from monitor.sources.reddit.cursor import Place
from monitor.sources.reddit.listing import Listing, Look

_NAME = re.compile(r"(?:/?[ru]/)?([A-Za-z0-9_-]{2,50})/?")
_MOST_KEYS = 100
_SEARCH_CAP = 250
_EVERY, _SELDOMER = timedelta(minutes=1), timedelta(minutes=2)
_MUTE = "reddit is read without an account that could answer"


def _plain(name: str) -> str:
    """A name as Reddit's own people write it: r/cumparaturi, /u/Bufnivo_Team or without."""
    found = _NAME.fullmatch(name.strip())
    if found is None:
        raise ValueError(f"{name!r} is no name of a subreddit or an account")
    return found[1]


Name = Annotated[str, AfterValidator(_plain)]


class Reddit:
    """Reads what the config asks for, each listing as a stream with its own cursor and fate.

    With `username` it logs in as that account (by `refresh_token`, or by `password` for an account
    without second factor), reads its inbox and can answer; without, it reads what is public.
    """

    extra: ClassVar[str | None] = None
    about: ClassVar[About] = About(
        title="Reddit",
        reads="submissions and comments of named subreddits, a search, the inbox, own comments",
        rights="an approved app; scopes identity, read, history, privatemessages; to answer submit",
        limits="1,000 things a listing, 250 a search; comments elsewhere only if they name you",
        cost="no money within 100 calls a minute for the app",
        page="sources/reddit.md",
        finds_replies=True,
    )

    class Options(BaseModel):
        """The table of a source `use = "reddit"`."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        client_id: str = Field(min_length=1, description="Of the app; it is no secret.")
        client_secret: SecretName = Field(
            default="reddit_client_secret", description="A secret's name."
        )
        username: Name | None = Field(default=None, description="The account that answers.")
        refresh_token: SecretName | None = Field(default=None, description="A secret's name.")
        password: SecretName | None = Field(default=None, description="A secret's name.")
        accounts: tuple[Name, ...] = Field(default=(), description="Others that answer for you.")
        subreddits: tuple[Name, ...] = Field(default=(), description="Submissions and comments.")
        terms: tuple[str, ...] = Field(
            default=(), description="Words one of which names the brand; none: everything counts."
        )
        search: str | None = Field(default=None, min_length=1, description="All of Reddit.")
        inbox: bool = Field(default=True, description="Mentions of `username`, replies to it.")
        overlap: PositiveSpan = timedelta(hours=2)
        look_back: PositiveSpan = timedelta(days=7)
        page_size: int = Field(default=100, ge=1, le=100, description="Things asked for at once.")
        timeout: float = Field(default=16, gt=0, le=120, description="Seconds of silence.")
        base_url: str | None = Field(default=None, pattern=r"^https?://.")

        @model_validator(mode="after")
        def _whole(self) -> Self:
            if bool(self.username) != bool(self.refresh_token or self.password):
                raise ValueError(
                    "an account is a username with a refresh_token (or a password); without "
                    "either, name its comments by accounts"
                )
            if not (self.subreddits or self.search or self.username):
                raise ValueError("there is nothing to read: name subreddits, a search, or username")
            return self

    def __init__(self, options: Options, *, secrets: Secrets, clock: Clock) -> None:
        """`secrets` are asked for at the first call; `clock` dates looks."""
        self._options = options
        self._clock = clock
        self._secrets = secrets
        self._accounts = tuple(dict.fromkeys(filter(None, (options.username, *options.accounts))))
        self._calls = Calls(
            client_id=options.client_id,
            credentials=self._credentials,
            base_url=options.base_url,
            timeout=options.timeout,
            on_behalf_of=next(iter(self._accounts), options.client_id),
        )
        self._terms = tuple(
            re.compile(rf"(?<!\w){re.escape(term)}(?!\w)", re.IGNORECASE) for term in options.terms
        )
        self._looks = {stream.name: (stream, look) for stream, look in self._made()}

    def streams(self) -> Sequence[Stream]:
        return tuple(stream for stream, _ in self._looks.values())

    def pages(self, stream: Stream, since: Cursor | None, /) -> Iterator[Page]:
        now = self._clock()
        _, look = self._looks[stream.name]
        place = cursor.read(since) if since else Place((now - self._options.look_back).timestamp())
        try:
            yield from look.pages(self._calls, place, now)
        except CallError as error:
            raise source_error(stream.name, error) from error

    def refresh(self, keys: Sequence[PostKey], /) -> Iterator[Post | Gone | Rejected]:
        """Look up again, a hundred in a call.

        Reddit shows what was deleted with its words taken out; what it does not show at all may be
        in a subreddit that went private, and counts as not looked up.
        """
        names = [key.external_id for key in keys if things.is_fullname(key.external_id)]
        for first in range(0, len(names), _MOST_KEYS):
            some = names[first : first + _MOST_KEYS]
            listing = Listing("api/info", {"id": ",".join(some)})
            try:
                children, _ = next(listing.pages(self._calls, _MOST_KEYS))
            except CallError as error:
                raise source_error("look-up", error) from error
            now = self._clock()
            for child in children:
                if things.name_of(child) in some:
                    yield things.read(child, now=now, seen_at=None, mute=self._mute)

    @property
    def reply_author(self) -> Author | None:
        """The account that is logged in."""
        username = self._options.username
        return Author(handle=username) if username else None

    def reply_length(self, text: str, /) -> Length:
        """In characters, of which Reddit takes ten thousand."""
        return Length(len(text), answers.LONGEST)

    def reply(self, to: Post, text: str, key: str, /) -> Post:
        del key  # Reddit keeps none with a comment; `find_reply` goes by the post that is answered
        if self._mute:
            raise SendError(self._mute, outcome=Outcome.PERMANENT)
        return answers.write(self._calls, to, text, self._clock())

    def find_reply(self, to: Post, key: str, /) -> Post | Absent | Unknowable:
        del key
        if self._options.username is None:
            return Unknowable(_MUTE)
        return answers.find(self._calls, self._options.username, to, self._clock())

    def try_out(self) -> Iterator[Finding]:
        """Log in, compare the token's scopes with what is to be done, and read one of each."""
        listings = {name: look.listing for name, (_, look) in self._looks.items()}
        try:
            yield from trying.findings(self._calls, self._options.username, listings)
        except CallError as error:
            raise source_error("log-in", error) from error

    @property
    def _mute(self) -> str | None:
        """Why nothing at all can be answered, if so."""
        return None if self._options.username else _MUTE

    def _credentials(self) -> Mapping[str, str]:
        options = self._options
        given = {"client_secret": for_header(self._secrets, options.client_secret)}
        if options.refresh_token:
            given["refresh_token"] = for_header(self._secrets, options.refresh_token)
        elif options.password and options.username:
            given["username"] = options.username
            given["password"] = self._secrets.get(options.password)
        return given

    def _made(self) -> Iterator[tuple[Stream, Look]]:
        options = self._options
        if options.subreddits:
            path = f"r/{'+'.join(options.subreddits)}"
            for name, listed in (("submissions", "new"), ("comments", "comments")):
                listing = Listing(f"{path}/{listed}")
                yield self._made_one(name, StreamKind.SEARCH, listing, named=True)
        if options.search:
            asked = {"q": options.search, "sort": "new", "t": "all", "type": "link"}
            listing = Listing("r/all/search", asked, cap=_SEARCH_CAP)
            yield self._made_one("search", StreamKind.SEARCH, listing, every=_SELDOMER)
        if options.inbox and options.username:
            for name in ("mentions", "inbox"):
                yield self._made_one(name, StreamKind.MENTIONS, Listing(f"message/{name}"))
        for account in self._accounts:
            listing = answers.own_comments(account)
            yield self._made_one(f"own-{account.lower()}", StreamKind.OWN, listing)

    def _made_one(
        self,
        name: str,
        kind: StreamKind,
        listing: Listing,
        *,
        named: bool = False,
        every: timedelta = _EVERY,
    ) -> tuple[Stream, Look]:
        """`named`: only what names the brand; elsewhere Reddit itself has chosen."""
        wanted = self._names_the_brand if named and self._terms else _anything
        options = self._options
        look = Look(listing, wanted, self._mute, options.overlap, options.page_size)
        return Stream(name, kind, things.NETWORK, every), look

    def _names_the_brand(self, child: Any) -> bool:
        words = things.words_of(child)
        return any(term.search(words) for term in self._terms)


def _anything(_: Any) -> bool:
    return True

"""The plug-in `youtube`: which comments are read, and what may be asked of YouTube."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from functools import partial
from typing import Annotated, Any, ClassVar, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, StringConstraints, model_validator

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
from monitor.domain.reply import Length
from monitor.fetching import Budget, Client, FetchError, Refusals, google
from monitor.ports import About, Clock, Secrets
from monitor.reviewing import look, reviews, site
from monitor.reviewing.look import Listed
from monitor.reviewing.options import Address, ReviewOptions
from monitor.secrets import for_header
from monitor.settings.secret_names import SecretName
from monitor.settings.spans import PositiveSpan, span
from monitor.sources.youtube import answers, comments
from monitor.sources.youtube.comments import Whose
from monitor.sources.youtube.threads import Reader

_HOST = "https://youtube.googleapis.com"
_EVERY, _SELDOMER = timedelta(minutes=10), timedelta(minutes=30)
_DAY = timedelta(days=1)
_PACIFIC = ZoneInfo("America/Los_Angeles")
"""Where Google's day begins."""
_KEPT = 20
"""So many answers a day find their quota, whatever reading takes."""
_AT_ONCE = 50
_BAD = 400
_DAY_IS_OVER = "quotaexceeded"
_MUTE = "the source has an API key alone, with which nobody can answer"
_STATES = {"held": "heldForReview", "spam": "likelySpam"}

Video = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{11}$")]


class YouTube:
    """Reads the comments below a channel's videos. With the channel's permission it answers, too."""

    extra: ClassVar[str | None] = None
    about: ClassVar[About] = About(
        title="YouTube",
        reads="comments below your channel's videos, or below named ones, and the replies to them",
        rights="an API key; to answer, and for held comments, the channel's own permission",
        limits="replies in threads older than the window are not seen; no search for videos",
        cost="no money; 9,000 of the 10,000 units a day: 1 a call, 50 an answer",
        page="sources/youtube.md",
        finds_replies=True,
    )

    class Options(ReviewOptions):
        """The table of a source `use = "youtube"`."""

        channel: str = Field(pattern=r"^UC[A-Za-z0-9_-]{22}$", description="Yours: UC…")
        videos: tuple[Video, ...] = Field(default=(), description="Of others, about you.")
        moderated: tuple[Literal["held", "spam"], ...] = Field(
            default=(), description="Comments that YouTube holds back, too."
        )
        api_key: SecretName | None = Field(default=None, description="A secret's name.")
        client_id: str | None = Field(default=None, min_length=1, max_length=200)
        client_secret: SecretName = Field("google_client_secret", description="A secret's name.")
        refresh_token: SecretName = Field("youtube_refresh_token", description="A secret's name.")
        window: PositiveSpan = Field(span("30d"), description="Every look reads so far back.")
        units_per_day: int = Field(9000, ge=1, description="Of Google's quota.")
        page_size: int = Field(100, ge=1, le=100)
        login_url: Address = Field(google.TOKENS, description="Where tokens are had.")

        @model_validator(mode="after")
        def _one_way_in(self) -> Self:
            if bool(self.api_key) == bool(self.client_id):
                raise ValueError("give an api_key, to read; or a client_id, to answer as well")
            if self.moderated and not self.client_id:
                raise ValueError(
                    "what is held back is shown to the channel alone: give a client_id"
                )
            if len({*self.videos}) < len(self.videos) or len({*self.moderated}) < len(
                self.moderated
            ):
                raise ValueError("each video and each state is named once")
            return self

    def __init__(self, options: Options, *, secrets: Secrets, clock: Clock) -> None:
        """`secrets` are asked for at the first call; `clock` dates looks, and tells Google's day."""
        self._options = options
        self._secrets = secrets
        self._clock = clock
        self._client = self._made_client()
        self._bounds = look.Bounds(options.window, options.look_back, options.max_pages)
        self._mute = None if options.client_id else _MUTE
        self._streams = {stream.name: (stream, asked) for stream, asked in self._made()}

    def streams(self) -> Sequence[Stream]:
        return tuple(stream for stream, _ in self._streams.values())

    def pages(self, stream: Stream, since: Cursor | None, /) -> Iterator[Page]:
        _, asked = self._streams[stream.name]
        yield from look.pages(partial(self._listed, asked), since, self._bounds, self._clock())

    def refresh(self, keys: Sequence[PostKey], /) -> Iterator[Post | Gone | Rejected]:
        """Two calls for fifty comments at most. What YouTube does not show any more is gone."""
        mine = [key for key in dict.fromkeys(keys) if key.network == comments.NETWORK]
        for begin in range(0, len(mine), _AT_ONCE):
            yield from self._looked_up(mine[begin : begin + _AT_ONCE])

    @property
    def reply_author(self) -> Author | None:
        """The channel."""
        return None if self._mute else Author(id=self._options.channel)

    def reply_length(self, text: str, /) -> Length:
        """In characters."""
        return Length(len(text), answers.LONGEST)

    def reply(self, to: Post, text: str, key: str, /) -> Post:
        del key  # YouTube keeps none with a comment; `find_reply` goes by whom the reply answers
        if self._mute:
            raise SendError(self._mute, outcome=Outcome.PERMANENT)
        return answers.write(self._client, to, text)

    def find_reply(self, to: Post, key: str, /) -> Post | Absent | Unknowable:
        del key
        return answers.find(self._client, self._options.channel, to)

    def try_out(self) -> Iterator[Finding]:
        """Say whose permission it is, and read a comment of every stream: a unit each."""
        yield self._try_channel()
        for name, (_, asked) in self._streams.items():
            try:
                self._listed({**asked, "maxResults": 1}, None)
            except FetchError as error:
                yield Finding(f"{name}: {error}", Standing.FAILS)
            else:
                yield Finding(f"{name}: can be read")
        if self._mute:
            yield Finding(f"answers: none, as {self._mute}", Standing.LACKS)
        left = self._client.budget.left
        yield Finding(f"quota: {left} units are left of this day's, by our own count")

    def _try_channel(self) -> Finding:
        options = self._options
        whose = {"id": options.channel} if self._mute else {"mine": "true"}
        answer = self._client.get("youtube/v3/channels", part="snippet", **whose)
        told = answer.get("items", []) if isinstance(answer, dict) else None
        ids = [one.get("id") for one in told or [] if isinstance(one, dict)]
        if options.channel in ids:
            as_whom = "" if self._mute else ", and the permission is its own"
            return Finding(f"channel: {options.channel} is there{as_whom}")
        if self._mute:
            return Finding(f"channel: YouTube knows no {options.channel}", Standing.FAILS)
        said = f"channel: the permission is of {', '.join(map(str, ids)) or 'no channel'}"
        return Finding(f"{said}, not of {options.channel}", Standing.FAILS)

    def _made(self) -> Iterator[tuple[Stream, dict[str, Any]]]:
        options, network = self._options, comments.NETWORK
        every: dict[str, Any] = {"part": "snippet,replies"}
        ours = {"allThreadsRelatedToChannelId": options.channel}
        yield Stream("comments", StreamKind.ALL, network, _EVERY), every | ours
        for video in options.videos:
            stream = Stream(f"video-{video}", StreamKind.ALL, network, _SELDOMER)
            yield stream, every | {"videoId": video}
        for state in options.moderated:
            stream = Stream(state, StreamKind.MENTIONS, network, _SELDOMER)
            yield stream, every | {"moderationStatus": _STATES[state], **ours}

    def _listed(self, asked: dict[str, Any], token: str | None) -> Listed:
        page: dict[str, Any] = {"order": "time", "textFormat": "plainText"}
        page |= {"maxResults": self._options.page_size, **asked}
        page |= {"pageToken": token} if token else {}
        try:
            body = self._client.get("youtube/v3/commentThreads", **page)
        except FetchError as error:
            if error.status == _BAD and token is not None:
                raise look.ForgottenError(str(error)) from error
            raise
        reader = self._reader(asked.get("moderationStatus", "published"))
        return site.listed(partial(reader.listed, body))

    def _reader(self, status: str = "published") -> Reader:
        return Reader(partial(answers.replies_of, self._client), self._mute, status)

    def _looked_up(self, keys: Sequence[PostKey]) -> Iterator[Post | Gone | Rejected]:
        """First the threads, which tell the video and whether they may be answered; then the replies."""
        threads = list(dict.fromkeys(comments.thread_of(key.external_id) for key in keys))
        reader = self._reader()
        there, below = self._items("commentThreads", threads), dict[str, Whose]()
        standing: dict[str, Post | Rejected] = {}
        for name, raw in there.items():
            thread = reviews.read_one(raw, reader.read)
            standing[name] = thread if isinstance(thread, Rejected) else thread.top
            if not isinstance(thread, Rejected):
                below[name] = thread.whose
        asked = [key.external_id for key in keys if key.external_id not in threads]
        for name, raw in self._items("comments", asked).items():
            whose = below.get(comments.thread_of(name)) or Whose(
                comments.thread_of(name), None, None
            )
            standing[name] = reviews.read_one(raw, partial(comments.read, whose=whose))
        for key in keys:
            yield standing.get(key.external_id) or Gone(key, self._clock())

    def _items(self, what: str, ids: Sequence[str]) -> dict[str, Any]:
        """What YouTube has under these ids. Raises SourceError."""
        if not ids:
            return {}
        answer = self._client.get(
            f"youtube/v3/{what}", part="snippet", id=",".join(ids), textFormat="plainText"
        )
        listed = answer.get("items") if isinstance(answer, dict) else None
        if not isinstance(listed, list):
            raise FetchError("YouTube answered with something that is no list of comments")
        return {str(one.get("id")): one for one in listed if isinstance(one, dict)}

    def _made_client(self) -> Client:
        options = self._options
        more: dict[str, Any] = {"headers": self._key}
        if options.client_id:
            login = google.login(
                self._secrets,
                client_id=options.client_id,
                names=(options.client_secret, options.refresh_token),
                base_url=options.login_url,
                timeout=options.timeout,
            )
            more = {"headers": login.headers, "renew": login.renew}
        kept = min(_KEPT * answers.COST, options.units_per_day // 2) if options.client_id else 0
        project = f"youtube {options.api_key or options.client_id}"
        return Client(
            "YouTube",
            options.base_url or _HOST,
            budget=Budget(options.units_per_day, _DAY, kept=kept, credential=project),
            refusals=Refusals(pause=self._pause, is_limit=google.is_limit),
            timeout=options.timeout,
            **more,
        )

    def _key(self) -> dict[str, str]:
        """In the header: in an address it would stand in logs."""
        return {"x-goog-api-key": for_header(self._secrets, str(self._options.api_key))}

    def _pause(self, said: Any) -> float | None:
        """The day's quota is there again when Google's day begins."""
        if _DAY_IS_OVER not in {one.casefold() for one in google.reasons(said)}:
            return None
        here = self._clock().astimezone(_PACIFIC)
        midnight = datetime.combine(here.date() + _DAY, time(), _PACIFIC)
        return (midnight - self._clock()).total_seconds()

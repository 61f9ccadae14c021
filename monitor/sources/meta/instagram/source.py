"""The plug-in `instagram`: what of an account there is to read, and where answers go."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, ClassVar

from pydantic import Field

from monitor.domain.errors import Outcome, SendError
from monitor.domain.post import Author, Post, Rejected, Stream, StreamKind
from monitor.domain.quoting import quoted
from monitor.fetching import FetchError, Listing, fields
from monitor.ports import About, Clock, Inbox, Secrets
from monitor.settings.spans import PositiveSpan
from monitor.sources.meta.edges import Comments, Edge, Nested
from monitor.sources.meta.graph import MissingError
from monitor.sources.meta.instagram import items
from monitor.sources.meta.instagram.items import COMMENT, MEDIA, MENTION, NETWORK, POST, WORDS
from monitor.sources.meta.options import MetaOptions
from monitor.sources.meta.source import GraphSource, Item

_OFTEN, _SELDOM = timedelta(minutes=3), timedelta(minutes=15)
_ID = re.compile(r"\d{1,30}", re.ASCII)


class Instagram(GraphSource):
    """Reads one business or creator account of Instagram, and answers in its name."""

    extra: ClassVar[str | None] = None
    about: ClassVar[About] = About(
        title="Instagram",
        reads="comments under an account's posts, posts that tag it; by webhook, mentions elsewhere",
        rights="a page token: instagram_basic, instagram_manage_comments, pages_read_engagement",
        limits="mentions only by webhook; no stories, no search; comments under posts of the last 30 days",
        cost="no money; 200 calls an hour",
        page="sources/instagram.md",
        finds_replies=True,
    )
    network: ClassVar[str] = NETWORK
    longest: ClassVar[int] = 300

    class Options(MetaOptions):
        """The table of a source `use = "instagram"`."""

        account: str = Field(
            pattern=r"^\d{1,30}$", description="The account's id in the Graph API."
        )
        username: str = Field(
            pattern=r"^[\w.]{1,60}$", description="Its name, without the at-sign."
        )
        tags: bool = Field(default=True, description="Read posts that tag the account.")
        overlap: PositiveSpan = Field(
            default=timedelta(days=7), description="Comments of this age are looked at for answers."
        )

    def __init__(self, options: Options, *, secrets: Secrets, clock: Clock, inbox: Inbox) -> None:
        self._options = options
        super().__init__(options, options.account, secrets=secrets, clock=clock, inbox=inbox)

    @property
    def reply_author(self) -> Author | None:
        """The account."""
        return Author(handle=self._options.username)

    def _listings(self) -> Sequence[tuple[Stream, Listing]]:
        size = self._options.page_size
        own = Edge(self._graph, f"{self._options.account}/media", POST, size, WORDS)
        nested = Nested(COMMENT, size, answers="replies", of_post="permalink")
        comments = Comments(own, nested, WORDS, self._oldest_post)
        found: list[tuple[Stream, Listing]] = [
            (Stream("comments", StreamKind.ALL, NETWORK, _OFTEN), comments)
        ]
        if self._options.tags:
            tags = Edge(self._graph, f"{self._options.account}/tags", POST, size, WORDS)
            found.append((Stream("tags", StreamKind.MENTIONS, NETWORK, _SELDOM), tags))
        return found

    def _oldest_post(self) -> float:
        return (self._clock() - self._options.comments_on).timestamp()

    def _read(self, said: Any, about: Any) -> Post:
        return items.post(said) if about is None else items.comment(said, about)

    def _is_wanted(self, field: str, value: Mapping[str, Any]) -> bool:
        return field in ("comments", "mentions")

    def _told(self, field: str, value: Mapping[str, Any], at: datetime) -> Item:
        told = dict(value)
        post = fields.word(told, "media_id")
        name = fields.word(told, "comment_id") or fields.word(told, "id")
        if field == "comments":
            return self._own(_number(name))
        if name is not None:
            return self._mentioned(_number(name))
        return self._mentioned_post(_number(post))

    def _own(self, name: str) -> Post | Rejected:
        """A comment under a post of ours, whose place it tells itself."""
        said = self._graph.get(name, fields=f"{COMMENT},media{{id,permalink}}")
        return self._readable(name, said, items.comment)

    def _mentioned(self, name: str) -> Post | Rejected:
        """A comment elsewhere that mentions us; it can be asked for in this way only."""
        wanted = f"mentioned_comment.comment_id({name}){{{items.MENTIONED}}}"
        said = self._graph.get(self._options.account, fields=wanted).get("mentioned_comment")
        return self._readable(name, said, partial(items.comment, is_mention=True))

    def _mentioned_post(self, name: str) -> Post | Rejected:
        wanted = f"mentioned_media.media_id({name}){{{items.MENTIONED_POST}}}"
        said = self._graph.get(self._options.account, fields=wanted).get("mentioned_media")
        return self._readable(name, said, partial(items.post, is_mention=True))

    def _looked_up(self, external_id: str) -> Post | Rejected | None:
        """A comment. A post of somebody else's can't be asked for: it is purged when its time is over."""
        if not _ID.fullmatch(external_id):
            return None
        try:
            return self._own(external_id)
        except MissingError:
            return self._mentioned(external_id)

    def _place_of_answers(self, to: Post) -> tuple[str, Mapping[str, Any]]:
        name, token = to.key.external_id, to.reply_token or ""
        if token.startswith(MENTION):
            where = {"media_id": token.removeprefix(MENTION)}
            if not name.startswith(MEDIA):
                where["comment_id"] = name
            return f"{self._options.account}/mentions", where
        if name.startswith(MEDIA):
            raise SendError(f"{quoted(to.key)} can't be answered", outcome=Outcome.PERMANENT)
        return f"{name}/replies", {}

    def _answers(self, to: Post) -> Listing | None:
        name = to.key.external_id
        if (to.reply_token or "").startswith(MENTION) or name.startswith(MEDIA):
            return None
        # Instagram puts an answer to an answer beside it
        path = f"{to.reply_to or name}/replies"
        return Edge(self._graph, path, COMMENT, self._options.page_size, WORDS)

    def _is_own(self, post: Post) -> bool:
        handle = post.author.handle
        return handle is not None and handle.casefold() == self._options.username.casefold()

    def _look_at_account(self) -> str:
        said = self._graph.get(self._options.account, fields="id,username")
        name = str(said.get("username") or self._options.username)
        if name.casefold() != self._options.username.casefold():
            raise FetchError(
                f"the account {self._options.account} is called {name}, not {self._options.username}",
                permanent=True,
            )
        return f"the account {name}"


def _number(said: str | None) -> str:
    """An id that may stand in a question. Raises ValueError."""
    if said is None or not _ID.fullmatch(said):
        raise ValueError("no id")
    return said

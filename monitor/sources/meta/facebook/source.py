"""The plug-in `facebook`: which edges of a page there are to read, and where answers go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from pydantic import Field

from monitor.domain.finding import Finding, Standing
from monitor.domain.post import Author, Gone, Post, PostKey, Rejected, Stream, StreamKind
from monitor.fetching import FetchError, Listing, fields
from monitor.ports import About, Clock, Inbox, Secrets
from monitor.sources.meta.edges import Comments, Edge, Nested, Under
from monitor.sources.meta.facebook.items import COMMENT, NETWORK, POST, WORDS, Wall
from monitor.sources.meta.graph import MissingError, is_id
from monitor.sources.meta.options import MetaOptions
from monitor.sources.meta.source import GraphSource, Item

_OFTEN, _SELDOM = timedelta(minutes=3), timedelta(minutes=15)
_SPOKEN = frozenset({"comment", "post", "status", "photo", "video", "share", "album", "note"})
_AS_LISTED = (("filter", "stream"), ("order", "reverse_chronological"))

_NO_COMMENT = "nonexisting field"
"""What Meta says where a comment's fields are asked of a post."""


class Facebook(GraphSource):
    """Reads one page of Facebook, and answers in its name."""

    extra: ClassVar[str | None] = None
    about: ClassVar[About] = About(
        title="Facebook",
        reads="a page's own feed, all comments under it, posts that tag the page",
        rights="pages_read_user_content, pages_read_engagement; to answer, pages_manage_engagement",
        limits="comments under posts of the last 30 days; recommendations and reviews are closed to programs",
        cost="no money; 200 calls an hour",
        page="sources/facebook.md",
        finds_replies=True,
    )
    network: ClassVar[str] = NETWORK
    longest: ClassVar[int] = 8000

    class Options(MetaOptions):
        """The table of a source `use = "facebook"`."""

        page: str = Field(pattern=r"^\d{1,30}$", description="The page's id.")
        tagged: bool = Field(default=True, description="Read posts elsewhere that tag the page.")

    def __init__(self, options: Options, *, secrets: Secrets, clock: Clock, inbox: Inbox) -> None:
        self._options = options
        self._wall = Wall(options.page)
        super().__init__(options, options.page, secrets=secrets, clock=clock, inbox=inbox)

    @property
    def reply_author(self) -> Author | None:
        """The page."""
        return Author(id=self._options.page)

    def try_out(self) -> Iterator[Finding]:
        """The same, and whether the token is the page's own: with another, authors are not told."""
        yield from super().try_out()
        if self._graph.get("me", fields="id").get("id") == self._options.page:
            yield Finding("token: the page's own")
        else:
            said = (
                "token: a person's or the app's, not the page's own: authors are not told with it"
            )
            yield Finding(said, Standing.LACKS)

    def _listings(self) -> Sequence[tuple[Stream, Listing]]:
        feed = self._edge(f"{self._options.page}/feed")
        nested = Nested(COMMENT, self._options.page_size, _AS_LISTED)
        comments = Comments(feed, nested, WORDS, self._oldest_post)
        found: list[tuple[Stream, Listing]] = [
            (Stream("comments", StreamKind.ALL, NETWORK, _OFTEN), comments),
            (Stream("feed", StreamKind.MENTIONS, NETWORK, _OFTEN), feed),
        ]
        if self._options.tagged:
            tagged = self._edge(f"{self._options.page}/tagged")
            found.append((Stream("tagged", StreamKind.MENTIONS, NETWORK, _SELDOM), tagged))
        return found

    def _edge(self, path: str) -> Edge:
        return Edge(self._graph, path, POST, self._options.page_size, WORDS)

    def _oldest_post(self) -> float:
        return (self._clock() - self._options.comments_on).timestamp()

    def _read(self, said: Any, about: Any) -> Post:
        return self._wall.read(said, about)

    def _is_wanted(self, field: str, value: Mapping[str, Any]) -> bool:
        return field == "feed" and value.get("item") in _SPOKEN

    def _told(self, field: str, value: Mapping[str, Any], at: datetime) -> Item:
        told = dict(value)
        is_comment = value.get("item") == "comment"
        name = fields.text(told, "comment_id" if is_comment else "post_id")
        if not is_id(name):
            raise ValueError("no id")
        if value.get("verb") == "remove":
            return Gone(PostKey(NETWORK, name), at)
        post = fields.word(told, "post_id")
        under = (Under(post) if post else self._wall.under(name)) if is_comment else None
        try:
            return self._asked_for(name, under)
        except MissingError:
            return Gone(PostKey(NETWORK, name), self._clock())

    def _looked_up(self, external_id: str) -> Post | Rejected | None:
        if not is_id(external_id):
            return None
        if self._wall.is_post(external_id):
            return self._asked_for(external_id, None)
        try:
            return self._asked_for(external_id, self._wall.under(external_id))
        except FetchError as error:
            if _NO_COMMENT not in str(error):
                raise
        return self._asked_for(external_id, None)  # a post on somebody else's wall

    def _asked_for(self, name: str, under: Under | None) -> Post | Rejected:
        said = self._graph.get(name, fields=POST if under is None else COMMENT)
        return self._item(name, said, under)

    def _place_of_answers(self, to: Post) -> tuple[str, Mapping[str, Any]]:
        return f"{to.key.external_id}/comments", {}

    def _answers(self, to: Post) -> Listing | None:
        path, size = f"{to.key.external_id}/comments", self._options.page_size
        return Edge(self._graph, path, COMMENT, size, WORDS, _AS_LISTED)

    def _is_own(self, post: Post) -> bool:
        return post.author.id == self._options.page

    def _look_at_account(self) -> str:
        said = self._graph.get(self._options.page, fields="id,name")
        return f"the page {fields.word(said, 'name') or self._options.page}"

"""A channel on YouTube: comments below its videos and the replies to them, as the Data API shows them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import RLock
from typing import Any

from monitor.simulator.ids import author_id
from monitor.simulator.serving import Asked
from monitor.simulator.tokens import Tokens

_LOGIN = {
    "grant_type": "refresh_token",
    "client_id": "shop.apps.example",
    "client_secret": "s3cret",
    "refresh_token": "1//r3fresh",
}
_SHOWN_REPLIES = 5
_WRITE = 50

Payload = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Comment:
    """A comment below a video, or with a `parent` a reply. `status`: as YouTube moderates it."""

    id: str
    handle: str
    text: str
    at: datetime
    parent: str | None = None
    video: str | None = "dQw4w9WgXcQ"
    edited_at: datetime | None = None
    status: str = "published"
    can_reply: bool = True
    broken: Mapping[str, Any] = field(default_factory=dict)
    """Fields that are not as they should be."""


class YouTube:
    """One channel. Safe to be used by several threads. `units`: what was used of the day's quota."""

    def __init__(self, clock: Callable[[], datetime], *, channel: str, handle: str) -> None:
        """`clock` dates what is written through the API."""
        self.channel = channel
        self.handle = handle
        self.api_key = "k3y"
        self.tokens = Tokens(_LOGIN)
        self.units = 0
        self._clock = clock
        self._comments: dict[str, Comment] = {}
        self._lock = RLock()

    def put(self, comment: Comment) -> None:
        """Publish it, at whatever time it claims."""
        with self._lock:
            self._comments[comment.id] = comment

    def __getitem__(self, number: str) -> Comment:
        return self._comments[number]

    def delete(self, number: str) -> None:
        """Its author deletes it, and with it the replies to it."""
        with self._lock:
            for name in [
                one.id for one in self._comments.values() if number in (one.id, one.parent)
            ]:
                del self._comments[name]

    def answer(self, asked: Asked, /) -> tuple[int, Any]:
        """Status and JSON."""
        if asked.path == "/token":
            return self.tokens.answer(asked.body, asked.headers)
        is_owner = self.tokens.lets_in(asked.headers)
        if not is_owner and asked.headers.get("x-goog-api-key") != self.api_key:
            return refusal(401 if "authorization" in asked.headers else 400, "badRequest")
        with self._lock:
            self.units += _WRITE if asked.method == "POST" else 1
            match asked.method, asked.path.removeprefix("/youtube/v3/"):
                case "GET", "commentThreads":
                    return self._threads(asked.query, is_owner=is_owner)
                case "GET", "comments":
                    return self._listed(asked.query)
                case "POST", "comments" if is_owner:
                    return self._insert(asked.body["snippet"])
                case "GET", "channels":
                    mine = asked.query.get("id") == self.channel or is_owner
                    return 200, {"items": [{"id": self.channel}]} if mine else {}
                case _:
                    return refusal(403, "forbidden")

    def _threads(self, asked: Mapping[str, str], *, is_owner: bool) -> tuple[int, Payload]:
        tops = [one for one in self._comments.values() if one.parent is None]
        if "id" in asked:
            ids = asked["id"].split(",")
            return 200, self._page([self._thread(one) for one in tops if one.id in ids], asked)
        status = asked.get("moderationStatus", "published")
        if status != "published" and not is_owner:
            return refusal(403, "forbidden")
        if asked.get("allThreadsRelatedToChannelId", self.channel) != self.channel:
            return refusal(404, "channelNotFound")
        fitting = [
            one
            for one in tops
            if one.video == asked.get("videoId", one.video)
            and status in {one.status, *(reply.status for reply in self._below(one, status))}
        ]
        newest = sorted(fitting, key=lambda one: (one.at, one.id), reverse=True)
        return self._paged([self._thread(one, status) for one in newest], asked)

    def _listed(self, asked: Mapping[str, str]) -> tuple[int, Payload]:
        if "parentId" not in asked:
            ids = asked["id"].split(",")
            found = [one for one in self._comments.values() if one.id in ids]
            return 200, self._page([self._shown(one) for one in found], asked)
        top = self._comments.get(asked["parentId"])
        if top is None:
            return refusal(404, "commentNotFound")
        return self._paged([self._shown(one) for one in self._below(top)], asked)

    def _insert(self, snippet: Mapping[str, Any]) -> tuple[int, Payload]:
        top = self._comments.get(snippet["parentId"])
        if top is None:
            return refusal(404, "parentCommentNotFound")
        if not top.can_reply:
            return refusal(403, "forbidden")
        written = Comment(
            id=f"{top.id}.{len(self._comments)}",
            handle=self.handle,
            text=snippet["textOriginal"],
            at=self._clock(),
            parent=top.id,
            video=top.video,
        )
        self.put(written)
        return 200, self._shown(written)

    def _below(self, top: Comment, status: str = "published") -> list[Comment]:
        """The newest first, as YouTube has them."""
        below = [
            one for one in self._comments.values() if one.parent == top.id and one.status == status
        ]
        return sorted(below, key=lambda one: (one.at, one.id), reverse=True)

    def _thread(self, top: Comment, status: str = "published") -> Payload:
        below = self._below(top, status)
        snippet: Payload = {
            "channelId": self.channel,
            "topLevelComment": self._shown(top),
            "canReply": top.can_reply,
            "totalReplyCount": len({one.id for one in (*below, *self._below(top))}),
            "isPublic": True,
        }
        if top.video:
            snippet["videoId"] = top.video
        thread: Payload = {"kind": "youtube#commentThread", "id": top.id, "snippet": snippet}
        if below:
            shown = [self._shown(one) for one in below[:_SHOWN_REPLIES]]
            thread["replies"] = {"comments": shown}
        return thread

    def _shown(self, one: Comment) -> Payload:
        is_ours = one.handle == self.handle
        number = self.channel if is_ours else f"UC{author_id('youtube', one.handle):0>22}"
        snippet: Payload = {
            "authorDisplayName": f"@{one.handle}",
            "authorChannelUrl": f"http://www.youtube.com/@{one.handle}",
            "authorChannelId": {"value": number},
            "textDisplay": one.text,
            "textOriginal": one.text,
            "canRate": True,
            "viewerRating": "none",
            "likeCount": 0,
            "publishedAt": _time(one.at),
            "updatedAt": _time(one.edited_at or one.at),
        }
        if one.parent:
            snippet["parentId"] = one.parent
        if one.status != "published":
            snippet["moderationStatus"] = one.status
        return {"kind": "youtube#comment", "id": one.id, "snippet": snippet | dict(one.broken)}

    def _paged(self, all_: list[Payload], asked: Mapping[str, str]) -> tuple[int, Payload]:
        size, token = int(asked.get("maxResults", 20)), asked.get("pageToken", "page-0")
        if not token.startswith("page-"):
            return refusal(400, "invalidPageToken")
        begin = int(token.removeprefix("page-"))
        page = self._page(all_[begin : begin + size], asked)
        if len(all_) > begin + size:
            page["nextPageToken"] = f"page-{begin + size}"
        return 200, page

    def _page(self, items: list[Payload], asked: Mapping[str, str]) -> Payload:
        info = {"totalResults": len(items), "resultsPerPage": int(asked.get("maxResults", 20))}
        return {"kind": "youtube#listResponse", "pageInfo": info, "items": items}


def refusal(status: int, reason: str) -> tuple[int, Payload]:
    """How Google refuses."""
    error = {"message": f"Simulated: {reason}.", "domain": "youtube", "reason": reason}
    return status, {"error": {"code": status, "message": error["message"], "errors": [error]}}


def _time(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")

"""What a Discourse forum knows, and the form in which it shows it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from threading import RLock
from typing import Any

from monitor.simulator.ids import author_id
from monitor.simulator.serving import Asked

_SEARCH_PAGES = 10
_FIRST_NEW = 900_000
_NOT_FOUND = {"errors": ["The requested URL or resource could not be found."]}
_NOT_PERMITTED = {"errors": ["You are not permitted to view the requested resource."]}


@dataclass(slots=True, kw_only=True)
class Said:
    """A post: the `number`th of its topic, answering another of it. `fate`: "deleted", "private"."""

    id: int
    topic: int
    number: int
    username: str
    raw: str
    at: datetime
    title: str = "Where is it?"
    reply_to: int | None = None
    quotes: tuple[int, int] | None = None
    """Topic and number of the post that it quotes."""
    version: int = 1
    edited_at: datetime | None = None
    type: int = 1
    fate: str | None = None
    broken: Mapping[str, Any] = field(default_factory=dict)
    """Fields that are not as they should be."""


class Forum:
    """A small forum. Safe to be used by several threads."""

    def __init__(self, clock: Callable[[], datetime], *, page: int = 50) -> None:
        """`clock` dates what is written through the API; `page`: posts in one answer."""
        self.keys: dict[str, str] = {}
        """Accounts by API key."""
        self.closed: set[int] = set()
        """Topics that take no more posts."""
        self.approves = False
        """Whether moderators look at every post before it is shown."""
        self.is_overloaded = False
        """Whether it has no time to search."""
        self._clock = clock
        self._page = page
        self._posts: dict[int, Said] = {}
        self._lock = RLock()

    def put(self, said: Said) -> None:
        """Publish it, at whatever time it claims."""
        with self._lock:
            self._posts[said.id] = said

    def __getitem__(self, address: tuple[int, int]) -> Said:
        """The post of that topic and number. Raises KeyError."""
        for one in self._posts.values():
            if (one.topic, one.number) == address:
                return one
        raise KeyError(address)

    def answer(self, call: Asked, /) -> tuple[int, Any]:
        """What the forum has at a path."""
        key = call.headers.get("api-key")
        account = self.keys.get(key or "")
        if key is not None and account != call.headers.get("api-username"):
            return 403, _NOT_PERMITTED
        path = call.path.strip("/").removesuffix(".json").split("/")
        with self._lock:
            match call.method, path:
                case "GET", ["posts"]:
                    return 200, self._latest(call.query)
                case "POST", ["posts"]:
                    return self._write(account, call.body)
                case "GET", ["posts", "by_number", topic, number]:
                    return self._one(
                        lambda one: (one.topic, one.number) == (int(topic), int(number))
                    )
                case "GET", ["search"]:
                    return self._found(call.query)
                case "GET", ["user_actions"]:
                    return 200, self._actions(call.query)
                case "GET", ["session", "current"] if account:
                    user = {"id": 5, "username": account, "admin": False, "moderator": False}
                    return 200, {"current_user": user}
                case _:
                    return 404, _NOT_FOUND

    def _latest(self, asked: Mapping[str, str]) -> dict[str, Any]:
        """By id; what may not be seen leaves a hole in the page, as it does there."""
        before = int(asked.get("before", 0)) or max(self._posts, default=0)
        newest = sorted((one for one in self._posts if one <= before), reverse=True)
        page = [self._posts[one] for one in newest[: self._page]]
        return {"latest_posts": [self._whole(one) for one in page if one.fate is None]}

    def _one(self, fits: Callable[[Said], bool]) -> tuple[int, Any]:
        found = next(filter(fits, self._posts.values()), None)
        if found is None or found.fate == "deleted":
            return 404, {**_NOT_FOUND, "error_type": "not_found"}
        if found.fate == "private":
            return 403, _NOT_PERMITTED
        return 200, self._whole(found)

    def _found(self, asked: Mapping[str, str]) -> tuple[int, Any]:
        page = int(asked.get("page", 1))
        if page > _SEARCH_PAGES:
            return 400, {"errors": ["You supplied invalid parameters to the request: page"]}
        if self.is_overloaded:
            about = {"error": "Search is temporarily disabled.", "more_full_page_results": None}
            return 200, {"grouped_search_result": about}
        query = asked["q"]
        after = re.search(r"after:(\S+)", query)
        words = [word for word in query.casefold().split() if ":" not in word]
        fitting = [
            one
            for one in self._newest()
            if all(word in f"{one.title} {one.raw}".casefold() for word in words)
            and (after is None or one.at.date().isoformat() >= after[1])
        ]
        some = fitting[(page - 1) * self._page : page * self._page]
        more = len(fitting) > page * self._page or None
        told = {"more_full_page_results": more, "post_ids": [one.id for one in some]}
        return 200, {
            "posts": [self._excerpt(one) for one in some],
            "topics": [],
            "users": [],
            "categories": [],
            "grouped_search_result": told,
        }

    def _actions(self, asked: Mapping[str, str]) -> dict[str, Any]:
        username, offset = asked["username"].casefold(), int(asked.get("offset", 0))
        mine = [one for one in self._newest() if one.username.casefold() == username]
        some = mine[offset : offset + int(asked.get("limit", 30))]
        return {"user_actions": [self._action(one) for one in some]}

    def _newest(self) -> Iterable[Said]:
        there = [one for one in self._posts.values() if one.fate is None]
        return sorted(there, key=lambda one: (one.at, one.id), reverse=True)

    def _write(self, account: str | None, said: Mapping[str, Any]) -> tuple[int, Any]:
        if account is None:
            return 403, {"errors": ["You need to be logged in to do that."]}
        topic = int(said["topic_id"])
        if topic in self.closed:
            errors = ["This topic is closed; it no longer accepts new replies"]
            return 422, {"action": "create_post", "errors": errors}
        if self.approves:
            return 200, {"success": True, "action": "enqueued", "pending_post": {"id": 1}}
        numbers = [one.number for one in self._posts.values() if one.topic == topic]
        if not numbers:
            return 404, _NOT_FOUND
        written = Said(
            id=_FIRST_NEW + len(self._posts),
            topic=topic,
            number=max(numbers) + 1,
            username=account,
            raw=str(said["raw"]),
            at=self._clock(),
            reply_to=said.get("reply_to_post_number"),
        )
        self.put(written)
        return 200, self._whole(written)

    def _whole(self, one: Said) -> dict[str, Any]:
        number = author_id("forum", one.username)
        return {
            "id": one.id,
            "name": None,
            "username": one.username,
            "created_at": _iso(one.at),
            "updated_at": _iso(one.edited_at or one.at),
            "raw": one.raw,
            "cooked": _cooked(one),
            "post_number": one.number,
            "post_type": one.type,
            "reply_to_post_number": one.reply_to,
            "reads": 3,
            "topic_id": one.topic,
            "topic_slug": "topic",
            "topic_title": one.title,
            "user_id": int(number) if number else None,
            "version": one.version,
            "hidden": False,
            "user_deleted": False,
            "deleted_at": None,
            "yours": False,
            **one.broken,
        }

    def _excerpt(self, one: Said) -> dict[str, Any]:
        told = {"blurb": one.raw[:200], "like_count": 0, "name": None}
        return self._parts(one, ("id", "username", "created_at", "topic_id", "post_number")) | told

    def _action(self, one: Said) -> dict[str, Any]:
        names = ("created_at", "topic_id", "post_number", "reply_to_post_number", "username")
        told = {"action_type": 4 if one.number == 1 else 5, "title": one.title}
        return {"excerpt": escape(one.raw[:200]), **self._parts(one, names), **told}

    def _parts(self, one: Said, names: tuple[str, ...]) -> dict[str, Any]:
        whole = self._whole(one)
        return {name: whole[name] for name in names}


def _cooked(one: Said) -> str:
    quoted = ""
    if one.quotes:
        topic, number = one.quotes
        quoted = (
            f'<aside class="quote no-group" data-username="ana_p" data-post="{number}" '
            f'data-topic="{topic}"><div class="title">ana_p:</div>'
            "<blockquote><p>Still nothing</p></blockquote></aside>"
        )
    return f"{quoted}<p>{escape(one.raw)}</p>"


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")

"""A small site of Stack Exchange, as its API shows it: packed, filtered, and counted by the day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from threading import RLock
from typing import Any

from monitor.simulator.plain_http import PlainServer
from monitor.simulator.serving import Answer, Asked, packed

_FILTER = "!simulated"
_MOST_PAGES = 25
_BY = {"activity": "last_activity_date", "creation": "creation_date"}

Payload = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Entry:
    """A question; with a `question` an answer to it; with an `on` a comment on that post."""

    number: int
    user: int
    text: str
    at: datetime
    title: str = "Where is it?"
    tags: tuple[str, ...] = ()
    question: int | None = None
    on: int | None = None
    to_user: int | None = None
    edited_at: datetime | None = None
    broken: Mapping[str, Any] = field(default_factory=dict)
    """Fields that are not as they should be."""


class Site:
    """One site. Safe to be used by several threads."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.left = 10_000
        """Calls of the day that are left."""
        self.backoff: int | None = None
        """Told with every answer."""
        self.key: str | None = None
        """None: it is open to all."""
        self._entries: dict[tuple[bool, int], Entry] = {}
        self._lock = RLock()

    def put(self, entry: Entry) -> None:
        """Publish it, at whatever time it claims. Comments have numbers of their own."""
        with self._lock:
            self._entries[entry.on is not None, entry.number] = entry

    def delete(self, number: int, *, is_comment: bool = False) -> None:
        """Take it back."""
        with self._lock:
            self._entries.pop((is_comment, number), None)

    def answer(self, asked: Asked, /) -> tuple[int, Any]:
        """Status and JSON."""
        query, parts = asked.query, asked.path.strip("/").split("/")[1:]
        if self.key is not None and query.get("key") != self.key:
            return refusal(400, "`key` is not valid", "bad_parameter")
        with self._lock:
            if self.left <= 0:
                words = "too many requests from this IP, more requests available in 77322 seconds"
                return refusal(502, words, "throttle_violation")
            self.left -= 1
            if parts == ["filters", "create"]:
                return 200, self._wrapped([{"filter": _FILTER}], is_more=False)
            if query.get("filter") != _FILTER or query.get("site") != self.name:
                return refusal(400, "No site found, or no such filter", "bad_parameter")
            found = self._found(parts, query)
            if found is None:
                return refusal(404, "no method found with this name", "no_method")
            return self._paged(found, query)

    def _found(self, parts: list[str], query: Mapping[str, str]) -> Iterable[Entry] | None:
        every = self._entries.values()
        match parts:
            case ["questions"]:
                return [one for one in self._questions() if query["tagged"] in one.tags]
            case ["search", "advanced"]:
                words = query["q"].casefold().split()
                told = ((one, f"{one.title} {one.text}".casefold()) for one in self._questions())
                return [one for one, said in told if all(word in said for word in words)]
            case ["users", user, "answers"]:
                return [one for one in every if one.question and one.user == int(user)]
            case ["users", user, "comments"]:
                return [one for one in every if one.on and one.user == int(user)]
            case ["users", user, "mentioned"]:
                return [one for one in every if one.to_user == int(user)]
            case ["posts", number, "comments"]:
                return [one for one in every if one.on == int(number)]
            case [kind, ids] if kind in ("questions", "answers", "comments"):
                those = {int(number) for number in ids.split(";")}
                return [one for one in every if one.number in those and _kind(one) == kind]
            case _:
                return None

    def _questions(self) -> list[Entry]:
        return [one for one in self._entries.values() if _kind(one) == "questions"]

    def _paged(self, found: Iterable[Entry], query: Mapping[str, str]) -> tuple[int, Payload]:
        size, page = int(query.get("pagesize", 30)), int(query.get("page", 1))
        if page > _MOST_PAGES:
            return refusal(403, "page above 25 requires access token or app key", "access_denied")
        by = _BY[query.get("sort", "activity")]
        shown = [self._shown(one) for one in found]
        low, high = int(query.get("min", 0)), int(query.get("max", 10**11))
        within = [one for one in shown if low <= _order(one, by) <= high]
        newest = sorted(within, key=lambda one: _order(one, by), reverse=True)
        some = newest[(page - 1) * size : page * size]
        return 200, self._wrapped(some, is_more=len(newest) > page * size)

    def _wrapped(self, items: list[Payload], *, is_more: bool) -> Payload:
        said = {"items": items, "has_more": is_more, "quota_max": 10_000}
        said |= {"quota_remaining": self.left}
        return said | ({"backoff": self.backoff} if self.backoff else {})

    def _shown(self, one: Entry) -> Payload:
        shown: Payload = {
            "owner": {
                "user_id": one.user,
                "user_type": "registered",
                "display_name": f"u{one.user}",
            },
            "creation_date": int(one.at.timestamp()),
            "body": f"<p>{escape(one.text)}</p>",
            "score": 0,
        }
        top = f"https://{self.name}.example/questions"
        if one.on is not None:
            question = self._entries.get((False, one.on))
            root = question.question or question.number if question else one.on
            kind = "answer" if question and question.question else "question"
            shown |= {"comment_id": one.number, "post_id": one.on, "post_type": kind}
            shown |= {"edited": False, "link": f"{top}/{root}/where#comment{one.number}_{one.on}"}
            if one.to_user is not None:
                shown["reply_to_user"] = {"user_id": one.to_user, "user_type": "registered"}
            return shown | dict(one.broken)
        shown["last_activity_date"] = int((one.edited_at or one.at).timestamp())
        if one.edited_at:
            shown["last_edit_date"] = int(one.edited_at.timestamp())
        if one.question is not None:
            shown |= {"answer_id": one.number, "question_id": one.question}
            shown |= {"link": f"{top}/{one.question}/where/{one.number}#{one.number}"}
        else:
            shown |= {"question_id": one.number, "title": escape(one.title), "view_count": 3}
            shown |= {"tags": list(one.tags), "link": f"{top}/{one.number}/where"}
        return shown | dict(one.broken)


class SiteServer(PlainServer):
    """The site on a local port. It packs every answer, whether that was asked for or not."""

    def serve(self, asked: Asked) -> Answer:
        return packed(super().serve(asked))


def refusal(number: int, words: str, name: str) -> tuple[int, Payload]:
    """How it refuses: mostly with status 400, whatever its own number says."""
    return 400, {"error_id": number, "error_message": words, "error_name": name}


def _kind(one: Entry) -> str:
    if one.on is not None:
        return "comments"
    return "questions" if one.question is None else "answers"


def _order(shown: Payload, by: str) -> int:
    """What can't be read as a time stands on top."""
    at = shown.get(by)
    return at if isinstance(at, int) else 10**10

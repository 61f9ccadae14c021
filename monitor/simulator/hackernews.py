"""What Algolia's search of Hacker News knows, and the form in which it shows it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from threading import RLock
from typing import Any

from monitor.simulator.serving import Asked

MOST_HITS = 1000
_BOUND = re.compile(r"created_at_i(>=|<=|>|<)(-?\d+)")


@dataclass(slots=True, kw_only=True)
class Entry:
    """A story or, with a `parent`, a comment. `is_gone`: its author deleted it."""

    number: int
    author: str
    text: str
    at: datetime
    title: str = ""
    parent: int | None = None
    is_gone: bool = False
    broken: Mapping[str, Any] = field(default_factory=dict)
    """Fields that are not as they should be."""


class HackerNews:
    """A small one. Safe to be used by several threads."""

    def __init__(self) -> None:
        self._entries: dict[int, Entry] = {}
        self._lock = RLock()

    def put(self, entry: Entry) -> None:
        """Publish it, at whatever time it claims."""
        with self._lock:
            self._entries[entry.number] = entry

    def __getitem__(self, number: int) -> Entry:
        return self._entries[number]

    def answer(self, call: Asked, /) -> tuple[int, Any]:
        """`search_by_date` and `items`."""
        with self._lock:
            match call.path.strip("/").split("/"):
                case ["api", "v1", "search_by_date"]:
                    return 200, self._found(call.query)
                case ["api", "v1", "items", number]:
                    entry = self._entries.get(int(number))
                    if entry is None or entry.is_gone:
                        return 404, {"status": 404, "error": "Not Found"}
                    return 200, self._item(entry)
                case _:
                    return 404, {"message": "indexName is not valid", "status": 404}

    def _found(self, asked: Mapping[str, str]) -> dict[str, Any]:
        words = asked.get("query", "").casefold().split()
        author = re.search(r"author_([\w-]+)", asked.get("tags", ""))
        bounds = _BOUND.findall(asked.get("numericFilters", ""))
        fitting = [
            one
            for one in self._entries.values()
            if not one.is_gone
            and (author is None or one.author == author[1])
            and all(word in f"{one.title} {one.text}".casefold() for word in words)
            and all(_holds(one.at.timestamp(), *bound) for bound in bounds)
        ]
        newest = sorted(fitting, key=lambda one: (int(one.at.timestamp()), one.number))[::-1]
        size, page = int(asked.get("hitsPerPage", 20)), int(asked.get("page", 0))
        some = newest[:MOST_HITS][page * size : (page + 1) * size]
        return {
            "hits": [self._hit(one) for one in some],
            "nbHits": len(newest),
            "page": page,
            "nbPages": -(-min(len(newest), MOST_HITS) // size),
            "hitsPerPage": size,
            "exhaustiveNbHits": True,
        }

    def _hit(self, one: Entry) -> dict[str, Any]:
        root = self._root(one)
        kind = "story" if one.parent is None else "comment"
        hit: dict[str, Any] = {
            "objectID": str(one.number),
            "author": one.author,
            "created_at": one.at.isoformat().replace("+00:00", "Z"),
            "created_at_i": int(one.at.timestamp()),
            "_tags": [kind, f"author_{one.author}", f"story_{root}"],
            "_highlightResult": {},
        }
        if one.parent is None:
            hit |= {"title": one.title, "story_text": escape(one.text), "points": 1}
            hit |= {"num_comments": 0, "children": []}
        else:
            above = self._entries.get(root)
            hit |= {"comment_text": escape(one.text), "parent_id": one.parent, "story_id": root}
            hit |= {"story_title": above.title if above else None, "story_url": None}
        return hit | dict(one.broken)

    def _item(self, one: Entry) -> dict[str, Any]:
        hit = self._hit(one)
        return {
            "id": one.number,
            "type": hit["_tags"][0],
            "text": escape(one.text),
            "title": one.title or None,
            "url": None,
            "points": None,
            "parent_id": one.parent,
            "story_id": self._root(one),
            "options": [],
            "children": [self._item(at) for at in self._under(one)],
            **{name: hit[name] for name in ("author", "created_at", "created_at_i")},
        }

    def _under(self, one: Entry) -> list[Entry]:
        return [at for at in self._entries.values() if at.parent == one.number and not at.is_gone]

    def _root(self, one: Entry) -> int:
        above = None if one.parent is None else self._entries.get(one.parent)
        return self._root(above) if above else one.parent or one.number


def _holds(at: float, sign: str, bound: str) -> bool:
    seconds, limit = int(at), int(bound)
    match sign:
        case ">=":
            return seconds >= limit
        case "<=":
            return seconds <= limit
        case ">":
            return seconds > limit
        case _:
            return seconds < limit

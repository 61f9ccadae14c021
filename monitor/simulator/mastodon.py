"""One Mastodon server: accounts, statuses with numbers in the server's order, and what it makes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from typing import Any

_FIRST = 116 * 10**15
"""A number of 2026: beyond 2**53, as all of them are."""
_MOST = 40
_AT_ONCE = 20
_LONGEST = 500


@dataclass(slots=True)
class Status:
    """A post. `number` is this server's; `uri` holds everywhere. `broken` replaces fields of its JSON."""

    number: str
    uri: str
    author: str
    text: str
    at: datetime
    parent: str | None = None
    """Its number."""
    visibility: str = "public"
    mentions: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    html: str | None = None
    edited_at: datetime | None = None
    reblog: str | None = None
    broken: Mapping[str, Any] = field(default_factory=dict)


class Mastodon:
    """The server `host`, where `brand` has an account. `clock` is the server's."""

    def __init__(self, clock: Callable[[], datetime], *, host: str, brand: str) -> None:
        self.host, self.brand, self.clock = host, brand, clock
        self.statuses: dict[str, Status] = {}
        self.notices: list[tuple[str, str, str, datetime]] = []
        """Number, type, status and time, in the order in which they came."""
        self.keys: dict[str, str] = {}
        """Idempotency key -> the status that was posted with it."""
        self.policy: dict[str, str] = {}
        self._accounts: dict[str, str] = {}

    def put(
        self,
        text: str,
        *,
        author: str = "ana@elsewhere.example",
        at: datetime | None = None,
        number: str | None = None,
        uri: str | None = None,
        reply_to: str | None = None,
        mentions: Iterable[str] = (),
        **fields: Any,
    ) -> Status:
        """Publish a status; who is mentioned hears of it. `reply_to` is a number or an address.

        A number below those that are there is one that another server delivered late.
        """
        number = number or str(_FIRST + len(self.statuses))
        host = author.partition("@")[2] or self.host
        uri = uri or f"https://{host}/users/{author.partition('@')[0]}/statuses/{number}"
        status = Status(
            number, uri, author, text, at or self.clock(), mentions=(*mentions,), **fields
        )
        if reply_to is not None:
            status.parent = self.number(reply_to)
        self.statuses[number] = status
        if self.brand in status.mentions:
            self.notify("mention", number)
        return status

    def notify(self, kind: str, number: str) -> None:
        """Tell the brand's account of a status."""
        told = str(7_000_000_000_000_000_000 + len(self.notices))
        self.notices.append((told, kind, number, self.clock()))

    def number(self, said: str) -> str | None:
        """Of a status that is there: by its number or its address."""
        its = (one.number for one in self.statuses.values() if said in (one.number, one.uri))
        return next(its, None)

    def delete(self, said: str) -> None:
        """Its author deletes it: notifications of it go, too, and answers to it stand alone."""
        gone = self.statuses.pop(self.number(said) or said)
        self.notices = [one for one in self.notices if one[2] != gone.number]
        for one in self.statuses.values():
            if one.parent == gone.number:
                one.parent = None

    def account_number(self, name: str) -> str:
        """An account's, which begins to exist when it is asked for."""
        return self._accounts.setdefault(name, str(1000 + len(self._accounts)))

    # ------------------------------------------------------------------------------ what it shows

    def timeline(self, asked: Mapping[str, str], chosen: Callable[[Status], bool]) -> list[Any]:
        """Statuses, newest number first, between `since_id` and `max_id`."""
        found = [one for one in self.statuses.values() if chosen(one)]
        shown = _page([(one.number, one) for one in found], asked)
        return [self.json(one) for one in shown]

    def notifications(self, asked: Mapping[str, str], types: Iterable[str]) -> list[Any]:
        """The brand's, of some types."""
        wanted = [(one[0], one) for one in self.notices if one[1] in types]
        return [
            {
                "id": told,
                "type": kind,
                "created_at": _iso(at),
                "account": self.account(self.statuses[number].author),
                "status": self.json(self.statuses[number]),
            }
            for told, kind, number, at in _page(wanted, asked)
        ]

    def found(self, asked: Mapping[str, str]) -> dict[str, Any]:
        """A search: an address gives its status, words those that have them, by offset."""
        sought = asked.get("q", "")
        if sought.startswith("http"):
            number = self.number(sought)
            its = [self.json(self.statuses[number])] if number else []
            return {"accounts": [], "hashtags": [], "statuses": its}
        first, size = int(asked.get("offset", 0)), int(asked.get("limit", 20))
        everything = self.timeline(
            {"limit": str(10**6)},
            lambda one: one.visibility == "public" and sought.casefold() in one.text.casefold(),
        )
        return {"accounts": [], "hashtags": [], "statuses": everything[first : first + size]}

    def some(self, numbers: Iterable[str]) -> list[Any] | None:
        """Those of them that are there; None: too many were asked for."""
        wanted = list(numbers)
        if len(wanted) > _AT_ONCE:
            return None
        return [self.json(self.statuses[one]) for one in wanted if one in self.statuses]

    def context(self, number: str) -> dict[str, Any]:
        """What is above a status, the root first, and what replies to it directly."""
        above: list[Status] = []
        parent = self.statuses[number].parent
        while parent is not None:
            above.insert(0, self.statuses[parent])
            parent = above[0].parent
        below = [one for one in self.statuses.values() if one.parent == number]
        return {
            "ancestors": [self.json(one) for one in above],
            "descendants": [self.json(one) for one in below],
        }

    def post(self, form: Mapping[str, str], key: str) -> tuple[int, Any]:
        """The brand writes; with a key that was there before, the same status is shown again."""
        text, parent = form.get("status", ""), form.get("in_reply_to_id")
        if key in self.keys:
            return 200, self.json(self.statuses[self.keys[key]])
        if not text.strip():
            return 422, {"error": "Validation failed: Text can't be blank"}
        if len(text) > _LONGEST:
            said = f"Validation failed: Text character limit of {_LONGEST} exceeded"
            return 422, {"error": said}
        if parent is not None and parent not in self.statuses:
            said = "The post you are trying to reply to does not appear to exist."
            return 404, {"error": said}
        visibility = form.get("visibility", "public")
        status = self.put(text, author=self.brand, reply_to=parent, visibility=visibility)
        if key:
            self.keys[key] = status.number
        return 200, self.json(status)

    def account(self, name: str) -> dict[str, Any]:
        """An account as it is shown: those of this server by their name alone."""
        user, _, host = name.partition("@")
        address = f"https://{host or self.host}"
        return {
            "id": self.account_number(name),
            "username": user,
            "acct": name,
            "display_name": user.title(),
            "url": f"{address}/@{user}",
            "uri": f"{address}/users/{user}",
            "followers_count": 12,
            "bot": False,
            "locked": False,
        }

    def json(self, one: Status) -> dict[str, Any]:
        """A status as the API writes it."""
        html = escape(one.text, quote=False).replace("\n\n", "</p><p>").replace("\n", "<br />")
        above = self.statuses.get(one.parent) if one.parent else None
        user, _, host = one.author.partition("@")
        return {
            "id": one.number,
            "uri": one.uri,
            "url": f"https://{host or self.host}/@{user}/{one.number}",
            "created_at": _iso(one.at),
            "edited_at": _iso(one.edited_at) if one.edited_at else None,
            "in_reply_to_id": one.parent,
            "in_reply_to_account_id": self.account_number(above.author) if above else None,
            "content": one.html if one.html is not None else f"<p>{html}</p>",
            "spoiler_text": "",
            "visibility": one.visibility,
            "language": "ro",
            "application": {"name": "Web", "website": None} if not host else None,
            "account": self.account(one.author),
            "mentions": [{"acct": name, "id": self.account_number(name)} for name in one.mentions],
            "tags": [{"name": tag} for tag in one.tags],
            "reblog": self.json(self.statuses[one.reblog]) if one.reblog else None,
            "quote": None,
            **one.broken,
        }


def _page(things: Iterable[tuple[str, Any]], asked: Mapping[str, str]) -> list[Any]:
    """By number, the newest first, between what is asked for; a page is forty at most."""
    since, until = int(asked.get("since_id", 0)), int(asked.get("max_id", 10**30))
    size = int(asked.get("limit", 20))
    within = [(int(number), thing) for number, thing in things if since < int(number) < until]
    within.sort(key=lambda one: one[0], reverse=True)
    return [thing for _, thing in within[: size if size == 10**6 else min(size, _MOST)]]


def _iso(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"

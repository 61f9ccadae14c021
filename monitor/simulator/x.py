"""X as its API shows it: who wrote what, and the JSON for each question. `x_http` serves it.

What is put in, in whatever order, can be seen from then on: a post put late with an early id is one
that X indexed late. Names are today's (`tweet.*`) or, with `renamed`, the specification's (`post.*`).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from threading import RLock
from typing import Any, TypeAlias

from monitor.simulator import ids
from monitor.simulator.world import Happening, What, World

Payload: TypeAlias = dict[str, Any]
Query: TypeAlias = Mapping[str, str]

_EPOCH = datetime(2010, 11, 4, 1, 42, 54, 657000, tzinfo=UTC)
_SHORT = 280
_MENTIONS_SHOWN, _OWN_SHOWN = 800, 3200
_SEARCHED = timedelta(days=7)
_WINDOW = 900
"""Seconds for which calls are counted."""
_ALWAYS = {"id", "text", "edit_history_tweet_ids"}
_PROBLEMS = "https://api.twitter.com/2/problems/"
_TITLES = {
    400: ("Invalid Request", "One or more parameters to your request was invalid."),
    401: ("Unauthorized", "Unauthorized"),
    402: ("CreditsDepleted", "The enrolled account does not have any credits for this request."),
    403: ("Forbidden", "You are not permitted to perform this action."),
    404: ("Not Found Error", "Could not find what was asked for."),
    429: ("Too Many Requests", "Too Many Requests"),
    500: ("Internal Error", "Internal Error"),
    503: ("Service Unavailable", "Service Unavailable"),
}


class ProblemError(Exception):
    """A request that X refuses, with the body it refuses with."""

    def __init__(self, status: int, detail: str | None = None, **more: Any) -> None:
        title, usual = _TITLES[status]
        super().__init__(title)
        self.status = status
        kind = title.lower().replace(" ", "-")
        self.body: Payload = {"title": title, "detail": detail or usual, "type": _PROBLEMS + kind}
        self.body |= {"status": status, **more}


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An account."""

    id: str
    handle: str
    name: str
    followers: int = 0


@dataclass(slots=True, kw_only=True)
class Shown:
    """A post. `versions` are its texts by id, the first one's first. `raw` replaces the whole payload."""

    author: Person
    at: datetime
    versions: dict[str, str]
    reply_to: str | None = None
    conversation: str
    quotes: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    lang: str = "en"
    via: str | None = None
    raw: Payload | None = None

    @property
    def number(self) -> int:
        return int(next(iter(self.versions)))

    @property
    def latest(self) -> str:
        return next(reversed(self.versions))


@dataclass(slots=True)
class XFace:
    """The network's whole state. `now` is its clock; `asker` is whom the keys belong to.

    `rate_limit` is calls in 15 minutes, by endpoint.
    """

    now: datetime
    renamed: bool = False
    rate_limit: int = 450
    asker: str | None = None
    access: str = "read-write"
    people: dict[str, Person] = field(default_factory=dict)
    """By lower-case handle."""
    posts: dict[str, Shown] = field(default_factory=dict)
    """By first id, in the order of being indexed."""
    lock: RLock = field(default_factory=RLock)
    _happened: int = 0
    _calls: dict[tuple[str, int], int] = field(default_factory=dict)

    def person(self, handle: str, number: str | None = None, followers: int = 0) -> Person:
        """The account of that handle, made where there is none."""
        known = self.people.get(handle.lower())
        if known is None:
            number = number or ids.author_id("x", handle) or "0"
            known = Person(id=number, handle=handle, name=handle, followers=followers)
            self.people[handle.lower()] = known
        return known

    def put(self, number: str, author: str, text: str, **said: Any) -> Shown:
        """Publish. `said` may give at, reply_to, quotes, mentions (handles), lang, via, raw."""
        with self.lock:
            above = self._versioned(said.get("reply_to") or "")
            conversation = said.pop("conversation", None)
            conversation = conversation or (above.conversation if above else said.get("reply_to"))
            named = {*said.pop("mentions", ()), *re.findall(r"@(\w+)", text)}
            if above:  # an answer goes to whom it answers, and to all whom that one named
                named |= {above.author.handle, *above.mentions} - {author}
            shown = Shown(
                author=self.person(author),
                at=said.pop("at", self.now),
                versions={number: text},
                conversation=conversation or number,
                mentions=tuple(sorted(one for one in named if one.lower() in self.people)),
                **said,
            )
            self.posts[number] = shown
            return shown

    def edit(self, number: str, text: str, new_number: str | None = None) -> str:
        """Its author changes a post, which gets a further id."""
        with self.lock:
            new = new_number or str(self.next_id())
            self.posts[number].versions[new] = text
            return new

    def delete(self, number: str) -> None:
        """Its author takes a post away."""
        with self.lock:
            self.posts.pop(number, None)

    def next_id(self) -> int:
        """An id for a post written now."""
        latest = max((int(one.latest) for one in self.posts.values()), default=0)
        return max(id_at(self.now), latest + 1)

    def advance_to(self, world: World, now: datetime) -> int:
        """Let happen what becomes visible in the world by `now`; returns how many things that were."""
        with self.lock:
            self.now = now
            fresh = [*islice(world.until(now), self._happened, None)]
            self._happened += len(fresh)
            mine = [one for one in fresh if one.network == "x" and one.author]
            for happening in mine:
                self._show(happening)
            return len(mine)

    def answer(
        self, method: str, path: str, query: Query, body: Payload, *, as_user: bool
    ) -> Payload:
        """The body of a 200 or 201. Raises ProblemError."""
        with self.lock:
            if path == "/2/tweets":
                return self._create(body, as_user) if method == "POST" else self._look_up(query)
            if path == "/2/usage/tweets":
                return {"data": {"project_cap": "3000000", "project_usage": "1200"}}
            if path == "/2/users/me":
                return {"data": self._user(self._me(as_user))}
            if path == "/2/tweets/search/recent":
                return self._search(query)
            listed = re.fullmatch(r"/2/users/(\d+)/(mentions|tweets)", path)
            if listed is None:
                raise ProblemError(404)
            return self._timeline(listed[1], listed[2], query)

    def count(self, path: str) -> tuple[dict[str, str], bool]:
        """Count a call: the headers that say what is left, and whether it was one too many."""
        with self.lock:
            window = int(self.now.timestamp()) // _WINDOW
            used = self._calls[path, window] = self._calls.get((path, window), 0) + 1
            headers = {
                "x-rate-limit-limit": str(self.rate_limit),
                "x-rate-limit-remaining": str(max(self.rate_limit - used, 0)),
                "x-rate-limit-reset": str((window + 1) * _WINDOW),
                "x-access-level": self.access,
            }
            return headers, used > self.rate_limit

    def _show(self, happening: Happening) -> None:
        number = happening.external_id
        match happening.what:
            case What.POSTED:
                self.put(
                    number,
                    str(happening.author),
                    happening.text,
                    at=happening.posted_at,
                    reply_to=happening.reply_to,
                    conversation=happening.thread_id,
                    lang=happening.lang,
                    via=happening.via,
                )
            case What.EDITED if number in self.posts:
                edited_at = happening.edited_at or happening.visible_at
                self.edit(number, happening.text, str(id_at(edited_at) | int(number) % 4096))
            case _:
                self.delete(number)

    def _timeline(self, account: str, kind: str, query: Query) -> Payload:
        owner = next((one for one in self.people.values() if one.id == account), None)
        if owner is None:
            return {"errors": [self._missing(account, "id", "user")]}
        if kind == "mentions":
            return self._page(query, lambda one: owner.handle in one.mentions, _MENTIONS_SHOWN)
        return self._page(query, lambda one: one.author.id == account, _OWN_SHOWN)

    def _search(self, query: Query) -> Payload:
        oldest = self.now - _SEARCHED
        since = query.get("since_id", "")
        if since and int(since) < id_at(oldest):
            said = f"'since_id' must be a tweet id created after {oldest:%Y-%m-%dT%H:%MZ}."
            errors = [{"parameters": {"since_id": [since]}, "message": said}]
            raise ProblemError(400, errors=errors)
        sought = query.get("query", "")
        return self._page(
            query, lambda one: one.number >= id_at(oldest) and matches(sought, one), None
        )

    def _page(self, query: Query, wanted: Callable[[Shown], bool], shown: int | None) -> Payload:
        found = sorted(filter(wanted, self.posts.values()), key=lambda one: int(one.latest))[::-1]
        below = _read_token(query.get("pagination_token") or query.get("next_token"))
        above = int(query.get("since_id") or 0)
        reached = [
            one
            for one in found[:shown]
            if int(one.latest) > above and (below is None or int(one.latest) < below)
        ]
        size = int(query.get("max_results") or 10)
        page, more = reached[:size], len(reached) > size
        meta: Payload = {"result_count": len(page)}
        if page:
            meta |= {"newest_id": page[0].latest, "oldest_id": page[-1].latest}
        if more:
            meta["next_token"] = _token(int(page[-1].latest))
        if not page:
            return {"meta": meta}
        data = [self._payload(one, one.latest, query) for one in page]
        return {"data": data, **self._included(page, query), "meta": meta}

    def _included(self, page: list[Shown], query: Query) -> Payload:
        asked = query.get("expansions", "").split(",")
        found: Payload = {}
        if "author_id" in asked:
            found["users"] = [self._user(one) for one in {one.author for one in page}]
        if "referenced_tweets.id" in asked:
            referred = {one for post in page for one in (post.reply_to, *post.quotes) if one}
            found[self._name("tweets")] = [
                self._payload(post, number, query)
                for number in sorted(referred)
                if (post := self._versioned(number)) is not None
            ]
        return {"includes": found} if any(found.values()) else {}

    def _look_up(self, query: Query) -> Payload:
        found, errors = [], []
        for number in query.get("ids", "").split(","):
            post = self._versioned(number)
            if post is None:
                errors.append(self._missing(number, "ids", "tweet"))
            else:
                found.append(self._payload(post, number, query))
        body: Payload = {"data": found} if found else {}
        return body | ({"errors": errors} if errors else {})

    def _create(self, body: Payload, as_user: bool) -> Payload:  # noqa: FBT001  # the wire's own fact
        me, text = self._me(as_user), str(body.get("text", ""))
        above = body.get("reply", {}).get("in_reply_to_tweet_id")
        asked = self._versioned(above) if above else None
        if above and asked is None:
            raise ProblemError(400, "The post that you reply to is gone.")
        if asked and me.handle not in asked.mentions:
            raise ProblemError(403, "You may only reply to posts that mention or quote you.")
        if any(text in one.versions.values() for one in self.posts.values() if one.author == me):
            raise ProblemError(403, "You are not allowed to create a Tweet with duplicate content.")
        number = str(self.next_id())
        self.put(number, me.handle, text, reply_to=above)
        return {
            "data": {"id": number, "text": text, self._name("edit_history_tweet_ids"): [number]}
        }

    def _me(self, as_user: bool) -> Person:  # noqa: FBT001  # the wire's own fact
        if not as_user or self.asker is None:
            raise ProblemError(403, "A user's authorization is required for this.")
        return self.people[self.asker.lower()]

    def _versioned(self, number: str) -> Shown | None:
        return next((one for one in self.posts.values() if number in one.versions), None)

    def _payload(self, post: Shown, number: str, query: Query) -> Payload:
        if post.raw is not None:
            return post.raw
        text = _escaped(post.versions[number])
        named = [{"username": one, "id": self.person(one).id} for one in post.mentions]
        above = self._versioned(post.reply_to or "")
        whole: Payload = {
            "id": number,
            "text": text if len(text) <= _SHORT else f"{text[: _SHORT - 1]}…",
            "edit_history_tweet_ids": [*post.versions],
            "author_id": post.author.id,
            "conversation_id": post.conversation,
            "created_at": _iso(post.at),
            "lang": post.lang,
            "public_metrics": {"reply_count": 0, "like_count": 0, "impression_count": 17},
            "entities": {"mentions": named} if named else None,
            "in_reply_to_user_id": above.author.id if above else None,
            "note_tweet": {"text": text} if len(text) > _SHORT else None,
            "referenced_tweets": _references(post),
            "source": post.via,
        }
        fields = f"{query.get('tweet.fields', '')},{query.get('post.fields', '')}".split(",")
        asked = _ALWAYS | {one.replace("post", "tweet") for one in fields}
        return {
            self._name(name): value
            for name, value in whole.items()
            if value is not None and name in asked
        }

    def _name(self, name: str) -> str:
        return name.replace("tweet", "post") if self.renamed else name

    @staticmethod
    def _user(one: Person) -> Payload:
        metrics = {"followers_count": one.followers}
        return {"id": one.id, "username": one.handle, "name": one.name, "public_metrics": metrics}

    @staticmethod
    def _missing(number: str, parameter: str, kind: str) -> Payload:
        return {
            "value": number,
            "detail": f"Could not find {kind} with {parameter}: [{number}].",
            "title": "Not Found Error",
            "resource_type": kind,
            "parameter": parameter,
            "resource_id": number,
            "type": f"{_PROBLEMS}resource-not-found",
        }


def id_at(moment: datetime) -> int:
    """The least id of that moment: milliseconds, then 22 bits."""
    return (moment - _EPOCH) // timedelta(milliseconds=1) << 22


def matches(query: str, post: Shown) -> bool:
    """Whether a post is found: words (all, or one of those between OR), from:, -from:, -is:retweet."""
    refused = re.findall(r"-from:(\w+)", query)
    wanted = re.findall(r"(?<!-)\bfrom:(\w+)", query)
    if post.author.handle in refused or (wanted and post.author.handle not in wanted):
        return False
    words = re.sub(r"-?\b\w+:\w+|[()]", " ", query)
    text = next(reversed(post.versions.values())).casefold()
    return any(
        all(word.strip('"') in text for word in one.split())
        for one in words.casefold().split(" or ")
    )


def _references(post: Shown) -> list[Payload] | None:
    found = [{"type": "replied_to", "id": post.reply_to}] if post.reply_to else []
    return [*found, *({"type": "quoted", "id": one} for one in post.quotes)] or None


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _iso(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z"


def _token(below: int) -> str:
    return base64.b32encode(str(below).encode()).decode().rstrip("=").lower()


def _read_token(token: str | None) -> int | None:
    if not token:
        return None
    try:
        return int(base64.b32decode(token.upper() + "=" * (-len(token) % 8)))
    except ValueError as error:
        raise ProblemError(400, "The pagination_token is no longer valid.") from error

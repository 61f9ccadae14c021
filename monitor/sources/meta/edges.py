"""Edges as listings for `monitor.fetching.descent`: an account's posts, and the comments under them.

Meta's own address of the next page is never called: whoever controls an answer must neither send us
elsewhere nor have our token. Only what it says about the place is taken from it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

from monitor.domain.errors import SourceError
from monitor.fetching import Leaf, Spot, Thing, fields
from monitor.sources.meta.graph import Graph, is_id, listed

_OURS = frozenset(
    {"access_token", "appsecret_proof", "fields", "limit", "filter", "order", "pretty", "format"}
)
"""What is asked anew with every page, and what must not be kept."""
_EMPTY = 5
"""So many pages in a row on which there is nothing that we may see are the end."""
_LONGEST = 2000
_COMMENTS = "comments"
_ANYWHEN = 10**11
"""Seconds of the epoch: what follows may be of any time, so no floor ends it."""


@dataclass(frozen=True, slots=True)
class Words:
    """How a network calls the fields of a thing. `shown`: those by which a reader sees a change."""

    time: str
    shown: tuple[str, ...]

    def thing(self, said: Any, about: Any = None) -> Thing:
        """A thing's place among the others, which is its time. `about`: what is known of it besides."""
        told = said if isinstance(said, dict) else {}
        at = self.seconds(told)
        return Thing(
            name=fields.name_or_digest(said, "id"),
            order=None if at is None else int(at),
            posted=at,
            mark=fields.digest([told.get(one) for one in self.shown] if told else said),
            said=(said, about),
        )

    def seconds(self, told: dict[str, Any]) -> float | None:
        """When it was written, in seconds of the epoch; None if it does not say."""
        try:
            return fields.moment(told.get(self.time)).timestamp()
        except fields.UNREADABLE:
            return None


class Under(NamedTuple):
    """Where a comment stands: the post, the comment that it answers, and the post's address."""

    post: str
    above: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """What an edge lists, newest first. `asked`: what is asked with every page, by name and value."""

    graph: Graph
    path: str
    fields: str
    size: int
    words: Words
    asked: tuple[tuple[str, str], ...] = ()

    def leaf(self, floor: int, spot: Spot | None, /) -> Leaf:
        """The next page of it."""
        answer = self.page(self.fields, spot.token if spot else "")
        things = [self.words.thing(one) for one in listed(answer)]
        further, empty = after(answer), 0 if things or spot is None else spot.skip + 1
        if not further or empty >= _EMPTY or (spot and further == spot.token):
            return Leaf(things, None)
        return Leaf(things, Spot(lowest(things, spot.at if spot else floor), empty, further))

    def page(self, wanted: str, place: str) -> dict[str, Any]:
        """One page, with these fields."""
        asked: dict[str, Any] = {"fields": wanted, "limit": self.size, **dict(self.asked)}
        return self.graph.get(self.path, **{**asked, **dict(parse_qsl(place))})


@dataclass(frozen=True, slots=True)
class Nested:
    """Comments as a network lists them under a post; `asked` as of an `Edge`.

    `answers`: the field of a comment that holds the answers to it, where they are not in the same list.
    `of_post`: what is asked of the post besides its time.
    """

    fields: str
    size: int
    asked: tuple[tuple[str, str], ...] = ()
    answers: str | None = None
    of_post: str = "permalink_url"

    @property
    def expansion(self) -> str:
        """The comments as a field of their post."""
        asked = "".join(f".{name}({value})" for name, value in self.asked)
        return f"{_COMMENTS}{asked}.limit({self.size}){{{self.whole}}}"

    @property
    def whole(self) -> str:
        """The fields of a comment, those of the answers to it included."""
        inner = f",{self.answers}.limit({self.size}){{{self.fields}}}" if self.answers else ""
        return f"{self.fields}{inner}"


class Waiting(NamedTuple):
    """A path to go on with, what its comments stand under, and where it goes on."""

    path: str
    under: Under
    place: str


@dataclass(frozen=True, slots=True)
class Comments:
    """The comments under all posts of an account that are not too old, post after post.

    A page of posts brings the newest comments of each; what is older and not known yet is asked for by
    itself, before the next page of posts. `since`: posts before are not looked at, seconds of the epoch.
    """

    posts: Edge
    nested: Nested
    words: Words
    since: Callable[[], float]

    def leaf(self, floor: int, spot: Spot | None, /) -> Leaf:
        """One page: of posts with their newest comments, or of the comments of one."""
        further, waiting = _read(spot)
        if waiting:
            things, waiting = self._deeper(waiting[0], waiting[1:], floor)
        else:
            wanted = f"id,{self.posts.words.time},{self.nested.of_post},{self.nested.expansion}"
            answer = self.posts.page(wanted, further)
            things, waiting = self._of_posts(listed(answer), floor)
            place, further = further, self._next(answer)
            further = "" if further == place else further
        if not waiting and not further:
            return Leaf(things, None)
        return Leaf(things, Spot(_ANYWHEN, 0, json.dumps([further, waiting])))

    def _deeper(
        self, now: Waiting, later: Sequence[Waiting], floor: int
    ) -> tuple[list[Thing], list[Waiting]]:
        nested, is_answers = self.nested, now.under.above is not None
        edge = Edge(
            self.posts.graph,
            now.path,
            nested.fields if is_answers else nested.whole,
            nested.size,
            self.words,
            () if is_answers else nested.asked,
        )
        things, more = self._under(edge.page(edge.fields, now.place), now.path, now.under, floor)
        return things, [*(one for one in more if one != now), *later]

    def _of_posts(self, posts: list[Any], floor: int) -> tuple[list[Thing], list[Waiting]]:
        things: list[Thing] = []
        waiting: list[Waiting] = []
        for post in posts:
            told = post if isinstance(post, dict) else {}
            under, name, url = told.get(_COMMENTS), told.get("id"), told.get(self.nested.of_post)
            if not is_id(name) or not _is_list(under):
                odd = {_COMMENTS: under} if is_id(name) else post
                things.append(self.words.thing(odd, Under("")))
            elif isinstance(under, dict):
                place = Under(str(name), None, url if isinstance(url, str) else None)
                found, more = self._under(under, f"{name}/{_COMMENTS}", place, floor)
                things += found
                waiting += more
        return things, waiting

    def _under(
        self, answer: dict[str, Any], path: str, under: Under, floor: int
    ) -> tuple[list[Thing], list[Waiting]]:
        """The comments of a page, answers to them included, and what is to be asked for besides."""
        top = [self.words.thing(one, under) for one in listed(answer)]
        things, waiting = list(top), list[Waiting]()
        for thing in top:
            said = thing.said[0]
            inner = said.get(self.nested.answers) if isinstance(said, dict) else None
            if (
                is_id(thing.name)
                and isinstance(inner, dict)
                and _is_list(inner)
                and under.above is None
            ):
                place = under._replace(above=thing.name)
                found, more = self._under(
                    inner, f"{thing.name}/{self.nested.answers}", place, floor
                )
                things += found
                waiting += more
        further = after(answer)
        # in what order answers are listed is not said: all of them are gone through
        if further and (under.above is not None or lowest(top, floor) >= floor):
            waiting.append(Waiting(path, under, further))
        return things, waiting

    def _next(self, answer: dict[str, Any]) -> str:
        posts = [self.posts.words.thing(one) for one in listed(answer)]
        ages = [thing.posted for thing in posts if thing.posted is not None]
        return "" if ages and max(ages) < self.since() else after(answer)


def after(answer: dict[str, Any]) -> str:
    """Where an edge goes on; empty: nowhere."""
    paging = answer.get("paging")
    further = paging.get("next") if isinstance(paging, dict) else None
    if not isinstance(further, str):
        return ""
    try:
        said = parse_qsl(urlsplit(further).query)
    except ValueError:
        return ""
    return urlencode([(name, value) for name, value in said if name not in _OURS])[:_LONGEST]


def _is_list(under: Any) -> bool:
    """Whether an edge within a thing is as it should be; without comments it is not there at all."""
    return under is None or (isinstance(under, dict) and isinstance(under.get("data"), list))


def lowest(things: Sequence[Thing], otherwise: int) -> int:
    """The lowest place of them."""
    return min((one.order for one in things if one.order is not None), default=otherwise)


def _read(spot: Spot | None) -> tuple[str, list[Waiting]]:
    if spot is None:
        return "", []
    try:
        further, waiting = json.loads(spot.token)
        return further, [Waiting(path, Under(*under), place) for path, under, place in waiting]
    except (ValueError, TypeError) as error:
        raise SourceError("this is no place in a listing of comments", permanent=True) from error

"""What a Reddit knows, and the form in which it shows it: things, listings, inboxes, replies.

No HTTP in here: `reddit_http` carries the questions and the answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import RLock
from typing import Any

from monitor.simulator.ids import author_id
from monitor.simulator.world import Happening, What, World

SUBREDDIT = "cumparaturi"
"""Where the world's people write."""
CAP, SEARCH_CAP = 1000, 250
"""More a listing never shows, however far one pages."""
_PAGE, _LONGEST = 100, 10_000
_FIRST_NEW = 36**9
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(slots=True, kw_only=True)
class Thing:
    """A submission ("t3_…") or comment ("t1_…"). `fate`: None, "deleted" or "removed"."""

    name: str
    author: str | None
    text: str
    at: datetime
    title: str = ""
    link: str = ""
    parent: str | None = None
    subreddit: str = SUBREDDIT
    edited_at: datetime | None = None
    fate: str | None = None
    locked: bool = False
    archived: bool = False
    is_indexed: bool = True
    """False: written, but no listing shows it yet."""
    broken: Mapping[str, Any] | None = None
    """Fields that are not as they should be."""

    @property
    def is_comment(self) -> bool:
        return self.name.startswith("t1_")


class Reddit:
    """A small Reddit. Safe to be used by several threads."""

    def __init__(self, clock: Callable[[], datetime], *, cap: int = CAP) -> None:
        """`clock` dates what is written through the API; no listing shows more than `cap` things."""
        self._clock = clock
        self._cap = cap
        self._things: dict[str, Thing] = {}
        self._played = 0
        self._lock = RLock()

    def put(self, thing: Thing) -> None:
        """Write something, at whatever time it claims."""
        with self._lock:
            if thing.is_comment and not thing.link:
                thing.link = thing.parent or "t3_none"
                above = self._things.get(thing.link)
                thing.link = above.link if above is not None and above.link else thing.link
            self._things[thing.name] = thing

    def __getitem__(self, name: str) -> Thing:
        return self._things[name]

    def names(self) -> set[str]:
        """Of all there is."""
        with self._lock:
            return set(self._things)

    def advance_to(self, world: World, now: datetime) -> int:
        """Let happen what became visible on the world's Reddit by `now`. Returns how much that was."""
        mine = [one for one in world.until(now) if one.network == "reddit"]
        new, self._played = mine[self._played :], len(mine)
        for happening in new:
            self.play(happening)
        return len(new)

    def play(self, what: Happening) -> None:
        """Let one thing happen."""
        with self._lock:
            if what.what is What.DELETED:
                self._things[what.external_id].fate = "deleted"
            elif what.what is What.EDITED:
                edited = self._things[what.external_id]
                edited.text, edited.edited_at = what.text, what.edited_at
            else:
                is_root = what.external_id == what.thread_id
                self.put(
                    Thing(
                        name=what.external_id,
                        author=what.author,
                        title=what.title or "",
                        text=what.text,
                        at=what.posted_at,
                        link="" if is_root else what.thread_id,
                        parent=None if is_root else what.reply_to or what.thread_id,
                    )
                )

    # ------------------------------------------------------------------------- listings

    def submissions(self, subreddits: Iterable[str], asked: Mapping[str, str]) -> dict[str, Any]:
        """`r/…/new`."""
        return self._listed(lambda one: not one.is_comment and _is_in(one, subreddits), asked)

    def comments(self, subreddits: Iterable[str], asked: Mapping[str, str]) -> dict[str, Any]:
        """`r/…/comments`."""
        return self._listed(lambda one: one.is_comment and _is_in(one, subreddits), asked)

    def found(self, asked: Mapping[str, str]) -> dict[str, Any]:
        """`search`: submissions that hold one of the query's words. Comments are not searched."""
        words = [word.casefold() for word in re.findall(r"\w+", asked.get("q", "")) if word != "OR"]

        def fits(one: Thing) -> bool:
            text = f"{one.title} {one.text}".casefold()
            return not one.is_comment and any(word in text for word in words)

        return self._listed(fits, asked, cap=SEARCH_CAP)

    def comments_of(self, account: str, asked: Mapping[str, str]) -> dict[str, Any]:
        """`user/…/comments`."""
        return self._listed(lambda one: one.is_comment and one.author == account, asked)

    def inbox(
        self, account: str, asked: Mapping[str, str], *, only_mentions: bool
    ) -> dict[str, Any]:
        """`message/inbox` or `message/mentions`: replies to the account, and comments that name it."""

        def fits(one: Thing) -> bool:
            why = self._why_in_inbox(one, account)
            return why is not None and (why == "username_mention" or not only_mentions)

        return self._listed(fits, asked, show=lambda one: self._message(one, account))

    def by_name(self, names: Iterable[str]) -> dict[str, Any]:
        """`api/info`: also what is deleted, with its words taken out."""
        with self._lock:
            found = [self._things[name] for name in names if name in self._things]
            return _listing([self._shown(one) for one in found], None)

    def _listed(
        self,
        fits: Callable[[Thing], bool],
        asked: Mapping[str, str],
        *,
        cap: int | None = None,
        show: Callable[[Thing], dict[str, Any]] | None = None,
    ) -> dict[str, Any]:
        """A page, newest first. Nothing follows a thing that is no longer listed."""
        with self._lock:
            there = [one for one in self._things.values() if one.is_indexed and one.fate is None]
            newest = sorted(filter(fits, there), key=lambda one: (one.at, one.name), reverse=True)
            cap = cap or self._cap
            names = [one.name for one in newest[:cap]]
            after, size = asked.get("after"), min(int(asked.get("limit", 25)), _PAGE)
            if after is not None and after not in names:
                return _listing([], None)
            start = names.index(after) + 1 if after else 0
            page = newest[start : min(start + size, cap)]
            last = page[-1].name if start + size < len(names) else None
            return _listing([(show or self._shown)(one) for one in page], last)

    # ------------------------------------------------------------------------- writing

    def reply(self, account: str, parent: str, text: str) -> dict[str, Any]:
        """`api/comment`: the comment, or Reddit's errors; either with status 200."""
        with self._lock:
            above = self._things.get(parent)
            refused = _refusal(above, text)
            if refused or above is None:
                return {"json": {"errors": [refused]}}
            name = f"t1_{_base36(_FIRST_NEW + len(self._things))}"
            self.put(
                Thing(
                    name=name,
                    author=account,
                    text=text,
                    at=self._clock(),
                    parent=parent,
                    link=above.link or parent,
                    subreddit=above.subreddit,
                )
            )
            things = [self._shown(self._things[name])]
            return {"json": {"errors": [], "data": {"things": things}}}

    # ------------------------------------------------------------------------- forms

    def _shown(self, one: Thing) -> dict[str, Any]:
        """A thing as listings show it."""
        text = f"[{one.fate}]" if one.fate else one.text
        author = None if one.fate == "deleted" else one.author
        data: dict[str, Any] = {
            "name": one.name,
            "id": one.name.partition("_")[2],
            "author": author or "[deleted]",
            **({"author_fullname": author_id("reddit", author)} if author else {}),
            "subreddit": one.subreddit,
            "subreddit_name_prefixed": f"r/{one.subreddit}",
            "subreddit_type": "public",
            "created": one.at.timestamp(),
            "created_utc": one.at.timestamp(),
            "edited": one.edited_at.timestamp() if one.edited_at else False,
            "locked": one.locked,
            "archived": one.archived,
            "distinguished": None,
            "score": 1,
            "ups": 1,
            "permalink": self._path(one),
        }
        if one.is_comment:
            above = self._things.get(one.link)
            data |= {"body": text, "link_id": one.link, "parent_id": one.parent or one.link}
            data |= {"link_title": above.title if above else "", "replies": ""}
        else:
            data |= {"title": one.title, "selftext": text, "is_self": True, "num_comments": 0}
            data |= {"url": f"https://www.reddit.com{self._path(one)}", "upvote_ratio": 1.0}
            data |= {"removed_by_category": _CATEGORY[one.fate], "subreddit_subscribers": 4210}
        return {"kind": one.name[:2], "data": data | dict(one.broken or {})}

    def _message(self, one: Thing, account: str) -> dict[str, Any]:
        """A comment as an inbox shows it: with fewer fields, and the thread only in a link."""
        data = self._shown(one)["data"]
        for field in ("link_id", "permalink", "locked", "archived", "edited", "ups"):
            data.pop(field, None)
        kind = self._why_in_inbox(one, account) or ""
        data |= {"was_comment": True, "type": kind, "subject": kind.replace("_", " ")}
        data |= {"dest": account, "context": f"{self._path(one)}?context=3", "new": True}
        data |= {"first_message": None, "first_message_name": None}
        return {"kind": "t1", "data": data}

    def _why_in_inbox(self, one: Thing, account: str) -> str | None:
        if not one.is_comment or one.author == account:
            return None
        above = self._things.get(one.parent or one.link)
        if above is not None and above.author == account:
            return "comment_reply" if above.is_comment else "post_reply"
        return "username_mention" if f"u/{account}".casefold() in one.text.casefold() else None

    def _path(self, one: Thing) -> str:
        root = (one.link or one.name).partition("_")[2]
        tail = f"{one.name.partition('_')[2]}/" if one.is_comment else ""
        return f"/r/{one.subreddit}/comments/{root}/_/{tail}"


_CATEGORY = {None: None, "deleted": "deleted", "removed": "moderator"}


def _listing(children: list[dict[str, Any]], after: str | None) -> dict[str, Any]:
    data = {"after": after, "before": None, "dist": len(children), "modhash": None}
    return {"kind": "Listing", "data": {**data, "geo_filter": "", "children": children}}


def _is_in(one: Thing, subreddits: Iterable[str]) -> bool:
    return one.subreddit in subreddits or "all" in subreddits


def _refusal(above: Thing | None, text: str) -> list[str] | None:
    if above is None or above.fate is not None:
        return ["DELETED_COMMENT", "that comment has been deleted", "parent"]
    if above.archived:
        return ["TOO_OLD", "that's a piece of history now; it's too late to reply to it", "parent"]
    if above.locked:
        return ["THREAD_LOCKED", "Comments are locked.", "parent"]
    if len(text) > _LONGEST:
        return ["TOO_LONG", f"this is too long (max: {_LONGEST})", "text"]
    return None


def _base36(number: int) -> str:
    written = ""
    while number:
        number, digit = divmod(number, 36)
        written = _DIGITS[digit] + written
    return written

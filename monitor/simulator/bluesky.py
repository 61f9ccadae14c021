"""What a small Bluesky knows: accounts, posts with their keys, who may answer whom, and how it shows that."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

POST = "app.bsky.feed.post"
LONGEST = 300
_GATE = "app.bsky.feed.threadgate"
_TID = re.compile(r"[234567abcdefghij][234567a-z]{12}")
_WORD = re.compile(r"\S+")
_AT_ONCE = 25
_DIGITS = "234567abcd"


@dataclass(slots=True)
class Said:
    """A record in somebody's account. `at`: when the author says; `seen_at`: when it was indexed."""

    did: str
    rkey: str
    record: dict[str, Any]
    at: datetime
    seen_at: datetime
    labels: tuple[str, ...] = ()
    broken: Mapping[str, Any] = field(default_factory=dict)
    """Fields of the view that are not as they should be."""

    @property
    def uri(self) -> str:
        return f"at://{self.did}/{POST}/{self.rkey}"

    @property
    def cid(self) -> str:
        return cid_of(f"{self.uri} {sorted(self.record.items(), key=str)}")

    @property
    def sorted_at(self) -> datetime:
        """By which the network lists it: nothing is newer than its arrival."""
        return min(self.at, self.seen_at)


class Bluesky:
    """A network of which one server shows everything. `clock` is the network's."""

    def __init__(self, clock: Callable[[], datetime], *, brand: str = "shop.example") -> None:
        self.clock = clock
        self.brand = did_of(brand)
        self.handles: dict[str, str] = {self.brand: brand}
        self.posts: dict[str, Said] = {}
        self.gates: dict[str, list[str]] = {}
        """Address of a thread's first post -> rules; none in the list: nobody may answer."""
        self.blocks: set[tuple[str, str]] = set()
        """Who blocks whom."""
        self.mutes: set[str] = set()
        """Whom the brand's account muted."""
        self.members: set[str] = set()
        """Who wants to be seen only by people who are logged in."""
        self.preferences: dict[str, str] = {}
        self.followers: dict[str, int] = {}
        self.reposts: list[tuple[str, str, datetime]] = []
        self._made = 0

    def account(self, handle: str) -> str:
        """The did of an account, which begins to exist when it is asked for."""
        did = did_of(handle)
        self.handles.setdefault(did, handle)
        return did

    def put(
        self,
        text: str,
        *,
        author: str = "ana.example",
        at: datetime | None = None,
        rkey: str | None = None,
        reply_to: str | None = None,
        mentions: Iterable[str] = (),
        quotes: str | None = None,
        record: Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> Said:
        """Publish a post; `at`: the time it claims. `record` replaces fields of it."""
        self._made += 1
        seen_at = self.clock() + timedelta(milliseconds=self._made - 1)
        said_at = at or self.clock()
        names = {f"@{one}": self.account(one) for one in mentions}
        whole = " ".join((*names, text))
        told: dict[str, Any] = {
            "$type": POST,
            "text": whole,
            "createdAt": iso(said_at),
            "langs": ["en"],
        }
        if names:
            told["facets"] = [_mention(whole, name, did) for name, did in names.items()]
        if reply_to is not None:
            told["reply"] = self._refs(reply_to)
        if quotes is not None:
            told["embed"] = {"$type": "app.bsky.embed.record", "record": self._ref(quotes)}
        did = self.account(author)
        key = rkey or tid(self._made)
        said = Said(did, key, {**told, **(record or {})}, said_at, seen_at, **fields)
        self.posts[said.uri] = said
        return said

    def delete(self, uri: str) -> None:
        """Its author deletes it; notifications of it go, too."""
        del self.posts[uri]

    # ------------------------------------------------------------------------------ what it lists

    def notifications(self) -> list[tuple[str, Said]]:
        """Why the brand's account is told, and of what, newest first."""
        found = []
        for said in self.posts.values():
            why = self._told_of(said)
            if said.did != self.brand and why and said.did not in self.mutes:
                found.append((why, said))
        return sorted(found, key=lambda one: one[1].sorted_at)[::-1]

    def found(self, query: str) -> list[Said]:
        """Posts that have all words, newest first."""
        words = [one.casefold() for one in _WORD.findall(query)]
        return _newest(
            one
            for one in self.posts.values()
            if all(word in one.record.get("text", "").casefold() for word in words)
        )

    def written(self, did: str) -> list[tuple[Said, datetime | None]]:
        """An account's posts, and what it passed on with the time of that, newest first."""
        own = [(one, one.sorted_at, None) for one in self.posts.values() if one.did == did]
        passed = [
            (self.posts[uri], at, at)
            for who, uri, at in self.reposts
            if who == did and uri in self.posts
        ]
        ordered = sorted([*own, *passed], key=lambda one: one[1])[::-1]
        return [(one, at) for one, _, at in ordered]

    # ------------------------------------------------------------------------------ how it shows

    def view(self, said: Said) -> dict[str, Any]:
        """A post as the brand's account sees it."""
        view: dict[str, Any] = {
            "uri": said.uri,
            "cid": said.cid,
            "author": self.profile(said.did),
            "record": said.record,
            "replyCount": 0,
            "repostCount": 0,
            "likeCount": 0,
            "quoteCount": 0,
            "indexedAt": iso(said.seen_at),
            "viewer": {"threadMuted": False, "embeddingDisabled": False},
            "labels": [self._label(one, said.uri) for one in said.labels],
        }
        root = said.record.get("reply", {}).get("root", {}).get("uri", said.uri)
        if root in self.gates:
            view["viewer"]["replyDisabled"] = True
            if root == said.uri:
                view["threadgate"] = self._gate(said)
        return view | dict(said.broken)

    def notification(self, why: str, said: Said) -> dict[str, Any]:
        """What is told of a post; its time is the one by which notifications are sorted."""
        view = self.view(said)
        kept = {name: view.get(name) for name in ("uri", "cid", "author", "record", "labels")}
        at = said.broken.get("indexedAt", iso(said.sorted_at))
        return {**kept, "reason": why, "isRead": False, "indexedAt": at}

    def profile(self, did: str) -> dict[str, Any]:
        """An account, in few words."""
        labels = [self._label("!no-unauthenticated", did)] if did in self.members else []
        return {
            "did": did,
            "handle": self.handles[did],
            "displayName": self.handles[did].partition(".")[0].title(),
            "viewer": {"muted": did in self.mutes, "blockedBy": (did, self.brand) in self.blocks},
            "labels": labels,
        }

    def profiles(self, dids: Iterable[str]) -> list[dict[str, Any]]:
        """Accounts in more words; those that are not there are left out."""
        return [
            {**self.profile(did), "followersCount": self.followers.get(did, 7), "postsCount": 1}
            for did in list(dids)[:_AT_ONCE]
            if did in self.handles
        ]

    def shown(self, uris: Iterable[str]) -> list[dict[str, Any]]:
        """Posts; those that are not there, or of people in a quarrel with the account, are left out."""
        found = [self.posts[uri] for uri in list(uris)[:_AT_ONCE] if uri in self.posts]
        return [self.view(one) for one in found if not self._in_quarrel(one.did)]

    # ------------------------------------------------------------------------------ what it takes

    def create(self, did: str, rkey: str, record: dict[str, Any]) -> Said | str:
        """A new record; or what is wrong with it. "" is what happens to a key that is taken."""
        if _TID.fullmatch(rkey) is None:
            return f"Invalid record key for {POST}: invalid TID"
        text = record.get("text")
        if record.get("$type") != POST or not isinstance(text, str) or "createdAt" not in record:
            return f"Invalid {POST} record"
        if len(text) > LONGEST:
            return f"Invalid {POST} record: string too big (maximum {LONGEST} graphemes)"
        said = Said(did, rkey, record, datetime.fromisoformat(record["createdAt"]), self.clock())
        if said.uri in self.posts:
            return ""
        self.posts[said.uri] = said
        return said

    def _told_of(self, said: Said) -> str | None:
        reply = said.record.get("reply") or {}
        above = [reply.get(name, {}).get("uri", "") for name in ("parent", "root")]
        if any(one.startswith(f"at://{self.brand}/") for one in above):
            return "reply"
        quoted = (said.record.get("embed") or {}).get("record", {}).get("uri", "")
        if quoted.startswith(f"at://{self.brand}/"):
            return "quote"
        named = [one["features"][0].get("did") for one in said.record.get("facets") or []]
        return "mention" if self.brand in named else None

    def _refs(self, uri: str) -> dict[str, Any]:
        parent = self.posts.get(uri)
        above = parent.record.get("reply", {}).get("root") if parent else None
        return {"root": above or self._ref(uri), "parent": self._ref(uri)}

    def _ref(self, uri: str) -> dict[str, str]:
        said = self.posts.get(uri)
        return {"uri": uri, "cid": said.cid if said else cid_of(uri)}

    def _in_quarrel(self, did: str) -> bool:
        return (did, self.brand) in self.blocks or (self.brand, did) in self.blocks

    def _label(self, value: str, uri: str) -> dict[str, Any]:
        return {"src": self.brand, "uri": uri, "val": value, "cts": iso(self.clock())}

    def _gate(self, said: Said) -> dict[str, Any]:
        rules = [{"$type": f"{_GATE}#{rule}"} for rule in self.gates[said.uri]]
        record = {"$type": _GATE, "post": said.uri, "allow": rules, "createdAt": iso(said.at)}
        uri = f"at://{said.did}/{_GATE}/{said.rkey}"
        return {"uri": uri, "cid": cid_of(uri), "record": record, "lists": []}


def did_of(handle: str) -> str:
    """The name that an account keeps when it changes its handle."""
    digest = hashlib.sha256(handle.encode()).digest()[:15]
    return f"did:plc:{base64.b32encode(digest).decode().lower()}"


def tid(number: int) -> str:
    """A record's key in the form that posts need."""
    return "3m" + "".join(_DIGITS[int(one)] for one in f"{number:011d}")


def cid_of(said: str) -> str:
    """The name of a content."""
    content = b"\x01\x71\x12\x20" + hashlib.sha256(said.encode()).digest()
    return "b" + base64.b32encode(content).decode().lower().rstrip("=")


def iso(at: datetime) -> str:
    """A time as the network writes it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _mention(text: str, name: str, did: str) -> dict[str, Any]:
    start = len(text[: text.index(name)].encode())
    index = {"byteStart": start, "byteEnd": start + len(name.encode())}
    return {"index": index, "features": [{"$type": "app.bsky.richtext.facet#mention", "did": did}]}


def _newest(some: Iterable[Said]) -> list[Said]:
    return sorted(some, key=lambda one: one.sorted_at)[::-1]

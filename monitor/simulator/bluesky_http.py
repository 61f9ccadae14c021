"""A small Bluesky over HTTP, as an account's own server shows it: XRPC with log-ins that grow old."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

from monitor.simulator.bluesky import POST, Bluesky, Said, iso
from monitor.simulator.serving import Answer, Asked, Server, as_json

_LIFE, _RENEWABLE = timedelta(hours=2), timedelta(days=60)
_MOST = 100
_Row = TypeVar("_Row")
_FROM_SOME = (
    "follow",
    "like",
    "mention",
    "quote",
    "reply",
    "repost",
    "likeViaRepost",
    "repostViaRepost",
)
_FROM_ALL = ("starterpackJoined", "subscribedPost", "unverified", "verified")
"""What an account is told of: by people whom it chooses, and by anybody."""
_NAMES = {
    400: "InvalidRequest",
    401: "AuthenticationRequired",
    403: "Forbidden",
    404: "XRPCNotSupported",
    429: "RateLimitExceeded",
    500: "InternalServerError",
    502: "UpstreamFailure",
    503: "NotEnoughResources",
}


class BlueskyServer(Server):
    """The server of the brand's account. `passwords` are those that log it in."""

    def __init__(self, world: Bluesky, *, passwords: Sequence[str] = ("pass-word",)) -> None:
        super().__init__(world.clock)
        self.world = world
        self.passwords = set(passwords)
        self.log_ins = 0
        self.most_log_ins = 300
        self.accesses: dict[str, datetime] = {}
        """Tokens, and when they grow too old."""
        self.renewals: dict[str, datetime] = {}

    def serve(self, asked: Asked) -> Answer:
        """One method of XRPC."""
        with self.lock:
            _, _, method = asked.path.rpartition("/xrpc/")
            query = parse_qs(urlsplit(asked.address).query, keep_blank_values=True)
            if method == "com.atproto.server.createSession":
                return self._log_in(asked.body)
            if method == "com.atproto.server.refreshSession":
                return self._renew(asked)
            token = _bearer(asked)
            if not token:
                return refusal(401, "AuthMissing", "Authentication Required")
            expires = self.accesses.get(token)
            if expires is None:
                return refusal(400, "InvalidToken", "Token could not be verified")
            if expires <= self.world.clock():
                return refusal(400, "ExpiredToken", "Token has expired")
            answer = self._answers().get(method)
            if answer is None:
                return refusal(501, "MethodNotImplemented", "Method Not Implemented")
            return answer(asked.body if asked.method == "POST" else query)

    def refusal(self, status: int, manner: str) -> Answer:
        """As XRPC words it. `manner`: the error's name, if it is not the usual one."""
        return refusal(status, manner or _NAMES.get(status, "InvalidRequest"), "simulated")

    def _answers(self) -> Mapping[str, Callable[[Any], Answer]]:
        world = self.world
        return {
            "com.atproto.server.getSession": lambda _: as_json(200, self._who()),
            "com.atproto.identity.resolveHandle": self._resolve,
            "com.atproto.repo.createRecord": self._create,
            "com.atproto.repo.getRecord": self._record,
            "app.bsky.notification.listNotifications": self._notifications,
            "app.bsky.notification.getPreferences": lambda _: as_json(200, self._preferences()),
            "app.bsky.feed.searchPosts": self._found,
            "app.bsky.feed.getAuthorFeed": self._feed,
            "app.bsky.feed.getPosts": lambda said: as_json(
                200, {"posts": world.shown(said["uris"])}
            ),
            "app.bsky.actor.getProfiles": lambda said: as_json(
                200, {"profiles": world.profiles(said["actors"])}
            ),
            "app.bsky.graph.getMutes": lambda _: as_json(
                200, {"mutes": [world.profile(did) for did in world.mutes]}
            ),
            "app.bsky.graph.getBlocks": lambda _: as_json(
                200,
                {"blocks": [world.profile(it) for by, it in world.blocks if by == world.brand]},
            ),
        }

    # ---------------------------------------------------------------------------------- log-ins

    def _log_in(self, said: Mapping[str, Any]) -> Answer:
        if self.log_ins >= self.most_log_ins:
            until = int(self.world.clock().timestamp()) + 300
            spent = {"RateLimit-Remaining": "0", "RateLimit-Reset": str(until)}
            return as_json(429, {"error": "RateLimitExceeded"}, spent)
        self.log_ins += 1
        handle = self.world.handles[self.world.brand]
        if said.get("identifier") != handle or said.get("password") not in self.passwords:
            words = "Invalid identifier or password"
            return refusal(401, "AuthenticationRequired", words)
        return self._tokens()

    def _renew(self, asked: Asked) -> Answer:
        if asked.content:
            words = "A request body was provided when none was expected"
            return refusal(400, "InvalidRequest", words)
        if self.renewals.pop(_bearer(asked), self.world.clock()) <= self.world.clock():
            return refusal(400, "ExpiredToken", "Token has been revoked")
        return self._tokens()

    def _tokens(self) -> Answer:
        now, number = self.world.clock(), len(self.accesses)
        access = _jwt(
            {"sub": self.world.brand, "exp": int((now + _LIFE).timestamp()), "jti": str(number)}
        )
        renewal = _jwt(
            {
                "sub": self.world.brand,
                "exp": int((now + _RENEWABLE).timestamp()),
                "jti": f"renewal {number}",
            }
        )
        self.accesses[access], self.renewals[renewal] = now + _LIFE, now + _RENEWABLE
        return as_json(200, {**self._who(), "accessJwt": access, "refreshJwt": renewal})

    def _who(self) -> dict[str, Any]:
        did = self.world.brand
        document = {
            "@context": ["https://www.w3.org/ns/did/v1"],
            "id": did,
            "service": [
                {
                    "id": "#atproto_pds",
                    "type": "AtprotoPersonalDataServer",
                    "serviceEndpoint": self.url,
                }
            ],
        }
        return {"did": did, "handle": self.world.handles[did], "active": True, "didDoc": document}

    # ------------------------------------------------------------------------------ what is asked

    def _resolve(self, said: Mapping[str, Sequence[str]]) -> Answer:
        dids = {handle: did for did, handle in self.world.handles.items()}
        did = dids.get(said["handle"][0])
        if did is None:
            return refusal(400, "InvalidRequest", "Unable to resolve handle")
        return as_json(200, {"did": did})

    def _create(self, said: Mapping[str, Any]) -> Answer:
        created = self.world.create(said["repo"], said["rkey"], said["record"])
        if isinstance(created, Said):
            return as_json(200, {"uri": created.uri, "cid": created.cid})
        if not created:
            return refusal(500, "InternalServerError", "Internal Server Error")
        return refusal(400, "InvalidRequest", created)

    def _record(self, said: Mapping[str, Sequence[str]]) -> Answer:
        did, rkey = said["repo"][0], said["rkey"][0]
        uri = f"at://{did}/{POST}/{rkey}"
        if did not in self.world.handles:
            return refusal(400, "InvalidRequest", f"Could not find repo: {did}")
        found = self.world.posts.get(uri)
        if found is None:
            return refusal(400, "RecordNotFound", f"Could not locate record: {uri}")
        return as_json(200, {"uri": uri, "cid": found.cid, "value": found.record})

    def _preferences(self) -> dict[str, Any]:
        said = {
            name: {"include": self.world.preferences.get(name, "all"), "list": True, "push": True}
            for name in _FROM_SOME
        }
        said |= {name: {"list": True, "push": True} for name in _FROM_ALL}
        return {"preferences": {**said, "chat": {"include": "all", "push": True}}}

    def _notifications(self, said: Mapping[str, Sequence[str]]) -> Answer:
        """Gone on with at a moment: what else is of that very moment is never shown."""
        rows = [row for row in self.world.notifications() if row[0] in said["reasons"]]
        if "cursor" in said:
            rows = [row for row in rows if iso(row[1].sorted_at) < _moment(said["cursor"][0])]
        rows = rows[: _size(said)]
        told = [self.world.notification(why, one) for why, one in rows]
        return _page("notifications", told, iso(rows[-1][1].sorted_at) if rows else None)

    def _found(self, said: Mapping[str, Sequence[str]]) -> Answer:
        rows = self.world.found(said["q"][0])
        rows, cursor = _part(rows, said, lambda one: (one.sorted_at, one.uri))
        return _page("posts", [self.world.view(one) for one in rows], cursor)

    def _feed(self, said: Mapping[str, Sequence[str]]) -> Answer:
        names = {**self.world.handles, **{v: k for k, v in self.world.handles.items()}}
        actor = said["actor"][0]
        if actor not in names:
            return refusal(400, "InvalidRequest", "Profile not found")
        did = actor if actor.startswith("did:") else names[actor]
        rows, cursor = _part(
            self.world.written(did), said, lambda one: (one[1] or one[0].sorted_at, one[0].uri)
        )
        return _page("feed", [self._fed(did, *row) for row in rows], cursor)

    def _fed(self, did: str, one: Said, passed_on_at: datetime | None) -> dict[str, Any]:
        item: dict[str, Any] = {"post": self.world.view(one)}
        if passed_on_at is not None:
            kind = "app.bsky.feed.defs#reasonRepost"
            by = self.world.profile(did)
            item["reason"] = {"$type": kind, "by": by, "indexedAt": iso(passed_on_at)}
        return item


def refusal(status: int, error: str, message: str) -> Answer:
    """What XRPC says when it refuses."""
    return as_json(status, {"error": error, "message": message})


def _bearer(asked: Asked) -> str:
    return asked.headers.get("authorization", "").removeprefix("Bearer ")


def _jwt(said: Mapping[str, Any]) -> str:
    """A token in the form of the real ones; nobody checks its signature."""
    parts = ({"typ": "at+jwt", "alg": "HS256"}, said)
    coded = [base64.urlsafe_b64encode(json.dumps(one).encode()).decode() for one in parts]
    return ".".join([*(one.rstrip("=") for one in coded), "c2ln"])


def _size(said: Mapping[str, Sequence[str]]) -> int:
    return min(int(said.get("limit", ["50"])[0]), _MOST)


def _moment(cursor: str) -> str:
    return iso(datetime.fromisoformat(cursor))


def _part(
    rows: Sequence[_Row],
    said: Mapping[str, Sequence[str]],
    place: Callable[[_Row], tuple[datetime, str]],
) -> tuple[list[_Row], str | None]:
    """A page of rows, newest first, and where the next one begins."""
    ordered = sorted(rows, key=place)[::-1]
    if "cursor" in said:
        at, _, uri = said["cursor"][0].partition("::")
        ordered = [row for row in ordered if place(row) < (datetime.fromisoformat(at), uri)]
    some = list(ordered[: _size(said)])
    if not some:
        return some, None
    at_, uri = place(some[-1])
    return some, f"{at_.isoformat()}::{uri}"


def _page(inside: str, rows: list[dict[str, Any]], cursor: str | None) -> Answer:
    """The last page has a cursor, too; an empty one has none."""
    return as_json(200, {inside: rows} | ({} if cursor is None else {"cursor": cursor}))

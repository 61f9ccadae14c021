"""What the Graph API knows of one Facebook page or Instagram account, and how it shows that."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import RLock
from typing import Any
from urllib.parse import urlencode

from monitor.simulator.serving import Asked

_LIMIT = re.compile(r"\.limit\((\d+)\)")
_MENTIONED = re.compile(r"mentioned_(comment\.comment_id|media\.media_id)\((\d+)\)")
_POSTS = {"facebook": ("feed", "tagged"), "instagram": ("media", "tags")}


@dataclass(slots=True, kw_only=True)
class Node:
    """A post (with an `edge` of the account on which it is listed) or a comment (with what it is `under`).

    `by`: who wrote it, id and name. `above`: the comment that it answers. `mentions`: it stands under
    somebody else's post, and is shown to whom it mentions only.
    """

    id: str
    by: tuple[str, str]
    text: str
    at: datetime
    edge: str | None = None
    under: str | None = None
    above: str | None = None
    is_hidden: bool = False
    is_gone: bool = False
    mentions: bool = False
    can_comment: bool = True
    broken: Mapping[str, Any] = field(default_factory=dict)
    """Fields that are not as they should be."""


class Graph:
    """A small one. Safe to be used by several threads."""

    def __init__(
        self, kind: str, account: tuple[str, str], token: str, clock: Callable[[], datetime]
    ) -> None:
        """`kind`: "facebook" or "instagram". `account`: id and name. `clock` dates what is written."""
        self.kind = kind
        self.account = account
        self.tokens = {token}
        self.me = account[0]
        """Whose token it is."""
        self.refusal: tuple[int, dict[str, Any]] | None = None
        """What every call is answered with, if anything but what was asked for."""
        self._clock = clock
        self._nodes: dict[str, Node] = {}
        self._lock = RLock()

    def put(self, node: Node) -> None:
        """Publish it, at whatever time it claims."""
        with self._lock:
            self._nodes[node.id] = node

    def __getitem__(self, name: str) -> Node:
        return self._nodes[name]

    def answer(self, call: Asked, /) -> tuple[int, Any]:
        """What is there at a path."""
        token = call.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self.tokens:
            return 401, error(190, "Error validating access token: Session has expired", 463)
        if self.refusal is not None:
            return self.refusal
        with self._lock:
            match call.method, call.path.strip("/").split("/"):
                case "GET", ["me"]:
                    return 200, {"id": self.me}
                case "GET", [name]:
                    return self._one(name, call.query)
                case "GET", [name, edge]:
                    return 200, self._listed(name, edge, call.query)
                case "POST", [name, edge]:
                    return self._write(name, edge, call.body)
                case _:
                    return 404, error(2500, "Unknown path components")

    def _one(self, name: str, asked: Mapping[str, str]) -> tuple[int, Any]:
        wanted = asked.get("fields", "")
        if name == self.account[0]:
            return self._mentioned(wanted) or (200, self._of_account())
        node = self._nodes.get(name)
        if node is None or node.is_gone or node.mentions:
            return 400, missing(name)
        if "parent{" in wanted and node.under is None:
            return 400, error(100, "(#100) Tried accessing nonexisting field (parent)")
        return 200, self._shown(node, wanted)

    def _of_account(self) -> dict[str, Any]:
        name = "name" if self.kind == "facebook" else "username"
        return {"id": self.account[0], name: self.account[1]}

    def _mentioned(self, wanted: str) -> tuple[int, Any] | None:
        found = _MENTIONED.search(wanted)
        if found is None:
            return None
        node = self._nodes.get(found[2])
        if node is None or node.is_gone or not node.mentions:
            return 400, missing(found[2])
        kind = found[1].partition(".")[0]
        return 200, {f"mentioned_{kind}": self._shown(node, "media{id}"), "id": self.account[0]}

    def _listed(self, name: str, edge: str, asked: Mapping[str, str]) -> dict[str, Any]:
        wanted = asked.get("fields", "")
        if name == self.account[0]:
            nodes = [one for one in self._nodes.values() if one.edge == edge]
        elif edge == "replies":
            nodes = [one for one in self._nodes.values() if one.above == name]
        else:
            nodes = self._under(name)
        return self._page(nodes, f"{name}/{edge}", wanted, asked)

    def _under(self, name: str) -> list[Node]:
        """Facebook lists answers among the comments (filter=stream), Instagram under them."""
        flat = self.kind == "facebook"
        return [
            one
            for one in self._nodes.values()
            if (one.under == name and (flat or one.above is None)) or (flat and one.above == name)
        ]

    def _page(
        self, nodes: list[Node], path: str, wanted: str, asked: Mapping[str, str]
    ) -> dict[str, Any]:
        there = [one for one in nodes if not one.is_gone and not one.mentions]
        newest = sorted(there, key=_place, reverse=True)
        if asked.get("after"):
            newest = [one for one in newest if _written(_place(one)) < asked["after"]]
        size = int(asked.get("limit", 25))
        page: dict[str, Any] = {"data": [self._shown(one, wanted) for one in newest[:size]]}
        if newest[:size]:
            cursors = {
                "before": _written(_place(newest[0])),
                "after": _written(_place(newest[:size][-1])),
            }
            page["paging"] = {"cursors": cursors}
        if len(newest) > size:
            said = {"access_token": "T", "fields": wanted, "limit": size}
            query = urlencode(said | {"after": page["paging"]["cursors"]["after"]})
            page["paging"]["next"] = f"https://graph.example/v26.0/{path}?{query}"
        return page

    def _shown(self, one: Node, wanted: str) -> dict[str, Any]:
        told = self._of_facebook(one) if self.kind == "facebook" else self._of_instagram(one)
        under = self._under(one.id) if "comments" in wanted and one.under is None else []
        if under:
            size = int((_LIMIT.findall(wanted) or ["25"])[0])
            told["comments"] = self._page(under, f"{one.id}/comments", wanted, {"limit": str(size)})
        answers = [at for at in self._nodes.values() if at.above == one.id]
        if answers and "replies" in wanted:
            size = int((_LIMIT.findall(wanted) or ["25"])[-1])
            told["replies"] = self._page(answers, f"{one.id}/replies", "", {"limit": str(size)})
        return told | dict(one.broken)

    def _of_facebook(self, one: Node) -> dict[str, Any]:
        told: dict[str, Any] = {
            "id": one.id,
            "from": {"id": one.by[0], "name": one.by[1]},
            "message": one.text,
            "created_time": _time(one.at),
            "permalink_url": f"https://facebook.example/{one.id}",
            "is_hidden": one.is_hidden,
        }
        if one.under is not None:
            told["can_comment"] = one.can_comment
        if one.above is not None:
            told["parent"] = {"id": one.above}
        return told

    def _of_instagram(self, one: Node) -> dict[str, Any]:
        told: dict[str, Any] = {"id": one.id, "timestamp": _time(one.at), "username": one.by[1]}
        if one.edge is not None or (one.mentions and one.under is None):
            link = f"https://instagram.example/p/{one.id}/"
            return told | {"caption": one.text, "media_type": "IMAGE", "permalink": link}
        told |= {"text": one.text, "hidden": one.is_hidden}
        if not one.mentions:
            told["from"] = {"id": one.by[0], "username": one.by[1]}
        if one.above is not None:
            told["parent_id"] = one.above
        if one.under is not None:
            told["media"] = {"id": one.under}
        return told

    def _write(self, name: str, edge: str, said: Mapping[str, Any]) -> tuple[int, Any]:
        above, under = self._nodes.get(name), name
        if edge == "mentions":
            above, under = self._nodes.get(str(said.get("comment_id"))), str(said["media_id"])
        elif above is None or above.is_gone:
            return 400, missing(name)
        if above is not None and above.under is not None:
            under = above.under
        is_comment = above is not None and above.under is not None
        node = Node(
            id=f"{10**15 + len(self._nodes)}",
            by=self.account,
            text=str(said["message"]),
            at=self._clock(),
            under=under,
            above=above.id if above is not None and is_comment else None,
        )
        self.put(node)
        return 200, {"id": node.id}


def error(code: int, message: str, subcode: int | None = None) -> dict[str, Any]:
    """How Meta says that something is wrong."""
    told: dict[str, Any] = {"message": message, "type": "OAuthException", "code": code}
    if subcode is not None:
        told["error_subcode"] = subcode
    return {"error": told | {"fbtrace_id": "A"}}


def missing(name: str) -> dict[str, Any]:
    """What Meta says of a thing that is not there, or not for us."""
    said = (
        f"Unsupported get request. Object with ID '{name}' does not exist, cannot be loaded due to "
        "missing permissions, or does not support this operation"
    )
    return error(100, said, 33)


def _place(one: Node) -> tuple[int, str]:
    return int(one.at.timestamp()), one.id


def _written(place: tuple[int, str]) -> str:
    return f"{place[0]:012d}.{place[1]}"


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}+0000"

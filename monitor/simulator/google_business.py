"""A shop's places on Google Maps, as the Business Profile API shows their reviews."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from monitor.simulator.serving import Asked
from monitor.simulator.stores import Payload, Review, Store
from monitor.simulator.tokens import Tokens

_LOGIN = {
    "grant_type": "refresh_token",
    "client_id": "shop.apps.example",
    "client_secret": "s3cret",
    "refresh_token": "1//r3fresh",
}
_STARS = ("ONE", "TWO", "THREE", "FOUR", "FIVE")
_LONGEST = 4096


class GoogleBusiness:
    """An account with places, by number. `moderates`: Google looks at replies before it shows them."""

    def __init__(self, account: str, places: Mapping[str, Store]) -> None:
        self.account = account
        self.places = places
        self.tokens = Tokens(_LOGIN)
        self.moderates = False
        self.rejected: set[str] = set()
        """Reviews whose reply Google shows to nobody."""

    def answer(self, asked: Asked, /) -> tuple[int, Any]:
        """Status and JSON."""
        if asked.path == "/token":
            return self.tokens.answer(asked.body, asked.headers)
        if not self.tokens.lets_in(asked.headers):
            return _refusal(401, "UNAUTHENTICATED")
        match asked.method, list(map(unquote, asked.path.strip("/").split("/"))):
            case "GET", ["v4", "accounts", self.account, "locations", place, "reviews"]:
                store = self.places.get(place)
                return self._listed(store, asked.query) if store else _refusal(404)
            case method, ["v4", "accounts", self.account, "locations", place, "reviews", *rest]:
                store = self.places.get(place)
                review = store.find(rest[0]) if store else None
                if store is None or review is None:
                    return _refusal(404, "NOT_FOUND")
                if (method, rest[1:]) == ("PUT", ["reply"]):
                    return self._reply(store, review, str(asked.body.get("comment") or ""))
                return 200, self._shown(review)
            case _:
                return _refusal(404, "NOT_FOUND")

    def _listed(self, store: Store, asked: Mapping[str, str]) -> tuple[int, Payload]:
        newest, size = store.newest(), int(asked.get("pageSize", 50))
        token = asked.get("pageToken", "page-0")
        if not token.startswith("page-") or asked.get("orderBy") != "updateTime desc":
            return _refusal(400, "INVALID_ARGUMENT")
        # what came meanwhile on top pushes the rest down, as it does there
        begin = int(token.removeprefix("page-"))
        some = newest[begin : begin + size]
        page: Payload = {"reviews": [self._shown(one) for one in some]} if some else {}
        page |= {"totalReviewCount": len(newest)} if newest else {}
        if len(newest) > begin + size:
            page["nextPageToken"] = f"page-{begin + size}"
        return 200, page

    def _reply(self, store: Store, review: Review, comment: str) -> tuple[int, Payload]:
        if not comment or len(comment.encode()) > _LONGEST:
            return _refusal(400, "INVALID_ARGUMENT")
        store.respond(review.id, comment)
        return 200, self._shown(review)["reviewReply"]

    def _shown(self, one: Review) -> Payload:
        shown: Payload = {
            "name": f"accounts/{self.account}/locations/1/reviews/{one.id}",
            "reviewId": one.id,
            "reviewer": {"displayName": one.author or "A Google user"},
            "starRating": _STARS[one.rating - 1],
            "createTime": _time(one.at),
            "updateTime": _time(one.at),
        }
        if one.text:
            shown["comment"] = one.text
        if one.response:
            said = {"comment": one.response.text, "updateTime": _time(one.response.at)}
            shown["reviewReply"] = said | self._state(one)
        return shown | dict(one.broken or {})

    def _state(self, one: Review) -> Payload:
        if one.id in self.rejected:
            return {"reviewReplyState": "REJECTED", "policyViolation": "OFF_TOPIC"}
        return {"reviewReplyState": "PENDING" if self.moderates else "APPROVED"}


def _refusal(status: int, name: str = "NOT_FOUND") -> tuple[int, Payload]:
    error = {"code": status, "message": f"Simulated: {name}.", "status": name}
    return status, {"error": error}


def _time(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")

"""A shop on Trustpilot, as its API shows the reviews: publicly to a key, privately to who logs in."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from monitor.simulator.serving import Asked
from monitor.simulator.stores import Payload, Review, Store
from monitor.simulator.tokens import Tokens

_TOKENS = "/v1/oauth/oauth-business-users-for-applications/accesstoken"


class Trustpilot:
    """One business unit and one business user who may answer."""

    def __init__(self, store: Store, *, unit: str, user: str) -> None:
        self.store = store
        self.unit = unit
        self.user = user
        self.api_key, self.api_secret = "k3y", "s3cret"
        both = base64.b64encode(f"{self.api_key}:{self.api_secret}".encode()).decode()
        self.tokens = Tokens({"grant_type": "client_credentials"}, f"Basic {both}")

    def answer(self, asked: Asked, /) -> tuple[int, Any]:
        """Status and JSON."""
        if asked.path == _TOKENS:
            return self.tokens.answer(asked.body, asked.headers)
        parts = asked.path.strip("/").split("/")
        is_private = parts[1:2] == ["private"]
        if is_private and not self.tokens.lets_in(asked.headers):
            return refusal(401, "Invalid access token")
        if not is_private and asked.headers.get("apikey") != self.api_key:
            return refusal(401, "Invalid ApiKey")
        with self.store.lock:
            match asked.method, [part for part in parts[1:] if part != "private"]:
                case "GET", ["business-units", self.unit, "reviews"]:
                    return 200, self._listed(asked.query)
                case "GET", ["reviews", number] if review := self.store.find(number):
                    return 200, _shown(review)
                case "POST", ["reviews", number, "reply"] if is_private and self.store.find(number):
                    return self._reply(number, asked.body)
                case _:
                    return refusal(404, "Not found")

    def _listed(self, asked: Mapping[str, str]) -> Payload:
        newest, size = self.store.newest(), int(asked.get("perPage", 20))
        begin = (int(asked.get("page", 1)) - 1) * size
        return {"reviews": [_shown(one) for one in newest[begin : begin + size]], "links": []}

    def _reply(self, number: str, said: Mapping[str, Any]) -> tuple[int, Any]:
        if said.get("authorBusinessUserId") != self.user or not said.get("message"):
            return refusal(400, "Bad request")
        self.store.respond(number, said["message"])
        return 201, None


def refusal(status: int, words: str) -> tuple[int, Payload]:
    """How Trustpilot refuses."""
    return status, {"fault": {"faultstring": words, "detail": {"errorcode": "simulated"}}}


def _shown(one: Review) -> Payload:
    reply = one.response and {"text": one.response.text, "createdAt": _time(one.response.at)}
    return {
        "id": one.id,
        "stars": one.rating,
        "title": one.title,
        "text": one.text,
        "language": one.lang or "en",
        "createdAt": _time(one.at),
        "updatedAt": None,
        "consumer": {"id": f"consumer{one.id}", "displayName": one.author or "", "links": []},
        "companyReply": reply,
        "status": "active",
        "isVerified": True,
        "numberOfLikes": 0,
        "links": [],
        **dict(one.broken or {}),
    }


def _time(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")

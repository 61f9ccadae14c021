"""App Store reviews as App Store Connect's API shows them: JSON:API, to who signs well.

No HTTP in here: `stores_http` carries the questions and the answers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from functools import cache
from urllib.parse import urlencode

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from monitor.simulator.keys import pem
from monitor.simulator.serving import Asked
from monitor.simulator.stores import Payload, Review, Store

_AUDIENCE = "appstoreconnect-v1"
_LONGEST_LIFE = 20 * 60
_LONGEST = 5970
_CALIFORNIA = timezone(timedelta(hours=-7))
_LIST = re.compile(r"/v1/apps/([0-9]+)/customerReviews")
_ONE = re.compile(r"/v1/customerReviews/([^/]+)")
_RESPONSES = "/v1/customerReviewResponses"
_TITLES = {
    400: ("PARAMETER_ERROR.INVALID", "A parameter has an invalid value"),
    401: ("NOT_AUTHORIZED", "Authentication credentials are missing or invalid."),
    403: ("FORBIDDEN_ERROR", "This request is forbidden for security reasons"),
    404: ("NOT_FOUND", "The specified resource does not exist"),
    409: ("ENTITY_ERROR.ATTRIBUTE.INVALID", "An attribute value is invalid."),
    429: ("RATE_LIMIT_EXCEEDED", "The request rate limit has been reached."),
}


class AppStore:
    """One app in the App Store. `key` is what signs: the text of a .p8 file."""

    def __init__(self, store: Store, app: str, *, key_id: str, issuer: str) -> None:
        self.store = store
        self.app = app
        self.key_id = key_id
        self.issuer = issuer

    @property
    def key(self) -> str:
        return _key()[0]

    def answer(self, asked: Asked, /) -> tuple[int, Payload]:
        """Status and body for one question."""
        if not self._is_signed(asked.headers.get("authorization", "").removeprefix("Bearer ")):
            return self.refusal(401)
        with self.store.lock:
            if asked.method == "POST" and asked.path == _RESPONSES:
                return self._respond(asked.body)
            if found := _LIST.fullmatch(asked.path):
                return self.listed(asked.query) if found[1] == self.app else self.refusal(404)
            one = _ONE.fullmatch(asked.path)
            review = self.store.find(one[1]) if one else None
            if review is None:
                return self.refusal(404)
            return 200, {"data": _shown(review), **_included([review])}

    def refusal(self, status: int, reason: str = "") -> tuple[int, Payload]:
        """What Apple says to a question that it does not answer."""
        code, title = _TITLES.get(status, ("UNEXPECTED_ERROR", "An unexpected error occurred."))
        error = {"status": str(status), "code": reason or code, "title": title, "detail": title}
        return status, {"errors": [error]}

    def _is_signed(self, token: str) -> bool:
        try:
            said = jwt.decode(token, _key()[1], algorithms=["ES256"], audience=_AUDIENCE)
            kid = jwt.get_unverified_header(token).get("kid")
        except jwt.InvalidTokenError:
            return False
        fits = said.get("iss") == self.issuer and kid == self.key_id
        return fits and said["exp"] - said["iat"] <= _LONGEST_LIFE

    def listed(self, query: Mapping[str, str]) -> tuple[int, Payload]:
        """A page of reviews."""
        first, size = query.get("cursor", "0"), int(query.get("limit", "50"))
        if not first.isdecimal() or query.get("sort") != "-createdDate":
            return self.refusal(400)
        there = self.store.newest()
        end = int(first) + min(size, 200)
        shown = there[int(first) : end]
        address = f"https://api.appstore.example/v1/apps/{self.app}/customerReviews"
        links = {"self": address}
        if end < len(there):
            links["next"] = f"{address}?{urlencode({**query, 'cursor': str(end)})}"
        body: Payload = {"data": [_shown(one) for one in shown], "links": links}
        body["meta"] = {"paging": {"total": len(there), "limit": size}}
        return 200, body | (_included(shown) if query.get("include") == "response" else {})

    def _respond(self, body: Payload) -> tuple[int, Payload]:
        data = body.get("data", {})
        number = data.get("relationships", {}).get("review", {}).get("data", {}).get("id", "")
        text = data.get("attributes", {}).get("responseBody", "")
        review = self.store.find(number)
        if review is None:
            return self.refusal(404)
        if not 0 < len(text) <= _LONGEST:
            return self.refusal(409)
        self.store.respond(number, text).published = False
        return 201, {"data": _response(review), "links": {"self": _RESPONSES}}


def _shown(one: Review) -> Payload:
    attributes = {
        "rating": one.rating,
        "title": one.title,
        "body": one.text,
        "reviewerNickname": one.author,
        "createdDate": _time(one.at),
        "territory": "ROU",
    }
    data = {"type": "customerReviewResponses", "id": _name(one)}
    response = {"data": data} if one.response else {"links": {"self": "…/relationships/response"}}
    shown: Payload = {
        "type": "customerReviews",
        "id": one.id,
        "attributes": attributes,
        "relationships": {"response": response},
    }
    return shown | dict(one.broken or {})


def _included(shown: list[Review]) -> Payload:
    found = [_response(one) for one in shown if one.response]
    return {"included": found} if found else {}


def _response(one: Review) -> Payload:
    if one.response is None:
        return {}
    attributes = {
        "responseBody": one.response.text,
        "lastModifiedDate": _time(one.response.at),
        "state": "PUBLISHED" if one.response.published else "PENDING_PUBLISH",
    }
    return {"type": "customerReviewResponses", "id": _name(one), "attributes": attributes}


def _name(one: Review) -> str:
    return f"r-{one.id}"


def _time(at: datetime) -> str:
    return at.astimezone(_CALIFORNIA).isoformat(timespec="seconds")


@cache
def _key() -> tuple[str, str]:
    """The key and its public half."""
    private = ec.generate_private_key(ec.SECP256R1())
    return pem(private)

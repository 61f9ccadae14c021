"""Google Play's reviews as Google's API shows them, and the tokens that it gives for a signed word.

No HTTP in here: `stores_http` carries the questions and the answers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from urllib.parse import unquote

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from monitor.simulator.keys import pem
from monitor.simulator.serving import Asked
from monitor.simulator.stores import Payload, Response, Review, Store

TOKEN_PATH = "/token"  # noqa: S105  # a path
_TOKEN = "ya29.simulated"  # noqa: S105  # given to who signs well
_SCOPE = "https://www.googleapis.com/auth/androidpublisher"
_WEEK = timedelta(days=7)
_LONGEST = 350
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_REVIEWS = re.compile(r"/androidpublisher/v3/applications/([^/]+)/reviews(?:/([^/:]+))?(:reply)?")
_STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}


class GooglePlay:
    """One app on Google Play. `lists_for`: how long its list shows a review after its last change."""

    def __init__(self, store: Store, package: str, lists_for: timedelta = _WEEK) -> None:
        self.store = store
        self.package = package
        self.account = "monitor@simulated.example"
        """Who may ask: the address of the service account, whose key `service_account` gives."""
        self.lists_for = lists_for

    def service_account(self, url: str) -> str:
        """The key as Google gives it: JSON, with `url` as the place where tokens are had."""
        told = {
            "type": "service_account",
            "client_email": self.account,
            "private_key_id": "1",
            "private_key": _key()[0],
            "token_uri": url + TOKEN_PATH,
        }
        return json.dumps(told)

    def answer(self, asked: Asked, /) -> tuple[int, Payload]:
        """Status and body for one question."""
        if asked.path == TOKEN_PATH:
            return self._token(str(asked.body.get("assertion", "")))
        if asked.headers.get("authorization") != f"Bearer {_TOKEN}":
            return self.refusal(401)
        found = _REVIEWS.fullmatch(asked.path)
        if found is None or unquote(found[1]) != self.package:
            return self.refusal(404)
        with self.store.lock:
            if found[2] is None:
                return self.listed(asked.query)
            review = self.store.find(unquote(found[2]))
            if review is None:
                return self.refusal(404)
            if asked.method == "POST" and found[3]:
                return self._reply(review, str(asked.body.get("replyText", "")))
            return 200, _shown(review)

    def refusal(self, status: int, reason: str = "") -> tuple[int, Payload]:
        """What Google says to a question that it does not answer."""
        said = _STATUSES.get(status, "UNKNOWN")
        message = f"Simulated: {reason or said}"
        errors = [{"message": message, "domain": "global", "reason": reason or said.lower()}]
        error = {"code": status, "message": message, "status": said, "errors": errors}
        return status, {"error": error}

    def refused_token(self, status: int) -> tuple[int, Payload]:
        """What the token endpoint says to a key that is not (or no longer) good."""
        return status, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}

    def _token(self, assertion: str) -> tuple[int, Payload]:
        try:
            said = jwt.decode(
                assertion,
                _key()[1],
                algorithms=["RS256"],
                options={"verify_aud": False},
            )
        except jwt.InvalidTokenError:
            return self.refused_token(400)
        if said.get("iss") != self.account or said.get("scope") != _SCOPE:
            return self.refused_token(400)
        return 200, {"access_token": _TOKEN, "expires_in": 3599, "token_type": "Bearer"}

    def listed(self, query: Mapping[str, str]) -> tuple[int, Payload]:
        """A page of reviews."""
        first, size = query.get("token", "0"), int(query.get("maxResults", "10"))
        if not first.isdecimal():
            return self.refusal(400)
        since = self.store.clock() - self.lists_for
        there = [one for one in self.store.newest() if one.at >= since]
        end = int(first) + min(size, 100)
        shown = there[int(first) : end]
        body: Payload = {"reviews": [_shown(one) for one in shown]} if shown else {}
        if end < len(there):
            body["tokenPagination"] = {"nextPageToken": str(end)}
        return 200, body

    def _reply(self, review: Review, text: str) -> tuple[int, Payload]:
        if not 0 < len(text) <= _LONGEST:
            return self.refusal(400)
        response = self.store.respond(review.id, re.sub(r"<[^>]*>", "", text))
        result = {"replyText": response.text, "lastEdited": _time(response.at)}
        return 200, {"result": result}


def _shown(one: Review) -> Payload:
    said: Payload = {
        "text": f"{one.title}\t{one.text}" if one.title else one.text,
        "lastModified": _time(one.at),
        "starRating": one.rating,
        "reviewerLanguage": one.lang,
        "device": "trltecan",
        "androidOsVersion": 35,
        "appVersionCode": 520,
        "appVersionName": "5.2.0",
        "thumbsUpCount": 3,
        "thumbsDownCount": 0,
    }
    comments = [{"userComment": {name: told for name, told in said.items() if told is not None}}]
    if one.response is not None:
        comments.append({"developerComment": _answer(one.response)})
    shown: Payload = {"reviewId": one.id, "authorName": one.author, "comments": comments}
    whole = shown | dict(one.broken or {})
    return {name: told for name, told in whole.items() if told is not None}


def _answer(response: Response) -> Payload:
    return {"text": response.text, "lastModified": _time(response.at)}


def _time(at: datetime) -> Payload:
    microseconds = (at - _EPOCH) // timedelta(microseconds=1)
    seconds, rest = divmod(microseconds, 10**6)
    return {"seconds": str(seconds), "nanos": rest * 1000} if rest else {"seconds": str(seconds)}


@cache
def _key() -> tuple[str, str]:
    """The service account's key and its public half, made once: that takes a moment."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return pem(private)

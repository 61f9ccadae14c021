"""Asks App Store Connect, each call once and with a token of its own, signed here."""

from __future__ import annotations

import json
import re
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any, Self

import httpx
import jwt

from monitor import __version__
from monitor.domain.quoting import quoted
from monitor.fetching import CallError, retry_after
from monitor.fetching.line import LIMITS, LateError, Line
from monitor.reviewing.look import ForgottenError
from monitor.reviewing.reviews import plain
from monitor.sources.stores.hourly import Hourly

HOST = "https://api.appstoreconnect.apple.com"
_AUDIENCE = "appstoreconnect-v1"
_LIFE = 300
"""Seconds that a token is good for; Apple allows twenty minutes."""
_REDIRECT, _BAD, _NOT_FOUND = 300, 400, 404
_TIMED_OUT, _TOO_MANY, _SERVER = 408, 429, 500
_MOST_BYTES = 32 * 1024 * 1024
_MOST_WORDS = 300
_AFTER_LIMIT = timedelta(minutes=5)
"""Apple does not say when; its limit counts by the hour, and there is one by the minute, unpublished."""
_SLOWNESS = 4
"""So many times the time-out may an answer take that comes in drop by drop."""
_LEFT = re.compile(r"user-hour-rem:\s*([0-9]{1,9})")
_FIELDS = {
    "include": "response",
    "fields[customerReviews]": "rating,title,body,reviewerNickname,createdDate,response",
    "fields[customerReviewResponses]": "responseBody,lastModifiedDate,state",
}
_TO_DO = {
    400: "Apple does not accept the request: look at `app`",
    401: "Apple does not accept the token: look at `issuer`, `key_id` and the key, whether it was "
    "revoked, and at this machine's clock (docs/sources/app_store.md)",
    403: "the key may not do this: its role has to be Customer Support, or a higher one "
    "(docs/sources/app_store.md)",
    404: "Apple knows no such app or review: look at `app`",
}


@dataclass(frozen=True, slots=True)
class Key:
    """What signs the tokens: `secret` is the .p8 file's text. No `issuer`: a person's own key."""

    secret: str
    key_id: str
    issuer: str | None

    def token(self) -> str:
        """A fresh token. Raises CallError: that is no such key."""
        # a token's life is measured by Apple's clock and the machine's, whatever the domain's says
        now = int(time.time())  # noqa: TID251
        whose = {"iss": self.issuer} if self.issuer else {"sub": "user"}
        said = {**whose, "iat": now, "exp": now + _LIFE, "aud": _AUDIENCE}
        try:
            return jwt.encode(said, self.secret, algorithm="ES256", headers={"kid": self.key_id})
        except (ValueError, TypeError, jwt.PyJWTError) as error:
            raise CallError(
                "the secret is no key of App Store Connect: it has to hold the whole .p8 file "
                f"({type(error).__name__})",
                permanent=True,
            ) from error


class Calls:
    """A connection for the length of one look. A context manager."""

    def __init__(
        self, key: Key, hourly: Hourly, *, base_url: str | None, timeout: float, share: float = 1.0
    ) -> None:
        """`timeout`: seconds of silence; a whole answer may take four times as long.

        `share`: the part of the hour's calls that may be used.
        """
        self._key = key
        self._hourly = hourly
        self._share = share
        self._most = _SLOWNESS * timeout
        self._client = httpx.Client(
            base_url=base_url or HOST,
            timeout=timeout,
            follow_redirects=False,
            limits=LIMITS,
            verify=_trusted(),
            headers={"user-agent": f"complaint-monitor/{__version__}"},
        )
        self._line = Line(self._client)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def list(self, app: str, cursor: str | None, size: int) -> Mapping[str, Any]:
        """A page of reviews with their responses, the newest first. Raises CallError."""
        asked = {**_FIELDS, "sort": "-createdDate", "limit": str(size)}
        if cursor is not None:
            asked["cursor"] = cursor
        try:
            return self._ask("GET", f"/v1/apps/{app}/customerReviews", asked)
        except CallError as error:
            if error.status == _BAD and cursor is not None:
                raise ForgottenError(str(error)) from error
            raise

    def get(self, review_id: str) -> Mapping[str, Any]:
        """One review with its response. Raises CallError."""
        return self._ask("GET", f"/v1/customerReviews/{_segment(review_id)}", _FIELDS)

    def reply(self, review_id: str, text: str) -> Mapping[str, Any]:
        """Write the owner's response, or replace it. Raises CallError."""
        review = {"data": {"type": "customerReviews", "id": review_id}}
        data = {
            "type": "customerReviewResponses",
            "attributes": {"responseBody": text},
            "relationships": {"review": review},
        }
        return self._ask("POST", "/v1/customerReviewResponses", {}, {"data": data})

    def _ask(
        self, method: str, path: str, asked: Mapping[str, str], said: object | None = None
    ) -> Mapping[str, Any]:
        writes = method != "GET"
        if not writes:
            self._hourly.take(self._share)
        headers = {"authorization": f"Bearer {self._key.token()}"}
        try:
            with self._line.asked(
                method, path, self._most, params=dict(asked), json=said, headers=headers
            ) as response:
                content = _whole(response)
        except LateError as error:
            raise CallError("Apple answers too slowly", may_have_arrived=writes) from error
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise CallError("Apple can't be reached") from error
        except httpx.TimeoutException as error:
            raise CallError("Apple did not answer in time", may_have_arrived=writes) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise CallError(
                f"the connection to Apple broke, or its answer did ({type(error).__name__})",
                may_have_arrived=writes,
            ) from error
        left = _LEFT.search(response.headers.get("x-rate-limit", ""))
        if left:
            self._hourly.heed(int(left[1]))
        if response.status_code >= _REDIRECT:
            raise _refused(response, content, writes=writes)
        return _object(content, writes=writes)


@cache
def _trusted() -> ssl.SSLContext:
    """Whom to believe to be Apple; reading the list takes longer than a look."""
    return httpx.create_ssl_context()


def _segment(review_id: str) -> str:
    """A piece of a path: an id of a store is never more than that."""
    if not re.fullmatch(r"[A-Za-z0-9_-]+", review_id):
        raise CallError(
            f"{quoted(review_id[:40])} is no id of a review", permanent=True, status=_NOT_FOUND
        )
    return review_id


def _whole(response: httpx.Response) -> bytes:
    """The body, unless it is absurdly long."""
    found = bytearray()
    for part in response.iter_bytes(64 * 1024):
        found += part
        if len(found) > _MOST_BYTES:
            raise httpx.DecodingError("too long")
    return bytes(found)


def _object(content: bytes, *, writes: bool) -> Mapping[str, Any]:
    try:
        body = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise CallError("Apple's answer can't be read", may_have_arrived=writes) from error
    if not isinstance(body, dict):
        raise CallError("Apple's answer is no JSON object", may_have_arrived=writes)
    return body


def _refused(response: httpx.Response, content: bytes, *, writes: bool) -> CallError:
    status = response.status_code
    said = _said(content) or response.reason_phrase or "no reason given"
    words = f"Apple answered {status}: {quoted(said)}"
    wait = retry_after(response.headers)
    if status == _TOO_MANY:
        return CallError(f"{words}; too many calls for now", retry_after=wait or _AFTER_LIMIT)
    if status >= _SERVER or status == _TIMED_OUT:
        return CallError(words, retry_after=wait, may_have_arrived=writes)
    if status in _TO_DO:
        words += f"; {_TO_DO[status]}"
    return CallError(words, permanent=True, status=status)


def _said(content: bytes) -> str:
    """Apple's own words: the first of its list of errors."""
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return ""
    errors = body.get("errors") if isinstance(body, dict) else None
    first = errors[0] if isinstance(errors, list) and errors else None
    if not isinstance(first, dict):
        return ""
    return plain(first.get("detail") or first.get("title") or first.get("code") or "")[:_MOST_WORDS]

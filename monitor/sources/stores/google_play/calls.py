"""Asks Google, each call once: the client writes the questions, and requests carries them.

The client's own transport tries again by itself when a connection drops, and google-auth waits and
tries again when the token endpoint has trouble; both are passed by, as only our own scheduler does that.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any, Self

import httplib2
import requests
from google.auth.exceptions import GoogleAuthError
from google.oauth2 import service_account
from googleapiclient.discovery import build

from monitor.domain.quoting import quoted
from monitor.fetching import CallError, retry_after
from monitor.fetching.never_left import never_left
from monitor.fetching.whole import WholeAnswers
from monitor.reviewing.look import ForgottenError
from monitor.reviewing.reviews import plain

_SCOPE = "https://www.googleapis.com/auth/androidpublisher"
_BAD, _TIMED_OUT, _TOO_MANY, _SERVER = 400, 408, 429, 500
_REDIRECT = 300
_MOST_WORDS = 300
_AFTER_QUOTA = timedelta(minutes=10)
"""Google does not say when calls are left again; its quota counts by the hour."""
_QUOTA = ("ratelimitexceeded", "userratelimitexceeded", "quotaexceeded", "resource_exhausted")
_TO_DO = {
    400: "Google does not accept the request: look at `package`",
    401: "Google does not accept the token: look at the service account (docs/sources/google_play.md)",
    403: "the service account may not read and answer this app's reviews: invite it in the Play "
    "Console with the right to reply to reviews (docs/sources/google_play.md)",
    404: "Google knows no such app or review: look at `package`",
}


@dataclass(frozen=True, slots=True)
class _Token:
    """What google-auth wants to see of an answer."""

    status: int
    headers: Mapping[str, str]
    data: bytes


class Calls:
    """A connection and a token for the length of one look. A context manager."""

    def __init__(self, account: str, *, base_url: str | None, timeout: float) -> None:
        """`account`: the service account's key, JSON. `timeout`: seconds of silence.

        Raises:
            CallError: that is no such key.

        """
        self._session = requests.Session()
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, WholeAnswers(timeout))
        self._credentials = _credentials(account)
        self._reviews = _questions(base_url)

    @property
    def account(self) -> str:
        """Who asks: the service account's address."""
        return str(self._credentials.service_account_email)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def list(self, package: str, token: str | None, size: int) -> Mapping[str, Any]:
        """A page of reviews, the latest changed first. Raises CallError."""
        asked = self._reviews.list(packageName=package, maxResults=size, token=token)
        try:
            return self._do(asked)
        except CallError as error:
            if error.status == _BAD and token is not None:
                raise ForgottenError(str(error)) from error
            raise

    def get(self, package: str, review_id: str) -> Mapping[str, Any]:
        """One review. Raises CallError."""
        return self._do(self._reviews.get(packageName=package, reviewId=review_id))

    def reply(self, package: str, review_id: str, text: str) -> Mapping[str, Any]:
        """Write the owner's response, or write over it. Raises CallError."""
        asked = self._reviews.reply(
            packageName=package, reviewId=review_id, body={"replyText": text}
        )
        return self._do(asked)

    def log_in(self) -> None:
        """Get a token, if there is none yet. Raises CallError."""
        if self._credentials.token is not None:
            return
        try:
            self._credentials.refresh(self._grant)
        except (GoogleAuthError, ValueError, TypeError, AttributeError) as error:
            raise CallError(
                f"Google's answer to the log-in makes no sense: {quoted(error)}"
            ) from error

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: str | None = None,
        headers: Mapping[str, str] | None = None,
        **_: Any,
    ) -> tuple[httplib2.Response, bytes]:
        """What the client calls in place of httplib2. Raises CallError."""
        self.log_in()
        said = dict(headers or {})
        said["authorization"] = f"Bearer {self._credentials.token}"
        content = self._send(method, uri, body, said, writes=method != "GET")
        return httplib2.Response({"status": "200"}), content

    def _do(self, asked: Any) -> Mapping[str, Any]:
        try:
            answer = asked.execute(http=self, num_retries=0)
        except (ValueError, RecursionError) as error:
            raise CallError(
                "Google's answer can't be read", may_have_arrived=asked.method != "GET"
            ) from error
        if not isinstance(answer, dict):
            raise CallError(
                "Google's answer is no JSON object", may_have_arrived=asked.method != "GET"
            )
        return answer

    def _grant(
        self,
        url: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        **_: Any,
    ) -> _Token:
        """What google-auth calls to get a token. A refusal is raised past its own waiting."""
        return _Token(200, {}, self._send(method, url, body, dict(headers or {}), is_log_in=True))

    def _send(
        self,
        method: str,
        url: str,
        body: str | bytes | None,
        headers: Mapping[str, str],
        *,
        writes: bool = False,
        is_log_in: bool = False,
    ) -> bytes:
        try:
            response = self._session.request(
                method, url, data=body, headers=dict(headers), allow_redirects=False
            )
        except requests.RequestException as error:
            raise _no_answer(error, writes=writes) from error
        content = response.content
        if response.status_code < _REDIRECT:
            return content
        raise _refused(response, content, writes=writes, is_log_in=is_log_in)


@cache
def _questions(base_url: str | None) -> Any:
    """Google's own description of its interface, which writes the questions. It comes with the client."""
    return build(
        "androidpublisher",
        "v3",
        http=httplib2.Http(),  # never used: each question is sent by `Calls.request`
        client_options={"api_endpoint": base_url} if base_url else None,
        cache_discovery=False,
        static_discovery=True,
    ).reviews()


def _credentials(account: str) -> Any:
    try:
        info = json.loads(account)
        return service_account.Credentials.from_service_account_info(info, scopes=[_SCOPE])
    except (ValueError, TypeError, AttributeError, GoogleAuthError) as error:
        raise CallError(
            "the secret is no service account's key: it has to hold the whole JSON file that Google "
            f"gave ({type(error).__name__})",
            permanent=True,
        ) from error


def _no_answer(error: requests.RequestException, *, writes: bool) -> CallError:
    if never_left(error):
        return CallError("Google can't be reached")
    if isinstance(error, requests.Timeout):
        return CallError("Google did not answer in time", may_have_arrived=writes)
    return CallError(
        f"the connection to Google broke, or its answer did ({type(error).__name__})",
        may_have_arrived=writes,
    )


def _refused(
    response: requests.Response, content: bytes, *, writes: bool, is_log_in: bool
) -> CallError:
    status = response.status_code
    said, reasons = _said(content)
    words = f"Google answered {status}: {quoted(said or response.reason or 'no reason given')}"
    wait = retry_after(response.headers)
    if status == _TOO_MANY or reasons & set(_QUOTA):
        return CallError(f"{words}; too many calls for now", retry_after=wait or _AFTER_QUOTA)
    if status >= _SERVER or status == _TIMED_OUT:
        return CallError(words, retry_after=wait, may_have_arrived=writes)
    if is_log_in:
        words += "; look at the service account's key, whether it was deleted, and at this clock"
    elif status in _TO_DO:
        words += f"; {_TO_DO[status]}"
    return CallError(words, permanent=True, status=None if is_log_in else status)


def _said(content: bytes) -> tuple[str, set[str]]:
    """Google's own words, and the reasons that it names: of the API, or of the token endpoint."""
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return "", set()
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, str):
        return plain(f"{error} {body.get('error_description') or ''}").strip()[:_MOST_WORDS], set()
    if not isinstance(error, dict):
        return "", set()
    listed = error.get("errors")
    reasons = {
        str(one.get("reason")).casefold()
        for one in (listed if isinstance(listed, list) else [])
        if isinstance(one, dict)
    }
    said = plain(error.get("message") or "")[:_MOST_WORDS]
    return said, reasons | {str(error.get("status")).casefold()}

"""Asks a network over plain HTTP and reads its JSON; what goes wrong becomes an error in one place.

It never sleeps: when to come again is told to the scheduler. A read that lost its connection is tried
a second time at once, as an idle connection may have been closed meanwhile; a write never is. A
redirect is followed within the configured address alone: whoever controls an answer can neither send
us to a private address nor have our key. Only one that has no key and knows where not to go
(`monitor.fetching.outside`) follows it anywhere.
"""

from __future__ import annotations

import json
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from threading import Lock
from typing import Any

import httpx

from monitor import __version__
from monitor.domain.errors import ConfigError, Outcome, SendError, SourceError
from monitor.domain.quoting import quoted
from monitor.domain.storable import storable
from monitor.fetching.budget import Budget
from monitor.fetching.line import LIMITS, LateError, Line
from monitor.fetching.retry_after import retry_after

MOST_BYTES = 8 * 2**20
"""The longest body that is read, unpacked."""
_REDIRECTS = 3
_TRIES = 2
_SLOWNESS = 4
"""So many times the time-out may an answer take that comes in drop by drop."""
_BUSY, _TOO_MANY, _SERVER = (408, 409, 425), 429, 500
_UNAUTHORIZED = 401
_SAID = 200
_REASONS = {
    400: "finds the question wrong",
    401: "does not know the key: check the secret",
    402: "wants to be paid for this",
    403: "forbids it: the key lacks a right, or the thing is private",
    404: "knows no such thing: check names and base_url",
    410: "says that it is gone",
    451: "withholds it for legal reasons",
}


class FetchError(SourceError):
    """A call that brought nothing.

    `status`: what was answered, None if nothing was. `said`: the answer's JSON, if it is any.
    `may_have_arrived`: what was to be written may have been written all the same.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        retry_after: timedelta | None = None,
        status: int | None = None,
        said: Any = None,
        may_have_arrived: bool = True,
    ) -> None:
        super().__init__(message, permanent=permanent, retry_after=retry_after)
        self.status = status
        self.said = said
        self.may_have_arrived = may_have_arrived


@dataclass(frozen=True, slots=True)
class Refusals:
    """What a network's refusal tells in a manner of its own.

    `pause`: the seconds to wait; None: it does not say. `wait`: the same from headers of the network's
    own, where none is called retry-after. `is_limit`: whether there were too many calls,
    whatever the status.
    """

    pause: Callable[[Any], Any] = lambda _: None
    wait: Callable[[Mapping[str, str]], timedelta | None] = lambda _: None
    is_limit: Callable[[Any], bool] = lambda _: False


_PLAIN = Refusals()


class Client:
    """One network at one address. Several threads may call."""

    def __init__(
        self,
        network: str,
        base_url: str,
        *,
        budget: Budget,
        headers: Callable[[], Mapping[str, str]] = dict,
        renew: Callable[[], bool] = lambda: False,
        refusals: Refusals = _PLAIN,
        timeout: float = 16,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        """`network`: its name in messages. `headers`: those of the log-in, asked for at each call.

        `renew`: after 401, gets another log-in if that may help; then the call is made once more.
        `timeout`: seconds of silence; a whole answer may take four times as long. No I/O here.
        """
        self.budget = budget
        self.heard: Callable[[Mapping[str, str]], object] = lambda _: None
        """Is given the headers of every answer, names in lower case, before the answer is judged."""
        self._network = network
        self._base = httpx.URL(base_url.rstrip("/") + "/")
        self._headers = headers
        self._renew = renew
        self._refusals = refusals
        self._timeout = timeout
        self._most_bytes = most_bytes
        self._lock = Lock()
        self._idle: list[Line] = []

    def get(self, path: str, **asked: str | int | Sequence[str]) -> Any:
        """The JSON at `path`. Raises SourceError."""
        return self._read(*self._got(Call("GET", self._url(path, asked), {})))

    def _got(self, call: Call) -> tuple[httpx.Response, bytes]:
        for left in reversed(range(_TRIES)):
            try:
                return self._asked(call)
            except _LostError as error:
                if not left:
                    raise self._unreachable(error) from error
        raise AssertionError("the last try answers or raises")

    def post(
        self, path: str, said: Mapping[str, Any] | None, *, cost: int = 1, **asked: str | int
    ) -> Any:
        """Write JSON (None: nothing at all), once; the JSON that is answered, None if nothing is.

        `cost`: calls of the budget. Raises SourceError.
        """
        return self._write("POST", path, {} if said is None else {"json": said}, cost, asked)

    def put(self, path: str, said: Mapping[str, Any]) -> Any:
        """Write JSON over what is there, once; the JSON that is answered. Raises SourceError."""
        return self._write("PUT", path, {"json": said}, 1, {})

    def form(self, path: str, said: Mapping[str, str]) -> Any:
        """Send a form, once; the JSON that is answered. Raises SourceError."""
        return self._write("POST", path, {"data": said}, 1, {})

    def _write(
        self,
        method: str,
        path: str,
        said: Mapping[str, Any],
        cost: int,
        asked: Mapping[str, str | int],
    ) -> Any:
        url = self._url(path, asked)
        response, body = self._put_across(Call(method, url, said, cost))
        return None if response.is_success and not body.strip() else self._read(response, body)

    def _put_across(self, call: Call) -> tuple[httpx.Response, bytes]:
        """The answer to a call that writes, which is made once."""
        try:
            return self._asked(call)
        except _LostError as error:
            raise self._unreachable(error) from error

    def _url(self, path: str, asked: Mapping[str, str | int | Sequence[str]]) -> httpx.URL:
        """No address can hold half a character: a place that the network named so, it does not know."""
        askable = {name: _askable(value) for name, value in asked.items()}
        return self._base.join(path.lstrip("/")).copy_merge_params(askable)

    def _asked(self, call: Call) -> tuple[httpx.Response, bytes]:
        may_renew = True
        for _ in range(_REDIRECTS + 1):
            response, body = self._sent(call)
            if response.status_code == _UNAUTHORIZED and may_renew and self._renew():
                may_renew = False
                continue
            if not (response.has_redirect_location and call.method == "GET"):
                return response, body
            call = replace(call, url=self._followed(call.url, response.headers["location"]))
        raise FetchError(f"{self._network} redirects in circles", permanent=True)

    def _sent(self, call: Call) -> tuple[httpx.Response, bytes]:
        try:
            headers = {**self._headers(), **call.headers}
        except ConfigError as error:
            raise FetchError(str(error), permanent=True, may_have_arrived=False) from error
        self.budget.spend(call.cost, is_write=call.method != "GET")
        most, status = self._timeout * _SLOWNESS, None
        try:
            with (
                self._line() as line,
                line.asked(call.method, call.url, most, headers=headers, **call.said) as response,
            ):
                status = response.status_code
                self.heard(response.headers)
                body = self._body(response)
            return response, body  # only now is it known that nothing was cut off
        except LateError as error:
            raise FetchError(f"{self._network} answers too slowly", status=status) from error
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise FetchError(
                f"{self._network} can't be reached: {error}", may_have_arrived=False
            ) from error
        except (httpx.LocalProtocolError, UnicodeEncodeError):
            # which quotes the header: the secret must not get into any log
            message = f"{self._network} can't be asked: a secret holds what no header may hold"
            raise FetchError(message, permanent=True, may_have_arrived=False) from None
        except httpx.TimeoutException as error:
            raise FetchError(f"{self._network} is silent ({type(error).__name__})") from error
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            said = quoted(error) if str(error) else ""
            raise _LostError(f"{type(error).__name__} {said}".strip()) from error

    def _body(self, response: httpx.Response) -> bytes:
        body = bytearray()
        for some in response.iter_bytes():
            body += some
            if len(body) > self._most_bytes:
                raise FetchError(
                    f"{self._network} answers with more than {self._most_bytes} bytes",
                    status=response.status_code,
                )
        return bytes(body)

    def _read(self, response: httpx.Response, body: bytes) -> Any:
        try:
            said: Any = json.loads(body)
        except (ValueError, RecursionError) as error:
            if response.is_success:
                raise FetchError(
                    f"{self._network}'s answer is cut off, or no JSON", status=response.status_code
                ) from error
            said = None
        if not response.is_success:
            raise self._refused(response, said)
        return said

    def _refused(self, response: httpx.Response, said: Any) -> FetchError:
        """The one place where a status becomes an error."""
        status = response.status_code
        headers, told = response.headers, self._refusals
        after = retry_after(headers) or told.wait(headers) or _span(told.pause(said))
        if status == _TOO_MANY or told.is_limit(said):
            message = f"{self._network} says: too many calls ({status}){_words(said)}"
            return FetchError(
                message, retry_after=after, status=status, said=said, may_have_arrived=False
            )
        if status >= _SERVER or status in _BUSY:
            message = f"{self._network} has trouble of its own ({status})"
            return FetchError(message, retry_after=after, status=status, said=said)
        reason = _REASONS.get(status, "refuses")
        return FetchError(
            f"{self._network} {reason} ({status}){_words(said)}",
            permanent=True,
            status=status,
            said=said,
            may_have_arrived=False,
        )

    def _followed(self, url: httpx.URL, location: str) -> httpx.URL:
        try:
            there = url.join(location)
        except httpx.InvalidURL as error:
            message = f"{self._network} redirects to what is no address"
            raise FetchError(message, permanent=True) from error
        if (there.scheme, there.host, there.port) != (url.scheme, url.host, url.port):
            raise FetchError(
                f"{self._network} redirects to {quoted(there.copy_with(path='/', query=None))}, "
                "which is not followed; "
                "if that is right, set base_url to it",
                permanent=True,
            )
        return there

    def _unreachable(self, error: _LostError) -> FetchError:
        return FetchError(f"{self._network} broke off: {error}")

    def _transport(self) -> httpx.BaseTransport | None:
        """What makes the calls; None: httpx's own, by the environment's proxies."""
        return None

    @contextmanager
    def _line(self) -> Iterator[Line]:
        """One that no other call uses; there are as many as there were calls at once."""
        with self._lock:
            line = self._idle.pop() if self._idle else self._opened()
        try:
            yield line
        finally:
            with self._lock:
                self._idle.append(line)

    def _opened(self) -> Line:
        """Made when a call needs it: it reads certificates."""
        agent = f"complaint-monitor/{__version__}"
        client = httpx.Client(
            headers={"user-agent": agent, "accept": "application/json"},
            timeout=self._timeout,
            follow_redirects=False,
            limits=LIMITS,
            transport=self._transport(),
        )
        weakref.finalize(self, client.close)
        return Line(client)


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked. `said`: the body as httpx takes it; `cost`: calls of the budget."""

    method: str
    url: httpx.URL
    said: Mapping[str, Any]
    cost: int = 1
    headers: Mapping[str, str] = field(default_factory=dict)


class _LostError(Exception):
    """The connection was lost before there was a whole answer."""


def send_error(error: SourceError) -> SendError:
    """What the failure of a call that was to write means for what was to be written."""
    if isinstance(error, FetchError) and error.may_have_arrived:
        outcome = Outcome.UNKNOWN
    else:
        outcome = Outcome.PERMANENT if error.permanent else Outcome.NOT_SENT
    return SendError(str(error), outcome=outcome, retry_after=error.retry_after)


def _askable(value: str | int | Sequence[str]) -> str | int | Sequence[str]:
    if isinstance(value, str):
        return storable(value)
    return value if isinstance(value, int) else [storable(one) for one in value]


def _span(seconds: Any) -> timedelta | None:
    """Seconds that a body names."""
    return retry_after({"retry-after": str(seconds)})


def _words(said: Any) -> str:
    """The network's own words on a refusal, where the usual places hold some."""
    if not isinstance(said, dict):
        return ""
    errors, inner = said.get("errors"), said.get("error") or said.get("fault")
    if isinstance(errors, list):
        found = errors
    elif isinstance(inner, dict):  # Google; Trustpilot
        found = [inner.get("message"), inner.get("faultstring")]
    else:  # the others; `error_description`: where log-ins are had
        names = ("message", "error_message", "error", "error_description")
        found = [said.get(name) for name in names]
    words = "; ".join(one for one in found if isinstance(one, str))[:_SAID]
    return f": {quoted(words)}" if words else ""

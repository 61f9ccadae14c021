"""How what people do comes in: Socket Mode (nothing need be open to the world), or signed HTTP."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any, Protocol

import structlog
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.request import BoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError, SlackClientError

from monitor.domain.errors import ConfigError
from monitor.slackapp.calls import client, quiet
from monitor.slackapp.door import Door
from monitor.slackapp.workplace import Workplace

_FIRST_REST_S, _LONGEST_REST_S = 2.0, 60.0
_PATIENCE_S = 30.0
"""How long the library may take to make a lost connection anew before that is said."""
_MOST = 5_000_000
"""Bytes of a request."""
_SIZE = re.compile(r"[0-9]{1,20}")
_log = structlog.get_logger(__name__)


class Serving(Protocol):
    """Something that brings in what people do, until it is stopped."""

    def start(self) -> None:
        """Begin; returns at once."""
        ...

    def stop(self) -> None:
        """End it. What was received is finished."""
        ...

    def adopt(self, place: Workplace) -> None:
        """What comes from now on is done by this: people, rights, policies, answers of another config."""
        ...


class Socket:
    """Socket Mode. While Slack is out of reach, it is tried again and again."""

    def __init__(
        self,
        door: Door,
        app_token: Callable[[], str],
        *,
        base_url: str,
        timeout: int,
        report: Callable[[str], None],
        patience_s: float = _PATIENCE_S,
    ) -> None:
        """`report` hears, in words, that no connection could be made for so many seconds."""
        self._door = door
        self._token = app_token
        self._base_url = base_url
        self._timeout = timeout
        self._report = report
        self._patience_s = patience_s
        self._stop = Event()
        self._thread = Thread(target=self._serve, name="slack-app", daemon=True)
        self._handler: SocketModeHandler | None = None

    def start(self) -> None:
        """Raises ConfigError: there is no token."""
        self._token()
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        if self._handler is not None:
            self._handler.client.close()
        self._door.close()

    def adopt(self, place: Workplace) -> None:
        self._door.adopt(place)

    @property
    def is_connected(self) -> bool:
        """Whether Slack can reach us now."""
        return self._handler is not None and bool(self._handler.client.is_connected())

    def _serve(self) -> None:
        self._connect()
        self._watch()

    def _watch(self) -> None:
        """Say that the connection is lost: the library tries again, and keeps to itself that it can't."""
        waited, look = 0.0, min(1.0, self._patience_s)
        while not self._stop.wait(look):
            waited = 0.0 if self.is_connected else waited + look
            if waited >= self._patience_s:
                problem = f"the connection broke, and none was made for {waited:.0f} s"
                _log.warning("slack_app_not_connected", problem=problem)
                self._report(f"Slack, Socket Mode: {problem}")
                waited = 0.0

    def _connect(self) -> None:
        """Until the first connection stands; from then on the library makes them."""
        rest = _FIRST_REST_S
        while not self._stop.is_set():
            handler = self._new_handler()
            try:
                handler.client.connect()
            except (SlackClientError, OSError, HTTPException, ValueError) as error:
                handler.client.close()
                problem = _words(error)
                _log.warning("slack_app_not_connected", problem=problem)
                self._report(problem)
                self._stop.wait(rest)
                rest = min(rest * 2, _LONGEST_REST_S)
            else:
                self._handler = handler
                self._door.warm()
                _log.info("slack_app_connected")
                return

    def _new_handler(self) -> SocketModeHandler:
        handler = SocketModeHandler(
            self._door.app,
            self._token(),
            logger=quiet,
            web_client=client(self._base_url, self._timeout),
        )
        handler.client.on_error_listeners.append(_say_what_broke)
        return handler


def _say_what_broke(error: Exception) -> None:
    _log.warning("slack_app_connection_broke", problem=type(error).__name__)


def _words(error: Exception) -> str:
    if isinstance(error, SlackApiError):
        return f"Slack, apps.connections.open: {error.response.get('error')}"
    return f"Slack, apps.connections.open: {type(error).__name__}"


class Http:
    """Signed HTTP: Slack calls us. TLS is the business of what stands before it."""

    def __init__(self, door: Door, host: str, port: int) -> None:
        """Raises ConfigError: nobody may listen there."""
        self._door = door
        try:
            self._server = _Server((host, port), door)
        except OSError as error:
            raise ConfigError(
                f"[slack_app] nobody can listen on {host}:{port}: {error.strerror}"
            ) from error
        self._thread = Thread(target=self._server.serve_forever, name="slack-app", daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_port)

    def start(self) -> None:
        self._thread.start()
        self._door.warm()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._door.close()

    def adopt(self, place: Workplace) -> None:
        self._server.door.adopt(place)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], door: Door) -> None:
        super().__init__(address, _Handler)
        self.door = door

    def handle_error(self, request: Any, client_address: Any) -> None:
        """What broke, by its kind: the library would print on standard error what strangers sent."""
        del request, client_address
        _log.warning("slack_app_call_broke", problem=type(sys.exception()).__name__)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 10
    server: _Server

    def do_POST(self) -> None:
        """Only what Slack has signed goes further; Bolt sees to that, once it has read the body."""
        said = self.headers.get("Content-Length", "0")
        if not _SIZE.fullmatch(said) or "Transfer-Encoding" in self.headers:
            self._refuse(400)
            return
        if int(said) > _MOST:
            self._refuse(413)
            return
        body = self.rfile.read(int(said)).decode("utf-8", errors="replace")
        headers: dict[str, Any] = dict(self.headers.items())
        try:
            request = BoltRequest(body=body, headers=headers)
        except (ValueError, TypeError, AttributeError, LookupError, RecursionError):
            self._refuse(400)  # Bolt takes it apart before it looks at the signature
            return
        self._send(self.server.door.app.dispatch(request))

    def _refuse(self, status: int) -> None:
        """Say no, and hang up: where the next request would begin is not known."""
        self.close_connection = True
        self._send(BoltResponse(status=status, body=""))

    def _send(self, response: BoltResponse) -> None:
        body = response.body.encode()
        self.send_response(response.status)
        for name, value in response.first_headers_without_set_cookie().items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Say nothing on standard error: our own log says what was done."""

"""Serves the application on a socket until it is told to stop."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from monitor.domain.errors import ConfigError

AT_ONCE = 200
"""Calls under way; more are told to come again (503)."""
_LAST_CALLS = 10
"""Seconds that calls under way get when it is told to stop."""


def listen(host: str, port: int) -> socket.socket:
    """The socket. Port 0: any that is free.

    Raises:
        ConfigError: nothing can be served there.

    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        raise ConfigError(
            f"nothing can be served at {host}:{port}: {error.strerror}; "
            "see host and port under [web], or give --host and --port"
        ) from error


def serve(app: FastAPI, listener: socket.socket) -> None:
    """Answer calls until SIGTERM or Ctrl-C; those under way are finished."""
    server(app).run(sockets=[listener])


def server(app: FastAPI) -> uvicorn.Server:
    """What answers, to be run by whoever stops it (`should_exit`)."""
    config = uvicorn.Config(
        app,
        log_config=None,
        log_level="critical",  # `problems` says what fails, through the filter of secrets
        access_log=False,  # addresses may hold tokens
        server_header=False,
        proxy_headers=False,
        limit_concurrency=AT_ONCE,
        timeout_graceful_shutdown=_LAST_CALLS,
    )
    return _Server(config, app)


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._app = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End what would go on for ever first: nobody waits for it."""
        self._app.state.closing.set()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop at a signal, and leave it at that: uvicorn would raise it once more at its end."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        numbers = (signal.SIGTERM, signal.SIGINT)
        before = {one: signal.signal(one, self.handle_exit) for one in numbers}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)

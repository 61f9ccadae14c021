"""Stands between a mail program and a mail server, and lets things go wrong by plan."""

from __future__ import annotations

import re
import socketserver
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from socket import create_connection, socket
from typing import Self


@dataclass
class Plan:
    """What goes wrong from now on.

    `greeting`: said instead of the server's own, and then the line is dropped; `silent`: seconds of
    nothing, then the same. `refused`: commands that are answered with `refusal` instead of being handed
    on. `cut`: the line is dropped as soon as such a command was given.
    """

    greeting: bytes | None = None
    silent: float = 0.0
    refused: str | None = None
    refusal: str = "NO no"
    cut: str | None = None
    trickles: bool = False
    commands: list[str] = field(default_factory=list)
    """All that were given, without what follows their names."""


class Door:
    """A local port that leads to another, from `with` to its end."""

    def __init__(self, port: int) -> None:
        self.plan = Plan()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.door, self._server.there = self, port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    door: Door
    there: int


class _Handler(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        """Hand lines on until one of them is to go wrong."""
        plan, here = self.server.door.plan, self.request
        if plan.greeting is not None or plan.silent:
            with suppress(OSError):
                time.sleep(plan.silent)
                here.sendall(plan.greeting or b"")
            return
        with create_connection(("127.0.0.1", self.server.there)) as there:
            back = threading.Thread(target=_back, args=(there, here, plan), daemon=True)
            back.start()
            with suppress(OSError):
                for line in here.makefile("rb"):
                    if not self._handed_on(line, there, here, plan):
                        break
            with suppress(OSError):
                there.shutdown(2)
            back.join(5)

    def _handed_on(self, line: bytes, there: socket, here: socket, plan: Plan) -> bool:
        tag, _, command = line.decode(errors="replace").strip().partition(" ")
        plan.commands.append(command)
        if plan.cut and re.search(plan.cut, command):
            return False
        if plan.refused and re.search(plan.refused, command):
            here.sendall(f"{tag} {plan.refusal}\r\n".encode())
        else:
            there.sendall(line)
        return True


def _back(there: socket, here: socket, plan: Plan) -> None:
    with suppress(OSError):
        while said := there.recv(65536):
            if not plan.trickles:
                here.sendall(said)
                continue
            for at in range(len(said)):
                here.sendall(said[at : at + 1])
                time.sleep(0.01)
    with suppress(OSError):
        here.shutdown(2)

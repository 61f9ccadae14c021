"""The real server over a database of its own, on a local port."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Self

import httpx

from monitor.clock import utc_now
from monitor.ports import Clock, Desk
from monitor.secrets import variable_of
from monitor.settings.reading import read_text
from monitor.web import serving
from monitor.web.app import create
from monitor.wiring import Application

CONFIG = """
[[brands]]
name = "acme"
identities = [{ handle = "acme_help" }]
[classifier]
use = "tests.cli.keywords:Keywords"
"""


class Served:
    """What a config describes, served from `with` to its end."""

    def __init__(
        self,
        database_url: str,
        config: str = "",
        secrets: Mapping[str, str] | None = None,
        clock: Clock = utc_now,
        top: str = "",
        brand: str = CONFIG,
        desks: Sequence[Desk] | None = None,
    ) -> None:
        """`top` stands before the brand, `config` after it; `desks`: who answers in the sources' place."""
        said = f'database = "{database_url}"\n{top}{brand}{config}'
        settings = read_text(said, "config.toml")
        environment = {variable_of(name): one for name, one in (secrets or {}).items()}
        self.application = Application(settings, environment=environment, clock=clock)
        site = self.application.site()
        self.app = create(site if desks is None else replace(site, desks=lambda: desks))

    def __enter__(self) -> Self:
        self._listener = serving.listen("127.0.0.1", 0)
        self.port: int = self._listener.getsockname()[1]
        self._server = serving.server(self.app)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._listener]}
        )
        self._thread.start()
        self.client = httpx.Client(base_url=self.url, timeout=30)
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self._server.should_exit = True
        self._thread.join()
        self._listener.close()
        self.application.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

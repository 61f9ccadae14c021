"""A shop with cases, served, and programs that may do this or that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx

from monitor.domain.access import Role
from monitor.store.engine import Database
from tests.stages.front import Front, TellingNet
from tests.stages.told import Machine
from tests.web.served import Served
from tests.web.visitor import add_token

SECRET = "the secret of this spring"
CONFIG = """
[[brands]]
name = "Shop"
identities = [{ handle = "@shop" }]
[[sources]]
use = "webhook"
name = "hook"
secrets = ["hook"]
network = "forum"
brands = ["Shop"]
"""


@dataclass
class Shop:
    """It, its customers, and its tokens by role."""

    served: Served
    front: Front
    tokens: dict[Role, dict[str, str]]
    keys: Iterator[int] = field(default_factory=count)

    def get(self, path: str, role: Role = Role.VIEWER, **asked: Any) -> httpx.Response:
        params = {name: value for name, value in asked.items() if value is not None}
        return self.served.client.get(f"/api/v1{path}", params=params, headers=self.tokens[role])

    def post(
        self, path: str, said: Any = None, by: Role = Role.MANAGER, key: str | None = None
    ) -> httpx.Response:
        """Under a key of its own, unless one is given."""
        headers = self.tokens[by] | {"idempotency-key": key or f"key-{next(self.keys)}"}
        return self.served.client.post(f"/api/v1{path}", json=said, headers=headers)

    def kinds(self, case: int) -> list[str]:
        """What happened to a case, in order."""
        return [one["kind"] for one in self.get(f"/cases/{case}").json()["history"]]


@contextmanager
def opened(database_url: str, config: str = "") -> Iterator[Shop]:
    """It is open until the end of the block. Time stands, unless a test moves the machine."""
    machine = Machine()
    database = Database(database_url)
    front = Front(database, machine, TellingNet(machine))
    tokens = {role: add_token(database, role.word, role) for role in Role}
    secrets = {"hook": SECRET}
    with Served(database_url, CONFIG + config, secrets, machine, desks=(front.desk,)) as served:
        yield Shop(served, front, tokens)
    database.close()

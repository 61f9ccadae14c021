"""A network whose clock differs by an hour: nothing that `run` reckons from it is negative."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import pytest

from monitor.clock import utc_now
from monitor.simulator.x import XFace, id_at
from monitor.simulator.x_http import XServer
from tests.cli.shop import Shop

CONFIG = """
[[brands]]
name = "acme"
identities = [{{ network = "x", id = "2244994945" }}]
[[sources]]
use = "x"
account = "2244994945"
handle = "acme_help"
authors = false
every = "1s"
budget_usd_per_day = 5
base_url = "{url}"
[classifier]
use = "tests.cli.keywords:Keywords"
[[notifiers]]
use = "console"
log = "notices.jsonl"
"""


class World:
    """X, its clock `hours` from ours."""

    def __init__(self, shop: Shop, hours: int) -> None:
        self.shop = shop
        self.skew = timedelta(hours=hours)
        self.face = XFace(utc_now() + self.skew)
        self.face.person("acme_help", "2244994945")
        self.server = XServer(self.face, token="T")

    def puts(self, author: str, text: str, reply_to: str | None = None) -> str:
        self.face.now = utc_now() + self.skew
        number = str(id_at(self.face.now) + len(self.face.posts))
        self.face.put(number, author, text, reply_to=reply_to)
        return number

    def runs(self, status: int = 0) -> None:
        """Once, when the streams are due to be looked at again."""
        time.sleep(1.05)
        self.face.now = utc_now() + self.skew
        self.shop.does("run", "--once", status=status)

    def asks(self, query: str) -> list[tuple[int, int]]:
        """Pairs of times, as numbers."""
        with closing(sqlite3.connect("complaint-monitor.db")) as conn:
            return list(conn.execute(query))


@pytest.fixture(params=[-1, 1], ids=["network behind", "network ahead"])
def world(
    shop: Shop, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    monkeypatch.setenv("COMPLAINT_MONITOR_X_TOKEN", "T")
    one = World(shop, request.param)
    with one.server as server:
        shop.configure(CONFIG.format(url=server.url))
        one.runs()
        yield one


def test_neither_lag_nor_wait_is_negative(world: World) -> None:
    asked = world.puts("ana", "@acme_help awful")
    world.runs()
    world.puts("acme_help", "Sorry! It is on its way", reply_to=asked)
    world.runs()
    assert all(one <= two for one, two in world.asks("SELECT posted_at, first_seen_at FROM post"))
    [(since, until)] = world.asks("SELECT started_at, ended_at FROM wait")
    assert since <= until


def test_an_answer_that_is_seen_before_its_question_ends_the_wait(world: World) -> None:
    asked = world.puts("ana", "@acme_help awful")
    world.puts("acme_help", "Sorry! It is on its way", reply_to=asked)
    world.server.fail("403", "/mentions")
    world.runs(status=1)
    world.server.heal()
    world.runs()
    [(since, until)] = world.asks("SELECT started_at, ended_at FROM wait")
    assert since <= until

"""What Meta tells at /intake/NAME, from its question whether the address is ours to a stored post."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from monitor.simulator.graph import Graph, Node
from monitor.simulator.plain_http import PlainServer
from monitor.sources.meta import hook
from monitor.store.schema import post
from tests.contract.harness import NOON
from tests.web.served import Served
from tests.web.test_intake import read, rows

PAGE = "245628824887810"
CONFIG = """
[[sources]]
use = "facebook"
name = "page"
page = "{page}"
token = "meta_token"
app_secret = "meta_app"
verify_token = "meta_word"
base_url = "{url}"
"""
SECRETS = {"meta_token": "T", "meta_app": "of the app", "meta_word": "the word"}

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def graph() -> Graph:
    return Graph("facebook", (PAGE, "Our Shop"), "T", lambda: NOON)


@pytest.fixture
def served(database_url: str, graph: Graph) -> Iterator[Served]:
    with PlainServer(graph) as server:
        config = CONFIG.format(page=PAGE, url=server.url)
        with Served(database_url, config, SECRETS, lambda: NOON) as one:
            yield one


def test_meta_is_greeted(served: Served) -> None:
    asked = {"hub.mode": "subscribe", "hub.verify_token": "the word", "hub.challenge": "<b>11"}
    answer = served.client.get("/intake/page", params=asked)
    assert (answer.status_code, answer.text) == (200, "<b>11")
    assert answer.headers["content-type"].startswith("text/plain")
    wrong = served.client.get("/intake/page", params=asked | {"hub.verify_token": "a guess"})
    assert wrong.status_code == 401
    assert "11" not in wrong.text


def test_a_comment_that_meta_tells_of_is_fetched_and_stored(served: Served, graph: Graph) -> None:
    read(served)
    graph.put(Node(id="5_1", by=("77", "Ana"), text="awful", at=NOON, under=f"{PAGE}_5", edge=None))
    value = {"item": "comment", "verb": "add", "comment_id": "5_1", "post_id": f"{PAGE}_5"}
    change = {"field": "feed", "value": value}
    said = {"object": "page", "entry": [{"id": PAGE, "time": 1, "changes": [change]}]}
    body = json.dumps(said).encode()
    signed = {hook.SIGNATURE: hook.sign(body, "of the app")}
    assert served.client.post("/intake/page", content=body).status_code == 401
    answer = served.client.post("/intake/page", content=body, headers=signed)
    assert (answer.status_code, answer.json()["new"]) == (200, 1)
    assert served.client.post("/intake/page", content=body, headers=signed).json()["known"] == 1
    read(served)
    (stored,) = rows(served.application.database, post)
    assert (stored.external_id, stored.text, stored.can_reply) == ("5_1", "awful", True)

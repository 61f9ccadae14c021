"""The API keeps what it promises: calls made from its own contract, and every example of its page."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from schemathesis import GenerationMode

from monitor.domain.access import Role
from tests.web.promised import keeps_its_promise, operations
from tests.web.shop import Shop, opened

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

PAGE = Path(__file__).parents[2] / "docs" / "api.md"
CALL = re.compile(r"^curl (.*)$", re.MULTILINE)


@pytest.fixture
def shop(database_url: str) -> Iterator[Shop]:
    with opened(database_url) as one:
        yield one


def test_every_example_of_the_page_works(shop: Shop) -> None:
    shop.front.complains()
    examples = CALL.findall(PAGE.read_text())
    assert len(examples) > 10
    token = shop.tokens[Role.AGENT]["authorization"].removeprefix("Bearer ")
    wrong = []
    for one in examples:
        words = iter(shlex.split(one.replace("$SITE", shop.served.url).replace("$TOKEN", token)))
        method, headers, body, url = "GET", {}, None, ""
        for word in words:
            match word:
                case "-X":
                    method = next(words)
                case "-H":
                    name, _, value = next(words).partition(": ")
                    headers[name] = value
                case "-d":
                    body = next(words)
                case _:
                    url = word
        answer = shop.served.client.request(method, url, headers=headers, content=body)
        if answer.status_code >= 300:
            wrong.append((one, answer.text))
    assert wrong == []


@pytest.mark.parametrize("mode", GenerationMode)
def test_calls_made_from_the_contract_find_it_kept(shop: Shop, mode: GenerationMode) -> None:
    """One of each: `just schemathesis` makes many."""
    found = sum((keeps_its_promise(shop, mode, one, 1) for one in operations(shop)), Counter())
    is_right = mode is GenerationMode.POSITIVE
    assert found[200 if is_right else 422] > 5

"""Many calls made from the API's own contract, to the real server: `just schemathesis`.

Prints how often each status was answered. An error of the server, or an answer that the contract does not
promise, fails it.
"""

from __future__ import annotations

import os

import pytest
from schemathesis import GenerationMode

from tests.web.promised import keeps_its_promise, operations
from tests.web.shop import opened

pytestmark = [
    pytest.mark.bench,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
    pytest.mark.timeout(3600),
]

EXAMPLES = int(os.environ.get("EXAMPLES", "200"))


def test_the_api_keeps_its_contract(database_url: str) -> None:
    calls = 0
    with opened(database_url) as shop:
        for mode in GenerationMode:
            for one in operations(shop):
                found = keeps_its_promise(shop, mode, one, EXAMPLES)
                calls += found.total()
                print(f"{mode.value} {one.label}: {dict(sorted(found.items()))}")
    print(f"{calls} calls, each answered as promised")

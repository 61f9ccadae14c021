"""A shop with a config, in whose folder the commands of a test run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from tests.cli.shop import CONFIG, Shop


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    monkeypatch.chdir(tmp_path)
    one = Shop(tmp_path)
    one.configure(CONFIG)
    (tmp_path / "posts.jsonl").touch()
    yield one
    structlog.reset_defaults()


@pytest.fixture
def served(shop: Shop, database_url: str) -> Shop:
    """A shop with a database, in which people are told from now on."""
    shop.configure(f'database = "{database_url}"\n{CONFIG}')
    shop.does("db", "upgrade")
    shop.post("before", "lovely")
    shop.does("run", "--once")
    return shop

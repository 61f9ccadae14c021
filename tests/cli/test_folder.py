"""A folder of files serves every command as one file does."""

from __future__ import annotations

import pytest

from tests.cli.shop import CONFIG, Shop

BETA = """
[[brands]]
name = "beta"
[[sources]]
use = "files"
name = "beta posts"
path = "beta.jsonl"
"""


@pytest.fixture
def two(shop: Shop) -> Shop:
    folder = shop.folder / "config.d"
    folder.mkdir()
    (folder / "acme.toml").write_text(CONFIG)
    (folder / "beta.toml").write_text(BETA)
    (shop.folder / "config.toml").unlink(missing_ok=True)
    (shop.folder / "beta.jsonl").touch()
    shop.post("1", "awful, it never came")
    return shop


def test_a_run_reads_the_sources_of_every_file(two: Shop) -> None:
    said = two.does("--config", "config.d", "run", "--once").stderr
    assert "posts.jsonl" not in said
    assert "files (1 stream), beta posts (1 stream) for acme, beta" in said
    assert "awful" in two.does("--config", "config.d", "cases", "list").stdout


def test_check_names_the_file_of_a_mistake(two: Shop) -> None:
    assert "ok    config: config.d" in two.does("--config", "config.d", "check", "--offline").stdout
    (two.folder / "config.d" / "gamma.toml").write_text(BETA)
    said = two.does("--config", "config.d", "check", status=2).stderr
    assert "config.d/gamma.toml:3: brands[1].name" not in said
    assert 'config.d/gamma.toml:3: brands[0].name: there are two called "beta"' in said
    assert "the other is at config.d/beta.toml:3" in said

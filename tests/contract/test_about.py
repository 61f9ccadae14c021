"""What every source says of itself before it is configured is there, true, and told by `sources`."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import pytest
from click.testing import CliRunner

from monitor import registry
from monitor.cli import cli
from monitor.ports import About, Refreshes, Replies

DOCS = Path(__file__).parents[2] / "docs"
NAMES = registry.names(registry.SOURCES)
LONGEST = 110

every_source = pytest.mark.parametrize("name", NAMES)


def about(name: str) -> About:
    told = getattr(registry.load(registry.SOURCES, name), "about", None)
    assert isinstance(told, About), f"{name}: declare `about: ClassVar[About] = About(title=…, …)`"
    return told


@every_source
def test_it_says_all_in_a_line_each(name: str) -> None:
    told = about(name)
    said = {one.name: getattr(told, one.name) for one in fields(told)}
    texts = {key: one for key, one in said.items() if isinstance(one, str)}
    assert [key for key, one in texts.items() if not one.strip() or "\n" in one] == []
    assert {key: len(one) for key, one in texts.items() if len(one) > LONGEST} == {}


@every_source
def test_it_has_a_page(name: str) -> None:
    assert (DOCS / about(name).page).is_file()


@every_source
def test_what_it_says_of_answers_is_what_its_class_can_do(name: str) -> None:
    cls = registry.load(registry.SOURCES, name)
    answers = issubclass(cls, Replies)
    assert answers == (about(name).cannot_reply_because is None)
    assert answers or not about(name).finds_replies


@every_source
def test_the_index_of_the_docs_says_the_same(name: str) -> None:
    told, cls = about(name), registry.load(registry.SOURCES, name)
    page = (
        told.page.removeprefix("sources/")
        if told.page.startswith("sources/")
        else f"../{told.page}"
    )
    needed = registry.extra_of(registry.SOURCES, name) or getattr(cls, "extra", None)
    cells = (
        f"[`{name}`]({page})",
        told.reads,
        "yes" if issubclass(cls, Replies) else f"no: {told.cannot_reply_because}",
        "yes" if issubclass(cls, Refreshes) else "no",
        told.cost,
        f"`{needed}`" if needed else "none",
    )
    row = f"| {' | '.join(cells)} |"
    assert row in (DOCS / "sources" / "README.md").read_text().splitlines()


def test_all_are_listed() -> None:
    run = CliRunner().invoke(cli, ["sources"])
    assert run.exit_code == 0
    assert [line.split()[0] for line in run.output.split("\n\n")[0].splitlines()[1:]] == NAMES


def test_for_machines_with_their_powers() -> None:
    run = CliRunner().invoke(cli, ["sources", "--json"])
    found = {one["name"]: one for one in json.loads(run.output)}
    assert list(found) == NAMES
    assert found["x"]["answers"]
    assert found["x"]["finds_answers"]
    assert found["x"]["looks_up_again"]
    assert not found["files"]["answers"]
    assert found["mastodon"]["extra"] == "mastodon"
    assert found["reddit"]["about"]["page"] == "sources/reddit.md"


def test_one_is_told_in_full() -> None:
    run = CliRunner().invoke(cli, ["sources", "hackernews", "mastodon"])
    assert "no: Hacker News has no way for a program to write" in run.output
    assert 'pip install "complaint-monitor[mastodon]"' in run.output
    refused = CliRunner().invoke(cli, ["sources", "mastodn"])
    assert refused.exit_code == 2
    assert "known: " in refused.output


@pytest.fixture
def strangers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of somebody else's: one says nothing of itself, one lacks a library."""
    (tmp_path / "quiet_forum.py").write_text(
        "from pydantic import BaseModel\nclass Forum:\n    class Options(BaseModel): ...\n"
    )
    (tmp_path / "greedy_forum.py").write_text("import no_such_library_at_all")
    installed = tmp_path / "quiet_forum-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: quiet-forum\nVersion: 1.0\n")
    (installed / "entry_points.txt").write_text(
        "[monitor.sources]\nquiet = quiet_forum:Forum\ngreedy = greedy_forum:Forum [greed]\n"
    )
    monkeypatch.syspath_prepend(tmp_path)


def test_a_source_that_lacks_its_extra_is_listed_with_the_remedy(strangers: None) -> None:
    run = CliRunner().invoke(cli, ["sources", "--json"])
    found = {one["name"]: one for one in json.loads(run.output)}
    assert found["greedy"]["extra"] == "greed"
    assert 'pip install "complaint-monitor[greed]"' in found["greedy"]["problem"]
    assert found["quiet"]["about"] is None
    shown = CliRunner().invoke(cli, ["sources", "quiet", "greedy"]).output
    assert "it says nothing of itself" in shown
    assert "[greed]" in shown

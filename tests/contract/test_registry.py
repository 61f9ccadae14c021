"""The plug-in door: strangers come in as built-ins do, and mistakes are told with their remedy."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from monitor import registry
from monitor.domain.errors import ConfigError

PLUGIN = """
from typing import ClassVar
from pydantic import BaseModel, ConfigDict, Field

class Forum:
    extra: ClassVar[str | None] = "forums"
    class Options(BaseModel):
        model_config = ConfigDict(extra="forbid")
        board: str
        limit: int = Field(5, le=9)
    def __init__(self, options, *, secrets, clock):
        import no_such_library_at_all.client

class NoPlugin:
    pass

a_function = len
"""


@pytest.fixture
def stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed distribution of somebody else's."""
    (tmp_path / "their_forum.py").write_text(PLUGIN)
    (tmp_path / "their_greedy.py").write_text("import no_such_library_at_all")
    (tmp_path / "their_broken.py").write_text("from math import no_such_name")
    installed = tmp_path / "their_forum-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: their-forum\nVersion: 1.0\n")
    (installed / "entry_points.txt").write_text(
        "[monitor.sources]\n"
        "their-forum = their_forum:Forum\n"
        "their-greedy = their_greedy:Greedy [greed]\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def _forgotten() -> None:
    for name in [name for name in sys.modules if name.startswith("their_")]:
        del sys.modules[name]


def test_a_stranger_is_listed_and_loaded_like_a_built_in(stranger: Path) -> None:
    names = registry.names(registry.SOURCES)
    assert names == sorted(names)
    assert {"files", "their-forum"} <= set(names)
    assert registry.load(registry.SOURCES, "their-forum").__name__ == "Forum"
    assert registry.load(registry.SOURCES, "files").__name__ == "Files"


def test_a_class_can_be_named_by_its_path(stranger: Path) -> None:
    assert registry.load(registry.SOURCES, "their_forum:Forum").__name__ == "Forum"


def test_listing_imports_nothing(stranger: Path) -> None:
    registry.names(registry.SOURCES)
    assert "their_forum" not in sys.modules


@pytest.mark.parametrize(
    ("use", "told"),
    [
        ("fils", r'no source is called "fils"; known: .*files, .*their-forum'),
        ("their_forum:Nothing", 'module their_forum has no "Nothing"'),
        ("their_forum:NoPlugin", "no pydantic class Options"),
        ("their_forum:a_function", "is not a class"),
        ("no_such_package.part:Cls", "there is no module no_such_package"),
        ("their_forum.part:Cls", "there is no module their_forum.part"),
        ("their_broken:Cls", "can't be imported"),
        ("their_greedy:Greedy", "needs the Python module no_such_library_at_all: pip install"),
        ("their-greedy", r'pip install "complaint-monitor\[greed\]"'),
        (":Cls", "can't be imported"),
    ],
)
def test_what_cannot_be_loaded_says_why(stranger: Path, use: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        registry.load(registry.SOURCES, use)


def test_a_group_without_plug_ins_says_so() -> None:
    with pytest.raises(ConfigError, match="known: none is installed"):
        registry.load("monitor.nothings", "some")


def test_a_name_taken_twice_is_not_guessed_at(stranger: Path) -> None:
    other = stranger / "other-1.0.dist-info"
    other.mkdir()
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 1.0\n")
    (other / "entry_points.txt").write_text("[monitor.sources]\ntheir-forum = other:Forum\n")
    with pytest.raises(ConfigError, match="2 plug-ins call themselves"):
        registry.load(registry.SOURCES, "their-forum")


def test_options_are_checked_all_at_once_each_mistake_with_its_place(stranger: Path) -> None:
    cls = registry.load(registry.SOURCES, "their-forum")
    assert registry.options(cls, {"board": "help"}, "sources.forum").model_dump() == {
        "board": "help",
        "limit": 5,
    }
    with pytest.raises(ConfigError) as raised:
        registry.options(cls, {"bord": "help", "limit": 10, "zzz": 1}, "sources.forum")
    assert sorted(str(raised.value).splitlines()) == [
        "sources.forum.board: Field required",
        'sources.forum.bord: there is no such key; did you mean "board"?',
        "sources.forum.limit: Input should be less than or equal to 9",
        "sources.forum.zzz: there is no such key; known: board, limit",
    ]


def test_a_library_that_is_missing_names_the_extra(stranger: Path) -> None:
    cls = registry.load(registry.SOURCES, "their-forum")
    checked = registry.options(cls, {"board": "help"}, "sources.forum")
    with pytest.raises(ConfigError, match=r'pip install "complaint-monitor\[forums\]"'):
        registry.build(cls, checked, secrets=None, clock=None)

"""A config may be a folder: what its files say goes together, and each mistake is told where it stands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as runs
from hypothesis import strategies as st

from monitor import settings
from monitor.domain.errors import ConfigError
from monitor.settings.merging import File, Merged

COMMON = """\
timezone = "Europe/Bucharest"

[calendars.office]
weekly = { mon-fri = ["09:00-18:00"] }

[web]
port = 8000
"""
ACME = """\
[[brands]]
name = "acme"

[[sources]]
use = "files"
name = "acme posts"
path = "acme.csv"

[[policies]]
name = "acme quick"
target = "1h"
calendar = "office"
"""
BETA = ACME.replace("acme", "beta")
REST = '[[policies]]\nname = "all others"\ntarget = "8h"\n'

Folder = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Writes files, by name, into a folder."""

    def write(**files: str) -> Path:
        path = tmp_path / "config.d"
        path.mkdir(exist_ok=True)
        for name, text in files.items():
            (path / f"{name}.toml").write_text(text)
        return path

    return write


def _told(path: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        settings.read(path)
    return [one.removeprefix(f"{path}/") for one in str(caught.value).splitlines()]


def test_files_go_together_in_the_order_of_their_names(folder: Folder) -> None:
    path = folder(a=COMMON, c=BETA, b=ACME, z=REST)
    found = settings.read(path)
    assert found.brand_names == ("acme", "beta")
    assert [one.name for one in found.policies] == ["acme quick", "beta quick", "all others"]
    assert (found.timezone, found.web.port) == ("Europe/Bucharest", 8000)


def test_what_stands_in_a_brand_s_file_is_of_that_brand(folder: Folder) -> None:
    report = '[[reports]]\nevery = "month"\n'
    found = settings.read(folder(a=COMMON, b=ACME + report, c=BETA, z=REST))
    assert [one.brands for one in found.sources] == [("acme",), ("beta",)]
    assert [one.match.brands for one in found.policies] == [("acme",), ("beta",), ()]
    assert [one.brands for one in found.reports] == [("acme",)]


def test_a_brand_s_file_says_nothing_of_others(folder: Folder) -> None:
    crossed = BETA.replace('target = "1h"', 'target = "1h"\nmatch = { brands = ["acme"] }')
    told = _told(folder(a=COMMON, b=ACME, c=crossed))
    assert told[-1].startswith('c.toml:12: policies[0].match.brands: "acme" is not in this file')


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (
            {"b": ACME, "c": BETA.replace('name = "beta"', 'name = "acme"')},
            (
                'c.toml:2: brands[0].name: there are two called "acme": give each its name; '
                "the other is at {path}/b.toml:2"
            ),
        ),
        (
            {"b": ACME, "c": BETA.replace('name = "beta posts"', 'name = "acme posts"')},
            (
                'c.toml:6: sources[0].name: there are two called "acme posts": give each its name; '
                "the other is at {path}/b.toml:6"
            ),
        ),
        (
            {"b": ACME, "c": BETA + "[calendars.office]\nalways = true\n"},
            "c.toml:13: calendars.office: stands at {path}/a.toml:3, too: keep one of them",
        ),
        (
            {"b": 'timezone = "UTC"\n' + ACME},
            "b.toml:1: timezone: stands at {path}/a.toml:1, too: keep one of them",
        ),
        (
            {"b": ACME, "c": BETA + "[web]\nport = 9000\n"},
            "c.toml:14: web.port: stands at {path}/a.toml:7, too: keep one of them",
        ),
        (
            {"b": ACME, "c": BETA.replace("target", "tarqet")},
            'c.toml:11: policies[0].tarqet: there is no such key; did you mean "target"?',
        ),
        ({"b": "x = \n", "c": ACME}, "b.toml:1: is no TOML: Invalid value"),
        ({"b": "", "c": ACME}, "b.toml: is empty: write what it is to say, or delete it"),
    ],
)
def test_each_mistake_names_its_file_and_line(
    folder: Folder, files: dict[str, str], said: str
) -> None:
    path = folder(a=COMMON, **files)
    assert said.format(path=path) in _told(path)


def test_mistakes_of_all_files_are_told_at_once(folder: Folder) -> None:
    wrong = ACME + "x = 1\n"
    told = _told(folder(a=COMMON, b=wrong, c=wrong.replace("acme", "beta")))
    assert [one.partition(" ")[0] for one in told] == ["b.toml:13:", "c.toml:13:"]


def test_what_is_missing_altogether_is_told_of_the_folder(folder: Folder) -> None:
    path = folder(a=COMMON, b=REST)
    assert _told(path) == [f"{path}: brands: is missing: name at least one brand"]


def test_a_folder_without_a_config_says_so(folder: Folder) -> None:
    path = folder()
    (path / ".hidden.toml").write_text(ACME)
    (path / "old.toml.bak").write_text(ACME)
    assert _told(path) == [f"{path}: no file in this folder ends in .toml"]


def test_tables_of_one_name_keep_what_each_file_says(folder: Folder) -> None:
    words = '[answers]\nforbidden = ["lawyer"]\n'
    text = (
        '[[answers.templates]]\nname = "{0}"\ntopic = "refund"\nlanguage = "en"\ntext = "Sorry"\n'
    )
    found = settings.read(
        folder(a=COMMON + words, b=ACME + text.format("b"), c=BETA + text.format("c"))
    )
    assert found.answers.forbidden == ("lawyer",)
    assert [one.name for one in found.answers.templates] == ["b", "c"]


KEYS = st.sampled_from(["a", "b", "c"])
LEAVES = st.integers(0, 9) | st.lists(st.integers(0, 9), min_size=1, max_size=2)
ARRAYS = st.lists(st.dictionaries(KEYS, LEAVES, min_size=1, max_size=2), min_size=1, max_size=3)
DOCUMENTS = st.dictionaries(
    KEYS, LEAVES | ARRAYS | st.dictionaries(KEYS, LEAVES | ARRAYS, max_size=2), max_size=3
)


@given(st.lists(DOCUMENTS, min_size=1, max_size=4))
@runs(max_examples=100, deadline=None)
def test_nothing_that_a_file_says_is_lost_without_a_word(
    documents: list[dict[str, object]],
) -> None:
    files = [File(f"{number}.toml", "", one) for number, one in enumerate(documents)]
    merged = Merged("all", files)
    said = sum(_leaves(one) for one in documents)
    if not merged.told(()):
        assert _leaves(merged.document) == said
    else:
        assert _leaves(merged.document) <= said


def _leaves(value: object) -> int:
    if isinstance(value, dict):
        return sum(map(_leaves, value.values()))
    if isinstance(value, list) and all(isinstance(one, dict) for one in value):
        return sum(map(_leaves, value))
    return 1

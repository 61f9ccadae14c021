"""Every key of a config is found on its own line, however TOML lets it be written."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.settings.lines import Place, line_of, lines_of

ROOT = Path(__file__).parents[2]

SHAPES = {
    "plain": 'a = 1\nb = "x"\n\n[c]\nd = true\n',
    "dotted": 'a.b.c = 1\na."d e".f = 2\n[x . y]\nz = 3\n',
    "tables in arrays": "[[p]]\nn = 1\n[[p.s]]\nm = 1\n[[p.s]]\nm = 2\n[p.t]\nq = 3\n[[p]]\nn = 2\n",
    "inline": "a = { b = 1, c = { d = [2, 3] } }\ne = [\n  { f = 1 },\n  { f = 2 }, # last\n]\n",
    "strings": 'a = """\nb = 1\n# no comment\n"""\nc = \'\'\'\n[d]\n\'\'\'\ne = "q\\"uote"\nf = \'#\'\n',
    "dates": "a = 2026-05-04 09:30:00Z\nb = [2026-05-04, 09:30:00]\nc = 1979-05-27\n",
    "comments": "# top\n\na = 1 # [x]\n  # in\n[b] # tail\n\tc = [ # why\n  1, # one\n  2,\n]\n",
    "empty": "a = []\nb = {}\n[c]\n[d]\n",
    "windows": "a = 1\r\n[b]\r\nc = 2\r\n",
}


@pytest.mark.parametrize("text", SHAPES.values(), ids=SHAPES.keys())
def test_every_key_is_found_on_its_line(text: str) -> None:
    _check(text)


def test_every_key_of_the_example_config_is_found() -> None:
    _check((ROOT / "config.example.toml").read_text())


WORDS = st.text("abc-_", min_size=1, max_size=4)
VALUES = st.recursive(
    st.integers() | st.booleans() | st.sampled_from(["x", "a # b", "[c]\nd = 1", "'", '"', "\\"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(WORDS, VALUES, max_size=4), st.lists(st.dictionaries(WORDS, VALUES), max_size=3)
)
def test_any_document_is_walked_to_its_end(
    top: dict[str, Any], tables: list[dict[str, Any]]
) -> None:
    lines = [f"{key} = {_toml(value)}" for key, value in top.items() if key != "zz"]
    for one in tables:
        lines += ["[[zz]]", *(f"{key} = {_toml(value)}" for key, value in one.items())]
    _check("\n".join(lines))


def test_a_missing_key_is_told_at_its_table() -> None:
    lines = lines_of("a = 1\n\n[[b]]\nc = 1\n\n[[b]]\n")
    assert line_of(lines, ("b", 1, "name")) == 6
    assert line_of(lines, ("nowhere",)) is None


def _check(text: str) -> None:
    found, written = lines_of(text), text.splitlines()
    for place in _places(tomllib.loads(text), ()):
        assert place in found, place
        if isinstance(place[-1], str):
            assert place[-1] in written[found[place] - 1], place


def _places(value: Any, at: Place) -> Iterator[Place]:
    if isinstance(value, dict):
        for key, one in value.items():
            yield (*at, key)
            yield from _places(one, (*at, key))
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield (*at, number)
            yield from _places(one, (*at, number))


def _toml(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case int():
            return str(value)
        case str():
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
        case list():
            return "[" + ", ".join(map(_toml, value)) + "]"
        case _:
            return "{" + ", ".join(f"{key} = {_toml(one)}" for key, one in value.items()) + "}"

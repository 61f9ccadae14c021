"""The budgets and promises of the source itself."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import entry_points
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TREES = ("monitor", "models", "tests", "docs", ".ci")
CODE = sorted(chain((ROOT / "monitor").rglob("*.py"), (ROOT / "models").rglob("*.py")))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
WIDE = {"Exception", "BaseException"}
MAY_CATCH_ALL = {"monitor/runner.py", "monitor/worker.py"}
IMPURE = {
    "asyncio",
    "http",
    "io",
    "multiprocessing",
    "os",
    "pathlib",
    "random",
    "secrets",
    "shutil",
}
IMPURE |= {"socket", "sqlite3", "ssl", "subprocess", "tempfile", "threading", "time", "urllib"}
PURE_PARTS = {"urllib.parse"}
"""Work on text alone, in a package that does more."""

# A class of one letter keeps each pattern from matching itself.
HOSTS = r"py[p]i\.org|python[h]osted\.org|registry\.npm[j]s|(deb|security)\.debian[.]org"
PATHS = r"(^|[^A-Za-z0-9._])/(wor[k]|far[m]|roo[t]|opt/whee[l]s)/"
MOCKS = r"unittest\.moc[k]|MagicMoc[k]|monkeypatch\.setatt[r]"
SKIPS = r"pytest\.ski[p]|mark\.(ski[p]|xfai[l])|importorski[p]"
UNFINISHED = r"TOD[O]|FIXM[E]|XX[X]|NotImplemented[E]rror"


def test_no_file_is_longer_than_400_lines() -> None:
    lengths = {_name(path): len(path.read_text().splitlines()) for path in CODE}
    assert {name: lines for name, lines in lengths.items() if lines > 400} == {}


def test_no_function_is_longer_than_60_lines_and_most_are_under_30() -> None:
    lengths = {
        f"{_name(path)}:{node.lineno} {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path in CODE
        for node in _nodes(path)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {name: lines for name, lines in lengths.items() if lines > 60} == {}
    assert sum(lines <= 30 for lines in lengths.values()) >= 0.9 * len(lengths)


def test_only_the_runners_catch_everything() -> None:
    places = [
        f"{_name(path)}:{node.lineno}"
        for path in CODE
        if _name(path) not in MAY_CATCH_ALL
        for node in _nodes(path)
        if isinstance(node, ast.ExceptHandler | ast.Call) and _catches_all(node)
    ]
    assert places == []


def test_the_domain_is_pure() -> None:
    impure = {
        f"{_name(path)}: {module}"
        for path in (ROOT / "monitor" / "domain").rglob("*.py")
        for module in _imports(path)
        if not _is_pure(module)
    }
    assert impure == set()


@pytest.mark.parametrize(
    ("pattern", "promise"),
    [(HOSTS, "names no registry"), (PATHS, "names no path of one machine")],
    ids=["hosts", "paths"],
)
def test_no_file_tells_where_it_was_made(pattern: str, promise: str) -> None:
    assert _matches(pattern, _texts()) == [], promise


def test_versions_are_pinned_in_constraints_alone() -> None:
    assert not (ROOT / "uv.lock").exists()


def test_whatever_an_extra_names_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = chain(project["dependencies"], *project["optional-dependencies"].values())
    pinned = {_distribution(line) for line in (ROOT / "constraints.txt").read_text().splitlines()}
    assert {_distribution(one) for one in named} - pinned == {"complaint-monitor"}


def test_tests_use_fakes_that_speak_the_wire() -> None:
    assert _matches(MOCKS, TESTS) == []


def test_a_test_is_left_out_by_the_needs_mark_alone() -> None:
    plugin = ROOT / "tests" / "plugins" / "needs.py"
    assert _matches(SKIPS, [path for path in TESTS if path != plugin]) == []


def test_nothing_is_left_unfinished() -> None:
    assert _matches(UNFINISHED, CODE) == []


@pytest.mark.parametrize("group", ["sources", "classifiers", "notifiers"])
def test_every_built_in_comes_in_by_the_plug_in_door(group: str) -> None:
    found = [
        point
        for point in entry_points(group=f"monitor.{group}")
        if point.dist is not None and point.dist.name == "complaint-monitor"
    ]
    assert found
    assert all(callable(point.load()) for point in found)


def _distribution(requirement: str) -> str:
    name = re.split(r"[^\w.-]", requirement, maxsplit=1)[0]
    return re.sub(r"[-_.]+", "-", name).lower()


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _nodes(path: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(path.read_text(), str(path)))


def _catches_all(node: ast.ExceptHandler | ast.Call) -> bool:
    match node:
        case ast.ExceptHandler(type=None):
            return True
        case ast.ExceptHandler(type=ast.expr() as caught):
            kinds = caught.elts if isinstance(caught, ast.Tuple) else [caught]
        case ast.Call(func=ast.Name(id="suppress") | ast.Attribute(attr="suppress"), args=kinds):
            pass
        case _:
            return False
    return any(isinstance(kind, ast.Name) and kind.id in WIDE for kind in kinds)


def _imports(path: Path) -> Iterator[str]:
    for node in _nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def _is_pure(module: str) -> bool:
    if module.split(".")[:2] == ["monitor", "domain"] or module in PURE_PARTS:
        return True
    package = module.split(".", maxsplit=1)[0]
    return package in sys.stdlib_module_names and package not in IMPURE


def _texts() -> Iterator[Path]:
    """Every text that belongs to the project; not what a run or a build left beside it."""
    mine = [path for path in ROOT.iterdir() if path.is_file()]
    for path in chain(mine, *((ROOT / tree).rglob("*") for tree in TREES)):
        if path.is_file() and "__pycache__" not in path.parts and b"\0" not in _start(path):
            yield path


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(4096)


def _matches(pattern: str, paths: Iterator[Path] | list[Path]) -> list[str]:
    wanted = re.compile(pattern, re.MULTILINE)
    return [
        f"{_name(path)}:{number} {line.strip()[:80]}"
        for path in paths
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if wanted.search(line)
    ]

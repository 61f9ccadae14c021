"""`@pytest.mark.needs("torch")`: what a test needs beyond the wheels, and an account of what is absent.

Where the thing is absent the test does not run, and the last words of the run say how many tests did
not run for want of what, and how to get it. With CI=true (as `.ci/run` sets it) anything not run
fails the run, but for tests that need the shared evaluation data, which no clone has.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared"
PROPERTY = "needs"


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that a wheel cannot bring, or that is too heavy to bring to everybody."""

    found: Callable[[], bool]
    how: str
    """To get it."""
    required_in_ci: bool = True


def _program(*names: str) -> Callable[[], bool]:
    def found() -> bool:
        path = os.environ.get("PATH", "") + os.pathsep + "/usr/sbin"
        return any(shutil.which(name, path=path) for name in names)

    return found


THINGS = {
    "torch": Thing(
        lambda: importlib.util.find_spec("torch") is not None,
        "pip install torch==2.13.0",
    ),
    "chromium": Thing(_program("chromium", "chromium-browser"), "apt-get install chromium"),
    "curl": Thing(
        lambda: _program("curl")() and _program("openssl")(), "apt-get install curl openssl"
    ),
    "dovecot": Thing(_program("dovecot"), "apt-get install dovecot-imapd"),
    "faketime": Thing(
        lambda: any(Path("/usr/lib").glob("*/faketime/libfaketime.so.1")),
        "apt-get install faketime",
    ),
    "pgbouncer": Thing(_program("pgbouncer"), "apt-get install pgbouncer"),
    "node": Thing(_program("node"), "apt-get install nodejs"),
    "shared": Thing(
        (SHARED / "data").is_dir,
        "public evaluation data of licences of their own, in ../shared beside the checkout",
        required_in_ci=False,
    ),
}


@pytest.fixture
def shared_data() -> Path:
    """The public evaluation texts; the test that asks is marked `needs("shared")`."""
    return SHARED / "data"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for name in _needed(item):
            if name not in THINGS:
                raise pytest.UsageError(f"{item.nodeid} needs {name!r}; known: {sorted(THINGS)}")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    absent = [name for name in _needed(item) if not THINGS[name].found()]
    if absent:
        item.user_properties.extend((PROPERTY, name) for name in absent)
        pytest.skip(f"needs {', '.join(absent)}")  # the one skip there is: counted and told below


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if _fails(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> Generator[None]:
    yield
    counted = Counter(name for report in _not_run(config) for name in _missing(report))
    if counted:
        terminalreporter.section("not run for want of")
    for name, number in sorted(counted.items()):
        tests = "1 test" if number == 1 else f"{number} tests"
        terminalreporter.line(f"{name}: {tests}; to run: {THINGS[name].how}")
    if _fails(config):
        terminalreporter.line("CI=true: what was not run fails the run", red=True)


def _needed(item: pytest.Item) -> Iterator[str]:
    for mark in item.iter_markers("needs"):
        yield from mark.args


def _not_run(config: pytest.Config) -> list[pytest.TestReport]:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    return reporter.stats.get("skipped", []) if reporter else []


def _missing(report: pytest.TestReport) -> list[str]:
    pairs = getattr(report, "user_properties", [])
    return [str(value) for key, value in pairs if key == PROPERTY]


def _fails(config: pytest.Config) -> bool:
    """Whether something was not run that had to be (a skip of any other make counts too)."""
    if os.environ.get("CI") != "true" or hasattr(config, "workerinput"):
        return False
    return any(
        not names or any(THINGS[name].required_in_ci for name in names)
        for names in map(_missing, _not_run(config))
    )

"""What is not run is told, and fails in CI."""

from __future__ import annotations

from pathlib import Path

import pytest

TESTS = """
import pytest

@pytest.mark.needs("node")
def test_a(): assert False

@pytest.mark.needs("node", "chromium")
def test_b(): assert False

def test_c(): pass
"""


@pytest.fixture
def outer(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A run of its own, whose programs are what the test puts into the returned folder."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CI", raising=False)
    pytester.makeini("[pytest]\nmarkers =\n    needs(*things): what it needs\n")
    pytester.makepyfile(TESTS)
    return tmp_path


def _install(folder: Path, name: str) -> None:
    (folder / name).write_text("#!/bin/sh\n")
    (folder / name).chmod(0o755)


def _run(pytester: pytest.Pytester, *more: str) -> pytest.RunResult:
    return pytester.runpytest("-p", "tests.plugins.needs", "-p", "no:randomly", *more)


def test_a_test_whose_thing_is_absent_does_not_run_and_the_end_says_how_to_get_it(
    pytester: pytest.Pytester, outer: Path
) -> None:
    result = _run(pytester)
    result.assert_outcomes(passed=1, skipped=2)
    assert result.ret == pytest.ExitCode.OK
    heading, *account = [line for line in result.outlines[-5:] if line][:-1]
    assert heading.strip("= ") == "not run for want of"
    assert account == [
        "chromium: 1 test; to run: apt-get install chromium",
        "node: 2 tests; to run: apt-get install nodejs",
    ]


def test_it_runs_where_the_thing_is_there(pytester: pytest.Pytester, outer: Path) -> None:
    _install(outer, "node")
    _run(pytester).assert_outcomes(passed=1, failed=1, skipped=1)


def test_nothing_is_told_when_all_ran(pytester: pytest.Pytester, outer: Path) -> None:
    result = _run(pytester, "-k", "test_c")
    result.assert_outcomes(passed=1, deselected=2)
    result.stdout.no_fnmatch_line("*want of*")


def test_in_ci_what_was_not_run_fails_the_run(
    pytester: pytest.Pytester, outer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    result = _run(pytester)
    result.assert_outcomes(passed=1, skipped=2)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["CI=true: what was not run fails the run"])


def test_in_ci_any_other_skip_fails_too(
    pytester: pytest.Pytester, outer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    pytester.makepyfile("import unittest\ndef test_a(): raise unittest.SkipTest('tired')")
    assert _run(pytester).ret == pytest.ExitCode.TESTS_FAILED


def test_the_shared_data_is_told_but_never_fails(
    pytester: pytest.Pytester, outer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    pytester.makepyfile("import pytest\n@pytest.mark.needs('shared')\ndef test_a(): pass")
    pytester.makeconftest(
        """
        import unittest, pytest
        from tests.plugins import needs

        @pytest.hookimpl(tryfirst=True)
        def pytest_runtest_setup(item):
            item.user_properties.append((needs.PROPERTY, "shared"))
            raise unittest.SkipTest("needs shared")
        """
    )
    result = _run(pytester)
    result.assert_outcomes(skipped=1)
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["shared: 1 test; to run: *"])


def test_an_unknown_thing_is_a_mistake(pytester: pytest.Pytester, outer: Path) -> None:
    pytester.makepyfile("import pytest\n@pytest.mark.needs('luck')\ndef test_a(): pass")
    result = _run(pytester)
    assert result.ret == pytest.ExitCode.USAGE_ERROR


def test_the_account_is_the_same_with_workers(pytester: pytest.Pytester, outer: Path) -> None:
    result = _run(pytester, "-n", "1")
    result.assert_outcomes(passed=1, skipped=2)
    result.stdout.fnmatch_lines(["node: 2 tests; to run: apt-get install nodejs"])

"""Two versions of the program over one database: the older goes on, or says that it cannot."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from monitor.store import maintenance
from tests.cli.newer import NOT_FOR_US, STILL_FOR_US, Newer
from tests.cli.shop import Shop
from tests.cli.working import alerts, at_work, end, on_postgres, until

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def served(served: Shop) -> Shop:
    """One in which this program told people of a first complaint."""
    served.post("first", "awful")
    served.runs()
    return served


def newer(shop: Shop, tmp_path: Path, revision: str, **made: Any) -> Newer:
    return Newer.make(tmp_path / "newer", shop.folder, revision, **made)


def test_the_version_before_goes_on_in_tables_that_are_for_it_too(
    served: Shop, tmp_path: Path
) -> None:
    later = newer(served, tmp_path, STILL_FOR_US)
    assert STILL_FOR_US in later.does("db", "upgrade")
    served.post("second", "awful again")
    served.runs()
    assert "made by a newer program, and for this one" in served.does("db", "upgrade").stdout
    assert len(served.data("cases", "list")) == 2
    served.post("third", "awful as ever")
    time.sleep(1.05)
    later.does("run", "--once")
    assert sorted(alerts(served).values()) == [1, 1, 1]
    assert served.data("replay", "--check") == {"cases": 3, "differing": {}}
    assert "0 differ" in later.does("replay", "--check")


@on_postgres
def test_a_worker_of_the_version_before_works_on_while_the_newer_one_comes(
    served: Shop, tmp_path: Path
) -> None:
    later = newer(served, tmp_path, STILL_FOR_US)
    old = served.starts("worker")
    started = [old]
    try:
        served.post("a", "awful a")
        until(lambda: len(alerts(served)) == 2, old)
        later.does("db", "upgrade")  # with the jobs' tables made anew under the worker at work
        served.post("b", "awful b")
        until(lambda: len(alerts(served)) == 3, old)
        started.append(later.starts("worker"))
        at_work(started[-1])
        for number in range(6):
            served.post(f"c{number}", f"awful c{number}")
        until(lambda: len(alerts(served)) == 9, *started)
        started.append(served.starts("worker"))  # one of the version before may even come back
        at_work(started[-1])
        served.post("d", "awful d")
        until(lambda: len(alerts(served)) == 10, *started)
    finally:
        said = end(*started)
    assert [one.returncode for one in started] == [0, 0, 0], said
    assert set(alerts(served).values()) == {1}


@on_postgres
@pytest.mark.parametrize("made", [{"engine": "99.0.0"}, {"jobs_for_us": False}])
def test_an_upgrade_waits_for_workers_that_cannot_go_on_with_its_jobs(
    served: Shop, tmp_path: Path, made: dict[str, Any]
) -> None:
    later = newer(served, tmp_path, STILL_FOR_US, **made)
    old = served.starts("worker")
    try:
        at_work(old)
        assert "in use by" in later.does("db", "upgrade", status=2)
        ours = served.does("db", "upgrade").stdout
        assert (
            f"(version {maintenance.HEAD})" in ours
        )  # nothing of it was done, not the tables either
        served.post("a", "awful a")
        until(lambda: len(alerts(served)) == 2, old)
    finally:
        end(old)
    assert STILL_FOR_US in later.does("db", "upgrade")
    assert "the workers' tables are of another version" in served.refuses("worker")
    new = later.starts("worker")
    try:
        at_work(new)
        assert "in use by" in served.refuses(
            "db", "upgrade"
        )  # nor does the older one take them back
        served.post("b", "awful b")
        until(lambda: len(alerts(served)) == 3, new)
    finally:
        end(new)
    assert set(alerts(served).values()) == {1}


def test_an_upgrade_that_leaves_the_version_before_behind_waits_until_it_is_stopped(
    served: Shop, tmp_path: Path, database_url: str
) -> None:
    later = newer(served, tmp_path, NOT_FOR_US)
    old = served.starts("worker" if database_url.startswith("postgresql") else "run")
    try:
        served.post("a", "awful a")
        until(lambda: len(alerts(served)) == 2, old)
        assert "in use by" in later.does("db", "upgrade", status=2)
        served.post("b", "awful b")
        until(lambda: len(alerts(served)) == 3, old)
    finally:
        end(old)
    assert NOT_FOR_US in later.does("db", "upgrade")
    for words in (("run", "--once"), ("cases", "list"), ("db", "upgrade")):
        assert "newer complaint-monitor than this one" in served.refuses(*words)
    served.post("c", "awful c")
    later.does("run", "--once")
    assert sorted(alerts(served).values()) == [1, 1, 1, 1]

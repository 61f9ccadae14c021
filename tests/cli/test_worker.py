"""`worker`: several processes over one PostgreSQL, that die at any moment."""

from __future__ import annotations

import signal

import pytest

from monitor.cli.worker import QUEUES as NAMED
from monitor.settings import read
from monitor.wiring import Application
from monitor.worker import by_queue
from tests.cli.shop import CONFIG, Shop
from tests.cli.working import alerts, end, on_postgres, until


def test_on_sqlite_a_worker_says_what_to_do(shop: Shop) -> None:
    assert "migrate-to postgresql://" in shop.refuses("worker")


def test_a_queue_that_is_none_is_named(shop: Shop) -> None:
    said = shop.does("worker", "--queues", "poll,answers", status=2).stderr
    assert "answers: the queues are poll, classify" in said


def test_every_stage_has_one_queue(shop: Shop) -> None:
    application = Application(read(shop.folder / "config.toml"))
    stages = [*(one.name for one in application.stages()), "new"]
    application.close()
    found = by_queue(stages)
    assert sorted(stages) == sorted(one for those in found.values() for one in those)
    assert "new" in found["report"]
    assert tuple(found) == NAMED


@on_postgres
def test_a_worker_wants_its_tables(shop: Shop, database_url: str) -> None:
    shop.configure(f'database = "{database_url}"\n{CONFIG}')
    assert "db upgrade" in shop.refuses("worker")


@on_postgres
@pytest.mark.timeout(400)
def test_two_workers_and_a_run_that_die_lose_no_alert_and_double_none(served: Shop) -> None:
    first, second = served.starts("worker"), served.starts("worker")
    try:
        for number in range(6):
            served.post(f"a{number}", f"awful {number}")
        until(lambda: len(alerts(served)) >= 2)
        first.send_signal(signal.SIGKILL)
        assert "in use" in served.refuses("run", "--once")
        for number in range(6):
            served.post(f"b{number}", f"awful {number}")
        told = len(alerts(served))
        until(lambda: len(alerts(served)) > told)
    finally:
        for one in (first, second):
            one.kill()
            one.communicate()

    def the_rest() -> bool:
        status = served.starts("run", "--once")
        status.communicate()
        return status.returncode == 0 and len(alerts(served)) == 12

    until(the_rest)
    assert set(alerts(served).values()) == {1}


@on_postgres
@pytest.mark.timeout(240)
def test_a_worker_ends_cleanly_and_has_told_what_it_found(served: Shop) -> None:
    process = served.starts("worker", "--concurrency", "2")
    served.post("one", "awful")
    try:
        until(lambda: len(alerts(served)) == 1)
    finally:
        [said] = end(process)
    assert process.returncode == 0
    assert said.splitlines()[-1] == "complaint-monitor: stopped"
    served.does("run", "--once")
    assert list(alerts(served).values()) == [1]

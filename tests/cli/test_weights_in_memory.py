"""Who does not judge never loads the model; those who do share the pages of one file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.shop import CONFIG, Shop
from tests.cli.working import alerts, at_work, end, on_postgres, until

COMPLAINT = "My order never arrived and nobody answers me. I want my money back now!"
SHIPPED = CONFIG.replace('[classifier]\nuse = "tests.cli.keywords:Keywords"\n', "")


def mapped(pid: int) -> set[str]:
    """The names of the files that a process has in its memory."""
    lines = Path(f"/proc/{pid}/maps").read_text().splitlines()
    return {Path(one.split(maxsplit=5)[5]).name for one in lines if "/" in one}


def has_model(pid: int) -> bool:
    return any(one.startswith(("libopenvino", "model.bin")) for one in mapped(pid))


@on_postgres
@pytest.mark.timeout(600)
def test_a_worker_that_does_not_judge_never_loads_the_model(shop: Shop, database_url: str) -> None:
    shop.configure(f'database = "{database_url}"\n{SHIPPED}')
    shop.does("db", "upgrade")
    others = shop.starts("worker", "--queues", "poll,decide,deliver,reply,report")
    judge = shop.starts("worker", "--queues", "classify")
    try:
        at_work(others)
        at_work(judge)
        shop.post("one", COMPLAINT)
        until(lambda: bool(alerts(shop)), others, judge)
        assert has_model(judge.pid)
        assert not has_model(others.pid)
    finally:
        end(others, judge)

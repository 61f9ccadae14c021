"""Programs at work on a shop: until when to wait for what they do, and what they told."""

from __future__ import annotations

import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable

import pytest

from tests.cli.shop import Shop

on_postgres = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def alerts(shop: Shop) -> Counter[str]:
    """How often each alert was told."""
    return Counter(one["key"] for one in shop.told() if one["kind"] == "alert")


def until(done: Callable[[], bool], *alive: subprocess.Popen[str], within: float = 300) -> None:
    """Wait for it, as long as the processes live."""
    ends = time.monotonic() + within
    while not done():
        assert time.monotonic() < ends
        for one in alive:
            assert one.poll() is None, one.communicate()
        time.sleep(0.05)


def at_work(worker: subprocess.Popen[str]) -> None:
    """Once it says so; a SIGTERM before that just ends it."""
    assert worker.stderr is not None
    said = [""]
    while "works on" not in said[-1]:
        said.append(worker.stderr.readline())
        assert said[-1], said


def end(*processes: subprocess.Popen[str]) -> list[str]:
    """Ask them to end, and wait. What each had said."""
    for one in processes:
        one.send_signal(signal.SIGTERM)
    return ["".join(one.communicate()) for one in processes]

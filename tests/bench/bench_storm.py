"""A storm: 2,000 complaints in a minute, told in Slack, which says 429 now and then.

`just bench tests/bench/bench_storm.py`, two minutes: at Slack's own rate of a message a second and channel.
Every case has to be named, none twice. The bound: as many messages as stand in the channel, and were
refused, at that rate, and the pauses that Slack asked for. Target: at most a tenth more, from the first
complaint to the last name.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.domain.storm import Limits
from monitor.runner import Runner
from monitor.simulator.slack import limited
from monitor.stages.deliver import Deliver
from monitor.stages.gather import Gather
from monitor.store.engine import Database
from tests.notifiers.slack_side import CARE, shown, slack, workspace
from tests.stages.told import NOW, Told, digest_of

pytestmark = pytest.mark.bench

CASES, BATCHES, MINUTE_S, PER_SECOND = 2000, 400, 60.0, 1
PAUSES = 5
_CASE = re.compile(r"case (\d+)(?: ·|,)")


@pytest.mark.timeout(300)
def test_a_storm_of_2000_complaints_in_a_minute(sqlite_template: Path, tmp_path: Path) -> None:
    path = tmp_path / "storm.db"
    path.write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{path}")
    told, stop = Told(database), threading.Event()
    with workspace() as server:
        server.plan("chat.postMessage", *([None] * 12 + [limited(1)]) * PAUSES)
        deliver = Deliver(
            database,
            {"slack": slack(server, per_second=PER_SECOND, buttons=True)},
            digest=digest_of,
            operators=None,
            shadow=False,
        )
        stages = (Gather(database, Limits(20, timedelta(minutes=10))), deliver)
        runner = Runner(stages, database, clock=lambda: NOW)
        work = threading.Thread(target=runner.run, args=(stop,))
        began = time.perf_counter()
        work.start()
        cases = _rain(told, began)
        rained = time.perf_counter() - began
        while _named(server) != Counter(cases) and time.perf_counter() - began < 200:
            time.sleep(0.5)
        took = time.perf_counter() - began
        stop.set()
        work.join()
        posted = len(server.messages(CARE))
        refused = PAUSES - sum(one.what == "429" for one in server.heal())
    bound = (posted + refused) / PER_SECOND + refused
    print(f"\nload of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    print(f"{len(cases)} cases within {rained:.1f} s: {posted} messages, {refused} times 429")
    print(
        f"told after {took:.1f} s; the rate allows {bound:.1f} s: {took / bound:.2f} of the bound"
    )
    assert _named(server) == Counter(cases)
    assert took <= 1.1 * max(bound, rained)
    database.close()


def _rain(told: Told, began: float) -> list[int]:
    """The complaints, batch by batch over the minute."""
    cases: list[int] = []
    for number in range(1, BATCHES + 1):
        cases += told.storm(CASES // BATCHES, to="slack")
        due = began + number * MINUTE_S / BATCHES
        time.sleep(max(0.0, due - time.perf_counter()))
    return cases


def _named(server: object) -> Counter[int]:
    messages = server.messages(CARE)  # type: ignore[attr-defined]
    texts = (shown(one) for one in messages)
    return Counter(int(number) for text in texts for number in _CASE.findall(text))

"""How long the manager's report of 30 days takes with a year of 100,000 cases behind it, from a cold start.

`just bench tests/bench/bench_report.py` builds a database of a million posts, a tenth of them cases, and
prints what a new process takes, wall and CPU: the page with its pictures within 3 s, the PDF within 5 s;
and, in a process that is warm, what it spends on reading, counting and drawing.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.domain.hours import always
from monitor.domain.numbers import Numbers
from monitor.domain.report import Period
from monitor.render.charts import drawings
from monitor.render.drawing import ink
from monitor.render.numbers_tables import sheets
from monitor.render.report_html import report_html
from monitor.render.report_pdf import report_pdf
from monitor.render.tongue import IN_ENGLISH
from monitor.store import maintenance, readings
from monitor.store.engine import Database
from tests.bench.bench_read import AS_OF, fill

pytestmark = pytest.mark.bench

POSTS = 1_000_000
TARGETS_S = {"html": 3.0, "pdf": 5.0}
CONFIG = """
database = "sqlite:///{path}"
[[brands]]
name = "shop"
"""


def cold(folder: Path, format_: str) -> tuple[float, float]:
    """Seconds of wall and CPU that a new process takes."""
    words = ("--last", "30d", "--as-of", AS_OF.isoformat(), "--format", format_)
    command = [
        sys.executable,
        "-m",
        "monitor",
        "--config",
        str(folder / "c.toml"),
        "report",
        *words,
    ]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([*command, "--output", str(folder / f"r.{format_}")], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - began, cpu


@pytest.mark.timeout(1800)
def test_the_report_of_30_days(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(CONFIG.format(path=tmp_path / "b.db"))
    database = Database(f"sqlite:///{tmp_path / 'b.db'}")
    maintenance.upgrade(database)
    fill(database, POSTS)
    print()
    for format_, target in TARGETS_S.items():
        wall, cpu = min(cold(tmp_path, format_) for _ in range(3))
        size = (tmp_path / f"r.{format_}").stat().st_size
        print(
            f"{format_:5} cold {wall:5.2f} s, CPU {cpu:5.2f} s (target {target} s:"
            f" {wall / target:.2f} of it, CPU {cpu / target:.2f}); {size / 1e6:.2f} MB"
        )
    _parts(database)
    database.close()


def _parts(database: Database) -> None:
    period, zone = Period(AS_OF - timedelta(days=30), AS_OF), ZoneInfo("UTC")
    facts: dict[str, Any] = {"period": period, "as_of": AS_OF, "zone": zone}
    with database.reading() as conn:

        def read() -> Numbers:
            return readings.numbers(conn, 1, staffed=always("UTC"), **facts)

        made = read()
        print(f"      {len(made.report.total.waits)} waits in the period, {len(made.backlog)} open")
        drawn = list(drawings(made.report, zone, IN_ENGLISH, made))
        tasks: dict[str, Callable[[], object]] = {
            "reading and counting": read,
            "what stands beside": lambda: sheets(read(), IN_ENGLISH),
            f"{len(drawn)} pictures": lambda: [ink(one, "svg") for one in drawn],
            "page": lambda: report_html(made.report, zone, IN_ENGLISH, made),
            "pdf": lambda: report_pdf(made, IN_ENGLISH),
        }
        for name, task in tasks.items():
            task()
            began, cpu = time.perf_counter(), time.process_time()
            task()
            wall, cpu = time.perf_counter() - began, time.process_time() - cpu
            print(f"      {name:22} {wall * 1000:6.0f} ms, CPU {cpu * 1000:6.0f} ms")

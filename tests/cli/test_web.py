"""`web`: serves beside `run`, ends cleanly, and says what is missing."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from datetime import UTC, datetime

import httpx

from monitor.domain.errors import Refusal
from monitor.ports import Letter
from monitor.store import inbox
from monitor.store.engine import Database
from tests.cli.shop import CONFIG, Shop, environment

WEBHOOK = """
[[sources]]
use = "webhook"
name = "shop"
secrets = "hook"
"""

WITHOUT_FASTAPI = """
import sys
sys.modules["fastapi"] = None  # as Python says it itself: not to be found
sys.argv = ["complaint-monitor", "web"]
from monitor.__main__ import main
main()
"""


def test_it_serves_until_it_is_stopped(shop: Shop) -> None:
    shop.does("db", "upgrade")
    process = shop.starts("web", "--port", "0")
    try:
        assert process.stderr is not None
        line = process.stderr.readline()
        (url,) = re.findall(r"serves (http://127\.0\.0\.1:\d+)$", line.strip())
        assert httpx.get(f"{url}/healthz").json() == {"alive": True}
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0
    assert told == "complaint-monitor: stopped\n"


def test_without_the_extra_it_says_what_to_install(shop: Shop) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT_FASTAPI],
        cwd=shop.folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 2
    assert 'pip install "complaint-monitor[web]"' in ran.stderr
    assert "Traceback" not in ran.stderr


def test_without_a_database_it_says_who_makes_it(shop: Shop) -> None:
    assert "there is no database yet" in shop.refuses("web")


def test_a_listener_that_others_reach_is_warned_of(shop: Shop) -> None:
    shop.does("db", "upgrade")
    process = shop.starts("web", "--host", "0.0.0.0", "--port", "0")
    try:
        assert process.stderr is not None
        told = [process.stderr.readline(), process.stderr.readline()]
    finally:
        process.kill()
        process.communicate()
    assert "WARNING: other machines can reach it" in told[1]


def test_check_tells_what_was_refused_and_what_nobody_reads(shop: Shop) -> None:
    shop.configure(CONFIG + WEBHOOK)
    shop.does("db", "upgrade")
    database = Database("sqlite:///complaint-monitor.db")
    now = datetime.now(UTC)  # noqa: TID251 - the command takes the machine's
    with database.writing() as conn:
        inbox.put(conn, "renamed", [Letter("1", "{}")], now)
        inbox.refuse(conn, "shop", Refusal.NOT_SIGNED, 3, now)
        inbox.refuse(conn, "", Refusal.NOT_ASKED, 1, now)
    database.close()
    tried = shop.data("check", "--json", status=1)["tried"]
    said = {(one["what"], one["said"], one["standing"]) for one in tried}
    assert ("intake", f"{now.date()}: 3 calls to shop refused: not_signed", "ok") in said
    assert (
        "intake",
        f"{now.date()}: 1 call to names that no source has refused: not_asked",
        "ok",
    ) in said
    assert any(one["standing"] == "lacks" and "a source renamed" in one["said"] for one in tried)
    assert any("COMPLAINT_MONITOR_HOOK" in one["said"] for one in tried)

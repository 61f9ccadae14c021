"""`demo`: a newcomer sees everything work, from posts to a report, without any set-up."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.shop import Shop, environment

FAST = ("--speed", "1000000")


@pytest.mark.timeout(300)
def test_a_day_is_played_to_its_end_and_summed_up(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    run = subprocess.run(
        [sys.executable, "-m", "monitor", "demo", *FAST, "--output", "out"],
        cwd=tmp_path,
        env={**environment(), "TMPDIR": str(work)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    said = run.stdout
    assert run.stderr == ""
    for words in (
        "complaints were already waiting when watching began",
        "→ #care New complaint",
        "→ #care (in the thread)",
        "→ #care (the card, edited) Answered after",
        "→ #leads",
        "Slack refused a message (429",
        "1 refused with a 429 and sent again",
        "calls to X, ",
        "X would have charged $",
        "overdue",
        "Overdue (",
        "% within SLA",
        "What to do next",
        "complaint-monitor init",
        "The web page answered at http://127.0.0.1:",
        "/queue 200",
    ):
        assert words in said, words
    page = (tmp_path / "out" / "report.html").read_text()
    assert "<svg" in page
    assert "<link" not in page
    assert "<script" not in page
    assert sorted(one.name for one in tmp_path.iterdir()) == ["out", "work"]
    assert [one.name for one in (tmp_path / "out").iterdir()] == ["report.html"]
    assert list(work.iterdir()) == []


def test_a_demo_that_was_kept_is_not_played_over(shop: Shop) -> None:
    Path("out").mkdir()
    Path("out/config.toml").touch()
    assert "holds an earlier demo" in shop.refuses("demo", "--keep", "--output", "out")

"""Makes the pictures of the docs from the real thing: the demo in a terminal, its report in a browser.

    .venv/bin/python docs/pictures/make.py

Needs chromium (`apt-get install chromium`).
"""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from PIL import Image
from rich.console import Console
from rich.terminal_theme import SVG_EXPORT_THEME
from rich.text import Text

from monitor.domain.coverage import Blind, Why
from monitor.domain.notice import SourceHealth
from monitor.domain.report import Period, build
from monitor.render.charts import picture

HERE = Path(__file__).parent
COLUMNS = 118
ROW_PX, COLUMN_PX = 19, 8.43
COLOURS = 96
"""Of a picture: text and plain areas need no more, and the file is a third."""
DEMO = [sys.executable, "-m", "monitor", "demo", "--no-web"]
STORIES = ("Pufi kettle", "third and last public message")
"""Whose cases the picture shows: one answered in time, one that climbs first."""
CASE = re.compile(r"case \d+\b")
PAGE = """<!doctype html><meta charset="utf-8"><style>
body { margin: 0; background: #0d1117; color: #e6edf3 } pre { margin: 14px 18px;
font: 14px/19px "DejaVu Sans Mono", monospace }</style><pre>{code}</pre>"""


def main() -> None:
    """Write the pictures beside this file."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        said = on_a_terminal([*DEMO, "--output", name])
        terminal = folder / "terminal.html"
        page = as_page(excerpt(said))
        terminal.write_text(page, encoding="utf-8")
        rows = page[page.index("<pre>") :].count("\n") + 1
        size = (int(COLUMNS * COLUMN_PX) + 36, rows * ROW_PX + 28)
        shoot(terminal, HERE / "demo.png", size)
        report = folder / "report.html"
        shoot(report, HERE / "report-light.png", (1100, 1880))
        shoot(report, HERE / "report-dark.png", (1100, 1880), dark=True)
    (HERE / "coverage.png").write_bytes(coverage())


def coverage() -> bytes:
    """The report's chart of when was looked, of a week that is invented: nothing fails in the demo."""
    monday, hour = datetime(2026, 5, 4, tzinfo=UTC), timedelta(hours=1)
    night = Blind(monday + 18 * hour, monday + 30 * hour, Why.NOT_LOOKED)
    refused = Blind(monday + 64 * hour, monday + 75 * hour, Why.FAILING, "402")
    rows = (
        ("x", "mentions", 0, (night, refused)),
        ("reddit", "search", 50, ()),
        ("x", "own", 0, (night,)),
    )
    sources = [
        SourceHealth(
            source=source,
            stream=stream,
            network=source,
            read_through=monday + 168 * hour,
            failing_since=None,
            problem=None,
            blind=blind,
            watched_since=monday + began * hour,
        )
        for source, stream, began, blind in rows
    ]
    period = Period(monday, monday + 168 * hour)
    facts = {"brand": "Shop", "period": period, "as_of": period.until, "read_through": {}}
    drawn = picture(build((), sources=sources, **facts), UTC)
    if drawn is None:
        raise SystemExit("there was nothing to draw")
    return drawn.png


def on_a_terminal(command: Sequence[str]) -> str:
    """What the command prints on a terminal, colours included."""
    ours, its = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(COLUMNS), "TERM": "xterm-256color"}
    with subprocess.Popen(command, stdout=its, stderr=its, env=environment) as process:
        os.close(its)
        said = bytearray()
        while part := _read(ours):
            said += part
        if process.wait():
            raise SystemExit(said.decode())
    return said.decode().replace("\r\n", "\n")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # how Linux says that the other side has hung up
        return b""


def excerpt(said: str) -> str:
    """The beginning, all that Slack shows of STORIES, and what to do next."""
    lines = said.split("\n")
    plain = [Text.from_ansi(one).plain for one in lines]
    last = next(at for at, one in enumerate(plain) if "What to do next" in one)
    starts = [at for at, one in enumerate(plain[:last]) if "→ #" in one]
    notices = [
        range(at, next(end for end in range(at + 1, last) if not plain[end].startswith("  ")))
        for at in starts
    ]
    numbers = {
        found[0]
        for one in notices
        if any(story in plain[at] for at in one for story in STORIES)
        and (found := CASE.search(plain[one[0]]))
    }
    told = [one for one in notices if (found := CASE.search(plain[one[0]])) and found[0] in numbers]
    shown = [*range(plain.index("")), None, *(at for one in told for at in one), None]
    shown += [*range(last, len(lines))]
    return "\n".join("" if at is None else lines[at] for at in shown).strip("\n")


def as_page(said: str) -> str:
    """Coloured text as a page."""
    with Path(os.devnull).open("w") as nowhere:
        console = Console(record=True, width=COLUMNS, file=nowhere, force_terminal=True)
        console.print(Text.from_ansi(said), soft_wrap=False)
        code = console.export_html(theme=SVG_EXPORT_THEME, inline_styles=True, code_format="{code}")
    return PAGE.replace("{code}", code)


def shoot(page: Path, picture: Path, size: tuple[int, int], *, dark: bool = False) -> None:
    """What chromium shows of a page."""
    command = [
        "chromium",
        *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars"),
        "--disable-background-networking",
        f"--window-size={size[0]},{size[1]}",
        f"--blink-settings=preferredColorScheme={0 if dark else 1}",
        f"--screenshot={picture}",
        page.as_uri(),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    with Image.open(picture) as drawn:
        small = drawn.convert("RGB").quantize(COLOURS)
    small.save(picture, optimize=True)


if __name__ == "__main__":
    main()

"""Side by side with obsei on three cases: a 429 in mid-batch, sixty complaints at once, a post of next year.

    python -m tests.bench.side_by_side
    python -m tests.bench.side_by_side --obsei-python DIR/bin/python

obsei is the one from PyPI, unchanged, in a virtual environment that is made for it (or that you name);
`obsei run` is started again and again, as its schedule would. Ours is one process of `complaint-monitor run`.
Both read X from `monitor/simulator` and tell a Slack that answers alike. obsei has no source for X any
more: its source for "any JSON API" reads X's mentions; where a source keeps its place by time, those
of its own that do so are run as well.
Every post is a complaint, so neither needs a model: obsei runs without enricher, ours with a word list.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from monitor.clock import utc_now
from tests.bench.beside import obsei
from tests.bench.beside.obsei import Obsei
from tests.bench.beside.ours import Ours
from tests.bench.beside.scene import Outcome, Scene


class Program(Protocol):
    """Something that is run through a scene."""

    def play(self, scene: Scene, folder: Path) -> Outcome: ...


@dataclass(frozen=True, slots=True)
class Case:
    """What is shown, and the obsei paths that it is shown with."""

    title: str
    complaints: int
    paths: Sequence[tuple[str, dict[str, int]]]
    slack_refuses: int | None = None
    network_refuses: int | None = None
    next_year: int | None = None

    def scene(self) -> Scene:
        """A fresh one."""
        scene = Scene.of(complaints=self.complaints, next_year=self.next_year)
        scene.slack_refuses, scene.network_refuses = self.slack_refuses, self.network_refuses
        return scene


REST = ("rest", dict[str, int]())
CASES = (
    Case("429 in mid-batch: Slack's, at the 8th of 15 messages", 15, (REST,), slack_refuses=8),
    Case("429 in mid-batch: the network's, at the 2nd of 2 pages", 15, (REST,), network_refuses=2),
    Case("sixty complaints at once", 60, (REST, ("rest", {"max_messages": 100}))),
    Case("one post of six dated next year", 6, (REST, ("bluesky", {}), ("rss", {})), next_year=3),
)
HEAD = ("", "complaints", "told once", "doubled", "lost", "new after", "missed", "doubled")


def played(programs: Iterable[Program], case: Case) -> Iterator[Outcome]:
    """Each program's outcome, in a world and a folder of its own."""
    for program in programs:
        with tempfile.TemporaryDirectory(prefix="side-") as folder:
            yield program.play(case.scene(), Path(folder))


def table(results: Iterable[tuple[Case, Sequence[Outcome]]]) -> str:
    """Markdown: a row for each program and path, and beneath what it said."""
    lines, notes = [_row(HEAD), _row(("---",) + ("--:",) * (len(HEAD) - 1))], list[str]()
    for case, outcomes in results:
        lines.append(_row((f"**{case.title}**", *[""] * (len(HEAD) - 1))))
        for one in outcomes:
            new = one.news.once + one.news.doubled + one.news.lost
            figures = (one.complaints, one.heard.once, one.heard.doubled, one.heard.lost)
            after = (new, one.news.lost, one.news.doubled)
            lines.append(_row((f"{one.program}, {one.path}", *figures, *after)))
            if one.said:
                notes.append(f"* {case.title}; {one.program}, {one.path}: “{one.said}”")
    return "\n".join([*lines, "", *notes])


def _row(cells: Iterable[object]) -> str:
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def main() -> int:
    """Run all cases with both and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.side_by_side")
    parser.add_argument("--obsei-python", type=Path, help="Python of an environment with obsei")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="obsei-") as folder:
        python = given.obsei_python or obsei.install(Path(folder))
        found = obsei.version_of(python)
        if found != obsei.VERSION:
            print(f"{python} has obsei {found}; compared is {obsei.VERSION}")
            return 1
        results = []
        for case in CASES:
            sys.stderr.write(f"{case.title} …\n")
            programs: list[Program] = [Ours()]
            programs += [Obsei(python, source, sink) for source, sink in case.paths]
            results.append((case, list(played(programs, case))))
    print(f"{utc_now():%Y-%m-%d}\n")
    print(table(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""A process whose memory runs out while the shipped network judges, and comes back: run by a test.

The network in the folder it is given needs 40 MB for each text of full length, and 16 such texts at once
are more than the process may still take.
"""

from __future__ import annotations

import json
import re
import resource
import sys
from datetime import UTC, datetime
from pathlib import Path

from monitor.classifiers.shipped import Shipped
from monitor.domain.errors import ClassifierError
from monitor.domain.post import Post, PostKey

ROOM = 400_000_000
SHORT, LONG = "still no refund", "late again " * 100
TEXTS = [SHORT] * 16 + [LONG] * 4


def post(text: str) -> Post:
    at = datetime(2026, 5, 4, 9, tzinfo=UTC)
    return Post(key=PostKey("forum", "1"), thread="1", text=text, posted_at=at)


def judged(shipped: Shipped, texts: list[str]) -> list[float]:
    return [one.complaint for one in shipped.classify([post(text) for text in texts])]


def together(shipped: Shipped) -> str:
    """What comes of all texts at once, which are not judged in halves."""
    try:
        shipped._loaded().probabilities(TEXTS)
    except ClassifierError as error:
        return str(error)
    return "judged"


def main() -> None:
    shipped = Shipped(Shipped.Options(folder=Path(sys.argv[1])))
    told = {"alone": judged(shipped, [SHORT]) * 16 + judged(shipped, [LONG]) * 4}
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    [taken] = re.findall(r"VmSize:\s+(\d+) kB", status)
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (int(taken) * 1024 + ROOM, before[1]))
    first, halves = together(shipped), judged(shipped, TEXTS)
    resource.setrlimit(resource.RLIMIT_AS, before)
    print(json.dumps({**told, "first": first, "halves": halves, "later": together(shipped)}))


if __name__ == "__main__":
    main()

"""Takes real posts the whole way, and reconciles the counts at every stage.

    python -m tests.chaos.reconcile ../shared/data

The 12,284 posts of TweetEval's sentiment test go through `import`, `run --once`, `digest` and `report`,
each a process of its own. Between them the tables are counted with plain SQL. Exit status 1: something
does not add up; 2: the data are not there (no clone has them: licences of their own).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos.found import opened
from tests.chaos.installation import ROOT, WEIGHTS, WORDS, Installation

POSTS = "tweeteval-sentiment-test_text.txt"
CONFIG = """\
database = "sqlite:///{folder}/monitor.db"

[[brands]]
name = "Shop"

[classifier]
use = "{classifier}"

[[notifiers]]
use = "console"
log = "{folder}/journal.jsonl"
quiet = true

[log]
level = "warning"
"""


@dataclass
class Reconciled:
    """Equations, each with both sides counted in different places."""

    equations: list[tuple[str, str, int, int]] = field(default_factory=list)
    """Stage, in words, left side, right side."""
    seconds: list[tuple[str, float]] = field(default_factory=list)

    def equal(self, stage: str, words: str, left: int, right: int) -> None:
        self.equations.append((stage, words, left, right))

    @property
    def holds(self) -> bool:
        return all(left == right for _, _, left, right in self.equations)

    def table(self) -> str:
        rows = [
            f"{stage:9} {words:66} {left:>7} {right:>7} {'' if left == right else '<- differ'}"
            for stage, words, left, right in self.equations
        ]
        return "\n".join(one.rstrip() for one in rows)


def reconcile(texts: list[str], folder: Path, classifier: str) -> Reconciled:
    """Take these texts through a new installation in `folder`."""
    home = Installation(folder, f"sqlite:///{folder}/monitor.db")
    home.config().write_text(CONFIG.format(folder=folder, classifier=classifier))
    feed = folder / "posts.jsonl"
    feed.write_text("".join(json.dumps({"text": one}) + "\n" for one in texts))
    found = Reconciled()
    _said(home, found, "run", "--once")  # from now on new complaints alert
    words = ("--json", "--assume-now", "--network", "tweets")
    imported = json.loads(_said(home, found, "import", str(feed), *words))
    _after_import(found, imported, len(texts), _counted(home))
    _said(home, found, "run", "--once")
    counted = _counted(home)
    _after_run(found, counted, _heard(home))
    digest = json.loads(_said(home, found, "digest", "--json"))
    report = json.loads(_said(home, found, "report", "--last", "1d", "--json"))
    _after_reading(found, counted, digest, report)
    again = json.loads(_said(home, found, "import", str(feed), *words))
    found.equal(
        "again",
        "lines = duplicate, when the file is read a second time",
        len(texts),
        again["duplicate"],
    )
    replay = json.loads(_said(home, found, "replay", "--check", "--json"))
    found.equal("again", "cases whose history says something else = 0", len(replay["differing"]), 0)
    found.equal("again", "cases before = cases after", counted["cases"], replay["cases"])
    return found


def _said(home: Installation, found: Reconciled, *arguments: str) -> str:
    began_at = time.monotonic()
    done = home.run(*arguments)
    found.seconds.append((arguments[0], time.monotonic() - began_at))
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(arguments)}: {done.stderr[-3000:]}")
    return done.stdout


_COUNTS = {
    "posts": "SELECT count(*) FROM post",
    "judged": "SELECT count(*) FROM judgement",
    "unjudged": "SELECT count(*) FROM post WHERE to_judge",
    "mentions": "SELECT count(*) FROM mention",
    "alert": "SELECT count(*) FROM mention WHERE band = 'alert'",
    "review": "SELECT count(*) FROM mention WHERE band = 'review'",
    "pass": "SELECT count(*) FROM mention WHERE band = 'pass'",
    "cases": "SELECT count(*) FROM cases",
    "roots": "SELECT count(DISTINCT post_id) FROM case_post",
    "waits": "SELECT count(*) FROM wait",
    "confirmed": "SELECT count(*) FROM wait WHERE confirmed",
    "alerts sent": "SELECT count(*) FROM notice WHERE kind = 'alert' AND state = 'sent'",
    "alerts left out": "SELECT count(*) FROM notice WHERE kind = 'alert' AND state = 'suppressed'",
    "unconfirmed": "SELECT count(*) FROM notice WHERE reason = 'unconfirmed'",
    "sent": "SELECT count(*) FROM notice WHERE state = 'sent'",
    "notices": "SELECT count(*) FROM notice",
    "suppressed": "SELECT count(*) FROM notice WHERE state = 'suppressed'",
    "failures": "SELECT count(*) FROM failure",
}


def _counted(home: Installation) -> dict[str, int]:
    with opened(home.database) as rows:
        return {name: int(rows.execute(sql).fetchone()[0]) for name, sql in _COUNTS.items()}


def _heard(home: Installation) -> Counter[str]:
    lines = home.journal.read_text().splitlines() if home.journal.exists() else []
    return Counter(json.loads(line)["kind"] for line in lines)


def _after_import(
    found: Reconciled, said: dict[str, Any], lines: int, counted: dict[str, int]
) -> None:
    parts = said["stored"] + said["duplicate"] + said["rejected"]
    bands = counted["alert"] + counted["review"] + counted["pass"]
    found.equal("intake", "lines of the file = read", lines, said["read"])
    found.equal("intake", "read = stored + duplicate + rejected", said["read"], parts)
    found.equal("intake", "stored, as import says = rows of post", said["stored"], counted["posts"])
    found.equal("classify", "stored = judged", counted["posts"], counted["judged"])
    found.equal("classify", "still to judge = 0", counted["unjudged"], 0)
    found.equal("triage", "judged = alert + review + pass", counted["judged"], bands)
    found.equal(
        "triage", "complaints, as import says = alert", said["complaints"], counted["alert"]
    )
    found.equal("triage", "unsure, as import says = review", said["unsure"], counted["review"])
    asked = counted["alert"] + counted["review"]
    found.equal("triage", "alert + review = cases", asked, counted["cases"])
    found.equal("triage", "cases = posts at their roots", counted["cases"], counted["roots"])
    found.equal("triage", "cases = waits (nobody wrote twice)", counted["cases"], counted["waits"])
    found.equal("triage", "alert = confirmed waits", counted["alert"], counted["confirmed"])
    found.equal("any", "set back or in quarantine = 0", counted["failures"], 0)


def _after_run(found: Reconciled, counted: dict[str, int], heard: Counter[str]) -> None:
    told = counted["alerts sent"] + counted["alerts left out"]
    every = counted["sent"] + counted["suppressed"]
    found.equal("escalate", "waits = alerts sent + left out with a reason", counted["waits"], told)
    found.equal(
        "escalate", "left out = review (unconfirmed)", counted["unconfirmed"], counted["review"]
    )
    found.equal("deliver", "notices = sent + suppressed", counted["notices"], every)
    found.equal(
        "deliver", "alerts sent = alerts in the journal", counted["alerts sent"], heard["alert"]
    )
    found.equal("deliver", "alert = alerts in the journal", counted["alert"], heard["alert"])
    found.equal("deliver", "sent = lines of the journal", counted["sent"], heard.total())


def _after_reading(
    found: Reconciled, counted: dict[str, int], digest: dict[str, Any], report: dict[str, Any]
) -> None:
    listed = sum(len(digest[part]) for part in ("overdue", "at_risk", "new", "other"))
    total = report["total"]
    found.equal("digest", "confirmed waits = lines", counted["confirmed"], listed)
    found.equal(
        "digest", "review = lines to confirm", counted["review"], len(digest["unconfirmed"])
    )
    found.equal(
        "report", "confirmed waits = waits of the period", counted["confirmed"], total["waits"]
    )
    found.equal("report", "review = unconfirmed", counted["review"], total["unconfirmed"])
    found.equal(
        "report", "waits = sum of the states", total["waits"], sum(total["states"].values())
    )
    named = sum(map(len, total["cases"].values()))
    found.equal("report", "waits = waits listed behind the figures", total["waits"], named)
    for by in ("network", "severity", "person"):
        parts = sum(one["waits"] for one in report["groups"][by])
        found.equal("report", f"waits = sum by {by}", total["waits"], parts)


def main() -> int:
    """Reconcile, print, and say with the status whether it holds."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.reconcile")
    parser.add_argument("data", type=Path, nargs="?", default=ROOT.parent / "shared" / "data")
    parser.add_argument("--first", type=int, help="only so many posts")
    parser.add_argument("--words", action="store_true", help="judge by words, not by the model")
    given = parser.parse_args()
    path = given.data / POSTS
    if not path.exists():
        print(f"{path} is not there: public evaluation data, beside the checkout in ../shared")
        return 2
    texts = path.read_text(encoding="utf-8").splitlines()[: given.first]
    is_shipped = WEIGHTS.exists() and not given.words
    with tempfile.TemporaryDirectory(prefix="reconcile-") as folder:
        found = reconcile(texts, Path(folder), "shipped" if is_shipped else WORDS)
    print(found.table())
    print(", ".join(f"{name} {seconds:.1f} s" for name, seconds in found.seconds))
    took = dict(reversed(found.seconds))["import"]
    judge = "the shipped model" if is_shipped else "words"
    print(f"import, judged by {judge}: {len(texts) / took:.0f} posts/s")
    print("the counts reconcile" if found.holds else "the counts DIFFER")
    return 0 if found.holds else 1


if __name__ == "__main__":
    sys.exit(main())

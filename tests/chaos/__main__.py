"""All drills one after another, each in small: real deaths, faults and outages, alone and as a crew.

    python -m tests.chaos --seed 1
    python -m tests.chaos --only kill crew

Each says what it did; at the end stands which found nothing. Larger ones: `python -m tests.chaos.NAME`.
Exit status 1: a drill found something lost, doubled or wrong, or could not be played.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time

DRILLS = {
    "kill": ("kill", "--kills", "40"),
    "kill on PostgreSQL": ("kill", "--kills", "15", "--database", "postgresql"),
    "kill_networks": ("kill_networks", "--kills", "30"),
    "troubles": ("troubles", "--blows", "1"),
    "crew": ("crew", "--blows", "20"),
    "crash_points": ("crash_points", "--points", "200", "--minutes", "5"),
}
"""Sizes with which all end within half an hour on two idle cores: some 85 processes are killed."""


def main() -> int:
    """Play them, and say which found nothing."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--only", choices=DRILLS, nargs="+", default=list(DRILLS))
    parser.add_argument("--seed", type=int, default=1, help="of each drill")
    given = parser.parse_args()
    told, statuses = [], []
    for name in given.only:
        module, *sizes = DRILLS[name]
        words = [f"tests.chaos.{module}", *sizes, "--seed", str(given.seed)]
        print(f"--- python -m {' '.join(words)}", flush=True)
        began_at = time.monotonic()
        status = subprocess.run([sys.executable, "-m", *words], check=False).returncode
        statuses.append(status)
        said = "nothing lost, doubled or wrong" if status == 0 else f"FAILED, status {status}"
        told.append(f"{name:20} {time.monotonic() - began_at:6.0f} s  {said}")
    print(f"--- seed {given.seed}", *told, sep="\n")
    return 1 if any(statuses) else 0


if __name__ == "__main__":
    sys.exit(main())

"""A process of ours may hold more connections than the usual limit."""

from __future__ import annotations

import resource
import subprocess
import sys

from monitor.open_files import MOST

ASKED = """
import resource, sys
from monitor import __main__ as program
sys.argv = ["complaint-monitor", "--version"]
try:
    program.main()
finally:
    print(*resource.getrlimit(resource.RLIMIT_NOFILE))
"""


def limits(soft: int, hard: int) -> tuple[int, int]:
    """Those of the program that was started with these."""
    limited = f'ulimit -Sn {soft}; ulimit -Hn {hard}; exec "$0" "$@"'
    ran = subprocess.run(
        ["sh", "-c", limited, sys.executable, "-c", ASKED],
        capture_output=True,
        text=True,
        check=False,
    )
    found = ran.stdout.splitlines()[-1].split()
    return int(found[0]), int(found[1])


def test_the_program_may_open_as_many_files_as_the_system_lets_it() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    hard = MOST if hard == resource.RLIM_INFINITY else hard
    assert limits(256, hard) == (min(hard, MOST), hard)


def test_a_hard_limit_stays() -> None:
    assert limits(256, 300) == (300, 300)

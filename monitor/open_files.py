"""How many files and connections the process may hold open at once."""

from __future__ import annotations

import resource

MOST = 65_536
"""A connection of each of thousands of sources, and to spare."""


def allow_many() -> None:
    """As many as the system lets a process have without asking, up to `MOST`.

    The usual limit of 1,024 is for programs that wait by `select(2)`. A worker keeps a connection for each
    credential: with a thousand of them it could open nothing any more, its own database included.
    Source: setrlimit(2).
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST if hard == resource.RLIM_INFINITY else min(hard, MOST)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))

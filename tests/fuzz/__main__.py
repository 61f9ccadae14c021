"""Spoils what the program reads and is asked, by seed: it may refuse, and must never fail unforeseen.

    python -m tests.fuzz --rounds 300 --seed 1
    python -m tests.fuzz --only sources slack --rounds 1000

sources   every built-in source on its simulated network, whose answers lose fields, hold junk, are cut off
cursors   every built-in source that goes on from a spoilt cursor of its own
config    config files
rota      iCalendars
files     CSV and JSONL, as `files` follows and `import` reads them
models    the files of the shipped model
slack     presses, modals, commands and events, signed by HTTP
socket    the same, through Socket Mode
pages     the web's pages asked oddly, and their forms
intake    signed calls at /intake, of the shop's own and of Meta's, and what is read of them
openid    sign-in by a service that answers nonsense

Exit status 1: something was raised that the port does not know (`SourceError`, `ConfigError` …), a call was
answered with an error of ours (5xx), or the log has an error that nobody foresaw.
"""

from __future__ import annotations

import argparse
import random
import sys
import time

from tests.fuzz import parsers, slack, stored, web
from tests.fuzz.spoiling import Found, Part
from tests.plugins.door import let_tests_ask

PARTS: dict[str, Part] = {
    "sources": parsers.sources,
    "cursors": stored.cursors,
    "config": parsers.config,
    "rota": parsers.rota,
    "files": parsers.files,
    "models": stored.models,
    "slack": slack.by_http,
    "socket": slack.by_socket,
    "pages": web.pages,
    "intake": web.intake,
    "openid": web.openid,
}


def main() -> int:
    """Spoil, and print what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--only", choices=PARTS, nargs="+", default=list(PARTS))
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    found, began = Found(), time.monotonic()
    for part in given.only:
        PARTS[part](found, random.Random(given.seed), given.rounds)
    for what, number in sorted(found.rounds.items()):
        print(f"{what:26} {number} rounds, {found.refused[what]} refused")
    for one in found.unhandled[:20]:
        print(one)
    took = f"{time.monotonic() - began:.0f} s"
    print(
        f"seed {given.seed}: {found.rounds.total()} rounds,"
        f" {len(found.unhandled)} unhandled, {took}"
    )
    return 1 if found.unhandled else 0


if __name__ == "__main__":
    let_tests_ask()
    sys.exit(main())

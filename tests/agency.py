"""Two brands in one installation, each with complaints, an answer, a note and people of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from monitor.cli.run import begin
from monitor.domain.event import Channel
from monitor.settings import read_text
from monitor.stages import act
from monitor.store import maintenance
from monitor.store.engine import Database
from monitor.wiring import Application
from tests.store.written import rows

NOON = datetime(2026, 5, 5, 9, 30, tzinfo=UTC)
BRAND = """
[[brands]]
name = "{0}"
identities = [{{ handle = "{0}_help" }}]
[[sources]]
use = "files"
name = "{0} posts"
path = "{1}/{0}.jsonl"
follow = true
brands = "{0}"
network = "{0}net"
every = "1s"
[[policies]]
name = "{0} policy"
target = "4h"
match = {{ brands = "{0}" }}
"""
SHARED = """
[[sources]]
use = "files"
name = "shared posts"
path = "{0}/shared.jsonl"
follow = true
brands = ["acme", "beta"]
network = "sharednet"
every = "1s"
"""
"""Of both: a post that names beta, one that names neither, and a line that cannot be read."""
COMMON = '[classifier]\nuse = "tests.cli.keywords:Keywords"\n'


@dataclass
class Agency:
    """It, and the cases of each brand."""

    application: Application
    folder: Path
    config: str
    cases: dict[str, list[int]]
    posts: dict[str, list[int]]

    @property
    def database(self) -> Database:
        return self.application.database


@contextmanager
def agency(database_url: str, folder: Path) -> Iterator[Agency]:
    """Open until the end of the block; of "acme" and "beta" all has been told that there is to tell."""
    for brand in ("acme", "beta"):
        lines = [
            _line(brand, 1, f"awful secret-of-{brand}", f"friend_of_{brand}"),
            _line(brand, 2, f"awful again secret-of-{brand}", f"foe_of_{brand}"),
            _line(brand, 3, f"lovely secret-of-{brand}", f"fan_of_{brand}"),
            _line(brand, 4, f"sorry secret-of-{brand}", f"{brand}_help", reply_to=f"{brand}-2"),
            "no json: secret-of-" + brand,
        ]
        (folder / f"{brand}.jsonl").write_text("\n".join(lines) + "\n")
    shared = [
        _line("shared", 1, "lovely @beta_help", "fan_of_beta"),
        _line("shared", 2, "lovely weather", "nobody"),
        "no json: of beta?",
    ]
    (folder / "shared.jsonl").write_text("\n".join(shared) + "\n")
    tables = "".join(BRAND.format(brand, folder) for brand in ("acme", "beta"))
    config = tables + SHARED.format(folder) + COMMON
    now = NOON
    application = Application(
        read_text(f'database = "{database_url}"\n{config}', "agency"),
        clock=lambda: now,
        machine=lambda: now,
    )
    maintenance.upgrade(application.database)
    begin(application)
    application.runner().until_idle()
    now += timedelta(hours=6)
    application.runner().until_idle()
    cases = _of_each(
        application, "SELECT name, cases.id FROM cases JOIN brand ON brand.id = brand_id ORDER BY 2"
    )
    posts = _of_each(
        application,
        "SELECT name, post_id FROM mention JOIN brand ON brand.id = brand_id ORDER BY 2",
    )
    for brand, numbers in cases.items():
        said = f"secret-of-{brand}"
        act.note_contact(
            application.database, numbers[0], Channel.EMAIL, said, by=f"{brand}_agent", now=now
        )
    yield Agency(application, folder, config, cases, posts)
    application.close()


def _of_each(application: Application, sql: str) -> dict[str, list[int]]:
    found = rows(application.database, sql)
    return {one: [number for name, number in found if name == one] for one in ("acme", "beta")}


def _line(brand: str, number: int, text: str, author: str, **said: str) -> str:
    at = NOON + timedelta(minutes=number)
    post = {"external_id": f"{brand}-{number}", "author": author, "text": text}
    return json.dumps({**post, "posted_at": at.isoformat(), **said})

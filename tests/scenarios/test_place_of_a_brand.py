"""What sums a brand up is told where its own people read, and other brands' where it always was."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from monitor.cli.notify import audiences
from monitor.cli.run import begin
from monitor.settings import read_text
from monitor.store import maintenance, schema
from monitor.wiring import Application
from tests.store.written import rows

NOON = datetime(2026, 5, 5, 12, tzinfo=UTC)
BRAND = """
[[brands]]
name = "{0}"
{2}
[[sources]]
use = "files"
name = "{0} posts"
path = "{1}/{0}.jsonl"
follow = true
brands = "{0}"
network = "{0}net"
every = "1s"
"""
ALL = """
[[notifiers]]
use = "console"
[classifier]
use = "tests.cli.keywords:Keywords"
[digest]
tell = "console:all"
[storms]
tell = "console:topics"
"""


def test_a_brand_is_summed_up_where_its_own_people_read(tmp_path: Path, database_url: str) -> None:
    """Its digest, what was open before its first run, and its topics: no word of it where others read."""
    tables = (("acme", 'digest_tell = "console:acme"'), ("beta", ""))
    text = "".join(BRAND.format(name, tmp_path, said) for name, said in tables)
    now = NOON
    settings = read_text(f'database = "{database_url}"\n{text}{ALL}', "agency")
    assert {"console:acme", "console:all", "console:topics"} <= set(audiences(settings))
    application = Application(settings, clock=lambda: now, machine=lambda: now)
    try:
        maintenance.upgrade(application.database)
        for name, _ in tables:
            complains(tmp_path, name, 1, NOON - timedelta(days=5))
        begin(application)
        application.runner().until_idle()
        with application.database.writing() as conn:
            watched = schema.brand.update().values(first_run_at=NOON - timedelta(days=40))
            conn.execute(watched)
        for name, _ in tables:
            complains(tmp_path, name, 12, NOON - timedelta(minutes=30))
        now += timedelta(minutes=10)
        application.runner().until_idle()
        told = rows(
            application.database,
            "SELECT DISTINCT brand.name, kind, audience FROM notice JOIN brand ON brand.id = brand_id"
            " WHERE kind IN ('digest', 'backlog', 'surge')",
        )
    finally:
        application.close()
    assert {tuple(one) for one in told} == {
        ("acme", "digest", "console:acme"),
        ("acme", "backlog", "console:acme"),
        ("acme", "surge", "console:acme"),
        ("beta", "digest", "console:all"),
        ("beta", "backlog", "console:all"),
        ("beta", "surge", "console:topics"),
    }


def complains(folder: Path, brand: str, number: int, at: datetime) -> None:
    """So many customers write, each in words of their own."""
    with (folder / f"{brand}.jsonl").open("a", encoding="utf-8") as file:
        for one in range(number):
            name = f"{brand}-{at:%d%H%M}-{one}"
            post = {"external_id": name, "author": name, "text": f"awful parcel {name * (one + 1)}"}
            file.write(json.dumps({**post, "posted_at": at.isoformat()}) + "\n")

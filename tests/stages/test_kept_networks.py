"""X and Reddit over HTTP, with the whole program: what is deleted there is forgotten here."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from monitor import settings as config
from monitor.cli.run import begin
from monitor.domain.event import Record, Withdrawn
from monitor.store import cases, maintenance, replaying, tallies
from monitor.wiring import Application
from tests.sources import subreddit, x_world
from tests.sources.x_world import ACCOUNT, HANDLE, NOON
from tests.store.written import rows

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SECRETS = {
    "COMPLAINT_MONITOR_X_TOKEN": "T",
    "COMPLAINT_MONITOR_REDDIT_CLIENT_SECRET": "s3cret",
}
CONFIG = """
database = "sqlite:///{folder}/monitor.db"
[[brands]]
name = "shop"
identities = [{{ handle = "our_shop" }}]
[classifier]
use = "tests.cli.keywords:Keywords"
[[notifiers]]
use = "console"
quiet = true
log = "{folder}/notices.jsonl"
[[sources]]
"""


@contextmanager
def program(folder: Path, source: str, clock: Callable[[], datetime]) -> Iterator[Application]:
    """The program as `run` makes it, watching one source for a shop."""
    text = CONFIG.format(folder=folder) + source
    application = Application(config.read_text(text, "test"), clock=clock, environment=SECRETS)
    maintenance.upgrade(application.database)
    begin(application)
    yield application
    application.close()


def test_a_complaint_deleted_on_x_is_withdrawn_and_forgotten_within_a_day(tmp_path: Path) -> None:
    with x_world.shop() as x, program(tmp_path, _x(x), lambda: x.now) as application:
        number = x.writes("@our_shop awful: my zanzibar parcel")
        x.writes("@our_shop nice: a marzipan parcel", by="dan_d")
        runner = application.runner()
        runner.until_idle()
        assert [one in _raw(tmp_path) for one in (b"zanzibar", b"ana_p", b"marzipan")] == [True] * 3
        x.face.delete(number)
        x.passes(DAY)
        runner.until_idle()
        assert rows(application.database, "SELECT status FROM cases") == [("withdrawn",)]
        withdrawn = [one for one in _history(application) if isinstance(one.event, Withdrawn)]
        assert [(one.event, one.at) for one in withdrawn] == [(Withdrawn(2, NOON), NOON + DAY)]
        assert _tally(application) == {"deleted": 1, "stands": 1}
        with closing(sqlite3.connect(tmp_path / "monitor.db")) as conn:
            assert conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone() == (0, 0, 0)
        assert [one in _raw(tmp_path) for one in (b"zanzibar", b"ana_p", b"marzipan")] == [
            False,
            False,
            True,
        ]


def test_a_comment_deleted_on_reddit_is_withdrawn_and_forgotten_within_a_day(
    tmp_path: Path,
) -> None:
    now = [subreddit.NOW]
    with (
        subreddit.reddit() as server,
        program(tmp_path, _reddit(server.url), lambda: now[0]) as application,
    ):
        thing = subreddit.submission(1, text="awful: my zanzibar parcel")
        server.reddit.put(thing)
        runner = application.runner()
        runner.until_idle()
        assert b"zanzibar" in _raw(tmp_path)
        thing.fate, thing.is_indexed = "deleted", False  # no listing would tell
        now[0] += DAY
        runner.until_idle()
        now[0] += HOUR
        runner.until_idle()
        assert rows(application.database, "SELECT status FROM cases") == [("withdrawn",)]
        assert _tally(application) == {"deleted": 1}
        assert [one in _raw(tmp_path) for one in (b"zanzibar", b"ana_p")] == [False, False]


def test_what_the_budget_does_not_reach_is_purged_and_the_case_goes_on(tmp_path: Path) -> None:
    with x_world.shop() as x:
        source = _x(x) + "budget_calls_per_day = 2\n"  # for the two streams
        with program(tmp_path, source, lambda: x.now) as application:
            x.writes("@our_shop awful: my zanzibar parcel")
            runner = application.runner()
            for _ in range(3):
                runner.until_idle()
                x.passes(DAY)
            runner.until_idle()
            assert b"zanzibar" not in _raw(tmp_path)
            assert set(_tally(application)) == {"out_of_budget"}
            assert _purged(application) == {"not_looked_up": 1, "name": 1}
            assert rows(application.database, "SELECT status FROM cases") == [("open",)]
            with application.database.reading() as conn:
                assert list(replaying.differences(conn)) == []


def test_a_network_that_is_out_for_a_while_costs_no_words(tmp_path: Path) -> None:
    with x_world.shop() as x, program(tmp_path, _x(x), lambda: x.now) as application:
        x.writes("@our_shop awful: my zanzibar parcel")
        runner = application.runner()
        runner.until_idle()
        x.server.fail("503")
        x.passes(DAY)
        for _ in range(4):
            runner.until_idle()
            x.passes(HOUR)
        assert b"zanzibar" in _raw(tmp_path)
        x.server.heal()
        runner.until_idle()
        assert b"zanzibar" in _raw(tmp_path)
        assert _tally(application) == {"unreachable": 4, "stands": 1}
        assert rows(application.database, "SELECT status FROM cases") == [("open",)]


def _x(x: x_world.Shop) -> str:
    return f"""
use = "x"
account = "{ACCOUNT}"
handle = "{HANDLE}"
overlap = "0s"
timeout = 5
base_url = "{x.server.url}"
"""


def _reddit(url: str) -> str:
    return f"""
use = "reddit"
client_id = "app"
subreddits = ["help"]
timeout = 5
base_url = "{url}"
"""


def _raw(folder: Path) -> bytes:
    """All that SQLite keeps."""
    return b"".join(one.read_bytes() for one in sorted(folder.glob("monitor.db*")))


def _tally(application: Application) -> dict[str, int]:
    found: dict[str, int] = {}
    with application.database.reading() as conn:
        for one in tallies.look_ups_since(conn, NOON.date()):
            found[one.what] = found.get(one.what, 0) + one.number
    return found


def _purged(application: Application) -> dict[str, int]:
    with application.database.reading() as conn:
        return {one.what: one.number for one in tallies.purged_since(conn, NOON.date())}


def _history(application: Application) -> tuple[Record, ...]:
    with application.database.reading() as conn:
        return cases.history(conn, 1)

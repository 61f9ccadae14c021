"""A SQLite installation goes to PostgreSQL: whole, compared, and after any interruption."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from monitor.domain.errors import StoreError
from monitor.domain.notice import NoticeKind, Planned, Reason
from monitor.domain.search import search
from monitor.store import maintenance, moving, outbox, searching
from monitor.store.engine import Database
from monitor.store.schema import case_event, notice, post
from tests.scenarios.world import World
from tests.stages.told import NOW, Told


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Path:
    """A file with what a day brought."""
    path = tmp_path_factory.mktemp("day") / "day.db"
    path.write_bytes(sqlite_template.read_bytes())
    world = World(path.parent, f"sqlite:///{path}")
    for number in range(3):
        world.x.posts(f"Still no refund {number}, mulțumesc", at=f"09:0{number}")
    world.runs_until("11:00")
    world.database.empty_log()
    world.database.close()
    return path


@pytest.fixture
def source(tmp_path: Path, day: Path) -> Iterator[Database]:
    """A copy of it."""
    path = tmp_path / "day.db"
    path.write_bytes(day.read_bytes())
    made = Database(f"sqlite:///{path}")
    yield made
    made.close()


@pytest.fixture
def target(request: pytest.FixtureRequest) -> Iterator[Database]:
    server = request.getfixturevalue("postgres")
    with server.one() as url:
        made = Database(url)
        yield made
        made.close()


def test_all_is_there_and_goes_on_where_it_was(
    source: Database, target: Database, tmp_path: Path
) -> None:
    shown: list[tuple[int, int]] = []
    moved = moving.move(source, target, lambda done, total: shown.append((done, total)))
    assert shown[-1] == (moved.rows, moved.rows)
    assert moved.census["post"][0] == 3
    with source.reading() as here, target.reading() as there:
        for table in (post, case_event):
            query = sa.select(table).order_by(*table.primary_key.columns)
            assert there.execute(query).all() == here.execute(query).all()
    with target.writing() as conn:
        fresh = conn.scalar(sa.text("SELECT nextval(pg_get_serial_sequence('post', 'id'))"))
    assert fresh == 4
    with target.reading() as conn:  # what was said is found there
        found = searching.newest_posts(conn, search("refund multumesc"), before=9, limit=9)
    assert found.ids == [3, 2, 1]
    with pytest.raises(StoreError, match="not empty"):
        moving.move(source, target)


KILLED_AFTER_20 = """
import os, signal, sys
from monitor.store import moving
from monitor.store.engine import Database

def dies(done, total):
    if done >= 20:
        os.kill(os.getpid(), signal.SIGKILL)

moving.move(Database(sys.argv[1]), Database(sys.argv[2]), dies)
"""


def test_a_killed_move_goes_on_and_copies_nothing_twice(source: Database, target: Database) -> None:
    urls = [one.url.render_as_string(hide_password=False) for one in (source, target)]
    died = subprocess.run([sys.executable, "-c", KILLED_AFTER_20, *urls], check=False)
    assert died.returncode == -signal.SIGKILL
    before = moving.preview(source, target)
    assert before.again > 0
    moved = moving.move(source, target)
    assert moved.again == before.again
    assert moved.census == before.census


def test_a_file_that_changed_since_is_copied_anew(source: Database, target: Database) -> None:
    with pytest.raises(KeyboardInterrupt):
        moving.move(source, target, _stops_after(20))
    with source.writing() as conn:
        conn.execute(post.update().values(text="edited"))
    assert moving.move(source, target).again == 0
    with target.reading() as conn:
        assert set(conn.scalars(sa.select(post.c.text))) == {"edited"}


def test_a_copy_that_differs_is_told(source: Database, target: Database) -> None:
    def spoils(done: int, total: int) -> None:
        if done == total:
            with target.writing() as conn:
                conn.execute(post.update().values(text="of somebody else"))

    with pytest.raises(StoreError, match=r"differs from .* in post"):
        moving.move(source, target, spoils)
    assert moving.move(source, target).again == 0


def test_while_it_moves_nobody_writes_to_the_file(source: Database, target: Database) -> None:
    tried: list[str] = []

    def writes(_done: int, _total: int) -> None:
        if not tried:
            assert source.path is not None
            with closing(sqlite3.connect(source.path, timeout=0)) as other:
                try:
                    other.execute("DELETE FROM failure")
                except sqlite3.OperationalError as error:
                    tried.append(str(error))

    moving.move(source, target, writes)
    assert tried == ["database is locked"]


def test_what_is_no_such_target_is_refused(
    source: Database, target: Database, tmp_path: Path
) -> None:
    other = Database(f"sqlite:///{tmp_path}/other.db")
    with pytest.raises(StoreError, match="has to be PostgreSQL"):
        moving.preview(source, other)
    other.close()
    with pytest.raises(StoreError, match="PostgreSQL already"):
        moving.preview(target, target)
    with target.writing() as conn:
        conn.execute(sa.text("CREATE TABLE orders (id int)"))
    with pytest.raises(StoreError, match=r"another program \(orders\)"):
        moving.preview(source, target)


def test_alarms_that_were_gathered_come_before_their_message(
    tmp_path: Path, sqlite_template: Path, target: Database
) -> None:
    """Such an alarm points to a later row, which may come in a later batch."""
    path = tmp_path / "storm.db"
    path.write_bytes(sqlite_template.read_bytes())
    source = Database(f"sqlite:///{path}")
    told = Told(source)
    told.words(NoticeKind.TEST, "gathers", to="#ops")
    # more than a batch of them; the message's number is given first and moved behind them
    rows = [
        Planned(f"alarm:{number}", NoticeKind.TEST, "#care", Reason.GATHERED, NOW, under=1)
        for number in range(moving.BATCH + 1)
    ]
    with source.writing() as conn:
        outbox.write(conn, rows, brand_id=None, case_id=None, now=NOW)
        conn.execute(sa.text("PRAGMA defer_foreign_keys = ON"))
        conn.execute(notice.update().where(notice.c.id == 1).values(id=99_999))
        conn.execute(notice.update().where(notice.c.under == 1).values(under=99_999))
    maintenance.upgrade(target)
    before = sa.inspect(target.engine).get_foreign_keys("notice")
    with pytest.raises(KeyboardInterrupt):
        moving.move(source, target, _stops_after(moving.BATCH))
    moved = moving.move(source, target)
    source.close()
    assert moved.again > 0
    assert moved.census["notice"][0] == moving.BATCH + 2
    assert sa.inspect(target.engine).get_foreign_keys("notice") == before


def _stops_after(rows: int) -> moving.Shown:
    def shown(done: int, _total: int) -> None:
        if done >= rows:
            raise KeyboardInterrupt

    return shown

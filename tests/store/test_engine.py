"""Transactions: no update is lost, and a database that cannot be used says so in words."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa

from monitor.domain.errors import StoreError
from monitor.store.engine import Database, clear_errors
from monitor.store.schema import stream
from tests.store.written import NINE, Bringing, rows, written

only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
only_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
MANY = 40

COUNT_UP = f"""
import sys
import sqlalchemy as sa
from monitor.store.engine import Database
from monitor.store.schema import stream

def count_up(database):
    for _ in range({MANY}):
        with database.writing() as conn:
            # what a write rests on is read for update: PostgreSQL locks the row, SQLite all
            query = sa.select(stream.c.failures).where(stream.c.id == 1).with_for_update()
            failures = conn.execute(query).scalar_one()
            conn.execute(stream.update().where(stream.c.id == 1).values(failures=failures + 1))

if __name__ == "__main__":
    sys.stdin.readline()  # until all are ready
    count_up(Database(sys.argv[1]))
"""


def test_no_update_is_lost_between_threads(database: Database) -> None:
    Bringing(database)
    script: dict[str, Any] = {"__name__": "in a thread"}
    exec(COUNT_UP, script)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(script["count_up"], [database, database]))
    assert rows(database, "SELECT failures FROM stream") == [(2 * MANY,)]


@only_sqlite
def test_threads_of_one_process_wait_for_each_other_not_for_sqlite(database: Database) -> None:
    """Who finds SQLite busy sleeps, and may be overtaken until its patience ends: here it needs none."""
    Bringing(database)
    impatient = _with_pragma(database, "busy_timeout=0")
    script: dict[str, Any] = {"__name__": "in a thread"}
    exec(COUNT_UP, script)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(script["count_up"], [impatient] * 8))
    assert rows(impatient, "SELECT failures FROM stream") == [(8 * MANY,)]
    impatient.close()


def test_no_update_is_lost_between_processes(database: Database) -> None:
    Bringing(database)
    url = database.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", COUNT_UP, url]
    two = [subprocess.Popen(command, stdin=subprocess.PIPE, text=True) for _ in range(2)]
    for one in two:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    for one in two:
        one.communicate(timeout=60)
        assert one.returncode == 0
    assert rows(database, "SELECT failures FROM stream") == [(2 * MANY,)]


def test_a_post_and_its_answer_stored_at_once_share_a_thread(database: Database) -> None:
    first, second = Bringing(database), Bringing(database, name="own")
    for number in range(0, 40, 2):
        root, reply, deeper = (str(100 * number + step) for step in range(3))
        with ThreadPoolExecutor(2) as pool:
            done = [
                pool.submit(first.brings, written(root), written(deeper, to=reply)),
                pool.submit(second.brings, written(reply, by="shop", to=root)),
            ]
            assert [one.result().stored for one in done] == [2, 1]
    astray = "SELECT count(*) FROM post p JOIN post t ON t.external_id = p.thread WHERE t.thread <> p.thread"
    assert rows(database, astray) == [(0,)]


def test_the_same_page_stored_twice_at_once_is_stored_once(database: Database) -> None:
    streams = Bringing(database), Bringing(database, name="search")
    page = [written(str(number), by=f"u{number % 7}") for number in range(200)]
    with ThreadPoolExecutor(2) as pool:
        turns = pool.map(lambda one, items: one.brings(*items), streams, (page, page[::-1]))
    assert sorted(one.stored for one in turns) == [0, 200]
    assert rows(database, "SELECT count(*) FROM sighting") == [(400,)]


def test_who_reads_cannot_write(database: Database) -> None:
    Bringing(database)
    with pytest.raises((StoreError, sa.exc.DBAPIError)), database.reading() as conn:
        conn.execute(sa.text("DELETE FROM stream"))
    assert len(rows(database, "SELECT * FROM stream")) == 1


def test_a_failed_transaction_leaves_nothing(database: Database) -> None:
    stream = Bringing(database)

    def fails_in_the_middle() -> None:
        with database.writing() as conn:
            conn.execute(sa.text("UPDATE stream SET failures = 7"))
            raise KeyError

    with pytest.raises(KeyError):
        fails_in_the_middle()
    assert rows(database, "SELECT failures FROM stream") == [(0,)]
    assert stream.brings(written("1")).stored == 1


HOLD = """
import sqlite3, sys
conn = sqlite3.connect(sys.argv[1], isolation_level=None)
conn.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
"""


@only_sqlite
def test_a_write_waits_while_another_program_writes(database: Database) -> None:
    stream = Bringing(database)
    with _holding(database) as other, ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(stream.brings, written("1"))
        assert rows(database, "SELECT * FROM post") == []  # readers do not wait
        assert not waiting.done()
        other.communicate("done\n")
        assert waiting.result().stored == 1


@only_sqlite
def test_a_database_locked_for_long_is_an_error_that_says_so(database: Database) -> None:
    stream = Bringing(database)
    impatient = _with_pragma(database, "busy_timeout=20")
    stream.database = impatient
    with _holding(database) as other:
        with pytest.raises(StoreError, match="Another program holds it"):
            stream.brings(written("1"))
        other.communicate("done\n")
    assert stream.brings(written("1")).stored == 1
    impatient.close()


@only_sqlite
def test_a_full_disk_loses_nothing(database: Database) -> None:
    stream = Bringing(database)
    with database.reading() as conn:
        pages = conn.exec_driver_sql("PRAGMA page_count").scalar_one()
    full = _with_pragma(database, f"max_page_count={pages}")
    stream.database = full
    page = [written(str(number), text="long " * 1000) for number in range(50)]
    with pytest.raises(StoreError, match=r"Free some space; .* an import must be repeated"):
        stream.brings(*page)
    full.close()
    stream.database = database
    assert stream.brings(*page).stored == 50


FILL = """
import resource, sys
from pathlib import Path
from monitor.domain.errors import StoreError
from monitor.store.engine import Database
from tests.store.written import Bringing, written

database = Database(sys.argv[1])
stream = Bringing(database)
size = database.path.stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
try:
    stream.brings(*(written(str(number), text="long " * 1000) for number in range(200)))
except StoreError as error:
    print(error)
"""


@only_sqlite
def test_a_used_up_quota_loses_nothing(database: Database) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FILL, str(database.url)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert "quota" in done.stdout
    assert rows(database, "SELECT count(*) FROM post") == [(0,)]
    assert Bringing(database).brings(written("1")).stored == 1


@only_sqlite
def test_a_read_only_database_is_an_error_that_says_so(database: Database) -> None:
    stream = Bringing(database)
    stream.database = Database(f"sqlite:///file:{database.path}?mode=ro&uri=true")
    with pytest.raises(StoreError, match="cannot be written by this user"):
        stream.brings(written("1"))
    stream.database.close()


def test_a_file_that_is_no_database_is_an_error_that_says_so(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but long enough to be looked at" * 100)
    with (
        pytest.raises(StoreError, match="is not a SQLite database"),
        Database(f"sqlite:///{path}").reading(),
    ):
        pass


def test_a_database_without_tables_says_how_to_make_them(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    with pytest.raises(StoreError, match="db upgrade"):
        rows(database, "SELECT * FROM post")
    database.close()


@pytest.mark.parametrize(
    "url",
    ["postgresql:///x?host=/nonexistent", "postgresql://u:p4ss@127.0.0.1:1/x?connect_timeout=5"],
)
def test_a_server_that_cannot_be_reached_is_an_error_that_says_so(url: str) -> None:
    database = Database(url)
    with pytest.raises(StoreError, match=r"PostgreSQL running|tried again") as caught:
        rows(database, "SELECT 1")
    assert "p4ss" not in str(caught.value)
    database.close()


@only_postgresql
def test_a_connection_that_breaks_is_an_error_that_says_so(database: Database) -> None:
    def breaks() -> None:
        with database.writing() as conn:
            own = conn.scalar(sa.select(sa.func.pg_backend_pid()))
            with database.writing() as other:
                other.execute(sa.select(sa.func.pg_terminate_backend(own)))
            conn.execute(sa.select(1))

    with pytest.raises(StoreError, match="tried again"):
        breaks()
    assert rows(database, "SELECT 1") == [(1,)]


@only_postgresql
def test_a_connection_that_was_closed_under_us_is_an_error_that_says_so(
    database: Database,
) -> None:
    def breaks() -> None:
        with database.writing() as conn:
            conn.connection.driver_connection.close()  # type: ignore[union-attr]
            conn.execute(sa.select(1))

    with pytest.raises(StoreError, match="tried again"):
        breaks()
    assert rows(database, "SELECT 1") == [(1,)]


@only_postgresql
def test_a_deadlock_is_the_trouble_of_one_transaction(database: Database) -> None:
    """It is tried again as one item, while the others go on."""
    both = Barrier(2)

    def locks(*numbers: int) -> None:
        with database.writing() as conn:
            for number in numbers:
                conn.execute(sa.select(sa.func.pg_advisory_xact_lock(number)))
                if number == numbers[0]:
                    both.wait()

    with ThreadPoolExecutor(2) as pool:
        ended = [pool.submit(locks, 1, 2), pool.submit(locks, 2, 1)]
        errors = [error for one in ended if (error := one.exception())]
    assert [type(one) for one in errors] == [sa.exc.OperationalError]


def test_a_pool_without_a_free_connection_is_tried_again(database: Database) -> None:
    with pytest.raises(StoreError, match="tried again"), clear_errors(database.url):
        raise sa.exc.TimeoutError("QueuePool limit reached")


@only_sqlite
def test_a_mistaken_statement_is_not_the_databases_trouble(database: Database) -> None:
    with pytest.raises(sa.exc.OperationalError):
        rows(database, "SELECT 1 FROM")


def test_an_error_does_not_quote_what_was_to_be_stored(database: Database) -> None:
    with pytest.raises(sa.exc.IntegrityError) as caught, database.writing() as conn:
        conn.execute(stream.insert().values(source="my kettle burns"))
    assert "kettle" not in str(caught.value).partition("DETAIL")[0]


def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    naive = NINE.replace(tzinfo=None)
    with pytest.raises(sa.exc.StatementError, match="without a zone"), database.writing() as conn:
        conn.execute(stream.update().values(polled_at=naive))


def test_an_unknown_kind_of_database_is_refused() -> None:
    with pytest.raises(StoreError, match="sqlite:///file or postgresql://"):
        Database("mysql://host/name")


WITHOUT_DRIVER = """
import sys
sys.modules["psycopg"] = None  # as if it were not installed
from monitor.domain.errors import StoreError
from monitor.store.engine import Database

try:
    Database("postgresql://u:p4ss@h/x")
except StoreError as error:
    print(error)
"""


def test_postgresql_without_its_driver_says_what_to_install() -> None:
    command = [sys.executable, "-c", WITHOUT_DRIVER]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert 'needs psycopg: pip install "complaint-monitor[postgres]"' in done.stdout
    assert "p4ss" not in done.stdout


def _with_pragma(database: Database, pragma: str) -> Database:
    other = Database(str(database.url))

    @sa.event.listens_for(other.engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        connection.execute(f"PRAGMA {pragma}")

    return other


def _holding(database: Database) -> subprocess.Popen[str]:
    """Another program in the midst of a write; it ends when a line is sent to it."""
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(database.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    return other

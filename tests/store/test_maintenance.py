"""The tables' version, copies of the database, and that only one program runs on it."""

from __future__ import annotations

import secrets
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from monitor.domain.errors import StoreError
from monitor.store import maintenance
from monitor.store.engine import Database
from monitor.store.schema import metadata
from tests.store.written import NINE, Bringing, rows, written

only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
only_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
def empty_database(empty_database_url: str) -> Iterator[Database]:
    database = Database(empty_database_url)
    yield database
    database.close()


def test_the_migrations_make_the_tables_that_the_code_knows(empty_database: Database) -> None:
    assert maintenance.current_revision(empty_database) is None
    with pytest.raises(StoreError, match="db upgrade"):
        maintenance.require_current(empty_database)
    maintenance.upgrade(empty_database)
    assert maintenance.current_revision(empty_database) == maintenance.HEAD
    maintenance.require_current(empty_database)
    with empty_database.writing() as conn:
        context = MigrationContext.configure(
            conn,
            opts={
                "compare_type": True,
                "compare_server_default": True,
                # the index of what was said is no table of the metadata: the next test compares it
                "include_name": lambda name, kind, _: (
                    kind != "table" or not str(name).startswith("said")
                ),
            },
        )
        assert compare_metadata(context, metadata) == []


def test_partial_indexes_and_keys_are_the_code_s_too(empty_database: Database) -> None:
    """What Alembic does not compare: the whole text of every table and index."""
    maintenance.upgrade(empty_database)
    made = _definitions(empty_database)
    with empty_database.writing() as conn:
        if not empty_database.is_sqlite:
            conn.execute(sa.text("DROP SCHEMA public CASCADE"))
            conn.execute(sa.text("CREATE SCHEMA public"))
        else:
            conn.execute(sa.text("PRAGMA defer_foreign_keys = ON"))
            metadata.drop_all(conn)
        metadata.create_all(conn)
    assert _definitions(empty_database) == made


def test_upgrading_again_changes_nothing(database: Database) -> None:
    Bringing(database).brings(written("1"))
    maintenance.upgrade(database)
    assert len(rows(database, "SELECT * FROM post")) == 1


@pytest.mark.parametrize(
    "change",
    ["UPDATE case_event SET kind = 'x'", "DELETE FROM case_event"],
    ids=["update", "delete"],
)
def test_what_happened_to_a_case_is_never_rewritten(database: Database, change: str) -> None:
    Bringing(database).brings(written("1"))
    with database.writing() as conn:
        conn.execute(
            metadata.tables["cases"].insert(),
            {
                "id": 1,
                "brand_id": 1,
                "network": "x",
                "thread": "1",
                "customer": "1",
                "root_post_id": 1,
                "opened_at": NINE,
                "seq": 1,
                "status": "open",
                "confirmed": True,
                "severity": 1,
                "level": 0,
                "claimed": False,
            },
        )
        conn.execute(
            metadata.tables["case_event"].insert(),
            {
                "case_id": 1,
                "seq": 1,
                "kind": "opened",
                "at": NINE,
                "recorded_at": NINE,
                "by": "triage",
                "data": {},
            },
        )
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), database.writing() as conn:
        conn.execute(sa.text(change))
    assert rows(database, "SELECT kind FROM case_event") == [("opened",)]


@pytest.mark.parametrize("version", ["9999", "9999.9998", "9999.x", "a later way to number"])
def test_a_database_of_a_newer_program_is_left_alone(database: Database, version: str) -> None:
    _call_it(database, version)
    for refused in (maintenance.upgrade, maintenance.require_current):
        with pytest.raises(StoreError, match=rf"version {version}.*newer"):
            refused(database)
    assert maintenance.current_revision(database) == version


def test_a_database_of_an_earlier_checkout_is_refused_and_left_alone(database: Database) -> None:
    with database.writing() as conn:
        conn.execute(sa.text("DROP TABLE installation"))  # as it was made without
    for refused in (maintenance.upgrade, maintenance.require_current):
        with pytest.raises(StoreError, match=r"earlier checkout.*makes a new one"):
            refused(database)
    assert maintenance.current_revision(database) == maintenance.HEAD


def test_newer_tables_that_are_for_this_program_too_stay_as_they_are(database: Database) -> None:
    version = f"9999.{maintenance.HEAD[:4]}"
    _call_it(database, version)
    maintenance.require_current(database)
    assert not maintenance.upgrade(database)
    assert maintenance.current_revision(database) == version
    with pytest.raises(
        StoreError, match="newer"
    ):  # whoever copies all there is must see all there is
        maintenance.require_own(database)


def test_each_migration_says_for_whom_its_tables_are() -> None:
    """Numbers follow each other; the oldest program that goes on is never older than before."""
    found = ScriptDirectory.from_config(maintenance._config())
    versions = [one.revision for one in found.walk_revisions()][::-1]
    assert versions[-1] == maintenance.HEAD
    oldest = []
    for number, version in enumerate(versions, start=1):
        match = maintenance._FORM.fullmatch(version)
        assert match is not None, version
        assert int(match[1]) == number
        oldest.append(int(match[2] or match[1]))
        assert oldest[-1] <= number
    assert oldest == sorted(oldest)


@only_postgresql
def test_tables_that_changed_while_the_lock_was_lost_end_the_work(database: Database) -> None:
    second = Database(database.url.render_as_string(hide_password=False))
    with maintenance.among_workers(database) as still_ours:
        _break_the_connection_of_the_lock(second)
        assert "tried again" in str(still_ours())
        _call_it(second, f"9999.{maintenance.HEAD[:4]}")
        assert still_ours() is None
        _break_the_connection_of_the_lock(second)
        assert "tried again" in str(still_ours())
        _call_it(second, "9999")
        with pytest.raises(StoreError, match="newer complaint-monitor"):
            still_ours()
    second.close()


def _call_it(database: Database, version: str) -> None:
    with database.writing() as conn:
        conn.execute(sa.text("UPDATE alembic_version SET version_num = :now"), {"now": version})


@only_sqlite
def test_a_backup_is_a_whole_database_while_the_first_is_in_use(
    database: Database, tmp_path: Path
) -> None:
    stream = Bringing(database)
    stream.brings(written("1"))
    copy = tmp_path / "copy.db"
    with database.writing() as conn:
        conn.execute(sa.text("DELETE FROM sighting"))  # not committed: no part of the copy
        maintenance.backup(database, copy)
    restored = Database(f"sqlite:///{copy}")
    maintenance.require_current(restored)
    assert len(rows(restored, "SELECT * FROM sighting")) == 1
    restored.close()


@only_sqlite
def test_a_backup_overwrites_nothing_and_leaves_no_half(database: Database, tmp_path: Path) -> None:
    there = tmp_path / "there.db"
    there.write_text("precious")
    with pytest.raises(StoreError, match="exists"):
        maintenance.backup(database, there)
    assert there.read_text() == "precious"
    with pytest.raises(StoreError, match="unable to open"):
        maintenance.backup(database, tmp_path / "no" / "copy.db")


TORN_PAGE = "a page overwritten"
CROSSED = "two indexes that claim one page"
MISSING = "rows that lack what they must have"


@only_sqlite
@pytest.mark.parametrize("damage", [TORN_PAGE, CROSSED, MISSING])
def test_a_damaged_database_makes_no_backup(
    database: Database, tmp_path: Path, damage: str
) -> None:
    Bringing(database).brings(*(written(str(number)) for number in range(500)))
    database.close()
    path = database.path
    assert path is not None
    with closing(sqlite3.connect(path)) as conn:
        root = "(SELECT rootpage FROM sqlite_master WHERE name = 'ix_post_thread')"
        (page,) = conn.execute(f"SELECT {root}").fetchone()
        if damage == CROSSED:
            conn.execute("PRAGMA writable_schema = ON")
            other = "WHERE name = 'ix_post_author'"
            conn.execute(f"UPDATE sqlite_master SET rootpage = {root} {other}")
            conn.commit()
        if damage == MISSING:
            conn.execute("PRAGMA writable_schema = ON")
            told = "replace(sql, 'title TEXT', 'title TEXT NOT NULL')"
            conn.execute(f"UPDATE sqlite_master SET sql = {told} WHERE name = 'post'")
            conn.commit()
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    if damage == TORN_PAGE:
        with path.open("r+b") as file:
            file.seek((page - 1) * 4096)
            file.write(b"\xff" * 4096)
    with pytest.raises(StoreError, match=r"damaged|malformed"):
        maintenance.backup(database, tmp_path / "copy.db")
    assert not list(tmp_path.glob("copy*"))


def test_a_missing_database_makes_no_backup(tmp_path: Path) -> None:
    nowhere = Database(f"sqlite:///{tmp_path / 'nowhere.db'}")
    with pytest.raises(StoreError, match="does not exist"):
        maintenance.backup(nowhere, tmp_path / "copy.db")


@only_postgresql
def test_postgresql_has_a_program_of_its_own_for_that(database: Database, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="pg_dump"):
        maintenance.backup(database, tmp_path / "copy")


def test_a_second_runner_hears_who_is_there_and_may_come_afterwards(database: Database) -> None:
    second = Database(database.url.render_as_string(hide_password=False))
    with (
        maintenance.only_one_runner(database),
        pytest.raises(StoreError, match=r"in use by .*process \d+"),
        maintenance.only_one_runner(second),
    ):
        pass
    with maintenance.only_one_runner(second):
        pass
    second.close()


@only_postgresql
def test_a_lock_that_is_lost_with_its_connection_is_taken_again(database: Database) -> None:
    second = Database(database.url.render_as_string(hide_password=False))
    with maintenance.only_one_runner(database) as still_alone:
        assert still_alone() is None
        _break_the_connection_of_the_lock(second)
        assert "tried again" in str(still_alone())
        assert still_alone() is None
        with pytest.raises(StoreError, match="in use"), maintenance.only_one_runner(second):
            pass
    second.close()


@only_postgresql
def test_a_lock_that_somebody_else_took_meanwhile_is_lost(database: Database) -> None:
    second = Database(database.url.render_as_string(hide_password=False))
    with maintenance.only_one_runner(database) as still_alone:
        _break_the_connection_of_the_lock(second)
        with maintenance.only_one_runner(second):
            assert still_alone() is not None
            with pytest.raises(StoreError, match=r"in use by .* was lost with its connection"):
                still_alone()
    second.close()


@only_postgresql
@pytest.mark.parametrize("hold", [maintenance.only_one_runner, maintenance.among_workers])
def test_a_lock_whose_second_connection_fails_is_nobody_s(
    database: Database, hold: Callable[[Database], AbstractContextManager[maintenance.StillAlone]]
) -> None:
    """After a restart all come back at once: the server takes the first connection, not the next."""
    role = f"one_{secrets.token_hex(8)}"
    with database.writing() as conn:
        conn.execute(sa.text(f"CREATE ROLE {role} LOGIN IN ROLE CURRENT_USER"))
    ours = Database(database.url.set(username=role).render_as_string(hide_password=False))
    try:
        with hold(ours) as still_held:
            _break_the_connection_of_the_lock(database)
            assert "tried again" in str(still_held())
            ours.engine.dispose()
            with database.writing() as conn:
                conn.execute(sa.text(f"ALTER ROLE {role} CONNECTION LIMIT 1"))
            assert "too many connections" in str(still_held())
            with maintenance.only_one_runner(database):
                pass
            with database.writing() as conn:
                conn.execute(sa.text(f"ALTER ROLE {role} CONNECTION LIMIT -1"))
            with ours.reading(), ours.reading():  # the pool has others, which come before
                pass
            assert still_held() is None
    finally:
        ours.close()
        with database.writing() as conn:
            conn.execute(sa.text(f"DROP ROLE {role}"))


def _break_the_connection_of_the_lock(database: Database) -> None:
    with database.writing() as conn:
        conn.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
        )


@only_sqlite
def test_a_file_lock_cannot_be_lost(database: Database) -> None:
    with maintenance.only_one_runner(database) as still_alone:
        assert still_alone() is None


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    nowhere = Database(f"sqlite:///{tmp_path / 'no' / 'monitor.db'}")
    with (
        pytest.raises(StoreError, match=r"no.monitor\.db\.lock"),
        maintenance.only_one_runner(nowhere),
    ):
        pass


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "afile").touch()
    with pytest.raises(StoreError, match="afile can't be made for the database"):
        maintenance.upgrade(Database(f"sqlite:///{tmp_path / 'afile' / 'monitor.db'}"))


HOLDS = """
import sys
from monitor.store.engine import Database
from monitor.store.maintenance import only_one_runner
with only_one_runner(Database(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_killed_runner_leaves_the_database_free(database: Database) -> None:
    url = database.url.render_as_string(hide_password=False)
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(StoreError, match="in use"), maintenance.only_one_runner(database):
            pass
        other.kill()
        other.wait()
    for _ in range(100):  # a server needs a moment to see that its client is dead
        try:
            with maintenance.only_one_runner(database):
                return
        except StoreError:
            time.sleep(0.05)
    raise AssertionError("still held")


def _definitions(database: Database) -> list[tuple[object, ...]]:
    if database.is_sqlite:
        sql = "SELECT type, name, sql FROM sqlite_master WHERE type <> 'trigger'"
        made = rows(
            database, f"{sql} AND name NOT LIKE 'alembic%' AND tbl_name <> 'alembic_version'"
        )
    else:
        made = rows(
            database,
            "SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public'"
            " AND tablename <> 'alembic_version' UNION ALL"
            " SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE conrelid::regclass::text <> 'alembic_version' AND connamespace ="
            " 'public'::regnamespace",
        )
    return sorted(made, key=str)

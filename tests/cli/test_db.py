"""`db` and `replay`: the database as a whole."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from monitor.store import maintenance
from monitor.store.engine import Database
from tests.cli.shop import CONFIG, Shop


def test_a_backup_is_a_database_of_its_own(shop: Shop) -> None:
    shop.does("cases", "open", "awful")
    assert shop.data("db", "backup", "copy.db")["bytes"] > 0
    shop.configure(CONFIG.replace("timezone", 'database = "sqlite:///copy.db"\ntimezone'))
    assert len(shop.data("cases", "list")) == 1
    assert "exists; name a new file" in shop.refuses("db", "backup", "copy.db")


def test_the_tables_are_made_and_brought_up_to_date(shop: Shop) -> None:
    version = shop.data("db", "upgrade")["version"]
    assert version in shop.does("db", "upgrade").stdout


@pytest.mark.parametrize("empty_database_url", ["postgresql"], indirect=True)
def test_on_postgresql_the_tables_are_made_when_told_to(
    shop: Shop, empty_database_url: str
) -> None:
    shop.configure(CONFIG.replace("timezone", f'database = "{empty_database_url}"\ntimezone'))
    assert "complaint-monitor db upgrade" in shop.refuses("run", "--once")
    shop.does("db", "upgrade")
    shop.post("1", "awful")
    shop.does("run", "--once")
    assert len(shop.data("cases", "list")) == 1
    assert "pg_dump" in shop.refuses("db", "backup", "copy.db")


@pytest.mark.parametrize("words", [("run", "--once"), ("db", "upgrade"), ("cases", "list")])
def test_a_database_of_an_earlier_checkout_is_refused_with_what_to_do(
    shop: Shop, words: tuple[str, ...]
) -> None:
    shop.does("db", "upgrade")
    _lacks_what_came_later(shop)
    assert "earlier checkout" in shop.refuses(*words)


def test_check_tells_of_it(shop: Shop) -> None:
    shop.does("db", "upgrade")
    _lacks_what_came_later(shop)
    assert "earlier checkout" in shop.does("check", status=1).stdout


def _lacks_what_came_later(shop: Shop) -> None:
    with closing(sqlite3.connect(shop.folder / "complaint-monitor.db")) as conn:
        conn.execute("DROP TABLE installation")


def test_every_case_is_what_its_history_says(shop: Shop) -> None:
    shop.does("cases", "open", "awful")
    shop.does("cases", "claim", "1")
    assert shop.data("replay", "--check") == {"cases": 1, "differing": {}}


def test_a_case_that_is_not_is_found(shop: Shop) -> None:
    shop.does("cases", "open", "awful")
    database = sqlite3.connect("complaint-monitor.db")
    database.execute("UPDATE cases SET owner = 'mallory'")
    database.commit()
    database.close()
    assert (
        "case 1 differs from its history in: owner"
        in shop.does("replay", "--check", status=1).stdout
    )
    assert list(shop.data("replay", "--check", status=1)["differing"]) == ["1"]


def test_a_read_only_folder_is_told_in_words(shop: Shop) -> None:
    shop.configure(CONFIG.replace("timezone", 'database = "sqlite:////proc/none/x.db"\ntimezone'))
    said = shop.refuses("run", "--once")
    assert "Traceback" not in said


def test_a_file_that_is_no_database_is_told_in_words(shop: Shop) -> None:
    Path("complaint-monitor.db").write_bytes(b"no database at all, but a text\n" * 99)
    assert "not a SQLite database" in shop.refuses("cases", "list")
    assert "not a SQLite database" in shop.refuses("run", "--once")


def test_tables_are_not_upgraded_under_a_program_that_is_at_work(shop: Shop) -> None:
    shop.does("run", "--once")
    old = Database("sqlite:///complaint-monitor.db")
    with sqlite3.connect("complaint-monitor.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0000'")
    with maintenance.only_one_runner(old):
        assert "is in use" in shop.refuses("run", "--once")
    old.close()
    connection.close()

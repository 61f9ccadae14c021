"""What failed again and again is seen in `check`, and tried again with `db retry`."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from monitor.store import failures
from monitor.store.engine import Database
from tests.cli.shop import CONFIG, Shop

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def test_what_was_set_aside_is_listed_and_tried_again_when_told_to(shop: Shop) -> None:
    shop.runs()
    _set_aside(stage="classify", item="1")
    shop.post("1", "awful")
    shop.runs()
    assert shop.data("cases", "list") == []
    tried = shop.data("check", status=1)["tried"]
    assert "classify 1: out of memory" in tried[-1]["said"]

    assert "classify 1: out of memory" in shop.does("db", "retry").stdout
    assert shop.data("db", "retry") == {"items": []}
    shop.runs()
    assert len(shop.data("cases", "list")) == 1
    shop.does("check")


def test_check_says_which_row_of_a_file_cannot_be_read(shop: Shop) -> None:
    shop.post("1", "awful")
    shop.post("2", "", rating=5)
    said = next(one["said"] for one in shop.data("check")["tried"] if one["what"] == "source files")
    assert said == "2 items on the first page, 1 of them unreadable; posts.jsonl:2: no text"


@pytest.mark.parametrize("empty_database_url", ["postgresql"], indirect=True)
def test_check_of_a_database_without_tables_says_how_to_make_them(
    shop: Shop, empty_database_url: str
) -> None:
    shop.configure(f"database = {json.dumps(empty_database_url)}\n{CONFIG}")
    said = {one["what"]: one["said"] for one in shop.data("check", status=1)["tried"]}
    assert said["items"] == "the database has no tables yet: complaint-monitor db upgrade"
    assert "db upgrade" in said["database"]


def _set_aside(*, stage: str, item: str) -> None:
    database = Database("sqlite:///complaint-monitor.db")
    with database.writing() as conn:
        while not failures.record(conn, stage, item, "out of memory", LONG_AGO):
            pass
    database.close()

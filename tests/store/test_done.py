"""What is delivered twice is done once: also by two at the same moment, and not if it failed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from monitor.store import schema
from monitor.store.done import KEPT, DoneBeforeError, Once
from monitor.store.engine import Database
from tests.stages.told import NOW


def add(database: Database, key: str, name: str) -> bool:
    try:
        with Once(database, key, NOW).writing() as conn:
            conn.execute(schema.brand.insert().values(name=name))
    except DoneBeforeError:
        return False
    return True


def brands(database: Database) -> int:
    with database.reading() as conn:
        return int(conn.scalar(sa.select(sa.func.count()).select_from(schema.brand)) or 0)


def test_a_key_is_done_once_and_another_one_is_another(database: Database) -> None:
    assert add(database, "press 1", "a")
    assert not add(database, "press 1", "b")
    assert add(database, "press 2", "c")
    assert brands(database) == 2


def test_of_many_at_the_same_moment_one_does_it(database: Database) -> None:
    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(lambda number: add(database, "press", str(number)), range(6)))
    assert (sum(done), brands(database)) == (1, 1)


def test_what_failed_may_be_tried_again(database: Database) -> None:
    with pytest.raises(RuntimeError), Once(database, "press", NOW).writing():
        raise RuntimeError
    assert add(database, "press", "a")


def test_keys_are_forgotten_when_nothing_delivers_them_any_more(database: Database) -> None:
    add(database, "old", "a")
    later = NOW + KEPT + timedelta(seconds=1)
    with Once(database, "new", later).writing() as conn:
        assert list(conn.scalars(sa.select(schema.done.c.key))) == ["new"]

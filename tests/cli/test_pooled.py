"""PostgreSQL behind PgBouncer: in session mode all works, in transaction mode it is said what is wrong."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from monitor.domain.errors import StoreError
from monitor.store import maintenance
from monitor.store.engine import Database
from monitor.store.server_lock import ServerLock
from tests.cli.shop import CONFIG, Shop
from tests.cli.working import alerts, at_work, end, until
from tests.pgbouncer import pooled

pytestmark = [
    pytest.mark.needs("pgbouncer"),
    pytest.mark.parametrize("database_url", ["postgresql"], indirect=True),
    pytest.mark.timeout(600),
]


def test_workers_work_behind_a_pool_in_session_mode(shop: Shop, database_url: str) -> None:
    with pooled(database_url, "session") as url:
        shop.configure(f'database = "{url}"\n{CONFIG}')
        shop.does("db", "upgrade")
        shop.post("before", "lovely")
        shop.does("run", "--once")
        workers = [shop.starts("worker"), shop.starts("worker")]
        try:
            for one in workers:
                at_work(one)
            shop.post("one", "awful")
            until(lambda: bool(alerts(shop)), *workers)
            assert "in use" in shop.refuses("run", "--once")
        finally:
            said = end(*workers)
        assert [one.returncode for one in workers] == [0, 0], said
        assert "worker_interrupted" not in "".join(said)
        shop.does("run", "--once")
        assert list(alerts(shop).values()) == [1]


def test_behind_a_pool_in_transaction_mode_nobody_begins(shop: Shop, database_url: str) -> None:
    """Its locks would be whoever's connection the pool gives next: two would work as if alone."""
    shop.configure(f'database = "{database_url}"\n{CONFIG}')
    shop.does("db", "upgrade")
    with pooled(database_url, "transaction") as url:
        shop.configure(f'database = "{url}"\n{CONFIG}')
        for command in (["run", "--once"], ["worker"]):
            assert "session mode" in shop.refuses(*command)
    shop.configure(f'database = "{database_url}"\n{CONFIG}')
    shop.does("run", "--once")  # no lock was left behind


def test_the_lock_is_asked_for_before_anything_is_done(database_url: str) -> None:
    with pooled(database_url, "transaction") as url:
        database = Database(url)
        for hold in (maintenance.only_one_runner, maintenance.among_workers):
            with pytest.raises(StoreError, match="session mode"), hold(database):
                pass
        database.close()
    direct = Database(database_url)
    with maintenance.only_one_runner(direct), direct.reading() as conn:
        held = sa.text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
        assert conn.scalar(held) == 1
    direct.close()


def test_a_lock_that_was_lost_is_not_asked_for_again_and_again(database_url: str) -> None:
    """The pool's mode was changed while PostgreSQL was down."""
    with pooled(database_url, "transaction") as url:
        database = Database(url)
        with pytest.raises(StoreError, match="session mode"):
            ServerLock(database, lambda _: None).still_held()
        database.close()

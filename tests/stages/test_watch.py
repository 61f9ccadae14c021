"""Drift: the operators hear when what is judged is not what it was."""

from __future__ import annotations

from datetime import datetime, timedelta

from monitor.domain.judgement import Judgement
from monitor.stages.watch import EVERY, Watch, drifts
from monitor.store import cross_brand, posts
from monitor.store.engine import Database
from tests.store.written import NINE, SHOP, Bringing, rows, written

DAY = timedelta(days=1)


def _judged(
    database: Database, number: int, at: datetime, score: float, lang: str | None = "en"
) -> None:
    """So many posts were judged then."""
    bringing = Bringing(database, SHOP)
    first = len(rows(database, "SELECT id FROM post")) + 1
    made = [written(str(one)) for one in range(first, first + number)]
    bringing.brings(*made, at=NINE)
    with database.reading() as conn:
        stored = posts.load_posts(conn, range(first, first + number))
    said = [(one, Judgement(score, 0.0, 0.0, 1 - score, lang, "m@1")) for one in stored]
    with database.writing() as conn:
        posts.save_judgements(conn, said, at, of=stored)


def test_the_operators_hear_once_a_week_of_what_moved(database: Database) -> None:
    now = NINE + 30 * DAY
    _judged(database, 400, now - 10 * DAY, 0.03)
    _judged(database, 150, now - DAY, 0.03)
    _judged(database, 100, now - DAY, 0.7, None)
    watch = Watch(database, operators="ops")
    for at in (now, now + 2 * EVERY):
        for item in watch.due(at):
            watch.handle(item, at)
    told = rows(database, "SELECT key, reason, audience FROM notice ORDER BY key")
    assert [(key.split(":")[1], *rest) for key, *rest in told] == [
        ("languages", "drifted", "ops"),
        ("scores", "drifted", "ops"),
    ]
    [(said,)] = rows(database, "SELECT payload FROM notice WHERE key LIKE 'drift:lang%'")
    assert "not told: 0% before, 40% now" in str(said)


def test_it_looks_once_a_day_and_is_silent_where_nothing_moved(database: Database) -> None:
    now = NINE + 30 * DAY
    _judged(database, 400, now - 10 * DAY, 0.03)
    _judged(database, 250, now - DAY, 0.03)
    watch = Watch(database, operators="ops")
    assert watch.due(now) == ["drift"]
    watch.handle("drift", now)
    assert watch.due(now + DAY - timedelta(minutes=1)) == []
    assert watch.due(now + DAY) == ["drift"]
    assert rows(database, "SELECT key FROM notice") == []


def test_without_posts_nothing_is_said(database: Database) -> None:
    with database.reading() as conn:
        found = drifts(conn, NINE)
        assert cross_brand.customers_posts(conn, NINE) == []
    assert [(one.what, one.index) for one in found] == [("scores", None), ("languages", None)]

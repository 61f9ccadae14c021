"""`keep`: what would be purged, what was, and why."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from monitor.clock import utc_now
from monitor.domain.keeping import LookUp
from monitor.store import schema, tallies
from monitor.store.engine import Database
from tests.cli.shop import Shop


def test_words_are_kept_until_their_time_and_what_was_purged_is_told(shop: Shop) -> None:
    shop.post("1", "awful parcel")
    shop.post("2", "nice weather")
    shop.post("3", "")
    shop.runs()
    assert "nothing was to be purged\nthe words of 2 posts are kept" in shop.does("keep").stdout
    _happened(shop, timedelta(days=8))
    said = shop.does("keep", "--dry-run").stdout
    assert "would be purged: 1 posts that are part of no case" in said
    assert "would be purged: 1 samples of items" in said
    told = shop.data("keep", "--dry-run")
    assert (told["dry_run"], told["posts_kept"], told["purged"]) == (True, 2, [])
    told = shop.data("keep")
    assert {one: n for one, n in told["purged_now"].items() if n} == {
        "without_case": 1,
        "sample": 1,
    }
    assert told["posts_kept"] == 1
    assert {one["reason"]: one["number"] for one in told["purged"]} == {
        "sample": 1,
        "without_case": 1,
    }
    assert shop.data("keep", "--dry-run")["purged_now"]["without_case"] == 0
    assert "nothing would be purged" in shop.does("keep", "--dry-run").stdout
    assert "awful parcel" in shop.does("cases", "list").stdout
    assert "posts that are part of no case" in shop.does("keep").stdout


def test_a_case_without_words_is_listed_and_shown(shop: Shop) -> None:
    shop.post("1", "awful parcel")
    shop.runs()
    _happened(shop, timedelta(days=3))
    with database_of(shop) as database, database.writing() as conn:
        then, again = schema.post.c.first_seen_at, utc_now() + timedelta(hours=1)
        said = {"looked_up_at": then, "in_vain_since": then, "look_again_at": again}
        conn.execute(schema.post.update().values(said))
    shop.does("cases", "answered", "1", "--channel", "phone", "--text", "called ana")
    shop.does("cases", "undo", "1")
    with database_of(shop) as database, database.writing() as conn:
        conn.execute(schema.note.update().values(text=None))
        tallies.add_look_ups(conn, "x", LookUp.UNREACHABLE, 2, utc_now())
    assert shop.data("keep")["purged_now"]["not_looked_up"] == 1
    assert "(purged)" in shop.does("cases", "list").stdout
    shown = shop.does("cases", "show", "1").stdout
    assert shown.count("(purged)") == 2
    assert "called ana" not in shown
    assert "@ana" not in shown
    asked = shop.data("keep")["look_ups"]
    assert [(one["source"], one["outcome"], one["number"]) for one in asked] == [
        ("x", "unreachable", 2)
    ]
    assert "unreachable" in shop.does("keep").stdout


def _happened(shop: Shop, ago: timedelta) -> None:
    """All that there is came so long ago."""
    then = utc_now() - ago
    with database_of(shop) as database, database.writing() as conn:
        conn.execute(schema.post.update().values(first_seen_at=then))
        conn.execute(schema.reject.update().values(at=then))


@contextmanager
def database_of(shop: Shop) -> Iterator[Database]:
    database = Database(f"sqlite:///{shop.folder / 'complaint-monitor.db'}")
    yield database
    database.close()

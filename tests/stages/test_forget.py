"""What is kept how long, what is purged, and what stays."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.event import AnsweredElsewhere, Channel, Record
from monitor.domain.keeping import Keep, Purge
from monitor.domain.notice import Digest, DigestLine
from monitor.domain.post import Author, Rejected
from monitor.domain.report import Report
from monitor.render.report_csv import report_csv
from monitor.render.report_html import report_html
from monitor.render.report_json import report_data
from monitor.render.report_text import report_text
from monitor.runner import Runner
from monitor.stages import forget
from monitor.stages.forget import Forget, purge_all
from monitor.store import authors, cases, keeping, readings, replaying, schema, tallies
from monitor.store.cases import Fact
from monitor.store.engine import Database
from tests.domain.histories import NOON, at, histories
from tests.scenarios.world import World
from tests.store.shop import LATER, RULE, Shop
from tests.store.written import RIVAL, TEN, Bringing, rows, written

KEEP = Keep()
DAY = timedelta(days=1)
ZONE = ZoneInfo("Europe/Bucharest")
_CENT = timedelta(microseconds=1)


def texts(database: Database) -> dict[str, str | None]:
    return dict(rows(database, "SELECT external_id, text FROM post"))


def purged(database: Database) -> Mapping[str, int]:
    with database.reading() as conn:
        return {one.what: one.number for one in tallies.purged_since(conn, TEN.date())}


def settled(database: Database) -> None:
    """All stages have come to an end with what is there, and it is no complaint."""
    with database.writing() as conn:
        conn.execute(schema.post.update().values(to_judge=False))
        conn.execute(schema.mention.update().values(next=None))


def test_a_post_without_a_case_is_kept_seven_days(database: Database) -> None:
    Bringing(database).brings(written("1", title="Hello", url="https://x.example/ana/1"), at=TEN)
    settled(database)
    assert purge_all(database, KEEP, TEN + 7 * DAY - _CENT)[Purge.WITHOUT_CASE] == 0
    told = purge_all(database, KEEP, TEN + 7 * DAY)
    assert {reason: number for reason, number in told.items() if number} == {Purge.WITHOUT_CASE: 1}
    [row] = rows(database, "SELECT title, text, url, past, reply_token, external_id FROM post")
    assert row == (None, None, None, None, None, "1")
    assert rows(database, "SELECT handle, name, followers FROM author") == [(None, None, None)]
    with database.reading() as conn:
        assert conn.execute(schema.post.select()).one().purged_at == TEN + 7 * DAY
    assert purged(database) == {"without_case": 1, "name": 1}


def test_what_a_stage_is_still_at_work_on_is_not_purged_by_age(database: Database) -> None:
    Bringing(database).brings(written("1"), written("2"), at=TEN)
    settled(database)
    with database.writing() as conn:
        first = schema.post.c.external_id == "1"
        conn.execute(schema.post.update().where(first).values(to_judge=True))
        conn.execute(schema.mention.update().values(next="settle"))
    assert sum(purge_all(database, KEEP, TEN + 400 * DAY).values()) == 0


def test_an_open_case_keeps_its_words_and_a_closed_one_thirty_days(world: World) -> None:
    open_ = world.x.posts("Still no refund", at="09:00", by="ana")
    closed = world.x.posts("Broken again", at="09:00", by="dan")
    answer = world.x.we_answer(closed, at="10:00")
    thanks = world.x.posts("Thanks!", at="10:30", by="dan", to=closed)
    world.runs_until("11:00", every=timedelta(hours=1))
    before, then = pages(world.report()), world.now
    with world.database.writing() as conn:
        ids = sa.select(schema.cases.c.id).order_by(schema.cases.c.status)
        case_id, open_id = conn.scalars(ids)
        number = cases.keep_note(conn, case_id, "called dan", by="eva", at=then)
        said = Fact(then, AnsweredElsewhere(Channel.PHONE, number), "eva")
        cases.append(conn, case_id, [said], now=then)
        kept_note = cases.keep_note(conn, open_id, "look into it", by="eva", at=then)
    purge_all(world.database, KEEP, then + 30 * DAY - _CENT)
    assert [key for key, text in texts(world.database).items() if text is None] == [thanks.id]
    purge_all(world.database, KEEP, then + 30 * DAY)
    kept = texts(world.database)
    assert {key for key, text in kept.items() if text} == {open_.id}
    assert {closed.id, answer.id, thanks.id} < kept.keys()
    names = rows(world.database, "SELECT handle FROM author ORDER BY handle IS NULL, handle")
    assert names == [("ana",), (None,), (None,)]
    assert dict(rows(world.database, "SELECT id, text FROM note")) == {
        number: None,
        kept_note: "look into it",
    }
    with world.database.reading() as conn:
        assert cases.notes(conn, cases.history(conn, case_id)) == {}
    assert pages(world.report()) == before
    world.pictures_are_true()
    assert purged(world.database) == {"without_case": 1, "case_ended": 2, "name": 2, "note": 1}


def test_a_case_that_is_taken_up_again_keeps_what_it_still_has(world: World) -> None:
    complaint = world.x.posts("Still no refund", at="09:00")
    world.x.we_answer(complaint, at="10:00")
    world.runs_until("11:00", every=timedelta(hours=1))
    world.x.posts("Still no refund, really!", at="+29 09:00", to=complaint)
    world.sleeps_until("+29 09:00").runs_until("+29 09:10")
    world.sleeps_until("+90 09:00")
    assert sum(purge_all(world.database, KEEP, world.now).values()) == 0


def test_a_purged_post_that_is_read_again_stays_purged_and_so_does_the_name(
    database: Database,
) -> None:
    stream = Bringing(database)
    post = written("1", author=Author(handle="ana", name="Ana P", followers=7))
    stream.brings(post, at=TEN)
    settled(database)
    now = TEN + 7 * DAY
    purge_all(database, KEEP, now)
    tries = [
        post,
        replace(post, text="another text"),
        replace(post, text="edited", edited_at=now),
        replace(post, text="edited", edited_at=now + 2 * DAY),  # not yet: a clock runs ahead
    ]
    for one in tries:
        stream.brings(one, at=now + DAY)
        Bringing(database, RIVAL, name="other").brings(one, at=now + DAY)
    assert texts(database) == {"1": None}
    assert rows(database, "SELECT handle, name FROM author") == [(None, None)]
    settled(database)
    assert sum(purge_all(database, KEEP, now + 9 * DAY).values()) == 0
    stream.brings(replace(post, text="awful since", edited_at=now + DAY), at=now + DAY)
    assert texts(database) == {"1": "awful since"}
    assert rows(database, "SELECT key, handle, name FROM author") == [("ana", "ana", "Ana P")]
    assert rows(database, "SELECT next FROM mention") == [("triage",), ("triage",)]


def test_who_was_purged_is_known_again_by_a_hash(database: Database) -> None:
    stream = Bringing(database)
    numbered = Author(id="77", handle="dan", name="Dan")
    stream.brings(written("1", by="ana"), written("2", author=numbered), written("3", by="eva"))
    settled(database)
    stream.brings(written("4", by="eva"), at=TEN + 6 * DAY)
    settled(database)
    purge_all(database, KEEP, TEN + 7 * DAY)
    [ana, dan, eva] = rows(database, "SELECT id, key, handle FROM author ORDER BY id")
    assert eva[1:] == ("eva", "eva")
    assert ana[1][0] == dan[1][0] == "#"
    assert "ana" not in ana[1]
    assert (dan[2], rows(database, "SELECT 1 FROM author WHERE external_id IS NOT NULL")) == (
        None,
        [],
    )
    with database.writing() as conn:
        assert authors.forget(conn, [ana[0], dan[0]]) == 0
    stream.brings(written("5", by="Ana"), written("6", author=numbered), at=TEN + 8 * DAY)
    [again] = rows(
        database,
        "SELECT a.id, a.key, a.handle FROM author a, post p WHERE a.id = p.author_id AND p.external_id = '5'",
    )
    assert again == (ana[0], "ana", "Ana")
    its = rows(database, "SELECT id, key, external_id, handle FROM author WHERE name IS NOT NULL")
    assert its == [(dan[0], "77", "77", "dan")]


def test_a_sample_of_what_could_not_be_read_is_kept_seven_days(database: Database) -> None:
    stream = Bringing(database)
    bad = Rejected("posts.csv:7", "no time", "Ana P, 0712 000 111, awful")
    stream.brings(bad, at=TEN)
    assert purge_all(database, KEEP, TEN + 7 * DAY - _CENT)[Purge.SAMPLE] == 0
    assert purge_all(database, KEEP, TEN + 7 * DAY)[Purge.SAMPLE] == 1
    stream.brings(bad, at=TEN + 8 * DAY)
    assert rows(database, "SELECT place, reason, sample FROM reject") == [
        ("posts.csv:7", "no time", "")
    ]


def test_what_would_be_purged_is_what_is(database: Database) -> None:
    stream = Bringing(database)
    stream.brings(*(written(str(number)) for number in range(1003)), Rejected("1", "?", "words"))
    settled(database)
    now = TEN + 9 * DAY
    with database.reading() as conn:
        expected = keeping.waiting(conn, KEEP, now)
        assert keeping.kept(conn) == 1003
    told = purge_all(database, KEEP, now)
    assert expected == {one: told[one] for one in expected}
    assert told[Purge.WITHOUT_CASE] == 1003
    with database.reading() as conn:
        assert keeping.kept(conn) == 0
        assert keeping.waiting(conn, KEEP, now) == dict.fromkeys(expected, 0)


def test_the_stage_purges_a_batch_a_round_and_then_rests_an_hour(database: Database) -> None:
    stream = Bringing(database)
    stream.brings(*(written(str(number)) for number in range(501)), Rejected("1", "?", "words"))
    settled(database)
    stage, now = Forget(database, KEEP), TEN + 8 * DAY
    assert stage.due(now) == ["without_case", forget.REST]
    for number in (500, 501, 501):  # the third: twice changes nothing
        assert "without_case" in [*stage.due(now), "without_case"]
        stage.handle("without_case", now)
        assert purged(database)["without_case"] == number
    stage.handle(forget.REST, now)
    assert rows(database, "SELECT sample FROM reject") == [("",)]
    assert stage.due(now) == [forget.INDEX] * database.is_sqlite
    while stage.due(now):
        stage.handle(forget.INDEX, now)
    assert stage.due(now + forget.EVERY - _CENT) == []
    assert stage.due(now - DAY) == [
        forget.REST,  # a clock set back
        *[forget.INDEX] * database.is_sqlite,
    ]


def test_a_single_run_purges_all_that_is_due(database: Database) -> None:
    stream = Bringing(database)
    stream.brings(*(written(str(number)) for number in range(1001)), Rejected("1", "?", "words"))
    settled(database)
    now = TEN + 8 * DAY
    done = Runner((Forget(database, KEEP),), database, clock=lambda: now).until_idle()
    # three batches, the rest; and the index, of which SQLite says only then that it is tidy
    assert done.handled == {"forget": 6 if database.is_sqlite else 4}
    assert set(texts(database).values()) == {None}
    assert rows(database, "SELECT sample FROM reject") == [("",)]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_word_is_left_in_the_files(database: Database) -> None:
    stream = Bringing(database)
    long = "zanzibar " * 2000
    items = [
        written(
            f"{number}", by=f"quokka{number}", text=f"{long}{number}", title=f"xylophone {number}"
        )
        for number in range(20)
    ]
    stream.brings(*items, Rejected("7", "?", "marzipan"))
    settled(database)
    path = database.path
    assert path is not None
    words = (b"zanzibar", b"quokka", b"xylophone", b"marzipan")
    assert [word in _raw(path) for word in words] == [True] * 4
    purge_all(database, KEEP, TEN + 8 * DAY)
    assert [word in _raw(path) for word in words] == [False] * 4


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_stage_leaves_no_word_in_the_files_either(database: Database) -> None:
    """Also not in the index, which keeps words that were forgotten until it is merged."""
    stream = Bringing(database)
    for number in range(9):  # each look brings a piece of its own
        stream.brings(written(f"{number}", by="quokka", text=f"zanzibar{number} xylophone"))
    settled(database)
    path = database.path
    assert path is not None
    now = TEN + 8 * DAY
    Runner((Forget(database, KEEP),), database, clock=lambda: now).until_idle()
    words = (b"zanzibar", b"quokka", b"xylophone")
    assert [word in _raw(path) for word in words] == [False] * 3


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nobody_waits_for_the_log_while_somebody_reads(database: Database) -> None:
    Bringing(database).brings(written("1", text="zanzibar"))
    settled(database)
    path = database.path
    assert path is not None
    with closing(sqlite3.connect(path)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM post").fetchall()
        purge_all(database, KEEP, TEN + 8 * DAY)
        assert b"zanzibar" in _raw(path)  # the reader's snapshot has it
    stage = Forget(database, KEEP)
    stage.handle(forget.REST, TEN + 9 * DAY)
    assert b"zanzibar" not in _raw(path)


@given(st.lists(histories(), min_size=1, max_size=3), st.lists(st.integers(0, 240), max_size=3))
@settings(max_examples=15)
def test_no_report_and_no_digest_changes_because_words_were_purged(
    told: Sequence[Sequence[Record]], minutes: Sequence[int]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'monitor.db'}")
        schema.metadata.create_all(database.engine)
        shop = Shop(database)
        with database.writing() as conn:
            conn.execute(schema.rule.insert().values(digest="grave", snapshot=RULE.snapshot))
        for number, records in enumerate(told):
            facts = [((one.at - NOON) / timedelta(minutes=1), one.event) for one in records]
            shop.case(*facts, thread=f"t{number}")
        moments = [at(minute) for minute in [*minutes, 10_000]]
        before = [(pages(shop.report(then)), digest(shop, then)) for then in moments]
        with database.writing() as conn:
            said = {"looked_up_at": NOON, "in_vain_since": NOON}
            again = LATER + 40 * DAY + timedelta(hours=1)
            conn.execute(schema.post.update().values(look_again_at=again, **said))
        found = purge_all(database, KEEP, LATER + 40 * DAY)
        assert sum(found[one] for one in keeping.OF_POSTS) == 12
        assert set(texts(database).values()) == {None}
        assert [(pages(shop.report(then)), digest(shop, then)) for then in moments] == before
        with database.reading() as conn:
            assert list(replaying.differences(conn)) == []
        database.close()


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.booleans()), max_size=12))
@settings(max_examples=20)
def test_in_whatever_order_posts_come_and_are_purged_none_outlives_its_time(
    told: Sequence[tuple[int, int, bool]],
) -> None:
    """(post, day, whether it is an edit of that day), in the order of days; purged every day."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'monitor.db'}")
        schema.metadata.create_all(database.engine)
        stream = Bringing(database)
        since: dict[str, int] = {}
        came: dict[str, int] = {}
        for day in range(10):
            now = TEN + 2 * day * DAY
            for number, _, is_edit in (one for one in told if one[1] == day):
                key, edited_at = str(number), now if is_edit else None
                if key not in came:
                    came[key] = since[key] = day
                elif is_edit:
                    since[key] = day
                text = f"of day {day}" if is_edit else "first"
                stream.brings(written(key, text=text, edited_at=edited_at), at=now)
            settled(database)
            kept = {key for key, text in texts(database).items() if text is not None}
            assert kept == {key for key in came if _is_kept(came[key], since[key], day)}
            purge_all(database, KEEP, now + DAY / 2)
        database.close()


def _is_kept(came: int, since: int, day: int) -> bool:
    """Before the evening's purge: seven days from its coming, or edited today."""
    return 2 * (day - 1 - came) + 0.5 < 7 or since == day


def pages(report: Report) -> tuple[object, ...]:
    """A report in all its forms."""
    return (
        report_text(report, ZONE),
        report_html(report, ZONE),
        report_data(report),
        report_csv(report),
    )


def digest(shop: Shop, then: datetime) -> Digest:
    """The digest of then but for words and names: who waits, how long, how gravely."""
    with shop.database.reading() as conn:
        made = readings.digest(conn, shop.brand, then.date(), then, None)
    return replace(
        made,
        overdue=_bare(made.overdue),
        at_risk=_bare(made.at_risk),
        new=_bare(made.new),
        other=_bare(made.other),
        unconfirmed=_bare(made.unconfirmed),
    )


def _bare(lines: Sequence[DigestLine]) -> tuple[DigestLine, ...]:
    return tuple(one._replace(title=None, text=None, author=None, url=None) for one in lines)


def _raw(path: Path) -> bytes:
    beside = (path.with_name(path.name + end) for end in ("-wal", "-shm"))
    return b"".join(one.read_bytes() for one in (path, *beside) if one.exists())

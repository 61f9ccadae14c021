"""Classify: one post that cannot be judged stands alone in the end, and leaves nothing else behind."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.judgement import Judgement
from monitor.domain.post import Post
from monitor.runner import Runner
from monitor.stages.classify import BATCH, Classify
from monitor.store import failures, schema
from monitor.store.engine import Database
from tests.scenarios.world import Keywords
from tests.store.written import NINE, Bringing, rows, written


class Choking(Keywords):
    """Cannot take posts that say so."""

    def classify(self, posts: Sequence[Post], /) -> Sequence[Judgement]:
        if any("indigestible" in one.text for one in posts):
            raise ValueError("too long")
        return super().classify(posts)


def _failed(database: Database) -> set[str]:
    with database.reading() as conn:
        return set(failures.failed(conn, "classify"))


def test_of_a_batch_that_failed_only_the_one_bad_post_is_remembered(database: Database) -> None:
    said = ["love it", "indigestible", "still no parcel", "hmm", "thanks", "broken", "where?"]
    Bringing(database).brings(*(written(str(n), text=text) for n, text in enumerate(said)))
    runner = Runner([Classify(database, Choking())], database, clock=lambda: NINE)
    runner.until_idle()
    bad = {str(number) for (number,) in rows(database, "SELECT id FROM post WHERE to_judge")}
    assert len(bad) == 1
    assert _failed(database) == bad


def test_a_batch_is_split_further_also_when_its_halves_fail(database: Database) -> None:
    said = ["indigestible", "indigestible", "love it", "indigestible"]
    Bringing(database).brings(*(written(str(n), text=text) for n, text in enumerate(said)))
    now = NINE
    runner = Runner([Classify(database, Choking())], database, clock=lambda: now)
    for _ in range(3):
        runner.until_idle()
        now += timedelta(hours=1)
    bad = {str(number) for (number,) in rows(database, "SELECT id FROM post WHERE to_judge")}
    assert len(bad) == 3
    assert _failed(database) == bad


def test_a_bad_post_rests_no_longer_once_the_clock_was_set_back(database: Database) -> None:
    Bringing(database).brings(written("x", text="indigestible"))
    ahead = NINE + timedelta(days=1)
    Runner([Classify(database, Choking())], database, clock=lambda: ahead).until_idle()
    assert Classify(database, Choking()).due(ahead) == []
    assert [*Classify(database, Choking()).due(NINE)] == [*_failed(database)]


def test_posts_that_come_meanwhile_do_not_keep_the_bad_one_from_standing_alone(
    database: Database,
) -> None:
    brought = Bringing(database)
    brought.brings(
        *(written(str(n), text="hm") for n in range(20)), written("x", text="indigestible")
    )
    stage = Classify(database, Choking())
    runner = Runner([stage], database, clock=lambda: NINE)
    for look in range(15):
        brought.brings(written(f"later {look}"))
        for item in runner.waiting("classify"):
            runner.attempt("classify", [item])
            brought.brings(written(f"{look} {item}"))
    bad = {str(number) for (number,) in rows(database, "SELECT id FROM post WHERE to_judge")}
    assert bad & _failed(database)
    assert all("," not in one for one in _failed(database))


class Remembering(Choking):
    """And remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[set[str]] = []

    def classify(self, posts: Sequence[Post], /) -> Sequence[Judgement]:
        self.asked.append({one.key.external_id for one in posts})
        return super().classify(posts)


@given(bad=st.sets(st.integers(0, BATCH - 1), min_size=1, max_size=2), meanwhile=st.integers(0, 3))
@settings(max_examples=6, deadline=None)
def test_where_one_batch_is_judged_at_a_time_no_half_takes_in_what_comes(
    bad: set[int], meanwhile: int
) -> None:
    """As with one classify worker: of what waits only the first is handed out, then it is looked again."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'monitor.db'}")
        schema.metadata.create_all(database.engine)
        brought, asked = Bringing(database), Remembering()
        said = ["indigestible" if number in bad else "hm" for number in range(BATCH)]
        brought.brings(*(written(str(n), text=text) for n, text in enumerate(said)))
        runner = Runner([Classify(database, asked)], database, clock=lambda: NINE)
        halvings = (BATCH - 1).bit_length()
        for look in range(1 + 2 * halvings * len(bad)):
            if first := runner.waiting("classify")[:1]:
                runner.attempt("classify", first)
            brought.brings(*(written(f"{look}:{one}") for one in range(meanwhile)))
        assert len(_failed(database)) == len(bad)
        assert all("," not in one for one in _failed(database))
        assert all(len({":" in one for one in batch}) == 1 for batch in asked.asked)
        database.close()

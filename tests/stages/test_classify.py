"""Classify: one post that cannot be judged stands alone in the end, and leaves nothing else behind."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from monitor.domain.judgement import Judgement
from monitor.domain.post import Post
from monitor.runner import Runner
from monitor.stages.classify import Classify
from monitor.store import failures
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

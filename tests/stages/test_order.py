"""Outcomes do not depend on the order in which posts are learnt, nor on when or how often anybody looks."""

from __future__ import annotations

import random
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise, permutations
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.judgement import Thresholds
from monitor.domain.post import Author, Gone, Page, Post, PostKey, PostKind, Stream, StreamKind
from monitor.runner import Runner, Stage
from monitor.stages.classify import Classify
from monitor.stages.escalate import Escalate
from monitor.stages.intake import Feed, Intake
from monitor.stages.settle import Settle
from monitor.stages.triage import Triage
from monitor.store import brands, replaying, schema
from monitor.store.engine import Database
from tests.scenarios.world import NO_WORDS, RULE, SHOP, Keywords

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
SEEN = NOON + timedelta(days=1)
TEXTS = ("still no parcel", "where is it?", "thanks", "hmm", "broken")


class Told:
    """A source that brings the items of a story in a given order, a few at a look."""

    def __init__(self, lots: Sequence[Sequence[Post | Gone]]) -> None:
        self._lots = lots

    def streams(self) -> Sequence[Stream]:
        return [Stream("all", StreamKind.ALL, "x", every=timedelta(seconds=1))]

    def pages(self, stream: Stream, since: str | None, /):  # type: ignore[no-untyped-def]  # noqa: ANN201
        done = int(since or 0)
        if done < len(self._lots):
            yield Page(tuple(self._lots[done]), str(done + 1))


@st.composite
def stories(draw: st.DrawFn) -> tuple[list[Post], list[Post], list[Gone]]:
    """A thread or two of customers and the brand, with replies and quotes; edits; deletions."""
    told: list[Post] = []
    for number in range(draw(st.integers(1, 7))):
        up = draw(st.sampled_from([None, *told]))
        own = draw(st.booleans()) and bool(told)
        quoted = (
            draw(st.sampled_from(told)).key.external_id if own and draw(st.booleans()) else None
        )
        told.append(
            Post(
                key=PostKey("x", f"p{number}"),
                # as a network without conversation ids tells it: only the parent is known
                thread=up.key.external_id if up else f"p{number}",
                reply_to=up.key.external_id if up else None,
                quotes=(quoted,) if quoted else (),
                text=draw(st.sampled_from(TEXTS)),
                author=Author(handle="acme_help" if own else draw(st.sampled_from(["ana", "bob"]))),
                posted_at=NOON + timedelta(minutes=10 * number),
                # some had been edited before anybody saw them
                edited_at=draw(st.sampled_from([None, NOON + timedelta(minutes=10 * number + 5)])),
            )
        )
    gone = draw(st.lists(st.sampled_from(told), max_size=2, unique=True))
    edited = draw(st.lists(st.sampled_from(told), max_size=2, unique=True))
    return (
        told,
        [
            replace(
                one,
                text=draw(st.sampled_from(TEXTS)),
                edited_at=one.posted_at + timedelta(minutes=draw(st.sampled_from([25, 85]))),
            )
            for one in edited
        ],
        [Gone(one.key, one.posted_at + timedelta(minutes=95)) for one in gone],
    )


@cache
def _empty() -> Path:
    """An empty database to copy, for making one takes longer than a story."""
    path = Path(mkdtemp()) / "empty.db"
    database = Database(f"sqlite:///{path}")
    schema.metadata.create_all(database.engine)
    database.close()
    return path


def outcomes(folder: Path, lots: Sequence[Sequence[Post | Gone]]) -> list[tuple[object, ...]]:
    """The waits that a story ends in, told in these lots."""
    shutil.copy(_empty(), folder / "db")
    database = Database(f"sqlite:///{folder / 'db'}")
    with database.writing() as conn:
        brands.ensure(conn, [SHOP.name])
    stages: list[Stage] = [
        Intake(database, [Feed("told", Told(lots), (SHOP,))]),
        Classify(database, Keywords()),
        Triage(database, [RULE], Thresholds(alert=0.6, review=0.3), NO_WORDS, [SHOP]),
        Settle(database),
        Escalate(database),
    ]
    now = SEEN
    runner = Runner(stages, database, clock=lambda: now)
    for number in range(len(lots)):
        now = SEEN + timedelta(minutes=number)
        done = runner.until_idle()
        assert done.broken is None
        assert not done.failed
    with database.reading() as conn:
        assert list(replaying.differences(conn)) == []
        wait, case, post = schema.wait, schema.cases, schema.post
        rows = conn.execute(
            sa.select(
                wait.c.started_at,
                wait.c.ended_at,
                wait.c.outcome,
                wait.c.due_at,
                wait.c.severity,
                wait.c.confirmed,
                case.c.thread,
                post.c.external_id,
            )
            .join(case, case.c.id == wait.c.case_id)
            .join(post, post.c.id == wait.c.first_post_id)
        )
        found = sorted((tuple(one) for one in rows), key=repr)
    database.close()
    return found


@pytest.mark.timeout(600)
@settings(max_examples=25)
@given(stories(), st.randoms(use_true_random=False), st.data())
def test_any_order_and_any_rhythm_of_looking_ends_in_the_same_waits(
    story: tuple[list[Post], list[Post], list[Gone]], chance: random.Random, data: st.DataObject
) -> None:
    posts, edits, deletions = story
    shuffled = list(posts)
    chance.shuffle(shuffled)
    cuts = sorted(data.draw(st.sets(st.integers(1, len(shuffled)), max_size=4)))
    bounds = [0, *cuts, len(shuffled)]
    lots = [shuffled[first:last] for first, last in pairwise(bounds)]
    # an edit and a deletion are learnt after their post: nobody can see what became of the unseen
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        at_once = outcomes(Path(one), [posts, edits, deletions])
        in_lots = outcomes(Path(other), [*lots, edits, deletions])
    assert at_once == in_lots


def a_post(name: str, who: str, text: str, minute: int, **how: Any) -> Post:
    return Post(
        key=PostKey("x", name),
        thread=how.pop("thread", name),
        text=text,
        author=Author(handle=who),
        posted_at=NOON + timedelta(minutes=minute),
        **how,
    )


def test_a_quote_of_any_post_of_the_customer_in_the_thread_answers_whatever_came_first(
    tmp_path: Path,
) -> None:
    complaint = a_post("p0", "bob", "still no parcel", 0)
    aside = a_post("p1", "bob", "thanks", 1, thread="p0", reply_to="p0")
    quote = a_post("p2", "acme_help", "we are on it", 2, quotes=("p1",))
    for number, order in enumerate(permutations([complaint, aside, quote])):
        folder = tmp_path / str(number)
        folder.mkdir()
        ((_, _, outcome, *_),) = outcomes(folder, [[one] for one in order])
        assert outcome == "answered"


def test_a_question_that_came_edited_waits_from_the_same_time_whatever_came_first(
    tmp_path: Path,
) -> None:
    root = a_post("r", "bob", "hmm", -30)
    complaint = a_post("p0", "ana", "still no parcel", 0, thread="r", reply_to="r")
    edited_at = NOON + timedelta(minutes=30)
    question = a_post(
        "p1", "ana", "where is it?", 10, thread="r", reply_to="r", edited_at=edited_at
    )
    answer = a_post("p2", "acme_help", "here", 20, thread="r", reply_to="p0")
    for number, order in enumerate(permutations([complaint, question, answer])):
        folder = tmp_path / str(number)
        folder.mkdir()
        ends = [end for _, end, *_ in outcomes(folder, [[root], *([one] for one in order)])]
        assert ends == [None, answer.posted_at]


@pytest.mark.parametrize("asks_first", [True, False])
def test_a_question_joins_the_case_also_when_their_thread_is_learnt_last(
    tmp_path: Path, asks_first: bool
) -> None:
    root = a_post("r", "bob", "thanks", 0)
    between = a_post("m", "bob", "thanks", 1, thread="r", reply_to="r")
    near = {"thread": "r", "reply_to": "r"}
    far = {"thread": "m", "reply_to": "m"}
    complaint = a_post("p0", "ana", "still no parcel", 10, **(near if asks_first else far))
    answer = a_post("p1", "acme_help", "sorry", 15, thread="r", reply_to="p0")
    question = a_post("p2", "ana", "where is it?", 20, **(far if asks_first else near))
    for number, order in enumerate(permutations([complaint, question, between])):
        folder = tmp_path / str(number)
        folder.mkdir()
        ends = [end for _, end, *_ in outcomes(folder, [[root], *([x] for x in order), [answer]])]
        assert ends == [answer.posted_at, None]


def test_a_deletion_dated_by_polling_keeps_its_bounds(tmp_path: Path) -> None:
    complaint = a_post("p", "ana", "still no parcel", 0)
    gone = Gone(complaint.key, NOON + timedelta(hours=2), after=NOON + timedelta(hours=1))
    ((_, ended_at, outcome, *_),) = outcomes(tmp_path, [[complaint], [gone]])
    assert (ended_at, outcome) == (gone.before, "withdrawn")


def a_response(text: str, minute: int, *, edited: int | None = None) -> Post:
    return a_post(
        "r/response",
        "acme_help",
        text,
        minute,
        thread="r",
        reply_to="r",
        kind=PostKind.RESPONSE,
        edited_at=None if edited is None else NOON + timedelta(minutes=edited),
    )


def ends_of(folder: Path, lots: Sequence[Sequence[Post | Gone]]) -> list[object]:
    folder.mkdir()
    return [end and (end - NOON) // timedelta(minutes=1) for _, end, *_ in outcomes(folder, lots)]  # type: ignore[operator]


def test_a_response_written_over_answers_the_edited_review_whatever_came_first(
    tmp_path: Path,
) -> None:
    review = a_post("r", "ana", "still no parcel", 0, kind=PostKind.REVIEW)
    again = replace(review, text="broken", edited_at=NOON + timedelta(minutes=120))
    first, mended = a_response("sorry", 20), a_response("sent again", 20, edited=160)
    story = [review, first, again, mended]
    orders = [
        one
        for one in permutations(story)
        # an edit is learnt after what it edits
        if one.index(review) < one.index(again) and one.index(first) < one.index(mended)
    ]
    for number, order in enumerate(orders):
        told = [[one] for one in order]
        assert ends_of(tmp_path / f"{number} twice", [*told, *told, story]) == [20, 160]


def test_a_response_first_seen_as_it_was_written_over_answers_at_both_times(tmp_path: Path) -> None:
    review = a_post("r", "ana", "still no parcel", 0, kind=PostKind.REVIEW)
    again = replace(review, text="broken", edited_at=NOON + timedelta(minutes=120))
    mended = a_response("sent again", 20, edited=160)
    for number, lots in enumerate(([[review], [again], [mended]], [[review], [mended], [again]])):
        assert ends_of(tmp_path / str(number), lots) == [20, 160]


def test_a_response_written_anew_after_a_deletion_answers_whatever_came_first(
    tmp_path: Path,
) -> None:
    review = a_post("r", "ana", "still no parcel", 0, kind=PostKind.REVIEW)
    first, anew = a_response("sorry", 20), a_response("sent today", 100)
    gone = Gone(first.key, NOON + timedelta(minutes=90))
    story: list[Post | Gone] = [review, first, gone, anew]
    orders = [
        one
        for one in permutations(story)
        # a look that found nothing comes before the one that found the next response in its place
        if not one.index(first) < one.index(anew) < one.index(gone)
    ]
    for number, order in enumerate(orders):
        told = [[one] for one in order]
        assert ends_of(tmp_path / f"{number} at once", [order]) == [100]
        assert ends_of(tmp_path / f"{number} twice", [*told, *told, story]) == [100]


def test_a_response_that_a_lagging_index_brings_back_stays_deleted(tmp_path: Path) -> None:
    review = a_post("r", "ana", "still no parcel", 0, kind=PostKind.REVIEW)
    first, last = a_response("sorry", 20), a_response("sent today", 100)
    gone = [Gone(first.key, NOON + timedelta(minutes=minute)) for minute in (90, 150)]
    assert ends_of(tmp_path / "once", [[review, first], gone[:1], [first]]) == [None]
    lots: list[list[Post | Gone]] = [[review, first], [*gone[:1]], [last], [*gone[1:]]]
    lots += [[last], [first], [*gone]]
    assert ends_of(tmp_path / "twice", lots) == [None]

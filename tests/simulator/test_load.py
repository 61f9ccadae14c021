"""Posts by the million for measuring: exact in number, repeatable, in the right proportions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from statistics import median

from hypothesis import given
from hypothesis import strategies as st

from monitor.simulator.load import Fields, posts
from monitor.simulator.shop import BRAND_HANDLES

START = datetime(2026, 11, 1, tzinfo=UTC)


def at(fields: Fields) -> datetime:
    return datetime.fromisoformat(str(fields["posted_at"]))


@given(n=st.integers(0, 400), seed=st.integers(0, 2**32), days=st.floats(0.1, 60))
def test_exactly_n_unique_posts_in_order_within_the_days(n: int, seed: int, days: float) -> None:
    made = [post.fields for post in posts(n, seed, START, days)]
    assert len({(fields["network"], fields["external_id"]) for fields in made}) == len(made) == n
    times = [at(fields) for fields in made]
    assert times == sorted(times)
    assert all(START <= time <= START + timedelta(days=days) for time in times)


@given(n=st.integers(1, 400), seed=st.integers(0, 2**32))
def test_the_same_arguments_give_the_same_posts(n: int, seed: int) -> None:
    assert list(posts(n, seed, START, 7)) == list(posts(n, seed, START, 7))


def test_a_million_can_be_begun_without_being_made() -> None:
    assert len(list(islice(posts(10**9, 1, START, 30), 10))) == 10


def test_proportions_and_delays_are_those_of_a_shop() -> None:
    made = list(posts(40_000, 1, START, 30))
    roots = {
        (post.fields["network"], post.fields["external_id"]): post
        for post in made
        if "reply_to" not in post.fields
    }
    complaints = sum(post.complaint for post in roots.values())
    assert 0.09 < complaints / len(made) < 0.11
    delays = []
    for fields, _ in made:
        if "reply_to" in fields:
            root = roots[fields["network"], fields["reply_to"]]
            assert root.complaint
            assert fields["thread_id"] == fields["reply_to"]
            assert at(root.fields) <= at(fields)
            if fields["author"] in BRAND_HANDLES[str(fields["network"])]:
                delays.append((at(fields) - at(root.fields)) / timedelta(hours=1))
    assert 0.65 < len(delays) / complaints < 0.72
    assert 5 < median(delays) < 7
    assert max(delays) > 72
    assert START + timedelta(days=29) < at(made[-1].fields)

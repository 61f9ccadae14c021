"""What a day may cost is never exceeded, however the streams' calls interleave."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.errors import SourceError
from monitor.sources.x.budget import POST_READ, Budget, Spent

NOON = datetime(2026, 3, 27, 12, tzinfo=UTC)
turns = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["ask", "end", "fail"])))


@given(turns=turns, cents=st.integers(0, 100), brought=st.integers(0, 20))
def test_calls_that_overlap_do_not_spend_the_same_money(
    turns: list[tuple[str, str]], cents: int, brought: int
) -> None:
    budget = Budget(micros=cents * 10_000, calls=None, clock=lambda: NOON)
    under_way: dict[str, int] = {}
    fresh = iter(range(10**6))
    for stream, turn in turns:
        if turn == "ask" and stream not in under_way:
            try:
                under_way[stream] = budget.room(stream, POST_READ, 5, 20)
            except SourceError:
                continue
        elif turn == "end" and stream in under_way:
            number = min(brought, under_way.pop(stream))
            budget.charge(stream, (POST_READ, [f"{next(fresh)}" for _ in range(number)]))
        elif turn == "fail" and stream in under_way:
            del under_way[stream]
            budget.release(stream)
    assert sum(micros for _, micros in budget.spent().of.values()) <= cents * 10_000


def test_a_call_that_failed_holds_nothing_back() -> None:
    budget = Budget(micros=100_000, calls=None, clock=lambda: NOON)
    assert budget.room("a", POST_READ, 5, 20) == 20
    with pytest.raises(SourceError):
        budget.room("b", POST_READ, 5, 20)
    budget.release("a")
    assert budget.room("b", POST_READ, 5, 20) == 20


def test_a_new_day_begins_with_nothing_spent_whatever_a_cursor_remembers() -> None:
    now = [NOON]
    budget = Budget(micros=50_000, calls=None, clock=lambda: now[0])
    budget.recall(Spent(NOON.date(), {"a": (3, 50_000)}))
    with pytest.raises(SourceError) as raised:
        budget.room("a", POST_READ, 5, 20)
    assert raised.value.retry_after == timedelta(hours=12)
    now[0] += timedelta(hours=12)
    budget.recall(Spent(NOON.date(), {"a": (3, 50_000)}))
    assert budget.room("a", POST_READ, 5, 20) == 10

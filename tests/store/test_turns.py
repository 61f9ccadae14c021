"""Brands take turns in what is judged, decided and escalated: one with a storm stands before nobody else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.store import brands, cases, cross_brand, mentions
from monitor.store.engine import Connection, Database, new_id
from monitor.store.schema import cases as case_table
from monitor.store.schema import mention, post
from tests.store.written import NINE

Take = Callable[[Connection, int], Sequence[int]]
"""The posts or cases that come first, so many."""
HOUR = timedelta(hours=1)
ORDERS: dict[str, tuple[str, Take]] = {
    "judged": ("to judge", cross_brand.to_judge),
    "decided": (
        mentions.TRIAGE,
        lambda conn, most: _posts(mentions.due(conn, mentions.TRIAGE, NINE, most)),
    ),
    "settled": (
        mentions.SETTLE,
        lambda conn, most: _posts(mentions.due(conn, mentions.SETTLE, NINE, most)),
    ),
    "escalated": ("a case", lambda conn, most: cases.due(conn, "escalate", NINE, most)),
}


@pytest.mark.parametrize("order", ORDERS)
@settings(
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    waiting=st.lists(st.integers(0, 3), min_size=1, max_size=30),
    taken=st.integers(0, 30),
)
def test_whoever_waits_has_had_its_share_however_few_were_taken(
    database: Database, order: str, waiting: list[int], taken: int
) -> None:
    """`waiting`: whose each one is, in the order of their coming."""
    what, take = ORDERS[order]
    with database.writing() as conn:
        whose = _bring(conn, what, waiting)
        found = list(take(conn, taken))
        conn.rollback()
    assert len(found) == len(set(found)) == min(taken, len(waiting))
    had, all_ = Counter(whose[one] for one in found), Counter(whose.values())
    for one in all_:
        assert had[one] == all_[one] or had[one] >= max(had.values(), default=0) - 1
    for brand in all_:  # and of each the oldest
        its = [one for one in found if whose[one] == brand]
        assert its == [one for one in whose if whose[one] == brand][: len(its)]


def test_a_post_that_names_two_has_its_turn_with_the_one_that_is_sooner(database: Database) -> None:
    with database.writing() as conn:
        whose = _bring(conn, "to judge", [0, 0, 0])
        third = list(whose)[2]
        [calm] = brands.ensure(conn, ["calm"]).values()
        conn.execute(
            mention.insert().values(brand_id=calm, post_id=third, own=False, next="triage")
        )
        assert cross_brand.to_judge(conn, 2) == [next(iter(whose)), third]
        assert len(cross_brand.to_judge(conn, 9)) == 3


def _posts(items: Sequence[str]) -> list[int]:
    return [mentions.parse_item(one)[1] for one in items]


def _bring(conn: Connection, what: str, waiting: Sequence[int]) -> dict[int, int]:
    """Rows that wait for `what`. Returns whose each is, in the order of their coming."""
    names = [f"brand {number}" for number in range(4)]
    ids = brands.ensure(conn, names)
    return {
        _row(conn, what, ids[names[brand]], number): brand for number, brand in enumerate(waiting)
    }


def _row(conn: Connection, what: str, brand_id: int, number: int) -> int:
    made = conn.execute(
        post.insert().values(
            network="x",
            external_id=str(number),
            kind="post",
            thread=str(number),
            quotes=[],
            text="text",
            visibility="public",
            posted_at=NINE,
            first_seen_at=NINE,
            last_seen_at=NINE,
            can_reply=True,
            to_judge=what == "to judge",
        )
    )
    post_id = new_id(made)
    step = what if what == mentions.SETTLE else mentions.TRIAGE
    conn.execute(mention.insert().values(brand_id=brand_id, post_id=post_id, own=False, next=step))
    if what != "a case":
        return post_id
    key = cases.CaseKey(brand_id, "x", str(number), f"anon:{post_id}")
    case_id = cases.open_case(conn, key, root_post_id=post_id, opened_at=NINE)
    due = NINE - HOUR + timedelta(seconds=number)
    conn.execute(sa.update(case_table).where(case_table.c.id == case_id).values(next_action_at=due))
    return case_id

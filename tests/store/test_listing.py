"""Pages of cases and posts: none looks through too much, and together they show everything once."""

from __future__ import annotations

import pytest

from monitor.store import listing
from monitor.store.engine import Database
from monitor.store.listing import LOOKED_THROUGH, WantedCases, WantedPosts
from tests.stages.told import Told
from tests.store.written import RIVAL, SHOP, Bringing, written

FAR = 2 * LOOKED_THROUGH + LOOKED_THROUGH // 2

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_what_is_far_apart_is_found_over_pages_that_may_be_empty(told: Told) -> None:
    near = told.case()
    told.case(id=FAR)
    found, before = [], None
    pages = 0
    while before is not None or not pages:
        with told.database.reading() as conn:
            page = listing.cases_page(conn, WantedCases(), [1], before=before, limit=5)
        found += [row.id for row in page.rows]
        before, pages = page.before, pages + 1
    assert (found, pages) == ([FAR, near], 3)


def test_a_post_is_on_one_page_with_all_of_its_brands(database: Database) -> None:
    Bringing(database, SHOP, RIVAL).brings(*(written(str(n), text="shop, rival") for n in range(3)))
    with database.reading() as conn:
        first = listing.posts_page(conn, WantedPosts(), [1, 2], before=None, limit=3)
        second = listing.posts_page(conn, WantedPosts(), [1, 2], before=first.before, limit=3)
        third = listing.posts_page(conn, WantedPosts(), [1, 2], before=second.before, limit=3)
    pages = [[(row.id, row.brand) for row in one.rows] for one in (first, second, third)]
    assert pages == [[(number, name) for name in ("Shop", "Rival")] for number in (3, 2, 1)]
    assert third.before is None

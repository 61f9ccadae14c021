"""A mention as the stages load it, or that there is none."""

from __future__ import annotations

from monitor.store import mentions
from monitor.store.engine import Database
from tests.store.written import Bringing, written


def test_a_post_of_another_brand_and_one_not_judged_are_none(database: Database) -> None:
    Bringing(database).brings(written("1"))
    with database.reading() as conn:
        assert mentions.load(conn, 1, 1) is not None
        assert mentions.load(conn, 2, 1) is None
        assert mentions.judgement_of(conn, 1) is None

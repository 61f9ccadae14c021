"""A mention as the stages load it, or that there is none."""

from __future__ import annotations

from monitor.domain.identity import Brand, Identity
from monitor.store import mentions
from monitor.store.engine import Database
from tests.store.written import SHOP, Bringing, written


def test_a_post_of_another_brand_and_one_not_judged_are_none(database: Database) -> None:
    Bringing(database).brings(written("1"))
    with database.reading() as conn:
        assert mentions.load(conn, 1, 1) is not None
        assert mentions.load(conn, 2, 1) is None
        assert mentions.judgement_of(conn, 1) is None


def test_a_post_that_two_brands_call_theirs_quotes_for_both(database: Database) -> None:
    """Kept for the first one alone, the other's answer would not be found when the complaint comes later."""
    bringing = Bringing(database, SHOP, Brand("Twin", (Identity("*", handle="@shop"),)))
    bringing.brings(written("answer", by="shop", quotes=("late",)))
    with database.writing() as conn:
        for number, _ in bringing.brands:
            one = mentions.load(conn, number, 1)
            assert one is not None
            mentions.keep_quotes(conn, one)
    bringing.brings(written("late", text="shop and Twin"))
    with database.reading() as conn:
        for number, _ in bringing.brands:
            assert len(mentions.quoting(conn, number, "x", "late")) == 1

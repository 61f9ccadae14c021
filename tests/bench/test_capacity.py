"""What the bench of rates calls keeping up, and what it says broke first."""

from __future__ import annotations

from tests.bench.capacity import A_DAY, Kept, row


def kept(**waiting: int) -> Kept:
    return Kept(1_000, waiting, 12.34, 0.5, 0.25, 20.0)


def test_what_the_last_five_seconds_brought_may_be_under_way() -> None:
    assert kept(reading=30, judging=20).keeps_up(10)
    assert not kept(reading=30, judging=21).keeps_up(10)


def test_a_line_names_what_most_posts_wait_for() -> None:
    times = 10 * 86_400 / A_DAY
    told = row(times, 100, kept(reading=3, judging=0, deciding=400, telling=20))
    assert told[1:5] == ("10.00", "no: deciding", "3 / 0 / 400 / 20", "12.3 s")

"""A look at X that was broken off and is taken up again days later leaves no hole behind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.sources.x import snowflake
from monitor.sources.x.budget import Budget
from monitor.sources.x.calls import Answer
from monitor.sources.x.reading import Bounds, Fares, Reach, Walk
from monitor.sources.x.wire import Account

BEGAN = datetime(2026, 5, 1, tzinfo=UTC)


def body(*at: datetime, more: str | None = None) -> dict[str, Any]:
    """A page of posts of these times, as X sends it."""
    posts = [
        {
            "id": (number := str(snowflake.id_at(one))),
            "text": "t",
            "author_id": "5",
            "edit_history_tweet_ids": [number],
            "conversation_id": number,
            "created_at": f"{one:%Y-%m-%dT%H:%M:%S}.000Z",
        }
        for one in at
    ]
    meta = {"result_count": len(posts), **({"next_token": more} if more else {})}
    return {"data": posts, "meta": meta}


def test_the_days_between_are_asked_for() -> None:
    now = BEGAN

    def walk(ask: Any) -> Walk:
        return Walk(
            "mentions",
            ask,
            account=Account("1", "acme", False),
            reach=Reach(5, cap=800),
            bounds=Bounds(100, 10, timedelta(minutes=5), timedelta(days=7)),
            fares=Fares(1),
            budget=Budget(micros=None, calls=None, clock=lambda: now),
            clock=lambda: now,
        )

    def first(_floor: int | None, _token: str | None, _size: int) -> Answer:
        return Answer(body(BEGAN - timedelta(hours=1), more="more"), now, None)

    # one page, then the budget or an outage ends the look
    place = next(iter(walk(first).pages(None))).cursor
    now = BEGAN + timedelta(days=8)
    floors: list[int | None] = []

    def later(floor: int | None, token: str | None, _size: int) -> Answer:
        floors.append(floor)
        return Answer(body(BEGAN - timedelta(hours=2)) if token else body(), now, None)

    gaps = [page.gap for page in walk(later).pages(place)]
    fresh = [floor for floor in floors if floor is not None]
    assert gaps[0] is None
    assert max(fresh) <= snowflake.id_at(BEGAN)

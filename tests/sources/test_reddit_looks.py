"""Looks at one listing, however much comes between them: what was not seen lies in a gap that is told."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.post import Post
from monitor.simulator.reddit import Reddit as World
from monitor.simulator.reddit_http import RedditServer
from monitor.simulator.serving import Fault
from monitor.sources.reddit import cursor
from monitor.sources.reddit.calls import Calls
from monitor.sources.reddit.cursor import Place
from monitor.sources.reddit.listing import Listing, Look
from tests.sources.seen import pages
from tests.sources.subreddit import NOW, comment, ids, reddit, source, submission

CAP = 20


@settings(max_examples=40)
@given(
    turns=st.lists(st.tuples(st.integers(0, 2 * CAP), st.integers(1, 9)), min_size=1, max_size=5)
)
def test_what_was_not_seen_lies_in_a_gap(turns: list[tuple[int, int]]) -> None:
    server = RedditServer(World(lambda: NOW, cap=CAP), clients={"app": "s"}, quota=10**6)
    look = Look(Listing("r/help/new", cap=CAP), lambda _: True, None, timedelta(seconds=5), 4)
    put: dict[str, datetime] = {}
    seen: set[str] = set()
    told: list[tuple[str, str]] = []
    place = known = Place((NOW - timedelta(days=7)).timestamp())
    now = NOW
    with server:
        calls = Calls(
            client_id="app",
            credentials=lambda: {"client_secret": "s"},
            base_url=server.url,
            timeout=5,
            on_behalf_of="nobody",
        )
        for published, pages_read in [*turns, (0, 10 * CAP)]:
            for _ in range(published):
                now += timedelta(seconds=1)
                one = submission(len(put), at=now)
                put[one.name] = now
                server.reddit.put(one)
            for _, page in zip(range(pages_read), look.pages(calls, place, now), strict=False):
                seen |= {i.key.external_id for i in page.items if isinstance(i, Post)}
                if page.gap:
                    told.append((page.gap.from_ or "", page.gap.to or ""))
                known = cursor.read(page.cursor)
            place = known
    lost = {at.isoformat(timespec="seconds") for name, at in put.items() if name not in seen}
    assert [at for at in lost if not any(since <= at <= to for since, to in told)] == []


class Inbox:
    """Of a thousand things each second one is private; older ones are not listed."""

    def get(self, path: str, **params: str | int) -> Any:
        del path
        first = int(str(params.get("after", "x_-1")).rpartition("_")[2]) + 1
        after = f"t1_{first + 99}" if first < 900 else None
        children = [self._thing(number) for number in range(first, first + 100)]
        return {"data": {"children": children, "after": after}}

    def _thing(self, number: int) -> dict[str, Any]:
        kind = "t4" if number % 2 == 0 else "t1"
        made = NOW.timestamp() - number * 10
        words = {"author": "ana_p", "body": "no parcel", "context": "/r/help/comments/a/_/b/"}
        return {"kind": kind, "data": {"name": f"{kind}_{number}", "created_utc": made, **words}}


def test_private_messages_fill_a_listing_too() -> None:
    look = Look(Listing("message/inbox"), lambda _: True, None, timedelta(hours=2), 100)
    yesterday = (NOW - timedelta(days=1)).timestamp()
    place = Place(yesterday - 6 * 86_400, yesterday, yesterday)
    found = list(look.pages(Inbox(), place, NOW))
    gap = found[-1].gap
    assert gap is not None
    assert gap.from_ == (NOW - timedelta(days=1)).isoformat()
    assert gap.to == (NOW - timedelta(seconds=9_990)).isoformat()


def test_streams_read_at_the_same_time_do_not_mix() -> None:
    with reddit() as server:
        for number in range(150):
            server.reddit.put(submission(number))
            server.reddit.put(comment(number))
        reader = source(server, page_size=10, search="parcel", subreddits=["help"])
        names = [stream.name for stream in reader.streams()]
        with ThreadPoolExecutor(len(names)) as pool:
            found = dict(zip(names, pool.map(lambda name: pages(reader, name), names), strict=True))
    every = {f"t3_s{number:04}" for number in range(150)}
    assert ids(found["submissions"]) == ids(found["search"]) == every
    assert ids(found["comments"]) == {f"t1_c{number:04}" for number in range(150)}


def test_an_answer_that_comes_drop_by_drop_holds_up_no_other_stream() -> None:
    with reddit() as server, ThreadPoolExecutor(1) as pool:
        server.reddit.put(submission(1))
        server.reddit.put(comment(1))
        server.faults.append(Fault("held", "/new", times=1))
        reader = source(server)
        held = pool.submit(pages, reader, "submissions")
        for _ in range(3):
            assert ids(pages(reader, "comments")) == {"t1_c0001"}
        assert not held.done()
        server.released.set()
        assert ids(held.result()) == {"t3_s0001"}


def test_a_look_counts_its_own_calls_whoever_else_asks_meanwhile() -> None:
    with reddit() as server:
        for number in range(30):
            server.reddit.put(submission(number))
            server.reddit.put(comment(number))
        reader = source(server, page_size=10)
        stream = next(one for one in reader.streams() if one.name == "submissions")
        look = reader.pages(stream, None)
        spent = next(look).cost.calls
        pages(reader, "comments")
        spent += sum(page.cost.calls for page in look)
        asked = [one.path for one in server.asked if one.path.endswith("/new")]
    assert spent == len(asked) == 3


def test_a_look_that_breaks_off_again_and_again_does_not_grow_its_cursor_without_end() -> None:
    place = Place(0.0)
    for day in range(30):
        place = place.partly({f"t3_{day}_{number}": 1 for number in range(900)})
    assert len(place.seen) <= 3000
    assert not place.is_new("t3_29_0", 1)
    assert cursor.read(cursor.write(place)) == place

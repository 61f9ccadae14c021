"""The comparison counts rightly, and our half of it runs. obsei's needs its package: not with the suite."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from tests.bench.beside.networks import Doors
from tests.bench.beside.ours import Ours
from tests.bench.beside.scene import YEAR, Heard, Outcome, Scene
from tests.bench.side_by_side import CASES, played, table

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_our_half_tells_everything_once_in_spite_of_a_429_and_a_post_of_next_year(
    tmp_path: Path,
) -> None:
    scene = Scene.of(complaints=12, news=2, next_year=4)
    scene.slack_refuses, scene.network_refuses = 3, None
    found = Ours(per_second=1000, rest=1.0).play(scene, tmp_path)
    assert found.heard == Heard(once=12, doubled=0, lost=0)
    assert found.news == Heard(once=2, doubled=0, lost=0)


def test_what_a_channel_heard_is_told_apart() -> None:
    one, two, three, four = Scene.of(complaints=4, news=0).complaints
    told = [f"> {one.text}", f"> {two.text}", f"> {two.text}", "…and 2 more", f"x {four.text}"]
    assert Heard.of([one, two, three, four], told) == Heard(once=2, doubled=1, lost=1)


def test_no_name_is_part_of_another_ones_text() -> None:
    scene = Scene.of(complaints=60)
    told = [one.text for one in (*scene.complaints, *scene.news)]
    assert Heard.of(scene.complaints, told) == Heard(once=60, doubled=0, lost=0)


def test_the_webhook_refuses_once() -> None:
    scene = Scene.of(complaints=1)
    scene.slack_refuses = 2
    with Doors(scene) as doors:
        said = [httpx.post(f"{doors.url}/services/T0", json={"text": str(n)}) for n in range(3)]
    assert [one.status_code for one in said] == [200, 429, 200]
    assert said[1].headers["Retry-After"] == "2"
    assert doors.messages == ["0", "2"]


def test_the_networks_show_a_post_of_next_year_and_what_came_after_it() -> None:
    scene = Scene.of(complaints=2, news=1, next_year=1)
    with Doors(scene) as doors:
        doors.post(scene.complaints, NOON)
        doors.post(scene.news, NOON + timedelta(hours=1))
        search = f"{doors.url}/xrpc/app.bsky.feed.searchPosts"
        found = [
            httpx.get(search, params={"since": since.isoformat()}).json()["posts"]
            for since in (NOON, NOON + timedelta(minutes=1), NOON + YEAR)
        ]
        feed = httpx.get(f"{doors.url}/feed").text
    assert [len(one) for one in found] == [3, 1, 0]
    assert found[0][1]["record"]["createdAt"] == (NOON + YEAR).isoformat()
    assert feed.index(scene.news[0].name) < feed.index(scene.complaints[0].name)
    assert "22 Nov 2027" in feed


def test_the_table_has_a_row_for_each_path_and_says_what_was_said() -> None:
    heard, news = Heard(8, 7, 0), Heard(5, 0, 0)
    outcome = Outcome("theirs", "X → Slack", 15, heard, news, "failed: 429")

    class Recorded:
        def play(self, scene: Scene, folder: Path) -> Outcome:
            return outcome

    case = CASES[0]
    printed = table([(case, list(played([Recorded(), Recorded()], case)))])
    assert printed.count("| theirs, X → Slack | 15 | 8 | 7 | 0 | 5 | 0 | 0 |") == 2
    assert case.title in printed
    assert "“failed: 429”" in printed

"""What the bench of sizes counts with: the networks' notes, and who used how much of a processor."""

from __future__ import annotations

import os
from pathlib import Path

import httpx
import psycopg

from monitor import settings
from tests.bench import looks
from tests.bench.agency import agency, channel_of, commit_ms, cpu_s, family, held, name_of
from tests.chaos.networks import SECRETS
from tests.postgres import DURABLE, server


def test_what_a_brand_is_told_is_found_by_its_mark(tmp_path: Path) -> None:
    with agency(tmp_path, "postgresql://nobody@/none", 3) as made:
        settings.read(made.home.config())
        marks = [made.complain(0), made.complain(2, in_own=True)]
        args = {"channel": channel_of(0), "text": f"{name_of(0)} ({marks[0]})"}
        said = {"event_type": "told", "event_payload": {"key": "alert:1:1", "part": 1}}
        made.workspace.call("chat.postMessage", args | {"metadata": said})
        assert set(made.told()) == {marks[0]}
        [waited] = made.waited(marks)
        assert 0 <= waited < 60


def test_a_process_has_used_its_processor_and_is_its_own_family() -> None:
    assert cpu_s([os.getpid()]) > 0
    assert family(os.getpid())[0] == os.getpid()


def test_each_brand_is_read_with_a_credential_of_its_own_and_each_look_is_noted(
    tmp_path: Path,
) -> None:
    secret = SECRETS["COMPLAINT_MONITOR_REDDIT_CLIENT_SECRET"]
    with agency(tmp_path, "postgresql://nobody@/none", 6, every=90) as made:
        read = settings.read(made.home.config())
        by = {one.brands: one for one in read.sources}
        assert list(by) == [(name_of(one),) for one in range(6)]
        assert all(one.every.total_seconds() == 90 for one in by.values() if one.every)
        for one in (2, 5):
            log_in = f"{made.reddit.url}/api/v1/access_token"
            form, who = {"grant_type": "client_credentials"}, (f"client-{name_of(one)}", secret)
            token = httpx.post(log_in, data=form, auth=who).json()["access_token"]
            for query in ("", "?after=t3_further_down"):
                address = f"{made.reddit.url}/r/{name_of(one)}/new{query}"
                httpx.get(address, headers={"Authorization": f"bearer {token}"}).raise_for_status()
        assert {place: len(times) for place, times in made.reddit.looks().items()} == {
            f"/r/{name_of(one)}/new": 1 for one in (2, 5)
        }
        assert list(made.reddit.log_ins.values()) == [1, 1]


def test_looks_are_late_by_what_is_beyond_their_time_and_those_that_never_come_are_not_left_out() -> (
    None
):
    seen = {"quick": [0, 60, 61, 122], "slow": [10, 100], "stuck": [20]}
    assert looks.number(seen, 50, 130) == 4
    assert looks.doubled(seen, 60, 50, 130) == 1
    assert looks.late(seen, 60, 50, 130) == [0, 1, 30, 50]
    assert looks.next_after(seen, "quick", 60.5) == 61
    assert looks.next_after(seen, "stuck", 21) is None


def test_a_durable_server_waits_for_the_disk() -> None:
    with (
        server(settings=DURABLE) as postgres,
        psycopg.connect(f"host={postgres.folder} user=postgres dbname=postgres") as conn,
    ):
        for name in ("fsync", "synchronous_commit", "full_page_writes", "autovacuum"):
            assert conn.execute(f"SHOW {name}").fetchone() == ("on",)
        assert commit_ms(postgres, 3) > 0


def test_what_a_process_holds() -> None:
    before = held([os.getpid()])
    with Path(os.devnull).open() as _:
        assert held([os.getpid()])[1] == before[1] + 1
    assert before[0] > 0

"""The feed shows the world in the shape of the `files` source, as time passes, also after a crash."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from monitor.simulator.feed import Feed
from monitor.simulator.world import What, World

MONDAY = datetime(2026, 11, 16, 8, tzinfo=ZoneInfo("Europe/Bucharest"))
WORLD = World(MONDAY, 1)
FIELDS = {
    *("network", "external_id", "thread_id", "reply_to", "author", "author_id", "via", "text"),
    *("title", "posted_at", "edited_at", "deleted_at", "rating", "url", "lang"),
}
moments = st.integers(-3 * 86400, 2 * 86400).map(lambda s: MONDAY + timedelta(seconds=s))


def written(paths: Iterable[Path]) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in paths}


def played_at_once() -> dict[str, bytes]:
    with TemporaryDirectory() as folder:
        feed = Feed(WORLD, Path(folder))
        assert feed.advance_to(WORLD.ends_at) == len(WORLD.happenings())
        return written(feed.paths.values())


WHOLE = played_at_once()


def test_the_files_are_there_to_be_followed_before_anything_happens(tmp_path: Path) -> None:
    feed = Feed(WORLD, tmp_path / "feed")
    assert all(path.read_bytes() == b"" for path in feed.paths.values())


def test_every_line_is_one_happening_and_says_only_known_fields() -> None:
    lines = [json.loads(line) for name in WHOLE for line in WHOLE[name].splitlines()]
    told = {
        (line["network"], line["external_id"], line.get("edited_at"), line.get("deleted_at"))
        for line in lines
    }
    happened = {
        (
            *h.key,
            h.edited_at.isoformat() if h.edited_at and h.what is What.EDITED else None,
            h.deleted_at.isoformat() if h.deleted_at and h.what is What.DELETED else None,
        )
        for h in WORLD.happenings()
    }
    assert told == happened
    assert set().union(*lines) == FIELDS


def test_a_deletion_says_what_and_when_and_no_more() -> None:
    lines = [json.loads(line) for name in WHOLE for line in WHOLE[name].splitlines()]
    deletions = [line for line in lines if "deleted_at" in line]
    assert deletions
    assert all(line.keys() == {"network", "external_id", "deleted_at"} for line in deletions)


def test_times_carry_their_offset() -> None:
    for name in WHOLE:
        for line in WHOLE[name].splitlines():
            fields = json.loads(line)
            for field in ("posted_at", "edited_at", "deleted_at"):
                assert field not in fields or datetime.fromisoformat(fields[field]).tzinfo


def test_only_networks_that_know_the_language_tell_it() -> None:
    tell = {name: b'"lang"' in lines for name, lines in WHOLE.items()}
    assert {name for name, told in tell.items() if told} == {
        "x.jsonl",
        "google_play.jsonl",
        "reviews.jsonl",
    }


@given(now=moments)
def test_nothing_of_the_future_is_written(now: datetime) -> None:
    with TemporaryDirectory() as folder:
        feed = Feed(WORLD, Path(folder))
        feed.advance_to(now)
        for path in feed.paths.values():
            for line in path.read_text("utf-8").splitlines():
                fields = json.loads(line)
                for field in ("posted_at", "edited_at", "deleted_at"):
                    assert field not in fields or datetime.fromisoformat(fields[field]) <= now


@given(steps=st.lists(moments, max_size=12), reopened=st.booleans())
def test_any_steps_and_any_restarts_write_the_same_bytes(
    steps: list[datetime], reopened: bool
) -> None:
    with TemporaryDirectory() as folder:
        feed = Feed(WORLD, Path(folder))
        appended = 0
        for now in (*steps, WORLD.ends_at):
            feed = Feed(WORLD, Path(folder)) if reopened else feed
            appended += feed.advance_to(now)
        assert written(feed.paths.values()) == WHOLE
        assert appended == len(WORLD.happenings())


@given(cut=st.data())
def test_a_line_torn_by_a_crash_is_written_again(cut: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        feed = Feed(WORLD, Path(folder))
        for path in feed.paths.values():
            whole = WHOLE[path.name]
            path.write_bytes(whole[: cut.draw(st.integers(0, len(whole)))])
        Feed(WORLD, Path(folder)).advance_to(WORLD.ends_at)
        assert written(feed.paths.values()) == WHOLE

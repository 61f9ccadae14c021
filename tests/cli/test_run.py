"""`run`: watches, tells people once, is alone on its database, and ends cleanly."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterator

import pytest

from tests.cli.shop import CONFIG, Shop, kinds
from tests.cli.working import Switch

PATIENCE_S = 60


@pytest.fixture
def started(shop: Shop) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts `run` as a process, and waits until it says what it watches."""
    running: list[subprocess.Popen[str]] = []

    def start(*words: str) -> subprocess.Popen[str]:
        process = shop.starts("run", *words)
        running.append(process)
        assert process.stderr is not None
        while "watches" not in (line := process.stderr.readline()):
            assert line, "it ended"
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()


def until(true: Callable[[], object]) -> None:
    ends = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < ends
        time.sleep(0.05)


def test_a_complaint_alerts_once(shop: Shop) -> None:
    shop.does("run", "--once")
    shop.post("1", "awful parcel")
    assert "awful parcel" in shop.runs()
    shop.runs()
    assert kinds(shop.told()) == ["alert"]


def test_what_was_there_before_the_first_run_is_summed_up(shop: Shop) -> None:
    shop.post("1", "awful", posted_at="2026-05-04T09:00:00Z")
    shop.does("run", "--once")
    assert "backlog" in {one["kind"] for one in shop.told()}
    assert "alert" not in {one["kind"] for one in shop.told()}


def test_in_shadow_nobody_is_told_and_it_is_said_why(shop: Shop) -> None:
    said = shop.does("run", "--once", "--shadow").stderr
    assert "and tells nobody (--shadow)" in said
    shop.post("1", "awful")
    shop.runs("--shadow")
    assert shop.told() == []
    assert len(shop.data("cases", "list")) == 1


def test_a_rehearsal_writes_what_would_be_told_and_a_run_sums_it_up(shop: Shop) -> None:
    shop.does("run", "--once", "--shadow")
    shop.post("1", "awful")
    shop.runs("--shadow")
    [line] = shop.data("cases", "list")
    notices = shop.data("cases", "show", str(line["case"]))["notices"]
    assert ("alert", "suppressed", "shadow") in {
        (one["kind"], one["state"], one["reason"]) for one in notices
    }
    shop.runs()
    assert set(kinds(shop.told())) == {"backlog"}


def test_a_rehearsal_where_people_are_told_already_is_refused(shop: Shop) -> None:
    shop.does("run", "--once")
    assert "db backup" in shop.refuses("run", "--once", "--shadow")


def test_an_answer_ends_the_wait(shop: Shop) -> None:
    shop.does("run", "--once")
    shop.post("1", "awful")
    shop.post("2", "Sorry!", author="acme_help", thread_id="1", reply_to="1")
    shop.runs()
    assert shop.data("cases", "list") == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(
    shop: Shop, started: Callable[..., subprocess.Popen[str]], number: signal.Signals
) -> None:
    shop.post("1", "awful")
    process = started()
    until(shop.told)
    process.send_signal(number)
    _, said = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    assert "complaint-monitor: stopped" in said
    assert "Traceback" not in said
    shop.does("replay", "--check")


def test_a_source_that_hangs_stops_neither_the_alerts_nor_the_end(
    shop: Shop, started: Callable[..., subprocess.Popen[str]]
) -> None:
    hangs = '[[sources]]\nname = "hanging"\nuse = "tests.cli.troubles:Hangs"\n'
    shop.configure(CONFIG.replace("[classifier]", f"{hangs}[classifier]"))
    process = started()
    shop.post("1", "awful")
    until(shop.told)
    process.terminate()
    _, said = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    assert "left_under_way" in said
    assert "hanging/all" in said


def test_it_says_what_it_watches_and_warns_of_what_it_does_not(shop: Shop) -> None:
    said = shop.does("run", "--once").stderr
    assert "watches files (1 stream) for acme and tells console" in said
    assert "WARNING" not in said
    nothing = '[[sources]]\nname = "empty"\nuse = "tests.cli.troubles:Nothing"\n'
    shop.configure(CONFIG.replace("[classifier]", f"{nothing}[classifier]"))
    said = shop.does("run", "--once").stderr
    assert "watches files (1 stream), empty (0 streams) for" in said
    assert "WARNING: empty has nothing to read" in said
    sources, rest = CONFIG.index("[[sources]]"), CONFIG.index("[classifier]")
    shop.configure(CONFIG[:sources] + CONFIG[rest:])
    assert "WARNING: nothing is watched" in shop.does("run", "--once").stderr


def test_a_one_shot_run_says_that_something_failed(shop: Shop) -> None:
    shop.configure(CONFIG.replace("tests.cli.keywords:Keywords", "tests.cli.troubles:Stumbles"))
    shop.post("1", "awful")
    said = shop.does("run", "--once", status=1).stderr
    assert "items that failed: classify 1" in said


def test_a_one_shot_run_says_which_source_could_not_be_read(shop: Shop) -> None:
    (shop.folder / "posts.jsonl").unlink()
    (shop.folder / "posts.jsonl").mkdir()
    said = shop.does("run", "--once", status=1).stderr
    assert "files/rows could not be read: posts.jsonl" in said


def test_a_second_run_on_the_same_database_refuses(
    shop: Shop, started: Callable[..., subprocess.Popen[str]]
) -> None:
    process = started()
    said = shop.refuses("run")
    assert f"is in use by process {process.pid}" in said
    assert "is in use" in shop.refuses("import", "posts.jsonl")


def test_after_a_kill_the_next_run_goes_on(
    shop: Shop, started: Callable[..., subprocess.Popen[str]]
) -> None:
    process = started()
    process.kill()
    process.communicate()
    shop.post("1", "awful")
    shop.runs()
    assert kinds(shop.told()) == ["alert"]


def test_broken_weights_do_not_stop_the_reading(shop: Shop) -> None:
    shop.configure(CONFIG.replace('Keywords"\n', 'Keywords"\nbroken = true\n'))
    shop.post("1", "awful")
    said = shop.does("run", "--once", status=1).stderr
    assert "the weights are missing" in said
    shop.configure(CONFIG)
    shop.runs()
    assert len(shop.data("cases", "list")) == 1


def test_a_mistake_in_the_config_is_told_before_anything_is_made(shop: Shop) -> None:
    shop.configure(CONFIG + "[digest]\nat = 'noon'\n")
    assert "config.toml:" in shop.refuses("run")
    assert not (shop.folder / "complaint-monitor.db").exists()


@pytest.fixture
def switch() -> Iterator[Switch]:
    with Switch() as running:
        yield running


def test_the_heartbeat_is_called_while_all_is_well(
    shop: Shop, switch: Switch, started: Callable[..., subprocess.Popen[str]]
) -> None:
    shop.configure(CONFIG + f'[heartbeat]\nurl = "{switch.url}/alive"\nevery = "1s"\n')
    process = started()
    until(lambda: len(switch.asked) > 1)
    process.terminate()
    process.communicate(timeout=PATIENCE_S)
    assert {one.path for one in switch.asked} == {"/alive"}


def test_the_heartbeat_is_silent_while_something_is_broken(
    shop: Shop, switch: Switch, started: Callable[..., subprocess.Popen[str]]
) -> None:
    broken = CONFIG.replace('Keywords"\n', 'Keywords"\nbroken = true\n')
    shop.configure(
        broken + f'[heartbeat]\nurl = "{switch.url}/alive"\nevery = "1s"\n[log]\nformat = "json"\n'
    )
    shop.post("1", "awful")
    process = started()
    assert process.stderr is not None
    lines = iter(process.stderr.readline, "")
    until(lambda: "stage_unavailable" in next(lines))
    time.sleep(1)  # the beat of the moment before it was known may be under way
    known = len(switch.asked)
    time.sleep(3)  # three beats long
    assert len(switch.asked) == known <= 1

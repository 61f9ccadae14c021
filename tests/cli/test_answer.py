"""Answering a customer from the command line, on a Reddit of this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from monitor.clock import utc_now
from monitor.simulator.reddit import Reddit as World
from monitor.simulator.reddit import Thing
from monitor.simulator.reddit_http import RedditServer
from monitor.simulator.serving import Fault
from tests.cli.shop import CONFIG, REDDIT, Shop

SORRY = "Sorry! It left today."


@pytest.fixture
def server(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[RedditServer]:
    made = RedditServer(World(utc_now), clients={"app": "s3cret"})
    made.refresh_tokens["r3fresh"] = ("acme_help", "*")
    monkeypatch.setenv("COMPLAINT_MONITOR_REDDIT_CLIENT_SECRET", "s3cret")
    monkeypatch.setenv("COMPLAINT_MONITOR_REFRESH", "r3fresh")
    with made:
        shop.configure(CONFIG + REDDIT.format(url=made.url))
        shop.does("run", "--once")
        at = utc_now() - timedelta(minutes=1)
        text = "awful, no parcel"
        post = Thing(name="t3_s1", author="ana", title="?", text=text, subreddit="help", at=at)
        made.reddit.put(post)
        shop.runs()
        yield made


def ours(server: RedditServer) -> list[str]:
    listed = server.reddit.comments_of("acme_help", {})["data"]["children"]
    return [one["data"]["body"] for one in listed]


def test_an_answer_is_shown_written_posted_and_listed(shop: Shop, server: RedditServer) -> None:
    shown = shop.does("cases", "answer", "1", SORRY, "--dry-run", "--by", "ana").stdout
    for words in (
        "on reddit as @acme_help, by ana, 21 of 10000 characters",
        "under post 1 (https://www.reddit.com/",
        SORRY,
        "nothing is posted",
    ):
        assert words in shown
    lines = shop.does("cases", "answer", "1", "Sorry!\n\n* one\n* two", "--dry-run").stdout
    assert "Sorry!\n\n* one\n* two\n" in lines
    draft = shop.data("cases", "answer", "1", SORRY, "--dry-run")
    assert (draft["dry_run"], draft["draft"]["length"]) == (True, {"used": 21, "most": 10000})
    assert shop.data("cases", "show", "1")["answers"] == []

    said = shop.does("cases", "answer", "1", SORRY, "--by", "ana").stdout
    assert "answer 1 to case 1 is written: `complaint-monitor run` posts it on reddit" in said
    assert ours(server) == []
    assert "pending" in shop.does("cases", "show", "1").stdout
    shop.runs()
    assert ours(server) == [SORRY]
    assert shop.data("cases", "list") == []
    [answer] = shop.data("cases", "show", "1")["answers"]
    assert (answer["state"], answer["by"], answer["text"]) == ("sent", "ana", SORRY)
    assert answer["url"] in shop.does("cases", "show", "1").stdout
    shop.does("replay", "--check")


def test_a_text_may_come_from_a_file(shop: Shop, server: RedditServer) -> None:
    said = "Sorry!\n\nIt left today.\n"
    shop.does("cases", "answer", "1", "-", said=said)
    shop.runs()
    assert ours(server) == [said.strip()]


def test_a_rehearsal_posts_nothing(shop: Shop, server: RedditServer) -> None:
    text = (shop.folder / "config.toml").read_text()
    shop.configure(f'database = "sqlite:///fresh.db"\n{text}')
    shop.does("run", "--once", "--shadow")
    [line] = shop.data("cases", "list")
    shop.does("cases", "answer", str(line["case"]), SORRY)
    shop.runs("--shadow")
    assert ours(server) == []


def test_one_in_doubt_is_asked_about_and_decided_by_a_person(
    shop: Shop, server: RedditServer
) -> None:
    server.faults.append(Fault("403", "/api/comment", times=1))
    shop.does("cases", "answer", "1", SORRY)
    shop.runs()
    [told] = [one for one in shop.told() if one["kind"] == "reply"]
    assert "The answer to case 1 was refused" in told["text"]
    assert "complaint-monitor cases answer 1 --resend 1" in told["text"]
    assert SORRY not in json.dumps(shop.told())
    said = shop.does("cases", "show", "1").stdout
    assert "failed" in said
    assert "reply_refused" in said
    assert shop.data("cases", "answer", "1", "--resend", "1")["state"] == "pending"
    cancelled = shop.does("cases", "answer", "1", "--cancel", "1").stdout
    assert cancelled == "answer 1 is not posted: it was taken back\n"
    assert "nobody was asked about it" in shop.refuses("cases", "answer", "1", "--posted", "1")


@pytest.mark.parametrize("option", ["--dry-run", "--anyway", "--post=1"])
@pytest.mark.parametrize("decision", ["--cancel", "--resend", "--posted"])
def test_a_decision_is_not_rehearsed(
    shop: Shop, server: RedditServer, decision: str, option: str
) -> None:
    shop.does("cases", "answer", "1", SORRY)
    said = shop.refuses("cases", "answer", "1", decision, "1", option)
    assert f"{option.removesuffix('=1')} goes with an answer's text, not with {decision}" in said
    [answer] = shop.data("cases", "show", "1")["answers"]
    assert answer["state"] == "pending"
    assert ours(server) == []


def test_what_makes_no_sense_is_refused_in_words(shop: Shop, server: RedditServer) -> None:
    assert "give the answer's text, or one of" in shop.refuses("cases", "answer", "1")
    assert "or one of" in shop.refuses("cases", "answer", "1", SORRY, "--cancel", "1")
    assert "There is no case 9" in shop.refuses("cases", "answer", "9", SORRY)
    assert "no words" in shop.refuses("cases", "answer", "1", " ", "--dry-run")
    shop.does("cases", "open", "Called: awful", "--author", "0712")
    said = shop.refuses("cases", "answer", "2", SORRY)
    assert "No configured source can answer on manual for acme" in said
    assert ours(server) == []

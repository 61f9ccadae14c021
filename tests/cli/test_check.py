"""`check` of the three tokens, as people see it: over HTTP, a line for each thing that was found out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from monitor.simulator.reddit import Reddit
from monitor.simulator.reddit_http import RedditServer
from monitor.simulator.slack import TOKEN, SlackServer
from monitor.simulator.slack_workspace import Channel
from monitor.simulator.x import XFace
from monitor.simulator.x_http import XServer
from tests.cli.shop import CONFIG, Shop

NETWORKS = """
[[sources]]
use = "x"
account = "2244994945"
handle = "acme_help"
query = "acme"
base_url = "{x}"
[[sources]]
use = "reddit"
client_id = "app"
username = "acme_help"
refresh_token = "reddit_refresh_token"
subreddits = ["help"]
base_url = "{reddit}"
[[notifiers]]
use = "slack"
channel = "C0CARE0001"
base_url = "{slack}"
"""
SECRETS = {
    "X_TOKEN": "T",
    "REDDIT_CLIENT_SECRET": "s3cret",
    "REDDIT_REFRESH_TOKEN": "r3fresh",
    "SLACK": TOKEN,
}


@dataclass
class Networks:
    x: XServer
    reddit: RedditServer
    slack: SlackServer


@pytest.fixture
def networks(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Networks]:
    for name, secret in SECRETS.items():
        monkeypatch.setenv(f"COMPLAINT_MONITOR_{name}", secret)
    face = XFace(datetime(2026, 3, 27, 12, tzinfo=UTC))
    face.person("acme_help", "2244994945")
    at = face.now
    with ExitStack() as stack:
        x = stack.enter_context(XServer(face, token="T"))
        reddit = RedditServer(Reddit(lambda: at), clients={"app": "s3cret"})
        reddit.refresh_tokens["r3fresh"] = ("acme_help", "*")
        stack.enter_context(reddit)
        slack = stack.enter_context(SlackServer([Channel("C0CARE0001", "care")]))
        shop.configure(CONFIG + NETWORKS.format(x=x.url, reddit=reddit.url, slack=slack.url))
        yield Networks(x, reddit, slack)


def test_what_each_token_may_do_is_a_line_of_its_own(shop: Shop, networks: Networks) -> None:
    said = shop.does("check").stdout.splitlines()
    assert all(line.startswith("ok    ") for line in said)
    for what in (
        "source x: token: works; 1200 of 3000000 posts of this month are read",
        "source x: mentions: can be read (this look cost $0.000",
        "source x: search: can be read",
        "source x: budget: a day ends at $5.00",
        "source x: handle: whether account 2244994945 is called @acme_help is not checked",
        "source reddit: log-in: works, as u/acme_help",
        "source reddit: own-acme_help: can be read",
        "source reddit: calls: ",
        "notifier slack: token: works, as complaint_monitor in Shop",
        "notifier slack: #care (C0CARE0001): found, the app is in it",
    ):
        assert any(what in line for line in said), what
    assert networks.slack.messages("C0CARE0001") == []


def test_a_right_that_is_missing_is_told_and_is_no_failure(shop: Shop, networks: Networks) -> None:
    networks.slack.workspace.scopes -= {"files:write"}
    networks.reddit.refresh_tokens["r3fresh"] = ("acme_help", "read history privatemessages")
    said = shop.does("check").stdout
    assert "LACK  notifier slack: scope files:write is missing: a report comes without" in said
    assert "LACK  source reddit: scope submit is missing: no answer can be sent" in said


def test_what_does_not_work_is_told_beside_all_that_does(shop: Shop, networks: Networks) -> None:
    networks.x.fail("402", "/search/")
    networks.reddit.refresh_tokens.clear()
    networks.slack.revoked = True
    said = shop.data("check", status=1)
    assert said["ok"] is False
    failing = {
        (one["what"], one["said"].partition(":")[0])
        for one in said["tried"]
        if one["standing"] == "fails"
    }
    assert failing == {
        ("source x", "search"),
        ("source reddit", "log-in"),
        ("notifier slack", "Slack, auth.test"),
    }
    assert "T" not in {word for one in said["tried"] for word in one["said"].split()}


def test_a_secret_that_is_not_set_is_named(
    shop: Shop, networks: Networks, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in SECRETS:
        monkeypatch.delenv(f"COMPLAINT_MONITOR_{name}")
    said = shop.does("check", status=1).stdout
    for name in ("X_TOKEN", "REDDIT_CLIENT_SECRET", "SLACK"):
        assert f"COMPLAINT_MONITOR_{name}" in said
    assert networks.x.asked == []

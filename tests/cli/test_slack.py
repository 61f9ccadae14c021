"""The Slack app at the terminal: manifest, check, serve, and `run` with what is pressed meanwhile."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from monitor.simulator import slack as faults
from monitor.simulator.slack import TOKEN, SlackServer
from monitor.simulator.slack_staff import APP_TOKEN
from monitor.simulator.slack_workspace import ALL_SCOPES
from monitor.slackapp.manifest import SCOPES
from tests.cli.shop import CONFIG, Shop
from tests.notifiers.slack_side import ANA, CARE, HELPERS, strings, workspace

APP = """
[[notifiers]]
use = "slack"
channel = "{care}"
people = {{ ana = "{ana}", helpers = "{helpers}" }}
base_url = "{url}"
per_second = 100
[[policies]]
name = "all"
target = "4h"
tell = "slack"
[slack_app]
[slack_app.rights]
answer = ["helpers"]
"""


@pytest.fixture
def server() -> Iterator[SlackServer]:
    with workspace() as running:
        running.workspace.surfaces.groups[HELPERS] = [ANA]
        yield running


@pytest.fixture
def team(shop: Shop, server: SlackServer, monkeypatch: pytest.MonkeyPatch) -> Shop:
    said = APP.format(care=CARE, ana=ANA, helpers=HELPERS, url=server.url)
    shop.configure(CONFIG + said)
    monkeypatch.setenv("COMPLAINT_MONITOR_SLACK", TOKEN)
    monkeypatch.setenv("COMPLAINT_MONITOR_SLACK_APP", APP_TOKEN)
    return shop


def test_the_manifest_asks_for_what_the_app_needs_and_no_more(shop: Shop) -> None:
    by_socket = json.loads(shop.does("slack", "manifest").stdout)
    assert by_socket["settings"]["socket_mode_enabled"] is True
    assert set(by_socket["oauth_config"]["scopes"]["bot"]) == set(SCOPES) == set(ALL_SCOPES)
    assert "request_url" not in json.dumps(by_socket)
    by_http = json.loads(
        shop.does("slack", "manifest", "--url", "https://h.example/e", "--command", "/c").stdout
    )
    assert by_http["settings"]["interactivity"]["request_url"] == "https://h.example/e"
    assert by_http["features"]["slash_commands"][0]["command"] == "/c"
    assert "https:// addresses" in shop.refuses("slack", "manifest", "--url", "http://h.example")


def test_the_check_tries_scopes_channels_groups_and_socket_mode(team: Shop) -> None:
    said = team.does("slack", "check").stdout
    assert "#care (C0CARE0001): found, the app is in it, its history can be read" in said
    assert "Socket Mode: a connection can be had" in said
    assert f"group {HELPERS}: 1 members" in said
    assert "slack app" in team.does("check").stdout


def test_the_check_says_what_is_missing(
    team: Shop, server: SlackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.workspace.scopes -= {"usergroups:read"}
    monkeypatch.setenv("COMPLAINT_MONITOR_SLACK_APP", "xapp-wrong")
    said = team.does("slack", "check", status=1).stdout
    assert "FAIL  slack app: scope usergroups:read is missing, for rights by user group" in said
    assert "the app-level token (xapp-…) is wrong" in said
    assert "nobody has the rights of S0HELPERS1" in said
    tried = team.data("slack", "check", status=1)["tried"]
    assert [one["standing"] for one in tried].count("fails") == 3
    server.plan("apps.connections.open", faults.broken(503))
    assert "apps.connections.open" in team.does("slack", "check", status=1).stdout


def test_an_app_that_is_not_configured_or_wrongly(shop: Shop, server: SlackServer) -> None:
    assert "there is no [slack_app]" in shop.refuses("slack", "check")
    shop.configure(CONFIG + '[slack_app]\nnotifier = "console"\n')
    assert "that is none of Slack's" in shop.refuses("slack", "check")
    said = APP.format(care=CARE, ana=ANA, helpers=HELPERS, url=server.url)
    shop.configure(
        CONFIG + said.replace('answer = ["helpers"]', 'answer = ["helper", "U0OTHER001"]')
    )
    refused = shop.refuses("slack", "check")
    assert '"helper" is neither in `people` nor an id' in refused
    assert "U0OTHER001" not in refused


@contextmanager
def started(team: Shop, *words: str) -> Iterator[None]:
    """A command at work, which SIGTERM ends well: what was pressed is done before."""
    process = team.starts(*words)
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, out + err
    assert "what is pressed in Slack is done" in err


def connected(server: SlackServer) -> None:
    for _ in range(600):
        if server.staff.connections:
            return
        time.sleep(0.1)
    raise AssertionError("the app does not connect")


def until(server: SlackServer, words: str) -> None:
    """A card says that."""
    for _ in range(600):
        cards = [one for one in server.messages(CARE) if one.blocks]
        if any(words in text for one in cards for text in strings(one.blocks)):
            return
        time.sleep(0.1)
    raise AssertionError(f"no card says {words!r}")


def test_run_does_what_is_pressed_and_edits_the_card(team: Shop, server: SlackServer) -> None:
    with started(team, "run"):
        connected(server)
        team.post("1", "An awful kettle")
        until(server, "awful")
        card = server.messages(CARE)[0]
        done = server.staff.press(ANA, CARE, card.ts, "case.claim")
        assert done.took_s is not None
        assert done.took_s < 3
        until(server, "ana is answering")


def test_a_process_of_its_own_serves_beside_run(team: Shop, server: SlackServer) -> None:
    config = (team.folder / "config.toml").read_text()
    team.configure(config.replace("[slack_app]\n", "[slack_app]\nwith_run = false\n"))
    team.runs()
    team.post("1", "An awful kettle")
    team.runs()
    assert server.staff.connections == 0
    card = server.messages(CARE)[0]
    with started(team, "slack", "serve"):
        connected(server)
        done = server.staff.press(ANA, CARE, card.ts, "case.claim")
        assert done.took_s is not None
    team.runs()
    until(server, "ana is answering")

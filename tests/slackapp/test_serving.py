"""The connection: tried again while Slack is out of reach, told of in words, ended cleanly."""

from __future__ import annotations

import time
from http.client import HTTPConnection

import pytest
from slack_bolt.request import BoltRequest
from slack_sdk.signature import SignatureVerifier

from monitor.domain.errors import ConfigError
from monitor.simulator import slack as faults
from monitor.simulator.slack import SlackServer
from monitor.simulator.slack_staff import APP_TOKEN
from monitor.slackapp.door import Door
from monitor.slackapp.serving import Http, Socket
from monitor.store.engine import Database
from tests.slackapp.office import Office, office

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_no_connection_is_told_and_had_later(database: Database, server: SlackServer) -> None:
    server.plan("apps.connections.open", faults.DROP_BEFORE, None)
    heard: list[str] = []
    with office(database, server) as team:
        assert isinstance(team.app, Socket)
        socket = Socket(
            team.app._door,
            lambda: APP_TOKEN,
            base_url="http://127.0.0.1:9/api/",
            timeout=1,
            report=heard.append,
        )
        socket.start()
        team.until(lambda: bool(heard))
        assert "apps.connections.open" in heard[0]
        assert not socket.is_connected
        team.until(lambda: server.staff.connections == 1)
        case = team.complains()
        team.press(case, "claim")
        team.did(case, ("Claimed", "ana"))
        socket.stop()


def test_a_refused_app_token_is_said_by_its_name(database: Database, server: SlackServer) -> None:
    heard: list[str] = []
    with office(database, server) as team:
        assert isinstance(team.app, Socket)
        socket = Socket(
            team.app._door,
            lambda: "xapp-wrong",
            base_url=server.url,
            timeout=5,
            report=heard.append,
        )
        socket.start()
        team.until(lambda: bool(heard))
        assert heard[0] == "Slack, apps.connections.open: invalid_auth"
        socket.stop()


def test_a_port_that_is_taken_is_a_mistake_of_the_config(team: Office) -> None:
    assert isinstance(team.app, Socket)
    door: Door = team.app._door
    first = Http(door, "127.0.0.1", 0)
    with pytest.raises(ConfigError, match="nobody can listen"):
        Http(door, "127.0.0.1", first.port)
    first._server.server_close()


def sends(port: int, size: str, body: bytes = b"", kind: str = "application/json") -> int:
    """The status that a stranger gets, who signs nothing."""
    line = HTTPConnection("127.0.0.1", port, timeout=5)
    line.putrequest("POST", "/slack/events")
    line.putheader("Content-Length", size)
    line.putheader("Content-Type", kind)
    line.endheaders(body)
    status = line.getresponse().status
    line.close()
    return status


FORM = "application/x-www-form-urlencoded"


def test_what_a_stranger_sends_is_refused_without_a_word(
    database: Database, server: SlackServer, capfd: pytest.CaptureFixture[str]
) -> None:
    with office(database, server, mode="http") as team:
        assert isinstance(team.app, Http)
        port = team.app.port
        assert [sends(port, one) for one in ("-1", "abc", "+5", "1_0", "\u00b2", "9" * 30)] == [
            400
        ] * 6
        assert [sends(port, one) for one in ("5000001", "999999999")] == [413] * 2
        broken = (b"{x", b"[1]", b"[" * 100_000, b'{"enterprise": 5}', b'{"view": {}, "team": 7}')
        assert [sends(port, str(len(one)), one) for one in broken] == [400] * len(broken)
        form = b"payload=%7Bx"
        assert sends(port, str(len(form)), form, FORM) == 400
        assert sends(port, "2", b"{}") == 401
    assert "Traceback" not in capfd.readouterr().err


def test_a_connection_that_is_lost_for_good_is_said(
    database: Database, server: SlackServer
) -> None:
    heard: list[str] = []
    with office(database, server) as team:
        assert isinstance(team.app, Socket)
        team.until(lambda: server.staff.connections == 1)
        socket = Socket(
            team.app._door,
            lambda: APP_TOKEN,
            base_url=server.url,
            timeout=5,
            report=heard.append,
            patience_s=1.0,
        )
        socket.start()
        team.until(lambda: server.staff.connections == 2)
        assert heard == []
        server.plan("apps.connections.open", *[faults.refused("invalid_auth")] * 100)
        server.staff.drop_connections()
        team.until(lambda: len(heard) > 1)
        assert "broke" in heard[0]
        assert "1 s" in heard[0]
        assert not socket.is_connected
        server.heal()
        team.until(lambda: socket.is_connected)
        socket.stop()


def test_a_rotated_signing_secret_holds_at_once(team: Office) -> None:
    assert isinstance(team.app, Socket)
    said: list[str] = ["old"]

    def secret() -> str:
        if not said:
            raise ConfigError("it is being written")
        return said[0]

    door = Door(team.app._door._place, signing_secret=secret)

    def status(signed_by: str) -> int:
        at = str(int(time.time()))  # noqa: TID251 - Slack's own clock
        signature = SignatureVerifier(signed_by).generate_signature(timestamp=at, body="{}")
        headers = {"x-slack-request-timestamp": at, "x-slack-signature": signature or ""}
        return door.app.dispatch(BoltRequest(body="{}", headers=dict(headers))).status

    first = door.app
    assert (status("old"), status("new"), door.app is first) == (404, 401, True)
    said[0] = "new"
    assert (status("old"), status("new")) == (401, 404)
    said.clear()
    assert status("new") == 404
    door.close()

"""The log-in to Bluesky: made once, kept over restarts, renewed, and not asked for more than is allowed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from threading import Barrier, Thread

import pytest

from monitor.domain.errors import SourceError
from monitor.domain.finding import Standing
from monitor.secrets import Keyring
from monitor.sources.bluesky.session import KEPT
from tests.contract.harness import Remembered
from tests.sources.bluesky_world import BRAND, SECRET, World, one, posts, read


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    with made.server:
        made.asks()
        yield made


def test_one_log_in_serves_all_streams_and_the_next_start(world: World) -> None:
    for _ in range(3):
        source = world.source()
        for stream in source.streams():
            read(source, stream.name)
    assert world.server.log_ins == 1


def test_a_token_that_grew_too_old_is_renewed_without_the_password(world: World) -> None:
    source = world.source()
    read(source)
    before = world.secrets.known[SECRET + KEPT]
    world.passes(hours=3)
    assert len(posts(read(source))) == 1
    assert world.secrets.known[SECRET + KEPT] != before, "the next start needs the new one"
    world.passes(hours=3)
    assert len(posts(read(world.source()))) == 1
    assert world.server.log_ins == 1


def test_when_the_session_was_revoked_the_password_is_used_again(world: World) -> None:
    source = world.source()
    read(source)
    world.server.renewals.clear()
    world.passes(hours=3)
    assert len(posts(read(source))) == 1
    assert world.server.log_ins == 2


@pytest.mark.parametrize("fault", ["400 InvalidToken", "401", "401 AccountTakedown"])
def test_a_token_that_is_refused_is_renewed_once(world: World, fault: str) -> None:
    """As when the server's own key was changed."""
    source = world.source()
    read(source)
    world.calls()
    world.server.fail(fault, "listNotifications", times=1)
    assert len(posts(read(source))) == 1
    assert world.calls().count("refreshSession") == 1
    world.server.fail(fault, "listNotifications")
    with pytest.raises(SourceError) as raised:
        read(source)
    assert raised.value.permanent
    assert world.calls().count("refreshSession") == 1


def test_another_process_that_renewed_is_followed(world: World) -> None:
    """A token with which something was renewed once is good for nothing after."""
    first, second = world.source(), world.source()
    read(first)
    read(second)
    world.passes(hours=3)
    read(first)
    world.calls()
    assert len(posts(read(second))) == 1
    assert "refreshSession" not in world.calls()
    assert world.server.log_ins == 1


def test_threads_renew_once(world: World) -> None:
    source = world.source()
    read(source)
    world.passes(hours=3)
    world.calls()
    barrier = Barrier(4)
    found: list[int] = []

    def look() -> None:
        barrier.wait()
        found.append(len(posts(read(source))))

    threads = [Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [1] * 4
    assert world.calls().count("refreshSession") == 1


@pytest.mark.parametrize("change", ["account", "server", "password", "store"])
def test_a_session_of_somebody_else_is_not_used(world: World, change: str) -> None:
    read(world.source())
    match change:
        case "account":
            world.network.handles[world.network.brand] = "other.example"
            source = world.source(account="other.example")
        case "server":
            source = world.source(base_url=f"{world.server.url}/gateway")
        case "password":
            world.server.passwords.add("n3w")
            world.secrets.known[SECRET] = "n3w"
            source = world.source()
        case _:
            world.secrets.known[SECRET + KEPT] = '{"did": 1}'
            source = world.source()
    assert len(posts(read(source))) == 1
    assert world.server.log_ins == 2


def test_a_wrong_password_is_told_and_is_not_tried_for_ever(world: World) -> None:
    world.secrets.known[SECRET] = "wr0ng"
    source = world.source()
    for _ in range(10):
        with pytest.raises(SourceError, match=r"log-in: .*Invalid identifier") as raised:
            read(source)
        assert raised.value.permanent
    with pytest.raises(SourceError, match=r"10 were tried.*Invalid identifier") as raised:
        read(source)
    assert (raised.value.permanent, raised.value.out_of_budget) == (False, True)
    assert raised.value.retry_after is not None
    assert world.server.log_ins == 10


def test_a_password_that_was_mended_is_used_at_once(world: World) -> None:
    world.secrets.known[SECRET] = "wr0ng"
    source = world.source()
    with pytest.raises(SourceError):
        read(source)
    world.secrets.known[SECRET] = " pass-word\n"
    assert one(source)


def test_the_network_s_own_limit_says_when_it_ends(world: World) -> None:
    world.server.most_log_ins = 0
    with pytest.raises(SourceError, match=r"log-in: .*too many calls") as raised:
        read(world.source())
    assert (raised.value.permanent, raised.value.retry_after) == (False, timedelta(minutes=5))


@pytest.mark.parametrize("given", [None, "", " "])
def test_without_a_password_the_secret_is_named(world: World, given: str | None) -> None:
    world.secrets.known.clear()
    if given is not None:
        world.secrets.known[SECRET] = given
    with pytest.raises(SourceError, match=SECRET) as raised:
        read(world.source())
    assert raised.value.permanent


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"did": "did:plc:x", "accessJwt": "a", "refreshJwt": ""},
        {"did": "did:plc:x", "accessJwt": "a b", "refreshJwt": "c"},
        {"did": "did:plc:x", "accessJwt": "a\r\nb: c", "refreshJwt": "c"},
        {"did": "did:plc:x", "accessJwt": 7, "refreshJwt": "c"},
        {"did": "x", "accessJwt": "a", "refreshJwt": "c"},
    ],
)
def test_a_log_in_that_brings_no_tokens_is_told(world: World, said: dict[str, object]) -> None:
    world.server.fail("said", "createSession", body=json.dumps(said))
    with pytest.raises(SourceError, match="makes no sense") as raised:
        read(world.source())
    assert not raised.value.permanent


@pytest.mark.parametrize("fault", ["503", "drop", "html", "list"])
def test_trouble_while_renewing_is_no_reason_for_a_log_in(world: World, fault: str) -> None:
    source = world.source()
    read(source)
    world.passes(hours=3)
    world.server.fail(fault, "refreshSession")
    with pytest.raises(SourceError) as raised:
        read(source)
    assert not raised.value.permanent
    world.server.heal()
    assert len(posts(read(source))) == 1
    assert world.server.log_ins == 1


def test_the_real_keyring_keeps_it_for_the_owner_alone(world: World, tmp_path: Path) -> None:
    environment = {"COMPLAINT_MONITOR_BLUESKY_PASSWORD": "pass-word"}
    store = tmp_path / "secrets.json"
    for _ in range(2):
        world.secrets = Keyring(store, environment)  # type: ignore[assignment]
        read(world.source())
    assert world.server.log_ins == 1
    assert store.stat().st_mode & 0o077 == 0
    assert BRAND not in store.read_text()
    assert "pass-word" not in store.read_text()


class Unwritable(Remembered):
    """Secrets whose store cannot be written."""

    def put(self, name: str, value: str, /) -> None:
        raise PermissionError(13, "Permission denied")


def test_a_session_that_cannot_be_kept_is_used_and_check_says_so(world: World) -> None:
    world.secrets = Unwritable({SECRET: "pass-word"}, [])
    source = world.source()
    assert len(posts(read(source))) == 1
    told = [one.said for one in source.try_out() if one.standing is Standing.LACKS]
    assert len(told) == 1
    assert "cannot be kept" in told[0]
    assert world.server.log_ins == 1


def test_no_error_shows_a_token_or_the_password(world: World) -> None:
    source = world.source()
    read(source)
    kept = json.loads(world.secrets.known[SECRET + KEPT])
    for fault in ("400", "401", "403", "429", "500", "drop", "html", "redirect"):
        world.server.fail(fault, times=3)
        with pytest.raises(SourceError) as raised:
            read(source)
        told = f"{raised.value!r} {raised.value.__cause__!r}"
        assert not [it for it in (kept["access"], kept["renewal"], "pass-word") if it in told]
        world.server.heal()

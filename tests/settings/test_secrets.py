"""Secrets come from where only the owner can read them, and are seen nowhere."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from monitor import log
from monitor.domain.errors import ConfigError
from monitor.ports import Secrets
from monitor.secrets import Keyring

VARIABLE = "COMPLAINT_MONITOR_X_TOKEN"


@pytest.fixture(autouse=True)
def _quiet_afterwards() -> Iterator[None]:
    yield
    structlog.reset_defaults()


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "secrets.json"


def test_the_environment_has_it(store: Path) -> None:
    keys: Secrets = Keyring(store, {VARIABLE: "s3cret"})
    assert keys.get("x_token") == "s3cret"
    assert keys.get("X-token") == "s3cret"


def test_a_file_that_the_environment_names_has_it(store: Path, tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("s3cret\n")
    path.chmod(0o600)
    assert Keyring(store, {f"{VARIABLE}_FILE": str(path)}).get("x_token") == "s3cret"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_file_that_others_can_read_is_refused(store: Path, tmp_path: Path, mode: int) -> None:
    path = tmp_path / "token"
    path.write_text("s3cret")
    path.chmod(mode)
    with pytest.raises(ConfigError, match="chmod 600"):
        Keyring(store, {f"{VARIABLE}_FILE": str(path)}).get("x_token")


@pytest.mark.parametrize("mode", [0o640, 0o604])
def test_a_store_that_others_can_read_is_refused(store: Path, mode: int) -> None:
    Keyring(store, {}).put("x_token", "new")
    store.chmod(mode)
    with pytest.raises(ConfigError, match="chmod 600"):
        Keyring(store, {}).get("x_token")


def test_a_missing_secret_says_where_to_put_it(store: Path) -> None:
    with pytest.raises(ConfigError, match=rf"{VARIABLE}, or {VARIABLE}_FILE"):
        Keyring(store, {}).get("x_token")
    with pytest.raises(ConfigError, match=VARIABLE):
        Keyring(store, {VARIABLE: ""}).get("x_token")


def test_a_missing_file_is_named(store: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="gone"):
        Keyring(store, {f"{VARIABLE}_FILE": str(tmp_path / "gone")}).get("x_token")


def test_what_was_rotated_is_there_after_a_restart_for_the_owner_alone(store: Path) -> None:
    Keyring(store, {VARIABLE: "first"}).put("x_token", "second")
    assert Keyring(store, {VARIABLE: "first"}).get("x_token") == "second"
    assert store.stat().st_mode & 0o077 == 0


def test_a_new_secret_in_the_environment_wins_over_the_rotated_one(store: Path) -> None:
    Keyring(store, {VARIABLE: "first"}).put("x_token", "second")
    assert Keyring(store, {VARIABLE: "third"}).get("x_token") == "third"


def test_the_store_keeps_no_copy_of_what_the_environment_says(store: Path) -> None:
    Keyring(store, {VARIABLE: "first"}).put("x_token", "second")
    assert "first" not in store.read_text()


def test_a_damaged_store_says_what_to_do(store: Path) -> None:
    store.touch(mode=0o600)
    store.write_text("{")
    with pytest.raises(ConfigError, match="delete it"):
        Keyring(store, {}).get("x_token")


def test_a_keyring_shows_no_secret(store: Path) -> None:
    keys = Keyring(store, {VARIABLE: "s3cret"})
    keys.get("x_token")
    assert "s3cret" not in repr(keys)


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_log_line_shows_a_secret(store: Path, form: str) -> None:
    keys = Keyring(store, {VARIABLE: "s3cret"})
    keys.put("other", "r0tated")
    keys.get("x_token")
    out = io.StringIO()
    log.configure(format=form, hide=keys.hide, stream=out)  # type: ignore[arg-type]
    structlog.get_logger().error(
        "failed s3cret",
        url="https://x/?t=s3cret",
        exc_info=ValueError("refused: Bearer s3cret"),
        more={"list": ["r0tated", Path("/s3cret")]},
    )
    said = out.getvalue()
    assert "s3cret" not in said
    assert "r0tated" not in said
    assert "failed [secret]" in said
    assert "ValueError" in said


def test_json_lines_are_json(store: Path) -> None:
    out = io.StringIO()
    log.configure(format="json", stream=out)
    structlog.get_logger().warning("late", minutes=5)
    told = json.loads(out.getvalue())
    assert (told["event"], told["minutes"], told["level"]) == ("late", 5, "warning")


def test_lines_below_the_level_are_not_written(store: Path) -> None:
    out = io.StringIO()
    log.configure(level="warning", stream=out)
    structlog.get_logger().info("idle")
    assert out.getvalue() == ""

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
from monitor.secrets import Keyring, for_header
from monitor.settings.reading import read_text

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


@pytest.mark.parametrize("secret", ["xoxb-12\nHUSH", 'a"b\\HUSH', "pâr\tHUSH", " HUSH \n"])
def test_a_secret_is_hidden_however_it_is_quoted(store: Path, secret: str) -> None:
    keys = Keyring(store, {VARIABLE: secret})
    keys.get("x_token")
    quoted = [secret, repr(secret), json.dumps(secret), repr(f"Bearer {secret}".encode())]
    assert [one for one in map(keys.hide, quoted) if "HUSH" in one] == []
    assert keys.hide(f"sent as {secret.strip()}") == "sent as [secret]"


@pytest.mark.parametrize("secret", ["hu\nsh", "hu sh", "hu\x00sh", "hush…", "parolă"])
def test_what_no_header_holds_is_refused_without_being_repeated(store: Path, secret: str) -> None:
    with pytest.raises(ConfigError) as caught:
        for_header(Keyring(store, {VARIABLE: secret}), "x_token")
    assert 'the secret "x_token" holds a line break' in str(caught.value)
    assert secret not in str(caught.value)


def test_blanks_around_a_secret_are_not_sent(store: Path) -> None:
    assert for_header(Keyring(store, {VARIABLE: " s3cret\r\n"}), "x_token") == "s3cret"
    with pytest.raises(ConfigError, match='"x_token" is empty'):
        for_header(Keyring(store, {VARIABLE: " \n"}), "x_token")


SHOP = """
[[brands]]
name = "Acme"
terms = ["acme"]
"""
TABLES = {
    "token": """
[[sources]]
use = "x"
account = "1"
handle = "acme"
token = {}
""",
    "answer_keys": """
[[sources]]
use = "x"
account = "1"
handle = "acme"
answer_keys = {}
""",
    "client_secret": """
[[sources]]
use = "reddit"
client_id = "app"
subreddits = ["help"]
client_secret = {}
""",
    "refresh_token": """
[[sources]]
use = "reddit"
client_id = "app"
username = "acme"
refresh_token = {}
""",
    "key": """
[[sources]]
use = "app_store"
app = "1"
key_id = "A"
key = {}
""",
    "service_account": """
[[sources]]
use = "google_play"
package = "example.shop"
service_account = {}
""",
    "google": """
[[sources]]
use = "google_business"
account = "1"
locations = ["1"]
client_id = "a"
client_secret = {}
""",
    "stackexchange": """
[[sources]]
use = "stackexchange"
site = "stackoverflow"
tags = ["acme"]
key = {}
""",
    "trustpilot": """
[[sources]]
use = "trustpilot"
business_unit = "507f191e810c19729de860ea"
api_secret = {}
""",
    "youtube": """
[[sources]]
use = "youtube"
channel = "UC0123456789abcdefghijkl"
api_key = {}
""",
    "api_key": """
[[sources]]
use = "discourse"
base_url = "https://forum.example"
username = "acme"
api_key = {}
""",
    "bluesky": """
[[sources]]
use = "bluesky"
account = "acme.example"
password = {}
""",
    "mastodon": """
[[sources]]
use = "mastodon"
base_url = "https://social.example"
account = "@acme@social.example"
token = {}
""",
    "mail": """
[[sources]]
use = "imap"
host = "imap.shop.example"
username = "care"
password = {}
""",
    "refresh": """
[[sources]]
use = "imap"
host = "imap.shop.example"
username = "care"

[sources.oauth]
token_url = "https://login.example/token"
client_id = "app"
refresh_token = {}
""",
    "smtp": """
[[sources]]
use = "imap"
host = "imap.shop.example"
username = "care"
password = "mail_password"

[sources.smtp]
host = "localhost"
sender = "a@shop.example"
username = "care"
password = {}
""",
    "access_token": """
[[sources]]
use = "imap"
host = "imap.shop.example"
username = "care"
access_token = {}
""",
    "password": """
[[notifiers]]
use = "email"
host = "localhost"
sender = "a@shop.example"
username = "acme"
password = {}
""",
    "slack": """
[[notifiers]]
use = "slack"
channel = "C0123456789"
token = {}
""",
}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
@pytest.mark.parametrize(
    "pasted", ['"xoxb-9876-hush"', '"AAAAhush%3D"', '"77-hush"', '"xoxb-hush"', "480001", '""']
)
def test_a_secret_in_the_place_of_its_name_is_refused_and_not_repeated(
    table: str, pasted: str
) -> None:
    with pytest.raises(ConfigError, match="this is the secret itself, not its name") as caught:
        read_text(SHOP + table.format(pasted), "config.toml")
    said = str(caught.value)
    assert "hush" not in said
    assert "480001" not in said
    assert read_text(SHOP + table.format('"my_secret.2"'), "config.toml")


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

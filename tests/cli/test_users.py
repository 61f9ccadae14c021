"""`user` and `token`, as they are typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor.cli import cli

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PASSWORD = "correct horse battery\n"


@pytest.fixture
def config(tmp_path: Path, database_url: str) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(f'database = "{database_url}"\n[[brands]]\nname = "acme"\n')
    return path


def _run(config: Path, *words: str, typed: str = "") -> Result:
    return CliRunner().invoke(cli, ["--config", str(config), *words], input=typed)


def test_a_user_is_added_changed_and_disabled(config: Path) -> None:
    assert "no user" in _run(config, "user", "list").output
    added = _run(config, "user", "add", "ana", "--role", "admin", typed=PASSWORD * 2)
    assert added.output.endswith("ana may sign in as admin\n")
    assert _run(config, "user", "add", "ion@shop.example", "--no-password").exit_code == 0
    assert _run(config, "user", "disable", "ion@shop.example").exit_code == 0
    again = _run(config, "user", "add", "ana", "--password-stdin", typed=PASSWORD)
    assert "there is a user 'ana' already" in again.output
    assert _run(config, "user", "role", "ana", "manager").exit_code == 0
    assert _run(config, "user", "disable", "ana").exit_code == 0
    one, _ = json.loads(_run(config, "user", "list", "--json").output)
    assert (one["name"], one["role"], one["disabled_at"] is None) == ("ana", "manager", False)
    assert _run(config, "user", "disable", "ana", "--undo").exit_code == 0
    assert "manager" in _run(config, "user", "list").output
    changed = _run(config, "user", "password", "ana", "--password-stdin", typed=PASSWORD)
    assert changed.output == "ana has a new password\n"


@pytest.mark.parametrize(
    ("words", "typed", "says"),
    [
        (("user", "add", "ana", "--password-stdin"), "short\n", "12 characters"),
        (("user", "add", "ana", "--password-stdin"), "aaaaaaaaaaaaaaa\n", "easy to guess"),
        (("user", "add", "ana", "--password-stdin"), "my name is ana!\n", "easy to guess"),
        (("user", "add", "a:b", "--password-stdin"), PASSWORD, "no name"),
        (("user", "role", "ana", "admin"), "", "there is no user"),
        (("token", "revoke", "helpdesk"), "", "no token"),
    ],
)
def test_what_cannot_be_done_is_said(
    config: Path, words: tuple[str, ...], typed: str, says: str
) -> None:
    refused = _run(config, *words, typed=typed)
    assert refused.exit_code != 0
    assert says in refused.output


def test_a_token_is_shown_once(config: Path) -> None:
    assert "no token" in _run(config, "token", "list").output
    made = _run(config, "token", "add", "helpdesk", "--scope", "read", "--days", "30")
    secret = made.output.splitlines()[-1]
    assert secret.startswith("cmt_")
    listed = _run(config, "token", "list", "--json").output
    assert secret not in listed
    assert json.loads(listed)[0]["scopes"] == ["read"]
    assert _run(config, "token", "add", "helpdesk").exit_code != 0
    assert _run(config, "token", "revoke", "helpdesk").exit_code == 0
    assert "helpdesk" in _run(config, "token", "list").output

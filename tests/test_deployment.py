"""The units and the compose file start what there is, and the docs show them as they are."""

from __future__ import annotations

import configparser
from collections.abc import Sequence
from pathlib import Path

import click
import pytest
import yaml

from monitor.cli import cli

DOCS = Path(__file__).parents[1] / "docs"
UNITS = sorted((DOCS / "systemd").glob("*.service"))


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_starts_a_command_that_there_is_and_may_write_its_folder_alone(path: Path) -> None:
    unit = configparser.ConfigParser(strict=True, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(path)
    service = unit["Service"]
    program, *words = service["ExecStart"].split()
    assert program == f"{service['WorkingDirectory']}/.venv/bin/complaint-monitor"
    assert_is_command(words)
    assert service["ReadWritePaths"] == service["WorkingDirectory"]
    assert service["ProtectSystem"] == "strict"
    assert int(service["TimeoutStopSec"]) > 10  # what hangs is left behind after 10 s
    assert unit["Install"]["WantedBy"] == "multi-user.target"


def test_the_docs_show_the_unit_as_it_is() -> None:
    assert (DOCS / "systemd" / "complaint-monitor.service").read_text() in (
        DOCS / "operations.md"
    ).read_text()


def test_the_compose_file_starts_commands_that_there_are() -> None:
    told = yaml.safe_load((DOCS / "compose.yaml").read_text())
    ours = {name: one for name, one in told["services"].items() if name != "db"}
    assert set(ours) == {"tables", "worker", "web", "slack"}
    for one in ours.values():
        program, *words = one["command"]
        assert program == "complaint-monitor"
        assert_is_command(words)
        assert one["build"]["context"] == "./program"
        # folders: a file that is mounted stays what it was when another one is put in its place
        assert one["volumes"] == ["./config:/config:ro", "./secrets:/secrets:ro", "home:/home/care"]
        assert one["environment"] == {"COMPLAINT_MONITOR_CONFIG": "/config"}
    assert "WORKDIR /home/care" in told["x-program"]["build"]["dockerfile_inline"]
    assert set(told["volumes"]) == {"data", "home"}
    assert set(told["services"]["db"]["secrets"]) == set(told["secrets"])
    [network] = told["networks"]["default"]["ipam"]["config"]
    assert f'proxies = ["{network["gateway"]}"]' in (DOCS / "compose.yaml").read_text()


def assert_is_command(words: Sequence[str]) -> None:
    command: click.Command | None = cli
    for word in words:
        assert isinstance(command, click.Group)
        command = command.get_command(click.Context(command), word)
    assert command is not None
    assert not isinstance(command, click.Group)

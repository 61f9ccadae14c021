"""What the units and the compose file start: begins, takes up a changed config, ends with status 0."""

from __future__ import annotations

import configparser
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest
import yaml

from monitor.simulator.slack import TOKEN
from monitor.simulator.slack_staff import APP_TOKEN
from tests.cli.shop import CONFIG, ROOT, Shop, environment
from tests.cli.test_slack import APP
from tests.cli.working import end, on_postgres
from tests.notifiers.slack_side import ANA, CARE, HELPERS, workspace

DOCS = ROOT / "docs"
UNITS = sorted((DOCS / "systemd").glob("*.service"))
BEGUN = {
    "run": "watches",
    "worker": "works on",
    "web": "serves http",
    "slack serve": "what is pressed in Slack is done",
}
"""What each says when it is at work."""
CONFIG_FILE = "COMPLAINT_MONITOR_CONFIG"
Starting = Callable[[Sequence[str], Mapping[str, str]], subprocess.Popen[str]]


@pytest.fixture
def care(shop: Shop, database_url: str) -> Iterator[Shop]:
    """A shop on PostgreSQL with Slack, whose secrets lie in files that `secrets.env` names."""
    with workspace() as server:
        server.workspace.surfaces.groups[HELPERS] = [ANA]
        slack = APP.format(care=CARE, ana=ANA, helpers=HELPERS, url=server.url)
        port = "[web]\nport = 0\n"
        shop.configure(f'database = "{database_url}"\n{CONFIG}{slack}{port}')
        lines = []
        for name, secret in (("SLACK", TOKEN), ("SLACK_APP", APP_TOKEN)):
            path = shop.folder / name.lower()
            path.touch(mode=0o600)
            path.write_text(secret)
            lines.append(f"COMPLAINT_MONITOR_{name}_FILE={path}\n")
        (shop.folder / "secrets.env").write_text("".join(lines))
        shop.does("db", "upgrade")
        yield shop


@pytest.fixture
def starts(care: Shop) -> Iterator[Starting]:
    started: list[subprocess.Popen[str]] = []

    def start(words: Sequence[str], more: Mapping[str, str]) -> subprocess.Popen[str]:
        program, *rest = words
        assert Path(program).name == "complaint-monitor"
        inherited = {name: one for name, one in environment().items() if name != CONFIG_FILE}
        said = (care.folder / "secrets.env").read_text().splitlines()
        process = subprocess.Popen(
            [sys.executable, "-m", "monitor", *rest],
            cwd=care.folder,
            env={**inherited, **dict(line.split("=", 1) for line in said), **more},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        says(process, BEGUN[" ".join(rest)])
        return process

    yield start
    for one in started:
        one.kill()
        one.communicate()


def says(process: subprocess.Popen[str], words: str) -> None:
    """Read on until it says so."""
    assert process.stderr is not None
    said = []
    while words not in (line := process.stderr.readline()):
        said.append(line)
        assert line, f"it ended: {said}"


@on_postgres
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_s_command_begins_reloads_and_ends(path: Path, care: Shop, starts: Starting) -> None:
    unit = configparser.ConfigParser(strict=True, interpolation=None)
    unit.read(path)
    service = unit["Service"]
    assert service["EnvironmentFile"] == f"-{service['WorkingDirectory']}/secrets.env"
    process = starts(shlex.split(service["ExecStart"]), {})
    reload = service["ExecReload"].replace("$MAINPID", str(process.pid))
    subprocess.run(shlex.split(reload), check=True)
    says(process, "config_unchanged")
    end(process)
    assert process.returncode == 0


@on_postgres
@pytest.mark.timeout(1800)
def test_what_the_compose_file_starts_takes_up_a_file_that_is_put_in_another_s_place(
    care: Shop, starts: Starting
) -> None:
    told = yaml.safe_load((DOCS / "compose.yaml").read_text())["services"]
    folder = care.folder / "config"
    folder.mkdir()
    config = folder / "config.toml"
    (care.folder / "config.toml").rename(config)
    mounted = told["worker"]["environment"][CONFIG_FILE]
    assert f".{mounted}:{mounted}:ro" in told["worker"]["volumes"]
    names = ("worker", "web", "slack")
    running = [starts(told[one]["command"], {CONFIG_FILE: str(folder)}) for one in names]
    other = care.folder / "edited"
    other.write_text(config.read_text() + '[people.ana]\ntell = "console"\n')
    other.replace(config)  # as editors do
    for one in running:
        says(one, "config_taken_up")
    end(*running)
    assert [one.returncode for one in running] == [0] * len(names)

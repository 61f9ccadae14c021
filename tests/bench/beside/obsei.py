"""obsei as its users have it: a virtual environment of its own, an `obsei.yaml`, and `obsei run`.

Nothing of it is changed or imported here. What it is pointed at is said in its config alone.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from monitor.clock import utc_now
from tests.bench.beside.networks import Doors
from tests.bench.beside.scene import ACCOUNT, HANDLE, TOKEN, Heard, Outcome, Scene, X

VERSION = "1.1.1"
RUNS, RUNS_AFTER = 3, 2
"""Runs of the pipeline, as its `--every` would have them: for the case, and for what comes after it."""


def install(folder: Path) -> Path:
    """Make the environment, without what needs torch; returns its Python."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = folder / "bin" / "python"
    subprocess.run(
        [str(python), "-m", "pip", "install", "-q", "--no-input", f"obsei=={VERSION}"], check=True
    )
    return python


def version_of(python: Path) -> str:
    """What that Python has installed."""
    asked = "from importlib.metadata import version; print(version('obsei'))"
    found = subprocess.run([str(python), "-c", asked], capture_output=True, text=True, check=True)
    return found.stdout.strip()


@dataclass(frozen=True, slots=True)
class Obsei:
    """One of its sources and its Slack sink. `sink` is what the config says beyond the defaults."""

    python: Path
    source: str
    """`rest` (X's mentions by "any JSON API"), `bluesky` or `rss`."""
    sink: dict[str, Any] = field(default_factory=dict)

    def play(self, scene: Scene, folder: Path) -> Outcome:
        """Run it through the scene, then through what comes after."""
        with ExitStack() as stack:
            x, doors = stack.enter_context(X(scene, utc_now())), stack.enter_context(Doors(scene))
            (folder / "obsei.yaml").write_text(json.dumps(self._config(x.url, doors.url)))
            environment = {
                **os.environ,
                "SLACK_WEBHOOK_URL": f"{doors.url}/services/T0/B0/secret",
                "X_TOKEN": TOKEN,
                "BLUESKY_HANDLE": f"{HANDLE}.shop.example",
                "BLUESKY_PASSWORD": "app-password",
            }
            said: list[str] = []
            for complaints, runs in ((scene.complaints, RUNS), (scene.news, RUNS_AFTER)):
                now = utc_now()
                x.post(complaints, now)
                doors.post(complaints, now)
                said += [words for _ in range(runs) if (words := self._run(folder, environment))]
            names = [one.name for one in (*scene.complaints, *scene.news)]
            said += [told for told in doors.messages if not any(name in told for name in names)]
            return Outcome(
                f"obsei {VERSION}",
                self._path,
                len(scene.complaints),
                Heard.of(scene.complaints, doors.messages),
                Heard.of(scene.news, doors.messages),
                "; ".join(dict.fromkeys(said)),
            )

    @property
    def _path(self) -> str:
        network = {"rest": "X (rest)", "bluesky": "Bluesky", "rss": "RSS"}[self.source]
        chosen = ", ".join(f"{name}: {value}" for name, value in self.sink.items())
        return f"{network} → Slack" + (f", {chosen}" if chosen else "")

    def _run(self, folder: Path, environment: dict[str, str]) -> str:
        """One run of the pipeline: what it says when it fails."""
        done = subprocess.run(
            [str(self.python.with_name("obsei")), "run"],
            capture_output=True,
            text=True,
            check=False,
            cwd=folder,
            env=environment,
        )
        return "" if done.returncode == 0 else done.stderr.strip().splitlines()[-1]

    def _config(self, x: str, doors: str) -> dict[str, Any]:
        tables: dict[str, dict[str, Any]] = {
            "rest": {
                "url": f"{x}/2/users/{ACCOUNT}/mentions",
                "params": {"tweet.fields": "created_at,author_id,lang"},
                "page_size_param": "max_results",
                "page_size": 10,
                "bearer_token_env": "X_TOKEN",
                "items_path": "data",
                "fields": {"author": "author_id", "lang": "lang"},
                "pagination": "cursor",
                "next_path": "meta.next_token",
                "cursor_param": "pagination_token",
            },
            "bluesky": {
                "query": HANDLE,
                "service": doors,
                "handle_env": "BLUESKY_HANDLE",
                "app_password_env": "BLUESKY_PASSWORD",
            },
            "rss": {"url": f"{doors}/feed"},
        }
        return {
            "store": {"unencrypted": True},
            "pipelines": [
                {
                    "name": "complaints",
                    "sources": [
                        {"key": "network", "type": self.source, "config": tables[self.source]}
                    ],
                    "sinks": [{"type": "slack", "config": self.sink}],
                }
            ],
        }

"""Our side: `complaint-monitor run` with the source `x` and the notifier `slack`, as the docs set them up."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from monitor.clock import utc_now
from monitor.simulator.slack import TOKEN as SLACK_TOKEN
from monitor.simulator.slack import SlackServer, limited
from monitor.simulator.slack_workspace import Channel
from tests.bench.beside.networks import RETRY_AFTER
from tests.bench.beside.scene import ACCOUNT, HANDLE, TOKEN, Complaint, Heard, Outcome, Scene, X
from tests.chaos.installation import COMMAND, WORDS, environment

CARE = "C0CARE0001"
CONFIG = """\
database = "sqlite:///{folder}/monitor.db"

[[brands]]
name = "Our shop"
identities = [{{ network = "x", id = "{account}", handle = "{handle}" }}]

[[sources]]
use = "x"
account = "{account}"
handle = "{handle}"
every = "1s"
page_size = 10
budget_usd_per_day = 1000
base_url = "{x}"

[classifier]
use = "{words}"

[[policies]]
name = "everything"
target = "1d"

[[notifiers]]
use = "slack"
channel = "{channel}"
per_second = {per_second}
base_url = "{slack}"

[digest]
at = "{digest}"
"""


@dataclass(frozen=True, slots=True)
class Ours:
    """One process for the whole scene. `per_second`: messages to the channel, 1 is what Slack allows."""

    per_second: int = 1
    rest: float = 4.0
    """Seconds of silence after which nothing more is expected."""

    def play(self, scene: Scene, folder: Path) -> Outcome:
        """Run it through the scene, then through what comes after."""
        with ExitStack() as stack:
            x = stack.enter_context(X(scene, utc_now()))
            slack = stack.enter_context(SlackServer([Channel(CARE, "care")]))
            if scene.slack_refuses:
                first = [None] * (scene.slack_refuses - 1)
                slack.plan("chat.postMessage", *first, limited(RETRY_AFTER))

            def messages() -> list[str]:
                return [
                    f"{one.text} {json.dumps(one.blocks, ensure_ascii=False)}"
                    for one in slack.messages(CARE)
                ]

            stack.enter_context(self._running(folder, x.url, slack.url))
            _await_first_look(x)
            x.post(scene.complaints, utc_now())
            self._until_told(scene.complaints, messages)
            x.post(scene.news, utc_now())
            self._until_told(scene.news, messages)
            told = messages()
            return Outcome(
                "complaint-monitor",
                "X → Slack",
                len(scene.complaints),
                Heard.of(scene.complaints, told),
                Heard.of(scene.news, told),
            )

    @contextmanager
    def _running(self, folder: Path, x: str, slack: str) -> Iterator[None]:
        config = CONFIG.format(
            folder=folder,
            account=ACCOUNT,
            handle=HANDLE,
            x=x,
            words=WORDS,
            channel=CARE,
            per_second=self.per_second,
            slack=slack,
            digest=f"{utc_now() + timedelta(hours=12):%H:%M}",
        )
        (folder / "monitor.toml").write_text(config)
        secrets = {"COMPLAINT_MONITOR_X_TOKEN": TOKEN, "COMPLAINT_MONITOR_SLACK": SLACK_TOKEN}
        with (folder / "run.log").open("wb") as log:
            process = subprocess.Popen(
                [*COMMAND, "--config", str(folder / "monitor.toml"), "run"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=folder,
                env=environment() | secrets,
            )
        try:
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)

    def _until_told(
        self, complaints: Sequence[Complaint], messages: Callable[[], Sequence[str]]
    ) -> None:
        """Until all are told, or for a minute none was; then a while longer, for what comes twice."""
        last, changed_at = -1, time.monotonic()
        while (
            lost := Heard.of(complaints, messages()).lost
        ) and time.monotonic() - changed_at < 60:
            if lost != last:
                last, changed_at = lost, time.monotonic()
            time.sleep(0.05)
        time.sleep(self.rest)


def _await_first_look(x: X) -> None:
    """What is older than the program's first look is its backlog, and X dates by whole seconds."""
    while not x.pages:
        time.sleep(0.05)
    time.sleep(1.5)

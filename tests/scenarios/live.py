"""The scenarios' world on real wires: X, Reddit and Slack as servers, and the whole program in between.

Sources, stages, store, runner and notifier are those that a config names and `wiring` puts together;
only the classifier knows no more than the few words that the scenarios use.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from monitor import settings
from monitor.cli.run import begin
from monitor.domain.judgement import Thresholds
from monitor.domain.report import Period, Report
from monitor.domain.sla import State
from monitor.simulator.slack import TOKEN, SlackServer
from monitor.simulator.slack_workspace import Channel, Message
from monitor.store import brands, readings, replaying
from monitor.wiring import Application
from tests.scenarios import pages, world
from tests.scenarios.pages import (
    PAGES,
    SALES,
    US,
    BlueskyPage,
    Page,
    RedditPage,
    StorePage,
    XPage,
)
from tests.scenarios.world import clock_time

CARE, LEADS = "C0ACMECARE", "C0ACMELEAD"
_SECRETS = {
    "COMPLAINT_MONITOR_X_TOKEN": pages.X_TOKEN,
    "COMPLAINT_MONITOR_REDDIT_CLIENT_SECRET": pages.REDDIT_SECRET,
    "COMPLAINT_MONITOR_REDDIT_REFRESH": pages.REDDIT_REFRESH,
    "COMPLAINT_MONITOR_SLACK": TOKEN,
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Keywords(world.Keywords):
    """The scenarios' classifier, by the plug-in door."""

    thresholds: ClassVar[Thresholds] = Thresholds(alert=0.6, review=0.3)

    class Options(BaseModel):
        model_config = ConfigDict(extra="forbid")

    def __init__(self, options: Options) -> None:
        del options


class Live(world.Going):
    """The shop, one network, the team's Slack, and the program that watches. See `live`."""

    tick = timedelta(minutes=30)

    def __init__(self, folder: Path, database_url: str, networks: Sequence[type[Page]]) -> None:
        self.folder = folder
        self.now = clock_time("08:00")
        self.slack = SlackServer(
            [Channel(CARE, "care"), Channel(LEADS, "leads")], clock=self._nanoseconds
        )
        self.pages = [one(self) for one in networks]
        self.page = self.pages[0]
        self._database_url = database_url
        self._coming: list[tuple[datetime, int, Callable[[], object]]] = []
        self._heard = 0

    def start(self) -> None:
        """The program, over the database as it is: a fresh process."""
        text = _config(self)
        loaded = settings.read_text(text, "scenario")
        secrets = dict(_SECRETS)
        for page in self.pages:
            secrets |= page.secrets()
        self.application = Application(loaded, clock=self.clock, environment=secrets)
        self.runner = self.application.runner()

    def clock(self) -> datetime:
        return self.now

    def will(self, at: str, do: Callable[[], object]) -> None:
        """This can be seen from then on."""
        self._coming.append((clock_time(at), len(self._coming), do))

    def hears(self, channel: str, text: str) -> Live:
        """The next message in Slack that nobody heard yet is in that channel and says that."""
        said = self._said()
        assert self._heard < len(said), f"nothing more was said, not {text!r}"
        where, message = said[self._heard]
        assert where == channel, f"{message.text!r} went to {where}, not {channel}"
        assert text in message.text, f"{message.text!r} does not say {text!r}"
        self._heard += 1
        return self

    def hears_nothing_more(self) -> Live:
        left = [(where, message.text) for where, message in self._said()[self._heard :]]
        assert not left, f"unexpected: {left}"
        return self

    def card_says(self, text: str) -> None:
        """The first card, as it stands now."""
        _, card = self._said()[0]
        assert text in card.text, card.text

    def report(self) -> Report:
        """The week's report as of now."""
        period = Period(clock_time("00:00"), clock_time("+7 00:00"))
        with self.application.database.reading() as conn:
            [brand_id] = brands.names(conn)
            return readings.report(conn, brand_id, period=period, as_of=self.now)

    def states(self) -> dict[str, int]:
        """How many waits stand how."""
        return {str(state.value): n for state, n in self.report().total.figures.states.items() if n}

    def pictures_are_true(self) -> None:
        """Every stored picture is the fold of its history."""
        with self.application.database.reading() as conn:
            assert list(replaying.differences(conn)) == []

    def _publish(self) -> None:
        due = sorted(one for one in self._coming if one[0] <= self.now)
        self._coming = [one for one in self._coming if one[0] > self.now]
        for _, _, do in due:
            do()
        for page in self.pages:
            if isinstance(page, XPage):
                page.face.now = self.now

    def _said(self) -> list[tuple[str, Message]]:
        there = [
            (f"#{channel.name}", message)
            for channel in self.slack.workspace.channels.values()
            for message in self.slack.messages(channel.id)
        ]
        return sorted(there, key=lambda one: float(one[1].ts))

    def _nanoseconds(self) -> int:
        return (self.now - _EPOCH) // timedelta(microseconds=1) * 1000


def _config(live: Live) -> str:
    identities = "".join(page.identities() for page in live.pages)
    return f"""
database = "{live._database_url}"
timezone = "Europe/Bucharest"
{"".join(page.tables() for page in live.pages)}
[[brands]]
name = "acme"
identities = [{{ handle = "{US}" }}, {{ handle = "{SALES}" }}{identities}]
automatic_apps = ["AutoReply"]
automatic_patterns = ["^This is an automatic message"]

[classifier]
use = "tests.scenarios.live:Keywords"

[[policies]]
name = "default"
target = "4h"
tell = "slack:care"
steps = [
  {{ name = "quiet", after = "2h" }},
  {{ name = "overdue", after_due = "0m", tell = "slack:leads" }},
]

[[notifiers]]
use = "slack"
channel = "{CARE}"
targets = {{ care = "{CARE}", leads = "{LEADS}" }}
base_url = "{live.slack.url}"
per_second = 1000

[digest]
at = "23:00"

[keep]
look_up_every = "30m"
"""


@contextmanager
def living(folder: Path, database_url: str, *networks: str) -> Iterator[Live]:
    """A world of these networks, watched from 08:00 on. `page` is the first one's."""
    live = Live(folder, database_url, [PAGES[one] for one in networks])
    with ExitStack() as stack:
        stack.enter_context(live.slack)
        for page in live.pages:
            if isinstance(page, XPage | RedditPage | BlueskyPage | StorePage):
                stack.enter_context(page.server)
        live.start()
        stack.callback(live.application.close)
        begin(live.application)
        yield live


MET, LATE, OPEN, PENDING, WITHDRAWN = (
    State.MET.value,
    State.BREACHED_ANSWERED.value,
    State.BREACHED_OPEN.value,
    State.PENDING.value,
    State.WITHDRAWN.value,
)

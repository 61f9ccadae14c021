"""The demo: a day of an invented shop through the real monitor, ending with digest and report.

Its networks are servers on this machine, and so is the team's Slack: everything in between is real.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from zoneinfo import ZoneInfo

import click

from monitor import log
from monitor import settings as config
from monitor.cli import demo_config
from monitor.cli.run import begin, stopped_by_signals
from monitor.cli.screen import Screen
from monitor.clock import utc_now
from monitor.domain.notice import Notice, NoticeKind, Reason
from monitor.domain.report import Period
from monitor.render.report_html import report_html
from monitor.render.report_text import report_text
from monitor.render.words import say
from monitor.simulator import shop
from monitor.simulator.networks import CHANNELS, Networks
from monitor.simulator.slack import limited
from monitor.simulator.world import World
from monitor.store import brands, coverage, maintenance, readings
from monitor.wiring import Application

ZONE = ZoneInfo(demo_config.ZONE)
SEED = 1

_STEP = timedelta(minutes=5)
_AT_LEAST_EVERY = timedelta(minutes=30)
_DAY = timedelta(days=1, hours=1)
"""From Monday 08:00, when watching begins, until the digest of the next morning is out."""
_GLANCE_S = 1
"""After the day, so often is looked what there is to do."""
_STORM = timedelta(hours=2)
"""When a good deal is overdue at once, and Slack finds that it hears too much."""


@dataclass(slots=True)
class _Clock:
    """The simulated time of day."""

    at: datetime

    def __call__(self) -> datetime:
        return self.at


@dataclass(frozen=True, slots=True)
class Played:
    """A day that was played to its end, while its networks are still there."""

    report: Path
    """Its report, as a page."""
    application: Application
    go_on: Callable[[Event], None]
    """Let time go on until the event, at the pace of the real one, and show what comes in Slack."""


@contextmanager
def played(folder: Path, output: Path, speed: float) -> Iterator[Played | None]:
    """Play the day, working in `folder`, the report in `output`. Gives None if it was stopped."""
    log.configure(level="error")
    world = World(_monday(utc_now()), SEED)
    with Networks(world, folder / "posts") as networks, _without_proxies():
        text = demo_config.config_text(folder, networks)
        (folder / "config.toml").write_text(text, encoding="utf-8")
        settings = config.read_text(text, "demo")
        clock = _Clock(world.start)
        application = Application(settings, clock=clock, environment=demo_config.SECRETS)
        day = _Day(world, networks, application, clock, Screen(networks.slack, ZONE))
        try:
            _introduce(world, speed)
            with stopped_by_signals() as stop:
                is_over = day.play(speed, stop)
            if is_over:
                yield Played(day.sum_up(output), application, day.go_on)
            else:
                click.echo("\nstopped")
                yield None
        finally:
            application.close()


@contextmanager
def _without_proxies() -> Iterator[None]:
    """Servers on this machine are not behind the proxy that its environment may name."""
    before = os.environ.get("no_proxy") or os.environ.get("NO_PROXY")
    os.environ["no_proxy"] = f"127.0.0.1,{before}" if before else "127.0.0.1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["no_proxy"]
        else:
            os.environ["no_proxy"] = before


def _monday(now: datetime) -> datetime:
    """08:00 of the last Monday from which the story is over by now, so that its cases look fresh."""
    latest = now.astimezone(ZONE) - timedelta(days=2)
    monday = latest - timedelta(days=latest.weekday())
    return monday.replace(hour=8, minute=0, second=0, microsecond=0)


def _introduce(world: World, speed: float) -> None:
    posts = sum(one.visible_at <= world.start + _DAY for one in world.happenings())
    click.echo(
        f"{shop.NAME}, an invented shop: {posts} posts, reviews, edits and answers on "
        f"{len(shop.BRAND_HANDLES)} networks, from Monday\n08:00 to Tuesday 09:00 at {speed:g} "
        "simulated minutes a second. Its team works Monday to Friday 09:00-18:00;\ngrave complaints "
        "are due in 1 h, others in 4 h, of that time. X, Reddit and the team's Slack are simulated\n"
        "servers on this machine: the program talks to them as it would to the real ones.\n"
    )


@dataclass(frozen=True, slots=True)
class _Day:
    """The day as it is played: what happens, who watches, and what is shown of it."""

    world: World
    networks: Networks
    application: Application
    clock: _Clock
    screen: Screen

    def play(self, speed: float, stop: Event) -> bool:
        """The day, moment by moment. False: a person stopped it."""
        application = self.application
        maintenance.upgrade(application.database)
        begin(application)
        _ = application.thresholds  # what is wrong with the weights is said before the play
        runner = application.runner()
        began = time.monotonic()
        for since in self._moments():
            self.clock.at = self.world.start + since
            self.networks.advance_to(self.clock.at)
            if since == _STORM:
                method = f"chat.postMessage {CHANNELS['leads']}"
                self.networks.slack.plan(method, limited(1))
            runner.until_idle(stop)
            self.screen.show(self.clock.at)
            ahead = since.total_seconds() / 60 / speed - (time.monotonic() - began)
            if stop.wait(max(ahead, 0)):
                return False
        return True

    def go_on(self, stop: Event) -> None:
        """What happens after the day, second by second, until the event."""
        runner, since, began = self.application.runner(), self.clock.at, time.monotonic()
        while not stop.wait(_GLANCE_S):
            self.clock.at = since + timedelta(seconds=time.monotonic() - began)
            self.networks.advance_to(self.clock.at)
            runner.until_idle(stop)
            self.screen.show(self.clock.at)

    def sum_up(self, output: Path) -> Path:
        """Print digest and report; write the report as a page."""
        as_of, database = self.clock.at, self.application.database
        # with the week-end's complaints, which were waiting on Monday
        period = Period(as_of - timedelta(days=4), as_of)
        schedule = self.application.settings.schedule()
        with database.reading() as conn:
            [brand_id] = brands.names(conn)
            today = as_of.astimezone(ZONE).date()
            digest = readings.digest(conn, brand_id, today, as_of, schedule)
            report = readings.report(conn, brand_id, period=period, as_of=as_of)
        notice = Notice(
            key="demo",
            kind=NoticeKind.DIGEST,
            audience="",
            reason=Reason.REQUESTED,
            brand=shop.NAME,
            content=digest,
            written_at=as_of,
        )
        click.echo(f"\n{'=' * 78}\n")
        click.echo(say(notice, ZONE).text)
        click.echo(f"\n{'=' * 78}\n")
        click.echo(report_text(report, ZONE))
        self._say_what_it_took()
        page = output / "report.html"
        page.write_text(report_html(report, ZONE), encoding="utf-8")
        return page

    def _moments(self) -> list[timedelta]:
        """When to look, from the start: soon after each happening, and every half hour anyway."""
        since = (one.visible_at - self.world.start for one in self.world.happenings())
        shown = {_STEP * -(-one // _STEP) for one in since if timedelta() <= one <= _DAY}
        return sorted(shown | {_AT_LEAST_EVERY * n for n in range(_DAY // _AT_LEAST_EVERY + 1)})

    def _say_what_it_took(self) -> None:
        said = self.screen.counted()
        click.echo(
            f"In Slack: {said.cards} messages, {said.replies} in their threads, "
            f"{said.edits} edits of cards; {said.refused} refused with a 429 and sent again."
        )
        with self.application.database.reading() as conn:
            spent = coverage.spent(conn)
        bill = sum(one.micros for one in spent.values()) / 1_000_000
        calls = ", ".join(
            f"{sum(one.calls for name, one in spent.items() if name.startswith(network))} calls "
            f"to {label}"
            for network, label in (("x", "X"), ("reddit", "Reddit"))
        )
        click.echo(
            f"On the networks: {calls}; X would have charged ${bill:.2f} for what was read.\n"
        )

"""The demo: a day of an invented shop through the real monitor, ending with digest and report."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from zoneinfo import ZoneInfo

import click

from monitor import log
from monitor import settings as config
from monitor.cli.run import begin, stopped_by_signals
from monitor.clock import utc_now
from monitor.domain.notice import Notice, NoticeKind, Reason
from monitor.domain.report import Period
from monitor.render.report_html import report_html
from monitor.render.report_text import report_text
from monitor.render.words import say
from monitor.simulator import shop
from monitor.simulator.feed import Feed
from monitor.simulator.world import World
from monitor.store import brands, maintenance, readings
from monitor.wiring import Application

ZONE = ZoneInfo("Europe/Bucharest")
SEED = 1

_STEP = timedelta(minutes=5)
_AT_LEAST_EVERY = timedelta(minutes=30)
_DAY = timedelta(days=1, hours=1)
"""From Monday 08:00, when watching begins, until the digest of the next morning is out."""


@dataclass(slots=True)
class _Clock:
    """The simulated time of day."""

    at: datetime

    def __call__(self) -> datetime:
        return self.at


def play(folder: Path, output: Path, speed: float) -> Path | None:
    """Play the day, working in `folder`. Returns the report's page in `output`; None: it was stopped."""
    log.configure(level="error")
    world = World(_monday(utc_now()), SEED)
    feed = Feed(world, folder / "posts")
    text = _config_text(folder, feed)
    (folder / "config.toml").write_text(text, encoding="utf-8")
    clock = _Clock(world.start)
    application = Application(config.read_text(text, "demo"), clock=clock)
    try:
        _introduce(world, speed)
        with stopped_by_signals() as stop:
            if not _play(application, clock, world, feed, speed, stop):
                click.echo("\nstopped")
                return None
        return _sum_up(application, clock.at, output)
    finally:
        application.close()


def _monday(now: datetime) -> datetime:
    """08:00 of the last Monday from which the story is over by now, so that its cases look fresh."""
    latest = now.astimezone(ZONE) - timedelta(days=2)
    monday = latest - timedelta(days=latest.weekday())
    return monday.replace(hour=8, minute=0, second=0, microsecond=0)


def _introduce(world: World, speed: float) -> None:
    posts = sum(one.visible_at <= world.start + _DAY for one in world.happenings())
    click.echo(
        f"{shop.NAME}, an invented shop: {posts} posts, reviews, edits and answers on "
        f"{len(shop.BRAND_HANDLES)} networks,\nfrom Monday 08:00 to Tuesday 09:00 at {speed:g} "
        "simulated minutes a second. Its team works Monday to\nFriday 09:00-18:00; grave complaints "
        "are due in 1 h, others in 4 h, of that time.\n"
    )


def _play(
    application: Application, clock: _Clock, world: World, feed: Feed, speed: float, stop: Event
) -> bool:
    """The day, moment by moment. False: a person stopped it."""
    maintenance.upgrade(application.database)
    begin(application)
    _ = application.thresholds  # what is wrong with the weights is said before the play
    runner = application.runner()
    began = time.monotonic()
    for since in _moments(world):
        clock.at = world.start + since
        feed.advance_to(clock.at)
        runner.until_idle(stop)
        ahead = since.total_seconds() / 60 / speed - (time.monotonic() - began)
        if stop.wait(max(ahead, 0)):
            return False
    return True


def _moments(world: World) -> list[timedelta]:
    """When to look, from the start: soon after each happening, and every half hour anyway."""
    since = (one.visible_at - world.start for one in world.happenings())
    shown = {_STEP * -(-one // _STEP) for one in since if timedelta() <= one <= _DAY}
    return sorted(shown | {_AT_LEAST_EVERY * n for n in range(_DAY // _AT_LEAST_EVERY + 1)})


def _sum_up(application: Application, as_of: datetime, output: Path) -> Path:
    """Print digest and report; write the report as a page."""
    first = as_of - timedelta(
        days=4
    )  # with the week-end's complaints, which were waiting on Monday
    with application.database.reading() as conn:
        [brand_id] = brands.names(conn)
        today = as_of.astimezone(ZONE).date()
        digest = readings.digest(conn, brand_id, today, as_of, application.settings.schedule())
        report = readings.report(conn, brand_id, period=Period(first, as_of), as_of=as_of)
    notice = Notice(
        key="demo",
        kind=NoticeKind.DIGEST,
        audience="",
        reason=Reason.REQUESTED,
        brand=shop.NAME,
        content=digest,
        written_at=as_of,
    )
    click.echo(f"{'=' * 78}\n")
    click.echo(say(notice, ZONE).text)
    click.echo(f"\n{'=' * 78}\n")
    click.echo(report_text(report, ZONE))
    page = output / "report.html"
    page.write_text(report_html(report, ZONE), encoding="utf-8")
    return page


def _config_text(folder: Path, feed: Feed) -> str:
    """The shop's config, as a person would write it."""
    identities = "\n".join(
        f"  {{ network = {_text(network)}, handle = {_text(handle)} }},"
        for network, handles in shop.BRAND_HANDLES.items()
        for handle in handles
    )
    sources = "\n".join(
        f'[[sources]]\nuse = "files"\nname = {_text(network)}\nnetwork = {_text(network)}\n'
        f"path = {_text(str(path))}\nfollow = true\n"
        for network, path in feed.paths.items()
    )
    return f"""\
database = {_text(f"sqlite:///{folder / 'complaint-monitor.db'}")}
timezone = {_text(ZONE.key)}

[calendars.office]
weekly = {{ mon-fri = ["09:00-18:00"] }}

[[brands]]
name = {_text(shop.NAME)}
terms = [{_text(shop.NAME)}]
identities = [
{identities}
]
automatic_apps = [{", ".join(map(_text, shop.AUTOMATIC_APPS))}]
automatic_patterns = [{", ".join(map(_text, shop.AUTOMATIC_PATTERNS))}]

{sources}
[[policies]]
name = "grave"
match = {{ severities = ["high", "critical"] }}
target = "1h"
calendar = "office"
tell = "console:care"
steps = [
  {{ name = "due soon", before_due = "15m" }},
  {{ name = "overdue", after_due = "0m", tell = "console:leads" }},
]

[[policies]]
name = "everything else"
target = "4h"
calendar = "office"
tell = "console:care"
steps = [
  {{ name = "overdue", after_due = "0m", tell = "console:leads" }},
]

[[notifiers]]
use = "console"
log = {_text(str(folder / "notices.jsonl"))}
brief = true

[digest]
at = "08:30"
calendar = "office"
tell = "console:care"
"""


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)

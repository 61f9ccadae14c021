"""`run`: watch, and tell people, until stopped."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType
from typing import TYPE_CHECKING

import click

from monitor import __version__
from monitor.cli.heartbeat import Heartbeat
from monitor.cli.opening import alone_on, settings_of
from monitor.cli.printing import tell

if TYPE_CHECKING:
    from monitor.runner import Round
    from monitor.wiring import Application


@click.command(short_help="Watch, and tell people, until stopped.")
@click.option("--shadow", is_flag=True, help="Do everything but tell people.")
@click.option("--once", is_flag=True, help="Do what there is to do now, then end.")
@click.pass_context
def run(ctx: click.Context, shadow: bool, once: bool) -> None:
    r"""Watch the sources, judge what they bring, and tell people, until stopped.

    SIGTERM or Ctrl-C ends it cleanly. One at a time may run on a database. Whatever interrupts it,
    it goes on where it was: no post is lost.

    \b
    Examples:
      complaint-monitor run
      complaint-monitor run --shadow
      complaint-monitor run --once
    """
    from monitor import log
    from monitor.wiring import Application

    settings = settings_of(ctx)
    application = Application(settings)
    log.configure(
        level=settings.log.level, format=settings.log.format, hide=application.secrets.hide
    )
    try:
        with alone_on(application.database), stopped_by_signals() as stop:
            done = work(application, stop, shadow=shadow, once=once)
    finally:
        application.close()
    if done is not None and done.broken:
        tell(f"complaint-monitor: {done.broken}")
        ctx.exit(1)


def begin(application: Application) -> None:
    """Make the brands' rows; from now on their new complaints alert, older ones are summed up once."""
    from monitor.store import brands

    with application.database.writing() as conn:
        ids = brands.ensure(conn, application.settings.brand_names)
        brands.begin(conn, ids.values(), application.clock())


def work(application: Application, stop: Event, *, shadow: bool, once: bool) -> Round | None:
    """Begin, and run. Returns what `once` did."""
    from monitor.store import outbox

    if not shadow:
        begin(application)
    with application.database.writing() as conn:
        outbox.release(conn)  # what a process held that died: nobody else is telling
    _say_what_is_watched(application, shadow=shadow)
    runner = application.runner(shadow=shadow)
    if once:
        return runner.until_idle(stop)
    runner.run(stop, after_round=_beats(application))
    tell("complaint-monitor: stopped")
    return None


def _say_what_is_watched(application: Application, *, shadow: bool) -> None:
    settings = application.settings
    sources = ", ".join(one.called for one in settings.sources) or "no source: see [[sources]]"
    told = "nobody is told (--shadow)" if shadow else ", ".join(application.notifiers)
    tell(
        f"complaint-monitor {__version__} watches {sources} for {', '.join(settings.brand_names)}"
        f" and tells {told}"
    )


def _beats(application: Application) -> Callable[[Round], None]:
    table = application.settings.heartbeat
    heart = Heartbeat(table.url, table.every) if table is not None else None

    def after(done: Round) -> None:
        if heart is not None and done.broken is None:
            heart.beat()

    return after


@contextmanager
def stopped_by_signals() -> Iterator[Event]:
    """An event that SIGTERM and SIGINT set: the item under way is finished, then all ends."""
    stop = Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {one: signal.signal(one, ask) for one in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)

"""`run`: watch, and tell people, until stopped."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType
from typing import TYPE_CHECKING

import click

from monitor import __version__
from monitor.cli.heartbeat import Heartbeat
from monitor.cli.opening import alone_on, settings_of
from monitor.cli.printing import tell
from monitor.domain.errors import ConfigError, MonitorError
from monitor.domain.quoting import unquoted

if TYPE_CHECKING:
    from monitor.runner import Round
    from monitor.settings import HeartbeatTable
    from monitor.settings.watching import Watch
    from monitor.slackapp.serving import Serving
    from monitor.stages.intake import Feed
    from monitor.store.maintenance import StillAlone
    from monitor.wiring import Application


@click.command(short_help="Watch, and tell people, until stopped.")
@click.option("--shadow", is_flag=True, help="Do everything but tell people.")
@click.option("--once", is_flag=True, help="Do what there is to do now, then end.")
@click.pass_context
def run(ctx: click.Context, shadow: bool, once: bool) -> None:
    r"""Watch the sources, judge what they bring, and tell people, until stopped.

    SIGTERM or Ctrl-C ends it cleanly. One at a time may run on a database. Whatever interrupts it,
    it goes on where it was: no post is lost. A changed config is taken up by itself, at once after SIGHUP;
    one with mistakes is told to the operators and changes nothing.

    \b
    Examples:
      complaint-monitor run
      complaint-monitor run --shadow
      complaint-monitor run --once
    """
    from monitor import log
    from monitor.cli.reloading import asked_by_signal, watch_of
    from monitor.wiring import Application

    watch = watch_of(ctx)
    settings = settings_of(ctx)
    application = Application(settings)
    log.configure(
        level=settings.log.level, format=settings.log.format, hide=application.secrets.hide
    )
    unread: list[str] = []
    try:
        with (
            alone_on(application.database) as still_alone,
            stopped_by_signals() as stop,
            asked_by_signal(watch),
        ):
            done = work(application, stop, still_alone, watch, shadow=shadow, once=once)
        if done is not None:
            unread = unread_of(application)
    finally:
        application.close()
    if done is not None:
        _say_what_failed(ctx, done, unread)


def begin(application: Application) -> None:
    """Make the brands' rows; from now on their new complaints alert, older ones are summed up once.

    What a rehearsal wrote of them and did not come to suppress is never told.
    """
    from monitor.store import brands, outbox

    with application.database.writing() as conn:
        ids = brands.ensure(conn, application.settings.brand_names)
        fresh = set(ids.values()).difference(brands.begun(conn, ids.values()))
        outbox.hold_back(conn, fresh)
        brands.begin(conn, ids.values(), application.clock())


def rehearse(application: Application) -> None:
    """Make the brands' rows; from now on it is decided what would be told.

    Raises:
        ConfigError: people are told of a brand already. What a rehearsal holds back would be lost.

    """
    from monitor.store import brands

    with application.database.writing() as conn:
        ids = brands.ensure(conn, application.settings.brand_names)
        if brands.begun(conn, ids.values()):
            raise ConfigError(
                "people are told from this database already, and what --shadow holds back would"
                " never be told: copy it with `complaint-monitor db backup`, and rehearse on the copy"
            )
        brands.rehearse(conn, ids.values(), application.clock())


def work(
    application: Application,
    stop: Event,
    still_alone: StillAlone,
    watch: Watch,
    *,
    shadow: bool,
    once: bool,
) -> Round | None:
    """Begin, and run. Returns what `once` did."""
    from monitor.cli.reloading import Reload
    from monitor.store import outbox, replies

    prepare = rehearse if shadow else begin
    prepare(application)
    with application.database.writing() as conn:
        outbox.release(conn)  # what a process held that died: nobody else is telling
        replies.release(conn)
    _say_what_is_watched(application, shadow=shadow)
    runner = application.runner(shadow=shadow)
    if once:
        return runner.until_idle(stop)

    def adopt(fresh: Application) -> None:
        stages = fresh.stages(shadow=shadow)
        place = fresh.slack_app().place if fresh.settings.slack_app is not None else None
        prepare(fresh)
        runner.adopt(stages, fresh.operators)
        if serving is not None and place is not None:
            serving.adopt(place)
        beat.follow(fresh)

    def before_round() -> str | None:
        reload.look()
        return still_alone()

    reload = Reload(application, watch, adopt)
    beat = Beat(application)
    with _listening(application, shadow=shadow) as serving, watch:
        runner.run(stop, before_round=before_round, after_round=beat.after)
    tell("complaint-monitor: stopped")
    return None


@contextmanager
def _listening(application: Application, *, shadow: bool) -> Iterator[Serving | None]:
    """Serve Slack's buttons and commands meanwhile, if the config says so and people are told."""
    table = application.settings.slack_app
    if table is None or not table.with_run or shadow:
        yield None
        return
    app = application.slack_app().serving()
    app.start()
    tell("complaint-monitor: what is pressed in Slack is done")
    try:
        yield app
    finally:
        app.stop()


def _say_what_is_watched(application: Application, *, shadow: bool) -> None:
    settings = application.settings
    watched = {feed.name: _streams(feed) for feed in application.feeds}
    sources = ", ".join(f"{name} ({said})" for name, (_, said) in watched.items())
    told = "nobody (--shadow)" if shadow else ", ".join(application.notifiers)
    tell(
        f"complaint-monitor {__version__} watches {sources or 'no source'}"
        f" for {', '.join(settings.brand_names)} and tells {told}"
    )
    if not watched:
        tell("complaint-monitor: WARNING: nothing is watched: there is no [[sources]]")
    for name, (number, _) in watched.items():
        if number == 0:
            tell(f"complaint-monitor: WARNING: {name} has nothing to read: see its [[sources]]")


def _streams(feed: Feed) -> tuple[int | None, str]:
    """How many streams a source has, and in words; None: it cannot tell now."""
    try:
        number = len(feed.source.streams())
    except MonitorError as error:
        return None, str(error)
    return number, f"{number} stream" if number == 1 else f"{number} streams"


def unread_of(application: Application) -> list[str]:
    """The streams that could not be read, and why."""
    from monitor.store import coverage

    with application.database.reading() as conn:
        found = coverage.failing(conn, application.clock())
    return [
        f"{source}/{stream} could not be read: {problem or 'it says nothing'}"
        for source, stream, problem in found
    ]


def _say_what_failed(ctx: click.Context, done: Round, unread: list[str]) -> None:
    """A one-shot run that could not do all there was to do: exit status 1."""
    if done.broken:
        tell(unquoted(f"complaint-monitor: {done.broken}"))
    for line in unread:
        tell(unquoted(f"complaint-monitor: {line}"))  # it stands in the journal, as the log does
    if done.failed:
        what = ", ".join(f"{name} {number}" for name, number in done.failed.items())
        tell(f"complaint-monitor: items that failed: {what}; see the log and `check`")
    if done.broken or done.failed or unread:
        ctx.exit(1)


class Beat:
    """Tells the config's heartbeat, if it names one, that all is well."""

    def __init__(self, application: Application) -> None:
        self._table: HeartbeatTable | None = None
        self._heartbeat: Heartbeat | None = None
        self.follow(application)

    def follow(self, application: Application) -> None:
        """From now on as this config says."""
        table = application.settings.heartbeat
        if table != self._table:
            self._heartbeat = None if table is None else Heartbeat(table.url, table.every)
            self._table = table

    def beat(self) -> None:
        """All is well."""
        if self._heartbeat is not None:
            self._heartbeat.beat()

    def after(self, done: Round) -> None:
        """All is well, if the round was whole."""
        if done.broken is None:
            self.beat()


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

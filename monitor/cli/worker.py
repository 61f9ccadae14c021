"""`worker`: what `run` does, on as many machines as there are, over one PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from monitor import __version__
from monitor.cli.opening import settings_of
from monitor.cli.printing import tell
from monitor.cli.run import Beat, begin, stopped_by_signals
from monitor.domain.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from monitor.cli.reloading import Reload
    from monitor.settings.watching import Watch
    from monitor.store.engine import Database
    from monitor.store.maintenance import StillAlone
    from monitor.wiring import Application
    from monitor.worker import Crew

QUEUES = ("poll", "classify", "decide", "deliver", "reply", "report")


class _Queues(click.ParamType[tuple[str, ...]]):
    """Names of queues, separated by commas."""

    name = "names"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        names = tuple(one.strip() for one in str(value).split(","))
        unknown = [one for one in names if one not in QUEUES]
        if unknown:
            self.fail(f"{', '.join(unknown)}: the queues are {', '.join(QUEUES)}", param, ctx)
        return tuple(dict.fromkeys(names))


@click.command(short_help="Do a share of the work, beside other workers.")
@click.option(
    "--queues",
    type=_Queues(),
    default=QUEUES,
    help="Work on these only, as poll,classify. Without it: on all.",
)
@click.option(
    "--concurrency",
    type=click.IntRange(1, 64),
    default=None,
    help="Jobs of a queue at once in this process, in place of each queue's own number.",
)
@click.pass_context
def worker(ctx: click.Context, queues: tuple[str, ...], concurrency: int | None) -> None:
    r"""Do what `run` does, as one of several: on as many machines as you like, over one PostgreSQL.

    Start it as often as you need; each takes what is to be done and nobody has. One that dies is done
    without: the others take over what it had. SIGTERM or Ctrl-C ends it cleanly. While workers are at
    work, no `run` starts on their database, and no worker beside a `run`.

    \b
    The queues, and how many jobs of each are under way at once in a process:
      poll      16  asking the networks what is new, and whether what is kept still stands
      classify   1  judging, in batches, whatever brand a post names
      decide     2  cases, answers, escalations: database only
      deliver    4  telling people
      reply      2  answers on their way to the networks
      report     1  digests, reports, silences, samples, drift, purging
    See that each queue has a worker: `--queues` is for machines that are to do one thing only.

    A changed config is taken up by itself, at once after SIGHUP; one with mistakes is told to the operators
    and changes nothing.

    First, once, and after each upgrade of the program: `complaint-monitor db upgrade`.

    \b
    Examples:
      complaint-monitor worker
      complaint-monitor worker --queues classify --concurrency 2
      complaint-monitor worker --queues poll,decide,deliver,reply,report
    """
    from monitor import log
    from monitor.cli.reloading import asked_by_signal, watch_of
    from monitor.wiring import Application

    watch = watch_of(ctx)
    settings = settings_of(ctx)
    application = Application(settings, shares=settings.database.startswith("postgres"))
    log.configure(
        level=settings.log.level, format=settings.log.format, hide=application.secrets.hide
    )
    try:
        with (
            _among(application.database) as still_ours,
            stopped_by_signals() as stop,
            asked_by_signal(watch),
        ):
            crew, reload = _crew(application, queues, concurrency, watch)

            def still_ours_and_new() -> str | None:
                reload.look()
                return still_ours()

            tell(f"complaint-monitor {__version__} works on {', '.join(queues)}")
            with watch:
                crew.run(stop, still_ours_and_new)
        tell("complaint-monitor: stopped")
    finally:
        application.close()


@contextmanager
def _among(database: Database) -> Iterator[StillAlone]:
    """Hold the database as one of its workers. Raises StoreError or ConfigError if that can't be."""
    from monitor.store import maintenance

    if database.path is not None:
        raise StoreError(
            f"a worker needs PostgreSQL, and {database.path} is SQLite: "
            "`complaint-monitor migrate-to postgresql://…` moves it over; "
            "on one machine `complaint-monitor run` does all that workers do"
        )
    try:
        from monitor import worker
    except ModuleNotFoundError as error:
        raise ConfigError(
            'a worker needs Procrastinate: pip install "complaint-monitor[postgres]"'
        ) from error
    with maintenance.among_workers(database, worker.unprepared) as still_ours:
        yield still_ours


def _crew(
    application: Application, queues: Sequence[str], concurrency: int | None, watch: Watch
) -> tuple[Crew, Reload]:
    """The workers of this process, having looked once: the brands' and streams' rows are there."""
    from monitor import worker
    from monitor.cli.reloading import Reload
    from monitor.store import maintenance

    runner = application.runner()
    beat = Beat(application)

    def take_up(fresh: Application) -> None:
        """The rows of brands and streams are made, before any job asks for them."""
        stages = fresh.stages()
        with maintenance.one_after_another(fresh.database):
            begin(fresh)
            runner.adopt(stages, fresh.operators)
            crew.begin()
        beat.follow(fresh)

    def is_paced(audience: str) -> bool:
        return reload.application.is_paced(audience)

    reload = Reload(application, watch, take_up)
    crew = worker.Crew(
        runner,
        application.database,
        queues,
        room=concurrency,
        beat=beat.beat,
        is_paced=is_paced,
    )
    with maintenance.one_after_another(application.database):
        begin(application)
        crew.begin()
    return crew, reload

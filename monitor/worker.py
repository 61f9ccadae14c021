"""The scale-out runner: stages' items as jobs of Procrastinate. One of the two places that catch everything.

    triggers (`store.jobs`) ─┐
    look, every few seconds ─┴─> a queue's jobs ──> worker: `Items.attempt(stage, key)`
    reap, every few seconds ───> jobs of workers that died leave

A job carries a key, or some. Whoever runs it reads the row and claims it, so a job run twice, late or for
nothing changes nothing; a job that is lost is found again by looking. Each queue has room of its own in
each process: a network that hangs delays no alert. Of what comes by the hundred (`TURNS`) only the next few
are ever a job, in the stage's own fair order: what a storm brings stands before nobody else's.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from importlib.metadata import version
from itertools import islice
from typing import Any, Protocol, TypeVar

import structlog
from procrastinate import App, PsycopgConnector, schema
from procrastinate.jobs import Status
from procrastinate.worker import Worker

from monitor.domain.errors import StoreError
from monitor.domain.notice import NoticeState
from monitor.log import in_a_line
from monitor.store import jobs, outbox, pacing
from monitor.store.engine import Connection, Database

GRACE_S = 10
"""How long a network may hold up the end of the program (machine's time)."""
HEARTBEAT_S = 5
"""So often each worker says that it lives …"""
STALLED_S = 20
"""… and after so long without a word its jobs are others'."""
REAPER = "reaper"
"""The queue on which dead workers' jobs are sought: nothing else can hold that up."""
AGAIN_S = 1.0
DELIVER = "deliver"
PACE = timedelta(seconds=1)
"""So often Slack takes a message for a channel."""

log = structlog.get_logger()
_T = TypeVar("_T")


class Items(Protocol):
    """The stages, item by item (`runner.Runner`). Neither raises for what an item does."""

    @property
    def names(self) -> Sequence[str]:
        """All stages, in their order."""
        ...

    def waiting(self, stage: str, /) -> Sequence[str]:
        """The keys of what can be handled now."""
        ...

    def attempt(self, stage: str, items: Sequence[str], /) -> None:
        """Handle them one after another, each by itself."""
        ...

    def broken(self, stages: Collection[str], /) -> str | None:
        """What is wrong with one of these stages as a whole, in words; None: all is well."""
        ...


@dataclass(frozen=True, slots=True)
class Queue:
    """What belongs together: `stages` in their order, `room` for so many jobs at once in each process.

    `look` is how often is looked what is due: for what comes with time, not with a row.
    """

    stages: tuple[str, ...]
    room: int
    look: timedelta
    is_urgent: bool = True
    """Workers are woken for its jobs; else they look for them every second."""


QUEUES: Mapping[str, Queue] = {
    "poll": Queue(("intake", "refresh", "rota"), 16, timedelta(seconds=1)),
    "classify": Queue(("classify",), 1, timedelta(seconds=5)),
    jobs.DECIDE: Queue(
        ("subscribe", "triage", "settle", "wake", "escalate"), 2, timedelta(seconds=1)
    ),
    "deliver": Queue(("gather", "deliver"), 4, timedelta(seconds=1)),
    "reply": Queue(("reply",), 2, timedelta(seconds=2)),
    "report": Queue(
        ("listen", "digest", "report", "surge", "sample", "watch", "forget"),
        1,
        timedelta(seconds=10),
        is_urgent=False,
    ),
}
"""`decide` is apart from `classify`: what waits for no network and no model waits for neither."""


def by_queue(stages: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """Each queue with those of the stages that belong there. One that is named nowhere has time."""
    at = {stage: name for name, queue in QUEUES.items() for stage in queue.stages}
    return {name: tuple(one for one in stages if at.get(one, "report") == name) for name in QUEUES}


TURNS: Mapping[str, int] = {"classify": 1, "triage": 32, "settle": 32, "escalate": 32}
"""Stages of whose items a look hands out the first so many as one job (a batch to judge is one item).

So many take a fraction of a second, and that is how long what comes later and goes first has to wait."""

FIRST = frozenset({"gather"})
"""Stages whose items a look handles itself, before it asks the next stage, which must not be faster."""


class _InterruptedError(Exception):
    """The engine stopped by itself: its database went away."""


def prepare(database: Database) -> bool:
    """Make what workers need in a PostgreSQL database. Returns whether anything was missing."""
    return jobs.prepare(database, schema.SchemaManager.get_schema(), _engine())


def leaves_behind(database: Database) -> bool:
    """Whether workers that may be at work cannot go on once `prepare` was here."""
    with database.reading() as conn:
        return jobs.leaves_behind(jobs.prepared(conn), _engine())


def unprepared(conn: Connection) -> str | None:
    """Why workers of this program cannot work on the database, and what to do; None: they can."""
    found = jobs.prepared(conn)
    if jobs.fits(found, _engine()):
        return None
    return (
        f"{conn.engine.url.render_as_string()}: the workers' tables are "
        f"{'not there' if found is None else f'of another version ({found})'}. "
        "Run `complaint-monitor db upgrade` first."
    )


def _engine() -> str:
    return version("procrastinate")


class Crew:
    """The workers of one process, one a queue.

    `room`: how many jobs of a queue may be under way here at once, where it is not the queue's own.
    `is_paced`: of which audiences all workers together tell one notice every `PACE`.
    `beat` is called about once a second while the database can be reached and these queues' stages can work.
    """

    def __init__(
        self,
        items: Items,
        database: Database,
        queues: Sequence[str],
        *,
        room: int | None = None,
        beat: Callable[[], None] = lambda: None,
        is_paced: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._items = items
        self._database = database
        stages = by_queue(items.names)
        self._queues = {name: replace(QUEUES[name], stages=stages[name]) for name in queues}
        self._stages = frozenset(one for name in queues for one in stages[name])
        self._room = room
        self._beat = beat
        self._is_paced = is_paced

    def begin(self) -> None:
        """Ask each stage once, so that it knows its rows. Not in two processes at the same time."""
        for queue in self._queues:
            self._look(queue)

    def run(self, stop: threading.Event, still_ours: Callable[[], str | None]) -> None:
        """Work until `stop` is set; what is under way then is finished, within `GRACE_S`.

        `still_ours` says why the database cannot be had now, if so; what it raises ends the work.
        """
        logging.getLogger("procrastinate").setLevel(logging.CRITICAL)  # said below, in one line
        while not stop.is_set():
            problem = still_ours()
            if problem is None:
                try:
                    asyncio.run(self._serve(stop, still_ours))
                except StoreError:
                    raise
                except Exception as error:
                    problem = in_a_line(error)
            if problem is not None:
                log.warning("worker_interrupted", problem=problem)
                stop.wait(AGAIN_S)

    async def _serve(self, stop: threading.Event, still_ours: Callable[[], str | None]) -> None:
        connector = PsycopgConnector(
            conninfo=self._database.url.set(drivername="postgresql").render_as_string(
                hide_password=False
            ),
            configure=jobs.stay_in_schema,
            min_size=1,
            max_size=3 * len(self._queues) + 3,
        )
        clock = self._clock(connector)
        async with clock.open_async():
            workers = [*self._workers(connector), _worker(clock, REAPER, 1, is_urgent=False)]
            watch = asyncio.create_task(self._watch(stop, still_ours))
            running = [asyncio.create_task(one.run()) for one in workers]  # type: ignore[no-untyped-call]
            await asyncio.wait([watch, *running], return_when=asyncio.FIRST_COMPLETED)
            for one in workers:
                one.stop()  # type: ignore[no-untyped-call]
            watch.cancel()
            ended = await asyncio.gather(watch, *running, return_exceptions=True)
        for error in ended:
            if isinstance(error, Exception):
                raise error
        if not stop.is_set():
            raise _InterruptedError("PostgreSQL does not answer")

    async def _watch(self, stop: threading.Event, still_ours: Callable[[], str | None]) -> None:
        while not await _beside(partial(stop.wait, AGAIN_S)):
            if not (await _beside(still_ours) or self._items.broken(self._stages)):
                await _beside(self._beat)

    # ------------------------------------------------------------------------------------ the jobs

    def _workers(self, connector: PsycopgConnector) -> Iterator[Worker]:
        app = App(connector=connector)
        app.task(name=jobs.LOOK)(self._look_task())
        for queue in self._queues.values():
            for stage in queue.stages:
                app.task(name=stage)(self._stage_task(stage))
        for name, queue in self._queues.items():
            yield _worker(app, name, self._room or queue.room, is_urgent=queue.is_urgent)

    def _clock(self, connector: PsycopgConnector) -> App:
        """What comes with time: apart, so that one worker of a process writes it and not each."""
        app = App(connector=connector)
        look = app.task(name=jobs.LOOK)(self._look_task())
        for name, queue in self._queues.items():
            app.periodic(
                cron=f"* * * * * */{int(queue.look.total_seconds())}",
                periodic_id=name,
                queue=name,
                lock=_alone(name),
                queueing_lock=f"{jobs.LOOK} {name}",
                priority=10,
                task_kwargs={"item": name},
            )(look)

        async def reap(**_when: int) -> None:
            await _reap(app)

        app.periodic(cron=f"* * * * * */{HEARTBEAT_S}", queue=REAPER, queueing_lock=REAPER)(
            app.task(name="reap")(reap)
        )
        return app

    def _stage_task(self, stage: str) -> Callable[..., Any]:
        async def handle(item: str) -> None:
            await _beside(partial(self._items.attempt, stage, [item]))

        async def deliver(item: str, *, has_turn: bool = False) -> None:
            if has_turn or await _beside(partial(self._has_turn, item)):
                await handle(item)

        async def turn(item: str) -> None:
            await _beside(partial(self._take_turn, stage, item.split(" ")))

        if stage in TURNS:
            return turn
        return deliver if stage == DELIVER else handle

    def _take_turn(self, stage: str, items: Sequence[str]) -> None:
        """Handle these. If they were not all, the next turn is made ready meanwhile."""
        if len(items) >= TURNS[stage]:
            queue = next(name for name, its in self._queues.items() if stage in its.stages)
            jobs.look(self._database, queue, alone=_alone(queue))
        self._items.attempt(stage, items)

    def _has_turn(self, key: str) -> bool:
        """Whether the notice may be told now, else it is a job again then. One that is told takes no turn."""
        with self._database.reading() as conn:
            about = outbox.entry(conn, key)
        is_told = about is None or about.state is not NoticeState.PENDING
        if about is None or is_told or not self._is_paced(about.audience):
            return True
        wait = pacing.turn(self._database, about.audience, PACE)
        if wait:
            pacing.put_off(self._database, key, wait)
        return not wait

    def _look_task(self) -> Callable[..., Any]:
        async def look(item: str, **_when: int) -> None:
            await _beside(partial(self._look, item))

        return look

    def _look(self, queue: str) -> None:
        try:
            if queue == DELIVER:
                pacing.set_right(self._database)
            for stage in self._queues[queue].stages:
                if stage in TURNS:
                    self._hand_out(queue, stage)
                elif stage in FIRST:
                    for one in self._items.waiting(stage):
                        self._items.attempt(stage, [one])
                else:
                    self._offer(queue, stage)
        except Exception as error:  # the next look finds the same
            problem = in_a_line(error)
            log.warning("look_failed", queue=queue, problem=problem)

    def _offer(self, queue: str, stage: str) -> None:
        with self._database.reading() as conn:
            known = jobs.known(conn, stage)
        due = [one for one in self._items.waiting(stage) if one not in known]
        jobs.add(self._database, queue, stage, due)

    def _hand_out(self, queue: str, stage: str) -> None:
        """Make the next turn of what nobody has in hand: of a batch to judge, what is left of it."""
        with self._database.reading() as conn:
            had = jobs.in_hand(conn, stage)  # before what is due: what ends in between is not due
        left = (
            ",".join(part for part in one.split(",") if part not in had)
            for one in self._items.waiting(stage)
        )
        turn = list(islice(filter(None, left), TURNS[stage]))
        if turn:
            jobs.hand_out(self._database, queue, stage, turn)


def _alone(queue: str) -> str | None:
    """The lock of a queue's looks: two at once would hand out the same.

    Where rows are claimed that does no harm, and a worker that dies in a look holds up nothing.
    """
    return None if queue == jobs.DECIDE else f"{jobs.LOOK} {queue}"


def _worker(app: App, queue: str, room: int, *, is_urgent: bool) -> Worker:
    return Worker(
        app,
        queues=[queue],
        name=queue,
        concurrency=room,
        listen_notify=is_urgent,
        delete_jobs="always",  # what became of it stands in the rows
        fetch_job_polling_interval=1.0,
        shutdown_graceful_timeout=GRACE_S,
        install_signal_handlers=False,
        update_heartbeat_interval=HEARTBEAT_S,
        stalled_worker_timeout=STALLED_S,
    )


async def _reap(app: App) -> None:
    """Jobs of workers that died leave: what they were about is found by the next look."""
    manager = app.job_manager
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_S):
        with suppress(Exception):  # it ended meanwhile, or another reaper was faster
            await manager.finish_job(job, Status.ABORTED, delete_job=True)
            log.warning("job_of_the_dead", task=job.task_name, item=job.task_kwargs.get("item"))


async def _beside(work: Callable[[], _T]) -> _T:
    """In a thread that ends with the program: what hangs holds nothing up for good."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[_T] = loop.create_future()

    def settle(result: _T | None, error: Exception | None) -> None:
        if done.done():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        result, failure = None, None
        try:
            result = work()
        except Exception as error:
            failure = error
        with suppress(RuntimeError):  # the loop is gone: the program ends
            loop.call_soon_threadsafe(settle, result, failure)

    threading.Thread(target=run, daemon=True).start()
    return await done

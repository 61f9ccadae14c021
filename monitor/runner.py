"""The embedded runner: one process, a small loop, a few threads. One of the two places that catch everything.

Stages run in the order of the pipeline. An item that fails rests, is tried again and in the end is
set aside with its reason; it never stops the others. What is broken as a whole (the database, the
classifier's weights) makes the round end early and is tried again with the next one. What waits for
networks does so in threads beside the rounds: a source or a door that hangs holds up nobody else.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event
from typing import ClassVar, Protocol, runtime_checkable

import structlog
from structlog.contextvars import bound_contextvars

from monitor.domain.errors import ClassifierError, StoreError
from monitor.domain.notice import NoticeKind, Reason
from monitor.lane import Lane, Work
from monitor.log import in_a_line, tell
from monitor.ports import Clock
from monitor.store import alarms, failures, leaving, outbox
from monitor.store.engine import Connection, Database

SIDE_BY_SIDE: Mapping[str, int] = {"intake": 16, "deliver": 4}
"""The stages whose items wait for networks, and how many of them may at once."""
POLLED = "intake"
"""The stage whose items fall due again by themselves: `until_idle` handles each of them once."""
GRACE = timedelta(seconds=10)
"""How long a network may hold up the end of the program (machine's time)."""
HANGS = timedelta(minutes=15)
"""What waits for a network for longer than that is reported: every time-out is shorter."""
_GLANCE_S = 0.05
"""While something is under way, so often is looked whether it is done."""

log = structlog.get_logger()


class Stage(Protocol):
    """One job of the pipeline."""

    name: ClassVar[str]

    def due(self, now: datetime, /) -> Sequence[str]:
        """The keys of some items that can be handled now: a cheap question."""
        ...

    def handle(self, item: str, now: datetime, /) -> None:
        """Do one item, in one transaction. Doing it twice changes nothing."""
        ...


@runtime_checkable
class RecordsFailures(Protocol):
    """A stage with a better place for an item's failure than the list of what is set aside."""

    def failed(self, item: str, error: Exception, now: datetime, /) -> None:
        """Keep it, and when to try again. Raises `error` if that is no failure to be kept there."""
        ...


@dataclass(slots=True)
class Round:
    """What one round did, by stage."""

    handled: dict[str, int] = field(default_factory=dict)
    failed: dict[str, int] = field(default_factory=dict)
    broken: str | None = None
    """What is wrong as a whole, in words; None: all is well."""

    @property
    def did_something(self) -> bool:
        return any(self.handled.values())

    def count(self, stage: str, good: int, bad: int) -> None:
        """Add items of a stage that went through, and that did not."""
        if good:
            self.handled[stage] = self.handled.get(stage, 0) + good
        if bad:
            self.failed[stage] = self.failed.get(stage, 0) + bad


class Runner:
    """Runs stages over one database until told to stop.

    `side_by_side` names the stages whose items wait for networks, with how many may at once.
    `operators` is the audience that hears of what was set aside, of what hangs for longer than `hangs`
    (machine's time) and of a stage that cannot work (None: only the log does).
    """

    def __init__(
        self,
        stages: Sequence[Stage],
        database: Database,
        *,
        clock: Clock,
        side_by_side: Mapping[str, int] = SIDE_BY_SIDE,
        operators: str | None = None,
        hangs: timedelta = HANGS,
    ) -> None:
        self.adopt(stages, operators)
        self._database = database
        self._clock = clock
        self._lanes = {name: Lane(name, room) for name, room in side_by_side.items()}
        self._hangs = hangs
        self._broken: dict[str, str] = {}
        """Why a stage could not work when it was asked last."""

    def adopt(self, stages: Sequence[Stage], operators: str | None) -> None:
        """From the next item on these stages: what is under way is finished by those that began it."""
        self._stages = stages
        self._by_name = {one.name: (one,) for one in stages}
        self._operators = operators

    def run(
        self,
        stop: Event,
        *,
        pause: timedelta = timedelta(seconds=1),
        before_round: Callable[[], str | None] = lambda: None,
        after_round: Callable[[Round], None] = lambda _: None,
    ) -> None:
        """Work until `stop` is set; what is under way then is finished item by item, within `GRACE`.

        `before_round` says why no round can be made now, if so; what it raises ends the work.
        """
        try:
            while not stop.is_set():
                problem = before_round()
                done = self.round(stop) if problem is None else Round(broken=problem)
                if problem is not None:
                    log.warning("round_left_out", problem=problem)
                after_round(done)
                if done.broken:
                    stop.wait(pause.total_seconds())
                elif not done.did_something:
                    self._rest(stop, pause)
        finally:
            self._leave()

    def until_idle(self, stop: Event | None = None) -> Round:
        """Rounds until one finds nothing to do (or something is broken); for `import` and one-shot runs.

        Here each stage waits for what it began, and each stream is read once.
        """
        stop = stop or Event()
        total = Round()
        polled: set[str] = set()
        try:
            while not stop.is_set():
                done = self._patient_round(stop, polled)
                for name in done.handled.keys() | done.failed.keys():
                    total.count(name, done.handled.get(name, 0), done.failed.get(name, 0))
                total.broken = done.broken
                if not done.did_something or done.broken:
                    break
        finally:
            self._leave()
        return total

    def round(self, stop: Event) -> Round:
        """Every stage once, in order; what waits for networks is begun, and counted when it ended."""
        done = Round()

        def turn(stage: Stage) -> None:
            lane = self._lanes.get(stage.name)
            if lane is None:
                self._drain(stage, done, stop, set())
            else:
                self._begin(stage, lane, done, stop)

        self._each_stage(done, turn)
        self._report_what_hangs()
        return done

    @property
    def names(self) -> Sequence[str]:
        return list(self._by_name)

    def waiting(self, stage: str) -> Sequence[str]:
        """What of a stage can be handled now, for who has it handled elsewhere (`worker`)."""
        found: list[str] = []

        def ask(its: Stage) -> bool:
            found.extend(self._free(its, self._clock())[0])
            return not found  # that there is something shows nothing of whether it can be done

        self._each_stage(Round(), ask, only=stage)
        return found

    def broken(self, stages: Collection[str]) -> str | None:
        """What is wrong with one of these stages as a whole, in words; None: all is well."""
        found = [f"{one}: {what}" for one, what in self._broken.copy().items() if one in stages]
        return next(iter(found), None)

    def attempt(self, stage: str, items: Sequence[str]) -> None:
        """Handle these but for those that rest; what goes wrong is kept and told as in a round."""

        def turn(its: Stage) -> None:
            failed = self._failed(its)
            for item in items:
                now = self._clock()
                if not failures.rests(failed, item, now):
                    self._handle(its, item, now, failed_before=item in failed)

        self._each_stage(Round(), turn, only=stage)

    def _patient_round(self, stop: Event, polled: set[str]) -> Round:
        done = Round()
        self._each_stage(done, lambda stage: self._drain(stage, done, stop, polled))
        return done

    def _each_stage(
        self, done: Round, turn: Callable[[Stage], bool | None], *, only: str | None = None
    ) -> None:
        """`turn` returns False where it does not show that the stage can work."""
        for stage in self._stages if only is None else self._by_name[only]:
            try:
                is_well = turn(stage) is not False
            except Exception as error:
                done.broken = f"{stage.name}: {in_a_line(error)}"
                self._report_broken(stage.name, error)
                if isinstance(error, StoreError):
                    break
            else:
                if is_well and self._broken.pop(stage.name, None) is not None:
                    log.info("stage_available", stage=stage.name)

    def _report_broken(self, stage: str, error: Exception) -> None:
        """Once, until it works again or says something else: it is tried again every second."""
        problem = in_a_line(error)
        if self._broken.get(stage) == problem:
            return
        self._broken[stage] = problem
        if isinstance(error, (StoreError, ClassifierError)):
            log.warning("stage_unavailable", stage=stage, problem=problem)
        else:
            tell("stage_failed", error, stage=stage)
        if not isinstance(error, StoreError):
            now = self._clock()
            self._warn(
                f"broken:{stage}:{now.date()}",
                Reason.STAGE_BROKEN,
                f"{stage} cannot work, and what it is for waits",
                [problem, "it is tried again every second; `complaint-monitor check` says more"],
                now,
            )

    def _report_what_hangs(self) -> None:
        for name, lane in self._lanes.items():
            for item in lane.hanging(self._hangs):
                log.warning("item_hangs", stage=name, item=item)
                now = self._clock()
                self._warn(
                    f"hangs:{name}:{item}:{now.isoformat()}",
                    Reason.ITEM_HANGS,
                    f"{name} waits for {item} since {self._hangs.total_seconds() / 60:g} minutes",
                    ["everything else goes on; if it does not end, restart the program"],
                    now,
                )

    def _warn(
        self, key: str, reason: Reason, headline: str, lines: Sequence[str], now: datetime
    ) -> None:
        """Tell the operators, if the database can be written: else the log has said it."""
        try:
            with self._database.writing() as conn:
                alarms.write(conn, self._operators, key, reason, headline, lines, now)
        except StoreError as error:
            log.warning("operators_not_told", key=key, problem=str(error))

    def _begin(self, stage: Stage, lane: Lane, done: Round, stop: Event) -> None:
        done.count(stage.name, *lane.take())
        now = self._clock()
        # asked before what is due: one that ends in between would look as if it were due again
        items, failed = self._free(stage, now, but=lane.under_way)
        lane.start(items, _kept(self._doing(stage, now, stop, failed)))

    def _drain(self, stage: Stage, done: Round, stop: Event, polled: set[str]) -> None:
        """All that is due, until nothing new is."""
        seen = polled if stage.name == POLLED else set[str]()
        while not stop.is_set():
            now = self._clock()
            items, failed = self._free(stage, now, but=seen)
            if not items:
                return
            seen.update(items)
            do = self._doing(stage, now, stop, failed)
            lane = self._lanes.get(stage.name) if stage.name == POLLED else None
            if lane is None:
                good = sum(map(do, items))
                bad = len(items) - good
            else:
                lane.finish(items, _kept(do), stop)
                good, bad = lane.take()
            done.count(stage.name, good, 0 if stop.is_set() else bad)

    def _doing(
        self, stage: Stage, now: datetime, stop: Event, failed: Mapping[str, datetime | None]
    ) -> Callable[[str], bool]:
        def one(item: str) -> bool:
            if stop.is_set():
                return False
            return self._handle(stage, item, now, failed_before=item in failed)

        return one

    def _rest(self, stop: Event, pause: timedelta) -> None:
        """Until something new may have come, or something under way has ended."""
        ends = time.monotonic() + pause.total_seconds()
        while (left := ends - time.monotonic()) > 0:
            is_busy = any(one.is_busy for one in self._lanes.values())
            if stop.wait(min(left, _GLANCE_S) if is_busy else left):
                return
            if any(one.has_news for one in self._lanes.values()):
                return

    def _leave(self) -> None:
        """What hangs is left behind: it is as if the program had died there, and is taken up again."""
        until = time.monotonic() + GRACE.total_seconds()
        for name, lane in self._lanes.items():
            left = lane.wait(until)
            if left:
                log.warning("left_under_way", stage=name, items=left)

    def _free(
        self, stage: Stage, now: datetime, but: Collection[str] = ()
    ) -> tuple[list[str], Mapping[str, datetime | None]]:
        """What is due and does not rest, and what failed."""
        failed = self._failed(stage)
        due = stage.due(now)
        return [
            one for one in due if one not in but and not failures.rests(failed, one, now)
        ], failed

    def _failed(self, stage: Stage) -> Mapping[str, datetime | None]:
        with self._database.reading() as conn:
            return failures.failed(conn, stage.name)

    def _handle(self, stage: Stage, item: str, now: datetime, *, failed_before: bool) -> bool:
        try:
            with bound_contextvars(stage=stage.name, item=item):
                stage.handle(item, now)
        except (StoreError, ClassifierError):
            raise
        except Exception as error:
            tell("item_failed", error, stage=stage.name, item=item)
            self._set_back(stage, item, error, now)
            return False
        if failed_before:
            with self._database.writing() as conn:
                failures.clear(conn, stage.name, item)
        return True

    def _set_back(self, stage: Stage, item: str, error: Exception, now: datetime) -> None:
        if isinstance(stage, RecordsFailures):
            try:
                stage.failed(item, error, now)
                return
            except StoreError:
                raise
            except Exception as another:
                error = another
        with self._database.writing() as conn:
            if failures.record(conn, stage.name, item, in_a_line(error), now):
                self._tell_operators(conn, stage.name, item, now)

    def _tell_operators(self, conn: Connection, stage: str, item: str, now: datetime) -> None:
        """Of what was set aside; but not of a warning to themselves: that would never end."""
        about = outbox.entry(conn, item) if stage == leaving.STAGE else None
        is_warning = about is not None and about.kind is NoticeKind.OPERATIONS
        if is_warning:
            return
        alarms.write(
            conn,
            self._operators,
            f"quarantine:{stage}:{item}",
            Reason.QUARANTINED,
            f"{stage} set an item aside after {failures.PATIENCE} attempts",
            [f"item {item}", "see `complaint-monitor check` and the log"],
            now,
        )


def _kept(do: Callable[[str], bool]) -> Work:
    """The same for a thread of its own: what is wrong as a whole is told with the next round."""

    def work(item: str) -> bool | Exception:
        try:
            return do(item)
        except Exception as error:
            return error

    return work

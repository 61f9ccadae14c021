"""The embedded runner: one process, a small loop, a few threads. One of the two places that catch everything.

Stages run in the order of the pipeline. An item that fails rests, is tried again and in the end is
set aside with its reason; it never stops the others. What is broken as a whole (the database, the
classifier's weights) makes the round end early and is tried again with the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event
from typing import ClassVar, Protocol

import structlog

from monitor.domain.errors import ClassifierError, MonitorError, StoreError
from monitor.domain.notice import NoticeKind, Planned, Reason
from monitor.ports import Clock
from monitor.store import failures, outbox
from monitor.store.engine import Database

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


class Runner:
    """Runs stages over one database until told to stop.

    `side_by_side` names the stages whose items wait for networks: they are handled in threads.
    `operators` is the audience that hears of what was set aside (None: only the log does).
    """

    def __init__(
        self,
        stages: Sequence[Stage],
        database: Database,
        *,
        clock: Clock,
        side_by_side: frozenset[str] = frozenset({"intake"}),
        threads: int = 8,
        operators: str | None = None,
    ) -> None:
        self._stages = stages
        self._database = database
        self._clock = clock
        self._side_by_side = side_by_side
        self._threads = threads
        self._operators = operators

    def run(
        self,
        stop: Event,
        *,
        pause: timedelta = timedelta(seconds=1),
        after_round: Callable[[Round], None] | None = None,
    ) -> None:
        """Work until `stop` is set; the round under way is finished item by item."""
        while not stop.is_set():
            done = self.round(stop)
            if after_round is not None:
                after_round(done)
            if not done.did_something or done.broken:
                stop.wait(pause.total_seconds())

    def until_idle(self, stop: Event | None = None) -> Round:
        """Rounds until one finds nothing to do (or something is broken); for `import` and one-shot runs."""
        stop = stop or Event()
        total = Round()
        while not stop.is_set():
            done = self.round(stop)
            for name, number in done.handled.items():
                total.handled[name] = total.handled.get(name, 0) + number
            for name, number in done.failed.items():
                total.failed[name] = total.failed.get(name, 0) + number
            total.broken = done.broken
            if not done.did_something or done.broken:
                break
        return total

    def round(self, stop: Event) -> Round:
        """Every stage once, in order, each until it finds nothing new."""
        done = Round()
        for stage in self._stages:
            try:
                self._drain(stage, done, stop)
            except (StoreError, ClassifierError) as error:
                done.broken = f"{stage.name}: {error}"
                log.warning("stage_unavailable", stage=stage.name, problem=str(error))
                if isinstance(error, StoreError):
                    break
        return done

    def _drain(self, stage: Stage, done: Round, stop: Event) -> None:
        seen: set[str] = set()
        while not stop.is_set():
            now = self._clock()
            failed = self._failed(stage)
            items = [
                one for one in stage.due(now) if one not in seen and not _rests(failed, one, now)
            ]
            if not items:
                return
            seen.update(items)
            good = self._handle_all(stage, items, now, stop, failed)
            done.handled[stage.name] = done.handled.get(stage.name, 0) + good
            bad = len(items) - good
            if bad:
                done.failed[stage.name] = done.failed.get(stage.name, 0) + bad

    def _failed(self, stage: Stage) -> Mapping[str, datetime | None]:
        with self._database.reading() as conn:
            return failures.failed(conn, stage.name)

    def _handle_all(
        self,
        stage: Stage,
        items: Sequence[str],
        now: datetime,
        stop: Event,
        failed: Mapping[str, datetime | None],
    ) -> int:
        def one(item: str) -> bool:
            if stop.is_set():
                return False
            return self._handle(stage, item, now, failed_before=item in failed)

        if stage.name not in self._side_by_side or len(items) == 1:
            return sum(map(one, items))
        with ThreadPoolExecutor(self._threads, thread_name_prefix=stage.name) as pool:
            return sum(pool.map(one, items))

    def _handle(self, stage: Stage, item: str, now: datetime, *, failed_before: bool) -> bool:
        try:
            stage.handle(item, now)
        except (StoreError, ClassifierError):
            raise
        except Exception as error:
            self._set_back(stage, item, error, now)
            return False
        if failed_before:
            with self._database.writing() as conn:
                failures.clear(conn, stage.name, item)
        return True

    def _set_back(self, stage: Stage, item: str, error: Exception, now: datetime) -> None:
        reason = (
            str(error) if isinstance(error, MonitorError) else f"{type(error).__name__}: {error}"
        )
        log.error("item_failed", stage=stage.name, item=item, exc_info=error)
        with self._database.writing() as conn:
            aside = failures.record(conn, stage.name, item, reason, now)
            if aside and self._operators is not None:
                notice = Planned(
                    key=f"quarantine:{stage.name}:{item}",
                    kind=NoticeKind.OPERATIONS,
                    audience=self._operators,
                    reason=Reason.QUARANTINED,
                    due_at=now,
                )
                payload = {
                    "headline": f"{stage.name} set an item aside after {failures.PATIENCE} attempts",
                    "lines": [f"item {item}", "see `complaint-monitor check` and the log"],
                }
                outbox.write(conn, [notice], brand_id=None, case_id=None, now=now, payload=payload)


def _rests(failed: Mapping[str, datetime | None], item: str, now: datetime) -> bool:
    if item not in failed:
        return False
    retry_at = failed[item]
    return retry_at is None or retry_at > now

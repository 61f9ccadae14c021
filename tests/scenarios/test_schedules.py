"""Whatever people do, whenever the program runs, dies or its clock jumps: each step once, or a reason.

One property over random schedules of acknowledgements, claims, snoozes, answers, dismissals, crashes and
positions of the clock; judged from outside: by the history, the outbox and what the channel heard.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Connection

from monitor.domain.case import Case
from monitor.domain.event import Channel as Elsewhere
from monitor.domain.hours import BusinessHours
from monitor.domain.judgement import Severity
from monitor.domain.notice import NoticeState, Reason
from monitor.domain.policy import Anchor, Match, Rule, Step
from monitor.domain.rota import Person
from monitor.domain.wait import Wait
from monitor.stages import act, by_hand
from monitor.stages.act import ActionError
from monitor.stages.deliver import Deliver
from monitor.stages.escalate import Escalate
from monitor.stages.wake import Wake
from monitor.store import brands, cases, outbox, schema
from monitor.store.engine import Database
from monitor.store.outbox import Entry
from tests.scenarios.world import NO_WORDS, OFFICE, SHOP, Channel, _no_digest, clock_time

ANA = Person(
    name="ana",
    audience="slack:ana",
    awake=BusinessHours(zone="Europe/Bucharest", weekly=(((600, 720),),) * 7),
)
RULE = Rule(
    name="chain",
    match=Match(),
    target=timedelta(hours=3),
    hours=OFFICE,
    audience="slack:care",
    acknowledged_for=timedelta(minutes=50),
    steps=(
        Step(
            name="soon",
            anchor=Anchor.START,
            offset=timedelta(minutes=30),
            audiences=("slack:care", "person:ana"),
            repeat=timedelta(minutes=20),
            repeats=3,
        ),
        Step(
            name="warned", anchor=Anchor.DUE, offset=-timedelta(minutes=30), audiences=("rota:x",)
        ),
        Step(
            name="overdue",
            anchor=Anchor.DUE,
            offset=timedelta(),
            audiences=("slack:leads",),
            repeat=timedelta(minutes=40),
            repeats=2,
        ),
    ),
)
GIVEN_UP = frozenset(
    {
        Reason.SUPERSEDED,
        Reason.ACKNOWLEDGED,
        Reason.ANSWERED,
        Reason.DISMISSED,
        Reason.ABSORBED,
        Reason.QUIET_HOURS,
        Reason.SUMMED_UP,
    }
)
"""Why a step may not be told."""
_NUMBERS = count(1)


class CrashError(Exception):
    """The process dies."""


class Mortal(Database):
    """A database whose process dies at the end of so many transactions, or in the midst of one."""

    dies_in: int | None = None

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        with super().writing() as conn:
            yield conn
            if self.dies_in is not None:
                self.dies_in -= 1
                if self.dies_in < 0:
                    self.dies_in = None
                    raise CrashError


class Desk:
    """One case, the stages that tell of it, and people who do what they like."""

    def __init__(self, database: Mortal) -> None:
        self.database = database
        self.channel = Channel()
        self.now = clock_time("09:30")
        self.restart()
        post = by_hand.heard(
            SHOP, f"awful {next(_NUMBERS)}", url=None, author=None, posted_at=self.now
        )
        self.case_id = by_hand.open_case(
            database,
            SHOP,
            post,
            rules=(RULE,),
            lexicon=NO_WORDS,
            severity=Severity.NORMAL,
            by="bo",
            now=self.now,
        )

    def restart(self) -> None:
        """A fresh process."""
        self.database.dies_in = None
        people = {"ana": ANA}
        self.stages = (
            Escalate(self.database, people),
            Wake(self.database, people),
            Deliver(
                self.database,
                {"slack": self.channel},
                digest=_no_digest,
                operators=None,
                shadow=False,
                clock=self.clock,
            ),
        )

    def clock(self) -> datetime:
        return self.now

    def runs(self) -> None:
        """Everything that is due, unless the process dies over it."""
        try:
            for stage in self.stages:
                while items := stage.due(self.now):
                    for item in items:
                        stage.handle(item, self.now)
        except CrashError:
            self.restart()

    def case(self) -> Case:
        with self.database.reading() as conn:
            return cases.load(conn, self.case_id)

    def entries(self) -> list[Entry]:
        with self.database.reading() as conn:
            return outbox.case_notices(conn, self.case_id)


def _does(name: str) -> Callable[[Desk], object]:
    def do(desk: Desk) -> object:
        told = {"by": "bo", "now": desk.now}
        database, case = desk.database, desk.case_id
        match name:
            case "acknowledge":
                return act.acknowledge(database, case, **told)  # type: ignore[arg-type]
            case "claim":
                return act.claim(database, case, **told)  # type: ignore[arg-type]
            case "assign":
                return act.assign(database, case, "dan", **told)  # type: ignore[arg-type]
            case "answer":
                return act.answered_elsewhere(
                    database,
                    case,
                    Elsewhere.PHONE,
                    answered_at=desk.now,
                    **told,  # type: ignore[arg-type]
                )
            case "dismiss":
                return act.dismiss(database, case, **told)  # type: ignore[arg-type]
            case _:
                return act.undo(database, case, **told)  # type: ignore[arg-type]

    return do


def _snoozes(minutes: int) -> Callable[[Desk], object]:
    return lambda desk: act.snooze(
        desk.database,
        desk.case_id,
        timedelta(minutes=minutes),
        by="bo",
        now=desk.now,
        why="later" if minutes > 60 else None,
    )


def _passes(minutes: int) -> Callable[[Desk], object]:
    def go(desk: Desk) -> None:
        desk.now += timedelta(minutes=minutes)
        desk.runs()

    return go


def _dies(transactions: int) -> Callable[[Desk], object]:
    def go(desk: Desk) -> None:
        desk.database.dies_in = transactions
        desk.runs()
        desk.database.dies_in = None

    return go


DEEDS = st.one_of(
    st.sampled_from(["acknowledge", "claim", "assign", "answer", "dismiss", "undo"]).map(_does),
    st.sampled_from([10, 45, 90]).map(_snoozes),
    st.sampled_from([-20, 0, 5, 25, 60, 240, 1440]).map(_passes),
    st.integers(0, 4).map(_dies),
    st.just(Desk.restart),
)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mortal]:
    made = Mortal(f"sqlite:///{tmp_path_factory.mktemp('desk') / 'd.db'}")
    schema.metadata.create_all(made.engine)
    with made.writing() as conn:
        ids = brands.ensure(conn, [SHOP.name]).values()
        brands.begin(conn, ids, clock_time("08:00"))
    yield made
    made.close()


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(DEEDS, max_size=14))
def test_each_step_of_a_wait_is_told_once_or_has_a_reason_not_to_be(
    database: Mortal, deeds: Sequence[Callable[[Desk], object]]
) -> None:
    desk = Desk(database)
    for do in deeds:
        with suppress(ActionError):
            do(desk)
    desk.now += timedelta(minutes=1)
    desk.runs()
    desk.now += timedelta(hours=20)  # by then somebody is awake
    desk.runs()
    case, entries = desk.case(), desk.entries()
    _is_told_at_most_once(desk, case, entries)
    for wait in case.waits:
        _has_fired_or_says_why(case, wait, desk.now)
        _is_told_or_says_why(case, wait, entries)


def _is_told_at_most_once(desk: Desk, case: Case, entries: Sequence[Entry]) -> None:
    fired = Counter((one.wait, one.rule, one.step) for one in case.fired)
    assert set(fired.values()) <= {1}
    heard = Counter(notice.key for _, notice, _ in desk.channel.messages)
    assert set(heard.values()) <= {1}
    sent = {one.key for one in entries if one.state is NoticeState.SENT}
    assert {key for key in heard if not key.startswith("waiting:")} >= sent - _edits(entries)


def _edits(entries: Sequence[Entry]) -> set[str]:
    return {one.key for one in entries if one.kind == "update"}


def _rungs(wait: Wait) -> Mapping[str, datetime]:
    """Every step and repeat with its time, counted here by itself."""
    at = [(RULE.step_at(one, wait.started_at, wait.due_at), one) for one in RULE.steps]
    found = {}
    for (begins, step), following in zip(at, [*at[1:], (None, None)], strict=True):
        found[step.name] = begins
        for number in range(1, step.repeats + 1):
            again = RULE.hours.add(begins, (step.repeat or timedelta()) * number)
            if following[0] is None or again < following[0]:
                found[f"{step.name}#{number}"] = again
    return found


def _has_fired_or_says_why(case: Case, wait: Wait, now: datetime) -> None:
    """What fell due while the wait was open fired, but for a snooze that still holds."""
    if not wait.is_open:
        return
    held = case.snoozed_until is not None and case.snoozed_until > now
    for name, at in _rungs(wait).items():
        assert case.has_fired(wait, name) or at > now or held, name


def _is_told_or_says_why(case: Case, wait: Wait, entries: Sequence[Entry]) -> None:
    for one in case.fired:
        if one.wait != wait.number:
            continue
        step = None if one.step == "alert" else one.step
        mine = [it for it in entries if (it.wait, it.step) == (wait.number, step)]
        assert mine, f"{one.step} fired, and nothing was written"
        for it in mine:
            is_silent = it.state is NoticeState.SUPPRESSED
            assert it.state is NoticeState.SENT or is_silent, it
            assert (it.reason in GIVEN_UP) is is_silent, it


def test_the_property_sees_a_step_that_is_lost(database: Mortal) -> None:
    desk = Desk(database)
    desk.now += timedelta(hours=1)
    desk.runs()
    case = desk.case()
    without = replace(case, fired=case.fired[:-1])
    with pytest.raises(AssertionError, match="soon"):
        _has_fired_or_says_why(without, case.waits[0], desk.now)

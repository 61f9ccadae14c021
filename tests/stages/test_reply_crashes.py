"""Whatever dies, freezes, breaks or overtakes: posted at most once by itself, lost never in silence."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from functools import partial
from threading import Thread

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from monitor.domain.notice import Reason
from monitor.domain.reply import Outgoing, ReplyState
from monitor.domain.template import Approved
from monitor.stages import answer as people
from monitor.stages.answer import ReplyError
from monitor.stages.reply import Reply
from monitor.store import answers
from monitor.store.engine import Database
from tests.stages.front import Front, Net
from tests.stages.otherside import Crash, Fault, Freeze
from tests.stages.told import Machine

FREEZES = (Fault.FREEZES_BEFORE, Fault.FREEZES_AFTER)
MISHAPS = [one for one in Fault if one not in FREEZES]
LONG = timedelta(hours=1)


def worker(front: Front, database: Database | None = None) -> Reply:
    return Reply(
        database or front.database, [front.desk], clock=front.machine, machine=front.machine
    )


def until_nothing_waits(front: Front) -> None:
    for _ in range(100):
        front.machine.passes(LONG)
        stage = worker(front)
        due = stage.due(front.machine.at)
        if not due:
            return
        for item in due:
            stage.handle(item, front.machine.at)
    raise AssertionError("it never ends")


def assert_reconciled(front: Front, one: Outgoing) -> None:
    """The network has what the row says; and what is not there, people know."""
    times = front.net.times(front.key_of(one.number))
    told = front.told_of(one.number)
    match one.state:
        case ReplyState.SENT:
            by_hand = any(key == "by hand" for key, _ in front.net.posted)
            assert times or by_hand, f"said to be posted, and is not: {one}"
        case ReplyState.FAILED:
            assert times == 0, f"said to be refused, and stands there: {one}"
            assert "reply_refused" in told
        case ReplyState.ASKED:
            assert "reply_unknown" in told
        case ReplyState.CANCELLED:
            assert times == 0, f"cancelled, and stands there: {one}"
            assert one.reason is Reason.TAKEN_BACK or told, f"nobody heard of {one}"
        case ReplyState.PENDING:
            raise AssertionError(f"it has no end: {one}")


class Storm(RuleBasedStateMachine):
    """Staff, customers and accidents, in any order; people look before they say what they saw."""

    database: Database
    stories = 0

    @initialize(minutes=st.sampled_from([0, 1, 9]), first=st.sampled_from(MISHAPS))
    def begin(self, minutes: int, first: Fault) -> None:
        type(self).stories += 1  # histories are append-only: each story has posts of its own
        self.machine = Machine()
        self.front = Front(self.database, self.machine, Net(self.machine), f"{self.stories}-")
        self.front.net.shown_after = timedelta(minutes=minutes)
        self.cases: list[int] = []
        self.numbers: list[int] = []
        self.wanted: Counter[int] = Counter()
        """How often people had an answer posted."""
        self.frozen: list[tuple[Freeze, Thread]] = []
        self.complains()
        self._answer(self.cases[0])
        self._work([first], None)

    @precondition(lambda self: len(self.cases) < 3)
    @rule()
    def complains(self) -> None:
        self.cases.append(self.front.complains())

    @rule(data=st.data())
    def is_answered_from_here(self, data: st.DataObject) -> None:
        self._answer(data.draw(st.sampled_from(self.cases)))

    def _answer(self, case: int) -> None:
        with suppress(ReplyError):
            one = people.answer(
                self.database,
                [self.front.desk],
                case,
                f"It left today. ({len(self.numbers)})",
                approved=Approved(),
                by="ana",
                now=self.machine.at,
            )
            self.numbers.append(one.number)
            self.wanted[one.number] += 1

    @rule(data=st.data())
    def somebody_looks(self, data: st.DataObject) -> None:
        """And has it posted again only if it is not there."""
        one = self.front.shown(data.draw(st.sampled_from(self.numbers)))
        is_there = self.front.net.times(self.front.key_of(one.number)) > 0
        with suppress(ReplyError):
            if is_there:
                people.posted(self.database, one.case_id, one.number, now=self.machine.at)
            elif not self.frozen:
                people.resend(
                    self.database, [self.front.desk], one.case_id, one.number, approved=Approved()
                )
                self.wanted[one.number] += 1

    @rule(data=st.data())
    def is_taken_back(self, data: st.DataObject) -> None:
        one = self.front.shown(data.draw(st.sampled_from(self.numbers)))
        is_there = self.front.net.times(self.front.key_of(one.number)) > 0
        if not is_there and not self.frozen:
            with suppress(ReplyError):
                people.cancel(self.database, one.case_id, one.number)

    @rule()
    def the_timeline_is_read(self) -> None:
        self.front.timeline()

    @rule(data=st.data(), how=st.sampled_from(["by hand", "dismissed", "deleted"]))
    def waits_no_more(self, data: st.DataObject, how: str) -> None:
        case = data.draw(st.sampled_from(self.cases))
        match how:
            case "by hand":
                self.front.net.stands(self.front.post_of(case), "Sorry!")
            case "dismissed":
                self.front.dismisses(case)
            case _:
                self.front.deletes(case)

    @rule(minutes=st.sampled_from([1, 10]))
    def works(self, minutes: int) -> None:
        self.machine.passes(timedelta(minutes=minutes))
        self._work([], None)

    @rule(fault=st.sampled_from(MISHAPS), then=st.sampled_from([None, *MISHAPS]))
    def has_accidents(self, fault: Fault, then: Fault | None) -> None:
        self._work([fault, *([then] if then else [])], None)

    @rule(dies_in=st.integers(0, 4))
    def dies(self, dies_in: int) -> None:
        self._work([], dies_in)

    def _work(self, faults: list[Fault], dies_in: int | None) -> None:
        stage = worker(self.front)
        for item in stage.due(self.machine.at):
            self.front.net.faults, self.machine.dies_in = list(faults), dies_in
            with suppress(Crash):
                stage.handle(item, self.machine.at)
            self.front.net.faults, self.machine.dies_in = [], None

    @precondition(lambda self: len(self.frozen) < 2)
    @rule(data=st.data(), fault=st.sampled_from(FREEZES))
    def freezes(self, data: st.DataObject, fault: Fault) -> None:
        stage = worker(self.front)
        due = stage.due(self.machine.at)
        if not due:
            return
        item = data.draw(st.sampled_from(due))
        work = partial(stage.handle, item, self.machine.at)
        self.frozen.append(self.front.net.frozen(fault, work))

    @precondition(lambda self: self.frozen)
    @rule()
    def thaws(self) -> None:
        freeze, thread = self.frozen.pop(0)
        freeze.thawed.set()
        thread.join()

    @rule(minutes=st.sampled_from([1, 10, 60]))
    def time_passes(self, minutes: int) -> None:
        self.machine.passes(timedelta(minutes=minutes))

    @invariant()
    def nothing_is_sent_off_twice_by_itself(self) -> None:
        for number in getattr(self, "numbers", []):
            assert self.front.net.let_go[self.front.key_of(number)] <= self.wanted[number]

    def teardown(self) -> None:
        if not hasattr(self, "frozen"):
            return
        while self.frozen:
            self.thaws()
        until_nothing_waits(self.front)
        self.nothing_is_sent_off_twice_by_itself()
        for number in self.numbers:
            assert_reconciled(self.front, self.front.shown(number))


def test_posted_at_most_once_by_itself_and_lost_never_in_silence(database: Database) -> None:
    storm: type[Storm] = type("BoundStorm", (Storm,), {"database": database})
    few = settings(max_examples=40, stateful_step_count=20)
    run_state_machine_as_test(storm, settings=few)


def test_many_workers_share_the_answers(database: Database, database_url: str) -> None:
    """Four of them, each with connections of its own, all at the same list, each with accidents."""
    machine = Machine()
    front = Front(database, machine, Net(machine))
    for _ in range(12):
        case = front.complains()
        people.answer(
            database,
            [front.desk],
            case,
            "It left today.",
            approved=Approved(),
            by="ana",
            now=machine.at,
        )
    front.net.faults = [
        *[Fault.DIES_AFTER, Fault.DROPS_BEFORE, Fault.BUSY, Fault.DROPS_AFTER],
        *[Fault.DIES_BEFORE, Fault.REFUSES],
    ]

    def works() -> None:
        own = Database(database_url)
        stage = worker(front, own)
        while due := stage.due(machine.at):
            for item in due:
                with suppress(Crash):
                    stage.handle(item, machine.at)
        own.close()

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(works) for _ in range(4)]:
            done.result()
    until_nothing_waits(front)
    with database.reading() as conn:
        ends = [one for case in range(1, 13) for one in answers.of_case(conn, case)]
    for one in ends:
        assert_reconciled(front, one)
        assert front.net.times(front.key_of(one.number)) <= 1
    assert Counter(one.state for one in ends) == {
        ReplyState.SENT: 9,
        ReplyState.ASKED: 2,
        ReplyState.FAILED: 1,
    }

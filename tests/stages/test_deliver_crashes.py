"""Whatever dies, freezes, refuses or is slow, in whatever order: nothing lost, nothing doubled unseen."""

from __future__ import annotations

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from threading import Thread

import pytest
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

from monitor.domain.notice import NoticeKind, NoticeState
from monitor.stages.deliver import LEASE, Deliver
from monitor.store import schema
from monitor.store.engine import Database
from tests.stages.otherside import Crash, Fault, Freeze, Message, OtherSide
from tests.stages.told import NOW, Machine, Told, digest_of

LONG = timedelta(hours=1)
FILLED = (
    schema.notice,
    schema.wait,
    schema.cases,
    schema.post,
    schema.author,
    schema.brand,
)
FREEZES = (Fault.FREEZES_BEFORE, Fault.FREEZES_AFTER)
MISHAPS = [one for one in Fault if one not in FREEZES]


def deliverer(database: Database, other: OtherSide, machine: Machine) -> Deliver:
    return Deliver(
        database, {"slack": other}, digest=digest_of, operators=None, shadow=False, clock=machine
    )


def until_nothing_waits(stage: Deliver, machine: Machine) -> None:
    for _ in range(100):
        machine.passes(LONG)
        due = stage.due(NOW)
        if not due:
            return
        for key in due:
            stage.handle(key, NOW)
    raise AssertionError("it never ends")


def assert_reconciled(told: Told, other: OtherSide) -> None:
    """Every row has an end, and the other side has what the rows say."""
    arrived = Counter(one.key for one in other.messages)
    for one in told.entries():
        number = arrived[one.key]
        match one.state:
            case NoticeState.SENT:
                assert number >= 1, f"lost: {one}"
                assert number == 1 or one.possibly_repeated, f"doubled unseen: {one}"
            case NoticeState.SUPPRESSED | NoticeState.FAILED:
                assert number == 0 or one.possibly_repeated, f"arrived all the same: {one}"
            case NoticeState.PENDING:
                raise AssertionError(f"never sent: {one}")


def assert_in_order(told: Told, other: OtherSide) -> None:
    """Nothing of a case came before its card, and all of it hangs on the card."""
    first = {one.key: index for index, one in reversed(list(enumerate(other.messages)))}
    for one in told.entries():
        if one.kind is NoticeKind.ALERT and one.wait == 1 and one.state is NoticeState.SENT:
            case = one.key.split(":")[1]
            cards = {sent.name for sent in other.messages if sent.key == one.key}
            for index, sent in enumerate(other.messages):
                if sent.key != one.key and sent.case_id == int(case):
                    assert index > first[one.key], f"before its card: {sent}"
                    assert (sent.edits or sent.thread) in cards, f"beside its card: {sent}"


class Storm(RuleBasedStateMachine):
    """Staff, customers and accidents, in any order; one step of the rules at a time."""

    database: Database
    can_look: bool

    @initialize()
    def begin(self) -> None:
        with self.database.writing() as conn:
            for table in FILLED:
                conn.execute(table.delete())
        self.told = Told(self.database)
        self.machine = Machine()
        self.other = OtherSide(can_look=self.can_look)
        self.stage = deliverer(self.database, self.other, self.machine)
        self.levels: dict[int, int] = {}
        self.frozen: list[tuple[Freeze, Thread]] = []
        self.thawed_late: set[str] = set()

    @precondition(lambda self: len(self.levels) < 4)
    @rule(suppressed=st.booleans())
    def complains(self, suppressed: bool) -> None:
        case = self.told.case()
        self.told.alert(case, suppressed=suppressed)
        self.levels[case] = 0

    @precondition(lambda self: self.levels)
    @rule(data=st.data(), wait=st.sampled_from([1, 2]))
    def waits_too_long(self, data: st.DataObject, wait: int) -> None:
        case = data.draw(st.sampled_from(sorted(self.levels)))
        self.levels[case] += 1
        if wait == 2:
            self.told.alert(case, wait=2)
        self.told.escalate(case, f"step{self.levels[case]}", wait=wait)
        self.told.change(case, self.levels[case])

    @precondition(lambda self: self.levels)
    @rule(data=st.data())
    def is_answered(self, data: st.DataObject) -> None:
        case = data.draw(st.sampled_from(sorted(self.levels)))
        self.levels[case] += 1
        self.told.answer(case)
        self.told.change(case, self.levels[case])

    @rule(
        data=st.data(),
        faults=st.lists(st.sampled_from(MISHAPS), max_size=2),
        dies_in=st.none() | st.integers(0, 3),
    )
    def delivers(self, data: st.DataObject, faults: list[Fault], dies_in: int | None) -> None:
        due = self.stage.due(NOW)
        if not due:
            return
        key = data.draw(st.sampled_from(due))
        self.other.faults = list(faults)
        self.machine.dies_in = dies_in
        with suppress(Crash):
            self.stage.handle(key, NOW)
        self.other.faults, self.machine.dies_in = [], None

    @precondition(lambda self: len(self.frozen) < 3)
    @rule(data=st.data(), fault=st.sampled_from(FREEZES))
    def freezes(self, data: st.DataObject, fault: Fault) -> None:
        due = self.stage.due(NOW)
        if not due:
            return
        key = data.draw(st.sampled_from(due))
        self.frozen.append(self.other.frozen(fault, lambda: self.stage.handle(key, NOW)))

    @precondition(lambda self: self.frozen)
    @rule()
    def thaws(self) -> None:
        freeze, thread = self.frozen.pop(0)
        freeze.thawed.set()
        thread.join()

    @rule(minutes=st.sampled_from([1, 2, 60]))
    def time_passes(self, minutes: int) -> None:
        self.machine.passes(timedelta(minutes=minutes))

    @invariant()
    def nothing_is_sent_twice_by_itself(self) -> None:
        if self.can_look and not self.frozen and not self._ever_froze():
            assert max(Counter(self.other.keys()).values(), default=0) <= 1

    def _ever_froze(self) -> bool:
        return any(one.possibly_repeated for one in self.told.entries())

    def teardown(self) -> None:
        while self.frozen:
            self.thaws()
        until_nothing_waits(self.stage, self.machine)
        assert_reconciled(self.told, self.other)
        assert_in_order(self.told, self.other)
        self._assert_cards_are_up_to_date()

    def _assert_cards_are_up_to_date(self) -> None:
        """The last thing that reached a card shows the case as it is."""
        repeated = {one.key for one in self.told.entries() if one.possibly_repeated}
        for case, level in self.levels.items():
            shown: list[Message] = [
                one
                for one in self.other.messages
                if one.case_id == case and (one.edits or one.thread is None)
            ]
            if shown and shown[-1].edits and shown[-1].key not in repeated:
                assert shown[-1].level == level


@pytest.mark.parametrize("can_look", [True, False], ids=["findable", "unknowable"])
def test_nothing_is_lost_and_nothing_doubled_unseen(database: Database, can_look: bool) -> None:
    bound = {"database": database, "can_look": can_look}
    storm: type[Storm] = type("BoundStorm", (Storm,), bound)
    few = settings(max_examples=15, stateful_step_count=25)
    run_state_machine_as_test(storm, settings=few)


def test_many_deliverers_share_the_work(database: Database, database_url: str) -> None:
    """Four of them, each with connections of its own, all at the same list, each with accidents."""
    told, machine, other = Told(database), Machine(), OtherSide()
    for _ in range(12):
        case = told.case()
        told.alert(case)
        told.escalate(case, "leads")
        told.change(case, 1)
    chance = random.Random(7)
    other.faults = [chance.choice(MISHAPS) for _ in range(12)]

    def works() -> None:
        own = Database(database_url)
        stage = deliverer(own, other, machine)
        while due := stage.due(NOW):
            for key in due:
                with suppress(Crash):
                    stage.handle(key, NOW)
        own.close()

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(works) for _ in range(4)]:
            done.result()
    machine.passes(LEASE)
    until_nothing_waits(deliverer(database, other, machine), machine)
    assert_reconciled(told, other)
    assert_in_order(told, other)
    assert max(Counter(other.keys()).values()) == 1

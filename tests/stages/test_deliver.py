"""Notices leave the outbox: in order, once, whatever dies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from monitor.domain.errors import Outcome, SendError
from monitor.domain.judgement import Severity
from monitor.domain.notice import Backlog, CaseCard, Digest, NoticeKind, NoticeState, Reason, Words
from monitor.domain.rests import REST
from monitor.runner import Runner
from monitor.stages.deliver import LEASE, PATIENCE, ROUND, SHARE, Deliver
from monitor.store import failures, leaving, outbox, schema
from monitor.store.engine import Database
from tests.stages.otherside import Crash, Fault, OtherSide
from tests.stages.told import NOW, Machine, Told, digest_of

SENT = NoticeState.SENT
SUPPRESSED = NoticeState.SUPPRESSED


@pytest.fixture
def slack() -> OtherSide:
    return OtherSide()


@pytest.fixture
def machine() -> Machine:
    return Machine()


Round = Callable[..., list[str]]


@pytest.fixture
def deliver(database: Database, slack: OtherSide, machine: Machine) -> Round:
    """One round: what was due, and handled."""

    def once(
        notifiers: Mapping[str, Any] | None = None, *, shadow: bool = False, now: datetime = NOW
    ) -> list[str]:
        stage = Deliver(
            database,
            notifiers or {"slack": slack},
            digest=digest_of,
            operators="slack:#ops",
            shadow=shadow,
            clock=machine,
        )
        due = list(stage.due(now))
        for key in due:
            stage.handle(key, now)
        return due

    return once


def deliverer(database: Database, notifiers: Mapping[str, Any], machine: Machine) -> Deliver:
    return Deliver(
        database, notifiers, digest=digest_of, operators="slack:#ops", shadow=False, clock=machine
    )


def until_quiet(deliver: Round, machine: Machine) -> None:
    while deliver():
        machine.passes(timedelta(seconds=1))


# ------------------------------------------------------------------------------------- the order


def test_the_card_goes_first_and_what_belongs_to_it_follows(
    told: Told, slack: OtherSide, deliver: Round
) -> None:
    case = told.case()
    told.alert(case)
    told.escalate(case, "leads")
    told.change(case, 2)

    assert deliver() == [f"alert:{case}:1"]
    deliver()

    card, climbed, edited = slack.messages
    assert (card.target, card.thread, card.edits) == ("#care", None, None)
    assert (climbed.target, climbed.thread) == ("#leads", card.name)
    assert (edited.target, edited.edits, edited.level) == ("#care", card.name, 2)
    assert deliver() == []


def test_the_people_whom_the_rule_names_are_named(
    told: Told, slack: OtherSide, deliver: Round, machine: Machine
) -> None:
    case = told.case()
    told.alert(case)
    told.escalate(case, "leads")
    told.escalate(case, "director#2", to="slack:#board")
    told.escalate(case, "gone meanwhile", to="slack:#board2")
    told.change(case, 2)
    until_quiet(deliver, machine)
    assert [one.mentions for one in slack.messages] == [("Care",), ("Ana",), ("Bo",), (), ()]


def test_nobody_is_named_when_the_wait_became_part_of_another(
    told: Told, slack: OtherSide, deliver: Round
) -> None:
    case = told.case()
    told.alert(case, wait=7)
    deliver()
    assert [one.mentions for one in slack.messages] == [()]


def test_an_escalation_without_a_card_is_a_card_of_its_own(
    told: Told, slack: OtherSide, deliver: Round
) -> None:
    case = told.case()
    told.alert(case, suppressed=True)
    told.escalate(case, "leads")
    told.change(case, 2)  # there is no card to edit
    deliver()
    assert [(one.target, one.thread) for one in slack.messages] == [("#leads", None)]


def test_a_second_wait_is_told_under_the_card(
    told: Told, slack: OtherSide, deliver: Round, machine: Machine
) -> None:
    case = told.case()
    told.alert(case)
    told.alert(case, wait=2)
    until_quiet(deliver, machine)
    card, again = slack.messages
    assert again.thread == card.name


def test_another_notifier_does_not_wait_for_a_card_that_cannot_leave(
    told: Told, slack: OtherSide, deliver: Round
) -> None:
    mail = OtherSide()
    case = told.case()
    told.alert(case)
    told.escalate(case, "leads", to="mail:leads@shop.example")
    told.escalate(case, "director", to="slack:#leads")
    slack.faults = [Fault.BUSY]
    deliver({"slack": slack, "mail": mail})
    deliver({"slack": slack, "mail": mail})
    assert slack.messages == []
    assert [(one.target, one.thread) for one in mail.messages] == [("leads@shop.example", None)]


def test_each_notifier_gets_the_rest_of_its_audiences(
    told: Told, slack: OtherSide, deliver: Round
) -> None:
    mail = OtherSide()
    told.words(NoticeKind.TEST, "one", to="mail:a@shop.example")
    told.words(NoticeKind.TEST, "two", to="mail")
    told.words(NoticeKind.TEST, "three", to="slack:#general")
    deliver({"slack": slack, "mail": mail})
    assert [one.target for one in mail.messages] == ["a@shop.example", ""]
    assert [one.target for one in slack.messages] == ["#general"]


def test_what_is_for_a_notifier_that_the_config_does_not_name_waits_for_it(
    told: Told, slack: OtherSide, deliver: Round, machine: Machine
) -> None:
    """A worker whose config is older, or a notifier with another name now: nobody else is told instead."""
    mail = OtherSide()
    key = told.alert(told.case(), to="mail:acme")
    with capture_logs() as said:
        deliver()
    assert ("notice_has_no_place", "warning") in {(one["event"], one["log_level"]) for one in said}
    assert (slack.messages, told.state(key)[0]) == ([], NoticeState.PENDING)
    assert told.entry(key).problem == 'the config names no notifier "mail" (any more)'
    machine.passes(timedelta(seconds=5))
    deliver({"slack": slack, "mail": mail})
    assert [one.target for one in mail.messages] == ["acme"]
    assert told.entry(key).problem is None


def test_the_operators_hear_of_a_notifier_that_is_named_no_longer(
    told: Told, slack: OtherSide, deliver: Round, machine: Machine
) -> None:
    key = told.alert(told.case(), to="mail:acme")
    for _ in range(PATIENCE * 3):
        deliver()
        machine.passes(timedelta(hours=1))
    assert told.state(key)[0] is NoticeState.PENDING
    assert slack.keys() == ["unreachable:mail:2026-03-03"]  # once, whatever it was to tell
    with told.database.reading() as conn:
        [held] = outbox.held_up(conn)
    assert (held.audience, held.number, held.since) == ("mail:acme", 1, NOW)
    assert "names no notifier" in held.problem


def test_a_refused_card_holds_nothing_back(
    told: Told, slack: OtherSide, deliver: Round, machine: Machine
) -> None:
    case = told.case()
    alert = told.alert(case)
    step = told.escalate(case, "leads")
    update = told.change(case, 2)
    slack.faults = [Fault.REFUSES]
    until_quiet(deliver, machine)
    assert told.state(alert)[0] is NoticeState.FAILED
    assert told.state(step)[0] is SENT
    assert told.state(update) == (SUPPRESSED, Reason.NOTHING_TO_EDIT)


def test_a_card_that_was_set_aside_holds_nothing_back(
    told: Told, slack: OtherSide, deliver: Round, database: Database
) -> None:
    case = told.case()
    alert = told.alert(case)
    step = told.escalate(case, "leads")
    update = told.change(case, 2)
    with database.writing() as conn:
        for _ in range(failures.PATIENCE):
            failures.record(conn, "deliver", alert, "cannot be put in words", NOW)
    assert deliver() == [step, update]
    assert [(one.key, one.thread) for one in slack.messages] == [(step, None)]
    assert told.state(update) == (SUPPRESSED, Reason.NOTHING_TO_EDIT)


def test_one_that_fails_does_not_hold_up_other_cases(
    told: Told, slack: OtherSide, deliver: Round
) -> None:
    keys = [told.alert(told.case()) for _ in range(3)]
    slack.faults = [Fault.BUSY]
    deliver()
    assert slack.keys() == keys[1:]


# ---------------------------------------------------------------------------------- what they hold


def test_every_kind_carries_what_it_is_about(told: Told, deliver: Round) -> None:
    kept: list[Any] = []

    class Keeping(OtherSide):
        def send(self, notice: Any, earlier: Any, /) -> Any:
            kept.append(notice.content)
            return super().send(notice, earlier)

    case = told.case()
    told.alert(case)
    told.words(NoticeKind.TEST, "hello")
    told.about(NoticeKind.DIGEST, {"day": "2026-03-03", "as_of": NOW.isoformat()})
    told.about(NoticeKind.BACKLOG, {"waits": 3, "oldest_at": "2026-02-01T00:00:00+00:00"})
    deliver({"slack": Keeping()})
    card, words, digest, backlog = kept
    assert isinstance(card, CaseCard)
    assert (card.author, card.text, card.severity) == ("@dana", "Still no refund", Severity.NORMAL)
    assert card.waited == timedelta(hours=2)
    assert words == Words("hello", ("a line",))
    assert isinstance(digest, Digest)
    assert (digest.day, digest.as_of) == (date(2026, 3, 3), NOW)
    february = datetime(2026, 2, 1, tzinfo=UTC)
    assert backlog == Backlog(brand="Acme", as_of=NOW, waits=3, oldest_at=february)


def test_a_backlog_of_nothing(told: Told, slack: OtherSide, deliver: Round) -> None:
    key = told.about(NoticeKind.BACKLOG, {"waits": 0, "oldest_at": None})
    deliver()
    assert told.state(key)[0] is SENT


def test_a_case_notice_without_a_case_is_a_mistake_of_ours(
    told: Told, database: Database, deliver: Round
) -> None:
    key = told.words(NoticeKind.TEST, "broken")
    with database.writing() as conn:
        conn.execute(schema.notice.update().values(kind="alert"))
    with pytest.raises(ValueError, match="lacks the row number"):
        deliver()
    assert told.entry(key).attempts == 0


# ------------------------------------------------------------------------------- what went wrong


def test_a_busy_other_side_says_when_to_come_again(
    told: Told, slack: OtherSide, deliver: Round, machine: Machine
) -> None:
    key = told.alert(told.case())
    slack.faults = [Fault.BUSY]
    deliver()
    machine.passes(timedelta(seconds=29))
    assert deliver() == []
    machine.passes(timedelta(seconds=1))
    deliver()
    assert slack.keys() == [key]
    assert slack.looks == 0  # it was certainly not sent: no need to look
    assert told.entry(key).problem is None


def test_an_unanswered_send_is_looked_for(
    told: Told, slack: OtherSide, deliver: Round, machine: Machine
) -> None:
    here, lost = told.alert(told.case()), told.alert(told.case())
    slack.faults = [Fault.DROPS_AFTER, Fault.DROPS_BEFORE]
    deliver()
    machine.passes(timedelta(minutes=1))
    slack.faults = [Fault.BLIND]  # the look fails: still unknown
    deliver()
    machine.passes(timedelta(minutes=1))
    until_quiet(deliver, machine)
    assert sorted(slack.keys()) == sorted([here, lost])
    assert not any(one.possibly_repeated for one in slack.messages)


def test_where_nobody_can_look_it_is_sent_again_and_says_so(
    told: Told, deliver: Round, machine: Machine
) -> None:
    mail = OtherSide(can_look=False)
    key = told.alert(told.case())
    mail.faults = [Fault.DROPS_AFTER]
    deliver({"slack": mail})
    machine.passes(timedelta(minutes=1))
    mail.faults = [Fault.BUSY]
    deliver({"slack": mail})
    machine.passes(timedelta(minutes=1))
    deliver({"slack": mail})
    assert [(one.key, one.possibly_repeated) for one in mail.messages] == [
        (key, False),
        (key, True),
    ]
    assert told.entry(key).possibly_repeated


def test_rests_grow_and_the_operators_hear_of_it_once(
    told: Told, slack: OtherSide, deliver: Round, machine: Machine
) -> None:
    keys = [told.alert(told.case()), told.alert(told.case())]
    rests = []
    while not any("unreachable" in one.key for one in told.entries()):
        slack.faults = [Fault.DROPS_BEFORE, Fault.DROPS_BEFORE]
        began = machine.at
        while keys[0] not in deliver():
            machine.passes(timedelta(seconds=1))
        rests.append((machine.at - began).total_seconds())
    assert rests == [0, 5, 10, 20, 40]
    assert len(rests) == PATIENCE
    slack.faults = []
    machine.passes(timedelta(hours=1))
    until_quiet(deliver, machine)
    assert sorted(slack.keys()) == sorted([*keys, "unreachable:slack:#care:2026-03-03"])


def test_an_audience_that_is_not_reached_is_left_alone_for_a_while(
    told: Told, slack: OtherSide, machine: Machine, database: Database
) -> None:
    """Sixty notices do not cost sixty time-outs, and other notifiers do not wait."""
    mail = OtherSide()
    for number in range(60):
        told.words(NoticeKind.TEST, f"slack {number}")
    key = told.words(NoticeKind.TEST, "mail", to="mail:a@shop.example")
    stage = deliverer(database, {"slack": slack, "mail": mail}, machine)
    slack.faults = [Fault.DROPS_BEFORE] * 60
    due = stage.due(NOW)
    assert len(due) == 61
    assert due.index(key) == 1  # they take turns
    for one in due:
        stage.handle(one, NOW)
    assert len(slack.faults) == 59
    assert mail.keys() == [key]
    assert stage.due(NOW) == []
    machine.passes(REST)
    slack.faults = []
    for one in stage.due(NOW):
        stage.handle(one, NOW)
    assert len(slack.keys()) == 60


@pytest.mark.parametrize("is_restarted", [False, True])
@pytest.mark.parametrize("fault", [Fault.BUSY, Fault.DROPS_AFTER])
def test_a_clock_that_is_set_back_ends_rests(
    told: Told,
    slack: OtherSide,
    machine: Machine,
    database: Database,
    fault: Fault,
    is_restarted: bool,
) -> None:
    """Else nobody would be told of anything for as long as it was ahead."""
    keys = [told.alert(told.case()) for _ in range(2)]
    stage = deliverer(database, {"slack": slack}, machine)
    machine.passes(timedelta(hours=3))
    slack.faults = [fault]
    stage.handle(keys[0], NOW)
    assert keys[0] not in stage.due(NOW)
    machine.passes(-timedelta(hours=3))
    if is_restarted:
        stage = deliverer(database, {"slack": slack}, machine)
    for key in stage.due(NOW):
        stage.handle(key, NOW)
    assert sorted(slack.keys()) == sorted(keys)
    assert [told.entry(key).state for key in keys] == [SENT, SENT]


def test_a_time_out_is_known_by_its_length(
    told: Told, machine: Machine, database: Database
) -> None:
    class TimesOut(OtherSide):
        def send(self, notice: Any, earlier: Any, /) -> Any:
            machine.passes(timedelta(seconds=10))
            later = timedelta(minutes=5)
            raise SendError("no answer", outcome=Outcome.NOT_SENT, retry_after=later)

    for number in range(3):
        told.words(NoticeKind.TEST, f"slack {number}")
    stage = deliverer(database, {"slack": TimesOut()}, machine)
    due = stage.due(NOW)
    began = machine.at
    for one in due:
        stage.handle(one, NOW)
    assert machine.at - began == timedelta(seconds=10)


def test_what_a_notifier_did_not_foresee_is_looked_for_and_never_given_up(
    told: Told, slack: OtherSide, machine: Machine, database: Database
) -> None:
    class Stumbles(OtherSide):
        def send(self, notice: Any, earlier: Any, /) -> Any:
            slack.send(notice, earlier)
            raise RuntimeError("unexpected payload")

        def find(self, notice: Any, /) -> Any:
            if machine.at < NOW + timedelta(hours=6):
                raise RuntimeError("unexpected history")
            return slack.find(notice)

    key = told.alert(told.case())
    stage = deliverer(database, {"slack": Stumbles()}, machine)
    runner = Runner([stage], database, clock=lambda: NOW, operators="slack:#ops")
    while machine.at < NOW + timedelta(hours=8):
        runner.until_idle()
        machine.passes(timedelta(minutes=5))
    assert told.state(key)[0] is SENT
    assert slack.keys().count(key) == 1
    with database.reading() as conn:
        assert failures.failed(conn, stage.name) == {}
    assert {one.key for one in told.entries()} == {key, "unreachable:slack:#care:2026-03-03"}


def test_what_cannot_be_put_in_words_is_no_attempt(
    told: Told, machine: Machine, database: Database, slack: OtherSide
) -> None:
    key = told.words(NoticeKind.TEST, "broken")
    with database.writing() as conn:
        conn.execute(schema.notice.update().values(kind="alert"))
    stage = deliverer(database, {"slack": slack}, machine)
    Runner([stage], database, clock=lambda: NOW).until_idle()
    with database.reading() as conn:
        assert list(failures.failed(conn, stage.name)) == [key]
    assert told.entry(key).attempts == 0


def test_a_refusal_is_final_and_told_to_the_operators(
    told: Told, slack: OtherSide, deliver: Round, machine: Machine
) -> None:
    keys = [told.alert(told.case()), told.alert(told.case())]
    slack.faults = [Fault.REFUSES, Fault.REFUSES]
    until_quiet(deliver, machine)
    assert [told.state(key)[0] for key in keys] == [NoticeState.FAILED, NoticeState.FAILED]
    assert [one.target for one in slack.messages] == ["#ops"]
    assert told.entry(keys[0]).problem == "no such channel"


def test_a_refused_warning_warns_nobody(
    told: Told, slack: OtherSide, deliver: Round, machine: Machine
) -> None:
    told.alert(told.case())
    slack.faults = [Fault.REFUSES, Fault.REFUSES]
    until_quiet(deliver, machine)
    assert [one.state for one in told.entries()] == [NoticeState.FAILED, NoticeState.FAILED]


def test_without_operators_a_refusal_is_kept_in_the_row(
    told: Told, database: Database, slack: OtherSide
) -> None:
    key = told.alert(told.case())
    stage = Deliver(database, {"slack": slack}, digest=digest_of, operators=None, shadow=False)
    slack.faults = [Fault.REFUSES]
    stage.handle(key, NOW)
    assert [one.state for one in told.entries()] == [NoticeState.FAILED]


# -------------------------------------------------------------------------------------- crashes


@pytest.mark.parametrize("fault", [Fault.DIES_BEFORE, Fault.DIES_AFTER])
def test_a_death_while_sending_neither_loses_nor_doubles(
    fault: Fault, told: Told, slack: OtherSide, deliver: Round, machine: Machine
) -> None:
    key = told.alert(told.case())
    slack.faults = [fault]
    with pytest.raises(Crash):
        deliver()
    assert deliver() == []  # the dead one's lease still runs
    machine.passes(LEASE)
    deliver()
    assert slack.keys() == [key]
    assert told.state(key)[0] is SENT


def test_the_one_runner_of_a_database_need_not_wait_for_the_dead(
    told: Told, database: Database, slack: OtherSide, deliver: Round
) -> None:
    key = told.alert(told.case())
    slack.faults = [Fault.DIES_AFTER]
    with pytest.raises(Crash):
        deliver()
    with database.writing() as conn:
        assert outbox.release(conn) == 1
    deliver()
    assert slack.keys() == [key]


def test_an_answer_drops_an_alert_that_turns_out_never_to_have_arrived(
    told: Told, slack: OtherSide, deliver: Round, machine: Machine
) -> None:
    case = told.case()
    key = told.alert(case)
    slack.faults = [Fault.DIES_BEFORE]
    with pytest.raises(Crash):
        deliver()
    assert told.answer(case) == 0
    assert told.entry(key).state is NoticeState.PENDING
    machine.passes(LEASE)
    deliver()
    assert slack.messages == []
    assert told.state(key) == (SUPPRESSED, Reason.ANSWERED)


def test_an_answer_drops_a_step_that_may_have_arrived_where_nobody_can_look(
    told: Told, deliver: Round, machine: Machine
) -> None:
    mail, case = OtherSide(can_look=False), told.case()
    key = told.escalate(case, "leads")
    mail.faults = [Fault.DROPS_AFTER]
    deliver({"slack": mail})
    told.answer(case)
    machine.passes(timedelta(minutes=1))
    deliver({"slack": mail})
    assert mail.keys() == [key]
    assert told.state(key) == (SUPPRESSED, Reason.ANSWERED)
    with told.database.writing() as conn:
        outbox.want_again(conn, case_id=case, wait=1)
    deliver({"slack": mail})
    assert [one.possibly_repeated for one in mail.messages] == [False, True]


def test_an_answer_does_not_hide_an_alert_that_did_arrive(
    told: Told, slack: OtherSide, deliver: Round, machine: Machine
) -> None:
    case = told.case()
    key = told.alert(case)
    slack.faults = [Fault.DIES_AFTER]
    with pytest.raises(Crash):
        deliver()
    told.answer(case)
    told.change(case, 1)
    machine.passes(LEASE)
    until_quiet(deliver, machine)
    assert told.state(key) == (SENT, Reason.OPENED)
    assert [one.edits for one in slack.messages] == [None, slack.messages[0].name]


def test_a_sender_frozen_before_it_began_does_not_send(
    told: Told, database: Database, slack: OtherSide, machine: Machine
) -> None:
    """The process stood still between claim and sending, longer than the claim holds."""
    key = told.alert(told.case())
    times = iter([NOW, NOW, NOW + LEASE])
    frozen = Deliver(
        database,
        {"slack": slack},
        digest=digest_of,
        operators=None,
        shadow=False,
        clock=lambda: next(times),
    )
    frozen.handle(key, NOW)
    assert slack.messages == []
    assert told.entry(key).state is NoticeState.PENDING


class Slow(OtherSide):
    """Answers after so long that another sender has taken the notice over and is done with it."""

    def __init__(self, meanwhile: Callable[[], object], **how: Any) -> None:
        super().__init__(**how)
        self._meanwhile = meanwhile

    def find(self, notice: Any, /) -> Any:
        self._meanwhile()
        return super().find(notice)

    def send(self, notice: Any, earlier: Any, /) -> Any:
        self._meanwhile()
        return super().send(notice, earlier)


def test_who_was_slow_to_look_does_not_send_again(
    told: Told, slack: OtherSide, deliver: Round, machine: Machine
) -> None:
    key = told.alert(told.case())
    slack.faults = [Fault.DROPS_BEFORE]
    deliver()
    machine.passes(LEASE)

    def meanwhile() -> None:
        machine.passes(LEASE)
        deliver()

    slow = Slow(meanwhile, can_look=False)
    deliver({"slack": slow})
    assert slow.messages == []
    assert slack.keys() == [key]


def test_a_late_refusal_does_not_undo_a_delivery(
    told: Told, slack: OtherSide, deliver: Round, machine: Machine
) -> None:
    key = told.alert(told.case())

    def meanwhile() -> None:
        machine.passes(LEASE)
        deliver()

    slow = Slow(meanwhile)
    slow.faults = [Fault.REFUSES]
    deliver({"slack": slow})
    assert [one.state for one in told.entries()] == [SENT]
    assert slack.keys() == [key]


def test_an_answer_while_the_other_side_is_busy_spares_the_alert(
    told: Told, deliver: Round, machine: Machine
) -> None:
    case = told.case()
    key = told.alert(case)
    slow = Slow(lambda: told.answer(case))
    slow.faults = [Fault.BUSY]
    deliver({"slack": slow})
    assert told.entry(key).state is NoticeState.PENDING
    machine.passes(timedelta(minutes=1))
    deliver({"slack": slow})
    assert slow.messages == []
    assert told.state(key) == (SUPPRESSED, Reason.ANSWERED)


def test_a_handled_or_unknown_key_does_nothing(
    told: Told, slack: OtherSide, deliver: Round, database: Database, machine: Machine
) -> None:
    key = told.alert(told.case())
    deliver()
    stage = Deliver(
        database, {"slack": slack}, digest=digest_of, operators=None, shadow=False, clock=machine
    )
    stage.handle(key, NOW)
    stage.handle("no such key", NOW)
    assert slack.keys() == [key]


# --------------------------------------------------------------------------------------- shadow


def test_a_shadow_run_tells_nobody_and_says_so(
    told: Told, slack: OtherSide, deliver: Round
) -> None:
    case = told.case()
    keys = [told.alert(case), told.escalate(case, "leads"), told.words(NoticeKind.TEST, "hello")]
    deliver(shadow=True)
    assert slack.messages == []
    assert {told.state(key) for key in keys} == {(SUPPRESSED, Reason.SHADOW)}


def test_a_shadow_run_leaves_what_may_have_arrived_to_a_real_one(
    told: Told, slack: OtherSide, deliver: Round, machine: Machine
) -> None:
    key = told.alert(told.case())
    slack.faults = [Fault.DROPS_AFTER]
    deliver()
    machine.passes(timedelta(hours=1))
    assert deliver(shadow=True) == []
    deliver()
    assert told.state(key)[0] is SENT
    assert slack.keys() == [key]


def test_who_may_not_go_yet_hides_nobody_behind(
    told: Told, slack: OtherSide, deliver: Round
) -> None:
    """More than a round of steps wait for their card: what is behind them is found all the same."""
    case = told.case()
    card = told.alert(case)
    slack.faults = [Fault.BUSY]
    deliver()
    for number in range(ROUND + 1):
        told.escalate(case, f"step {number}", to=f"slack:#lead{number}")
    behind = told.words(NoticeKind.TEST, "behind")
    assert deliver() == [behind]
    assert told.entry(card).attempts == 1


def test_one_busy_channel_hides_nobody_elses_alert(told: Told, deliver: Round) -> None:
    busy = [
        told.words(NoticeKind.TEST, f"{number}", to="slack:#busy") for number in range(ROUND + 200)
    ]
    report = told.words(NoticeKind.REPORT, "monthly", to="slack:#board")
    alert = told.alert(told.case())
    due = deliver(shadow=True)
    assert due == [busy[0], alert, *busy[1:SHARE], report]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # PostgreSQL plans by size
def test_the_list_of_the_waiting_is_found_by_its_index(database: Database) -> None:
    """The outbox grows for ever; what is pending must be found without reading it all."""
    with database.reading() as conn:
        captured: list[str] = []
        sa.event.listen(conn, "before_cursor_execute", lambda *seen: captured.append(seen[2]))
        leaving.ready(conn, now=NOW, at=NOW)
        plan = conn.exec_driver_sql(
            f"EXPLAIN QUERY PLAN {captured[0]}", tuple("x" for _ in range(captured[0].count("?")))
        )
        steps = [row[3] for row in plan]
    assert not [one for one in steps if one.startswith("SCAN") and "ix_notice_pending" not in one]

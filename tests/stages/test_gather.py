"""Many alarms at once: one message stands for all, each case is named under it, and none twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.domain.judgement import Severity
from monitor.domain.notice import NoticeState, Reason
from monitor.domain.storm import Common, Group, Limits, RollUp, Storm, gather
from monitor.simulator.slack import SlackServer, limited
from monitor.stages.deliver import Deliver
from monitor.stages.gather import Gather
from monitor.store import outbox, schema, storms
from monitor.store.storms import MOST
from tests.notifiers.slack_side import CARE, shown, slack, workspace
from tests.stages.otherside import Crash, Fault, OtherSide
from tests.stages.told import NOW, Machine, Told, digest_of, rule

LIMITS = Limits(alarms=10, window=timedelta(minutes=10))
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class Desk:
    """Gathering and telling, round after round."""

    def __init__(self, told: Told) -> None:
        self.told = told
        self.slack = OtherSide()
        self.machine = Machine()

    def gather(self, now: datetime = NOW, **how: tuple[str, ...]) -> None:
        stage = Gather(self.told.database, LIMITS, **how)
        for one in stage.due(now):
            stage.handle(one, now)
        assert stage.due(now) == []

    def deliver(self, now: datetime = NOW) -> None:
        stage = Deliver(
            self.told.database,
            {"slack": self.slack, "hook": self.slack},
            digest=digest_of,
            operators=None,
            shadow=False,
            clock=self.machine,
        )
        for _ in range(20):
            due = stage.due(now)
            for key in due:
                stage.handle(key, now)
            self.machine.passes(timedelta(minutes=1))
            if not due:
                return

    def named(self) -> Counter[int]:
        """How often each case was told: on a card of its own, or by name."""
        new = [one for one in self.slack.messages if one.edits is None]
        return Counter(
            [one.case_id for one in new if one.case_id is not None]
            + [case for one in new for case in one.cases]
        )


@pytest.fixture
def desk(told: Told) -> Desk:
    return Desk(told)


def test_a_storm_is_one_message_and_each_case_is_named_under_it(desk: Desk) -> None:
    cases = desk.told.storm(30)
    desk.gather()
    desk.deliver()
    parent, *below = desk.slack.messages
    assert parent.content == Storm(
        brand="Acme",
        group=Group(Common.TOPIC, "refund"),
        since=NOW,
        until=NOW,
        alone=0,
        cases=30,
        open=30,
    )
    assert parent.mentions == ("Care",)
    assert [(one.thread, len(one.cases)) for one in below] == [
        (parent.name, MOST),
        (parent.name, 5),
    ]
    assert desk.named() == Counter(cases)
    state, reason = desk.told.state(f"alert:{cases[0]}:1")
    assert (state, reason) == (NoticeState.SUPPRESSED, Reason.GATHERED)


@SQLITE
def test_few_are_told_one_by_one_and_what_follows_within_the_window_joins(desk: Desk) -> None:
    first = desk.told.storm(9)
    desk.gather()
    desk.deliver()
    assert [one.case_id for one in desk.slack.messages] == first
    (tenth,) = desk.told.storm(1)
    desk.gather(NOW + timedelta(minutes=1))
    desk.deliver()
    parent, below = desk.slack.messages[9:]
    assert isinstance(parent.content, Storm)
    assert parent.content.alone == 9
    assert below.cases == (tenth,)


@SQLITE
def test_the_storms_own_message_says_how_many_there_are_by_now(desk: Desk) -> None:
    desk.told.storm(12)
    desk.gather()
    desk.deliver()
    desk.told.storm(3)
    desk.gather(NOW + timedelta(minutes=9))
    desk.deliver()
    parent, _, more, edit = desk.slack.messages
    assert len(more.cases) == 3
    assert edit.edits == parent.name
    assert isinstance(edit.content, Storm)
    assert (edit.content.cases, edit.content.until) == (15, NOW + timedelta(minutes=9))


@SQLITE
def test_who_is_told_by_itself_meanwhile_is_counted_too(desk: Desk) -> None:
    """What is grave passes through a storm that has begun, and is one of its complaints all the same."""
    desk.told.storm(12)
    desk.gather()
    grave = desk.told.storm(2, severity=int(Severity.CRITICAL))
    later = NOW + timedelta(minutes=4)
    written = sa.update(schema.notice).where(schema.notice.c.case_id.in_(grave))
    with desk.told.database.writing() as conn:
        conn.execute(written.values(written_at=later - timedelta(minutes=1)))
    desk.told.storm(1)
    desk.gather(later)
    desk.deliver(later)
    storm = next(one.content for one in desk.slack.messages if isinstance(one.content, Storm))
    assert (storm.alone, storm.cases) == (2, 13)


def test_cases_that_become_one_are_counted_as_one(desk: Desk) -> None:
    """Whoever waits in the one that is left waits still, named or not."""
    first, second, third, *_ = desk.told.storm(12)
    (elsewhere,) = desk.told.storm(1)
    (chained,) = desk.told.storm(1)
    desk.gather()
    with desk.told.database.writing() as conn:
        for source, into in ((second, first), (third, chained), (chained, elsewhere)):
            gone = sa.delete(schema.wait).where(schema.wait.c.case_id == source)
            conn.execute(gone)
            merged = sa.update(schema.cases).where(schema.cases.c.id == source)
            conn.execute(merged.values(merged_into=into, status="merged"))
    desk.deliver()
    storm = next(one.content for one in desk.slack.messages if isinstance(one.content, Storm))
    assert (storm.cases, storm.open) == (11, 11)


@SQLITE
def test_after_the_window_it_is_over(desk: Desk) -> None:
    desk.told.storm(12)
    desk.gather()
    desk.deliver()
    (alone,) = desk.told.storm(1)
    desk.gather(NOW + timedelta(minutes=11))
    desk.deliver()
    assert desk.slack.messages[-1].case_id == alone


@SQLITE
def test_while_nothing_leaves_one_message_grows_instead_of_many(desk: Desk) -> None:
    cases = desk.told.storm(12)
    for _ in range(5):
        desk.gather()
        cases += desk.told.storm(2)
    desk.gather()
    desk.deliver()
    assert [len(one.cases) for one in desk.slack.messages] == [0, 22]
    assert desk.named() == Counter(cases)


@SQLITE
def test_what_happens_to_a_case_is_shown_where_it_is_named(desk: Desk) -> None:
    cases = desk.told.storm(12)
    desk.gather()
    desk.deliver()
    for case in cases[:3]:
        desk.told.change(case, 1)
    desk.deliver()
    _, roll_up, edit = desk.slack.messages
    assert edit.edits == roll_up.name
    assert edit.cases == tuple(cases)
    desk.told.escalate(cases[4], "leads", to="slack:#care")
    desk.deliver()
    assert desk.slack.messages[-1].thread == desk.slack.messages[0].name


@SQLITE
def test_an_answer_that_comes_before_it_is_told_is_in_it(desk: Desk) -> None:
    cases = desk.told.storm(12)
    desk.gather()
    with desk.told.database.writing() as conn:
        conn.execute(
            schema.cases.update().where(schema.cases.c.id == cases[0]).values(status="answered")
        )
        one = schema.wait.c.case_id == cases[0]
        conn.execute(schema.wait.update().where(one).values(ended_at=NOW, outcome="answered"))
        outbox.cancel(conn, case_id=cases[0], wait=1, reason=Reason.ANSWERED)
    desk.deliver()
    parent, roll_up = desk.slack.messages
    assert isinstance(parent.content, Storm)
    assert (parent.content.cases, parent.content.open) == (12, 11)
    assert isinstance(roll_up.content, RollUp)
    assert [one.status for one in roll_up.content.cases[:2]] == ["answered", "open"]


@SQLITE
def test_what_is_grave_has_its_own_card(desk: Desk) -> None:
    desk.told.storm(12)
    (grave,) = desk.told.storm(1, severity=3)
    desk.gather()
    desk.deliver()
    assert [one.case_id for one in desk.slack.messages if one.case_id] == [grave]


@SQLITE
def test_a_step_that_falls_due_for_many_is_told_together(desk: Desk) -> None:
    for case in desk.told.storm(12, to="slack:#elsewhere"):
        desk.told.escalate(case, "leads", to="slack:#leads")
    desk.gather()
    desk.deliver()
    heads = [one for one in desk.slack.messages if isinstance(one.content, Storm)]
    assert {one.target: one.content.group for one in heads if isinstance(one.content, Storm)} == {
        "#elsewhere": Group(Common.TOPIC, "refund"),
        "#leads": Group(Common.STEP, "leads"),
    }
    assert {one.mentions for one in heads} == {("Care",), ("Ana",)}


@SQLITE
def test_what_is_told_here_for_want_of_anybody_on_call_is_told_together(desk: Desk) -> None:
    for case in desk.told.storm(12, to="slack:#elsewhere"):
        desk.told.escalate(case, "leads", to="slack:#care", reason=Reason.NOBODY_ON_CALL)
    desk.gather()
    desk.deliver()
    head, below = [one for one in desk.slack.messages if one.target == "#care"]
    assert isinstance(head.content, Storm)
    assert head.content.group == Group(Common.STEP, "leads")
    assert len(below.cases) == 12


@SQLITE
def test_whom_the_policy_of_what_joins_late_names_is_called_once(desk: Desk) -> None:
    with desk.told.database.writing() as conn:
        another, third = rule(conn, "Ops"), rule(conn, "Bo")
    desk.told.storm(MOST + 1)
    desk.gather()
    desk.deliver()
    assert [one.mentions for one in desk.slack.messages] == [("Care",), (), ()]
    for late, its in enumerate((another, another, third), start=1):
        desk.told.storm(1, rule=its)
        desk.gather(NOW + timedelta(minutes=late))
        desk.deliver()
    said = [(one.edits is not None, one.mentions) for one in desk.slack.messages[3:]]
    assert said == [
        (False, ("Ops",)),
        (True, ("Care", "Ops")),
        (False, ()),
        (True, ("Care", "Ops")),
        (False, ("Bo",)),
        (True, ("Care", "Ops", "Bo")),
    ]


@SQLITE
def test_whom_a_message_of_unknown_fate_did_not_call_is_called_below_it(desk: Desk) -> None:
    with desk.told.database.writing() as conn:
        another = rule(conn, "Ops")
    desk.told.storm(12)
    desk.gather()
    desk.slack.faults = [Fault.DIES_AFTER]
    with pytest.raises(Crash):
        desk.deliver()
    desk.machine.passes(timedelta(hours=1))
    desk.told.storm(1, rule=another)
    desk.gather()
    desk.deliver()
    new = [one for one in desk.slack.messages if one.edits is None]
    assert Counter(name for one in new for name in one.mentions) == Counter(["Care", "Ops"])


@SQLITE
def test_an_answered_case_is_ticked_off_wherever_it_is_named(desk: Desk) -> None:
    cases = desk.told.storm(12, to="slack:#elsewhere")
    for case in cases:
        desk.told.escalate(case, "leads", to="slack:#leads")
    desk.gather()
    desk.deliver()
    told = len(desk.slack.messages)
    for case in cases[:2]:
        desk.told.change(case, 1)
    desk.deliver()
    edits = desk.slack.messages[told:]
    named_in = [one.name for one in desk.slack.messages[:told] if one.cases]
    assert [one.edits for one in edits] == named_in
    assert {one.target for one in edits} == {"#elsewhere", "#leads"}
    assert all(one.cases == tuple(cases) for one in edits)


@SQLITE
def test_a_case_with_a_card_of_its_own_is_ticked_off_where_a_step_named_it(desk: Desk) -> None:
    cases = desk.told.storm(9, to="slack:#elsewhere") + desk.told.storm(9, to="slack:#other")
    for case in cases:
        desk.told.escalate(case, "leads", to="slack:#leads")
    desk.gather()
    desk.deliver()
    (roll_up,) = (one for one in desk.slack.messages if one.cases)
    (card,) = (one for one in desk.slack.messages if one.case_id == cases[0])
    for level in (1, 2):
        desk.told.change(cases[0], level)
    desk.deliver()
    assert {one.edits for one in desk.slack.messages[-2:]} == {card.name, roll_up.name}
    assert sum(one.edits is not None for one in desk.slack.messages) == 2


@SQLITE
def test_a_single_case_is_no_storm_because_of_what_another_one_names(desk: Desk) -> None:
    desk.told.storm(30)
    desk.gather()
    (alone,) = desk.told.storm(1, topics="battery")
    desk.gather()
    desk.deliver()
    assert [one.case_id for one in desk.slack.messages if one.case_id] == [alone]


@SQLITE
def test_what_was_refused_for_all_does_not_keep_them_from_being_named(desk: Desk) -> None:
    cases = desk.told.storm(12)
    desk.gather()
    desk.slack.faults = [Fault.REFUSES]
    desk.deliver()
    assert desk.named() == Counter(cases)


@SQLITE
def test_a_program_is_told_each_one_however_many(desk: Desk) -> None:
    cases = desk.told.storm(12, to="hook:crm")
    desk.gather(one_by_one=("hook",))
    desk.deliver()
    assert [one.case_id for one in desk.slack.messages] == cases


@SQLITE
def test_what_is_sent_meanwhile_is_not_named_once_more(desk: Desk) -> None:
    desk.told.storm(12)
    with desk.told.database.reading() as conn:
        since = NOW - LIMITS.window
        (place,) = storms.places(conn, since, LIMITS.alarms)
        (found,) = gather(storms.alarms(conn, place, since), {}, LIMITS, NOW)
    desk.deliver()
    with desk.told.database.writing() as conn:
        storms.write(conn, place, found, NOW)
    desk.deliver()
    assert len(desk.slack.messages) == 12


def test_what_is_asked_does_not_grow_with_the_places_where_little_waits(desk: Desk) -> None:
    """At 09:00 thousands of brands have an alarm or two that wait."""
    asked = []
    for number in range(12):
        desk.told.storm(1, to=f"slack:#care{number}")
        with _statements() as said:
            assert Gather(desk.told.database, LIMITS).due(NOW) == []
        asked.append(len(said))
    assert asked == [1] * 12
    desk.told.storm(LIMITS.alarms, to="slack:#storm")
    (place,) = Gather(desk.told.database, LIMITS).due(NOW)
    assert place.endswith(":alert:slack:#storm")


@contextmanager
def _statements() -> Iterator[list[str]]:
    """What is asked of the database meanwhile."""
    said: list[str] = []

    def hear(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "WITH")):
            said.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", hear)
    try:
        yield said
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", hear)


@SQLITE
def test_brands_and_places_are_kept_apart(desk: Desk) -> None:
    desk.told.storm(6)
    desk.told.storm(6, to="slack:#other")
    desk.gather()
    desk.deliver()
    assert all(one.case_id for one in desk.slack.messages)


ACTIONS = st.lists(
    st.sampled_from(["storm", "one", "gather", "deliver", "minutes", "crash", "lost", "busy"]),
    min_size=3,
    max_size=12,
)


@SQLITE
@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(actions=ACTIONS)
def test_whatever_happens_every_case_is_named_once(told: Told, actions: list[str]) -> None:
    desk, now, cases = Desk(told), NOW, list[int]()
    faults = {"crash": Fault.DIES_AFTER, "lost": Fault.DROPS_AFTER, "busy": Fault.BUSY}
    for action in [*actions, "gather", "deliver", "deliver"]:
        match action:
            case "storm":
                cases += told.storm(7)
            case "one":
                cases += told.storm(1)
            case "gather":
                desk.gather(now)
            case "minutes":
                now += timedelta(minutes=6)
            case "deliver":
                desk.machine.passes(timedelta(hours=1))
                desk.deliver(now)
            case fault:
                desk.slack.faults = [faults[fault]]
                try:
                    desk.deliver(now)
                except Crash:
                    desk.machine.passes(timedelta(hours=1))
                desk.slack.faults = []
    assert desk.named() == Counter(cases)


# -------------------------------------------------------------------------------------- with Slack


@pytest.fixture
def server() -> Iterator[SlackServer]:
    with workspace() as running:
        yield running


@SQLITE
@pytest.mark.parametrize("buttons", [True, False])
def test_in_slack_every_case_can_be_opened_whatever_is_in_it(
    told: Told, server: SlackServer, buttons: bool
) -> None:
    """The longest that a message can become is one that Slack takes."""
    cases = told.storm(MOST + 1, to="slack")
    with told.database.writing() as conn:
        long = {"text": '"\\ș' * 300, "url": f"https://x.example/{'a' * 60}"}
        conn.execute(schema.post.update().values(**long))
    server.plan("chat.postMessage", limited(1), None, limited(1))
    now, machine = NOW, Machine()
    stage = Gather(told.database, LIMITS)
    for one in stage.due(now):
        stage.handle(one, now)
    deliver = Deliver(
        told.database,
        {"slack": slack(server, buttons=buttons)},
        digest=digest_of,
        operators=None,
        shadow=False,
        clock=machine,
    )
    while keys := deliver.due(now):
        for key in keys:
            deliver.handle(key, now)
        machine.passes(timedelta(seconds=30))
    parent, *below = server.messages(CARE)
    assert len(below) == 2
    assert {one.thread_ts for one in below} == {parent.ts}
    text = " ".join(shown(one) for one in below)
    for case in cases:
        assert f"case {case} ·" in text
        assert not buttons or f'"value": "{case}"' in text
        assert buttons or "https://x.example/" in text
    assert "Care" in shown(parent)

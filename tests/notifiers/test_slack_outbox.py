"""The outbox and Slack together: whatever the wire does, every alert is told, and told once."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.clock import utc_now
from monitor.domain.notice import NoticeKind, NoticeState
from monitor.notifiers.slack.lookup import EVENT
from monitor.simulator import slack as faults
from monitor.simulator.serving import Fault
from monitor.simulator.slack import TOKEN, SlackServer
from monitor.simulator.slack_workspace import ALL_SCOPES
from monitor.stages.deliver import Deliver
from tests.notifiers.slack_side import CARE, LEADS, shown, slack, workspace
from tests.stages.otherside import OtherSide
from tests.stages.told import NOW, Machine, Told, digest_of

POST, UPDATE, HISTORY = "chat.postMessage", "chat.update", "conversations.history"


@pytest.fixture
def server() -> Iterator[SlackServer]:
    with workspace() as running:
        yield running


def deliver(told: Told, server: SlackServer, machine: Machine, rounds: int) -> None:
    """At most so many rounds, each a program that has just started, long after the one before."""
    for _ in range(rounds):
        stage = stage_of(told, server, machine)
        due = stage.due(NOW)
        for key in due:
            stage.handle(key, NOW)
        if not due:
            return
        machine.passes(timedelta(hours=1))


def stage_of(told: Told, server: SlackServer, machine: Machine) -> Deliver:
    """As a program that has just started has it."""
    return Deliver(
        told.database,
        {"slack": slack(server)},
        digest=digest_of,
        operators="slack",
        shadow=False,
        clock=machine,
    )


def arrived(server: SlackServer) -> Counter[str]:
    """How often each notice stands in the workspace."""
    return Counter(
        one.metadata["event_payload"]["key"]
        for channel in (CARE, LEADS)
        for one in server.messages(channel)
        if one.metadata is not None and one.metadata["event_type"] == EVENT
    )


def test_a_case_is_told_from_its_card_to_its_answer(told: Told, server: SlackServer) -> None:
    case, machine = told.case(), Machine()
    alert = told.alert(case, to="slack")
    told.escalate(case, "leads", to="slack")
    told.escalate(case, "director", to="slack:leads")
    told.change(case, 2)
    again = told.alert(case, wait=2, to="slack")
    deliver(told, server, machine, 3)
    card, *replies = server.messages(CARE)
    assert card.edits == 1
    assert {one.thread_ts for one in replies} == {card.ts}
    assert len(server.messages(LEADS)) == 1
    assert arrived(server)[alert] == arrived(server)[again] == 1
    assert told.entry(alert).state is NoticeState.SENT


TROUBLES = st.sampled_from(
    [
        None,
        None,
        faults.DROP_BEFORE,
        faults.DROP_AFTER,
        faults.TRUNCATED_AFTER,
        faults.GARBAGE_AFTER,
        faults.limited(60),  # longer than a sender stands in the queue: the outbox waits
        faults.broken(503),
        faults.broken(500, accepted=True),
        faults.refused("internal_error"),
        faults.refused("is_archived"),
        faults.refused("token_revoked"),
    ]
)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    posts=st.lists(TROUBLES, max_size=12),
    looks=st.lists(TROUBLES, max_size=6),
    edits=st.lists(TROUBLES, max_size=4),
    number=st.integers(1, 4),
)
def test_whatever_the_wire_does_each_is_told_once(
    told: Told,
    posts: list[Fault | None],
    looks: list[Fault | None],
    edits: list[Fault | None],
    number: int,
) -> None:
    machine = Machine()
    with workspace() as server:
        server.plan(POST, *posts)
        server.plan(HISTORY, *looks)
        server.plan("conversations.replies", *looks)
        server.plan(UPDATE, *edits)
        cases = [told.case() for _ in range(number)]
        keys = [told.alert(case, to="slack") for case in cases]
        keys += [told.escalate(case, "leads", to="slack") for case in cases]
        for case in cases:
            told.change(case, 2)
        deliver(told, server, machine, 40)
        seen = arrived(server)
        assert [seen[key] for key in keys] == [1] * len(keys)
        assert all(told.entry(key).state is NoticeState.SENT for key in keys)
        assert not any(told.entry(key).possibly_repeated for key in keys)
        cards = [one for one in server.messages(CARE) if one.edits]
        assert len(cards) == number


def test_a_message_that_the_history_shows_late_is_not_sent_again(told: Told) -> None:
    """Slack took it, broke the line, and does not show it yet when it is looked for."""
    slack_s = [time.time_ns()]
    machine = Machine()
    machine.at = utc_now()
    with workspace(clock=lambda: slack_s[0]) as server:
        server.workspace.late_s = 20
        server.plan(POST, faults.DROP_AFTER)
        key = told.alert(told.case(), to="slack")
        attempts = 0
        while told.entry(key).state is NoticeState.PENDING and attempts < 20:
            stage = stage_of(told, server, machine)
            for due in stage.due(NOW):
                stage.handle(due, NOW)
                attempts += 1
            machine.passes(timedelta(seconds=10))
            slack_s[0] += 10 * 10**9
        assert told.entry(key).state is NoticeState.SENT
        assert arrived(server)[key] == 1
        assert not told.entry(key).possibly_repeated
        assert server.calls[HISTORY] > 1, "the first look saw nothing"


def test_where_slack_may_not_be_read_none_is_lost_and_the_repeated_ones_are_counted(
    told: Told, server: SlackServer
) -> None:
    server.workspace.scopes -= {"channels:history"}
    machine = Machine()
    server.plan(POST, None, faults.DROP_AFTER)
    keys = [told.alert(told.case(), to="slack") for _ in range(3)]
    deliver(told, server, machine, 6)
    server.plan(POST, faults.DROP_BEFORE)
    keys.append(told.alert(told.case(), to="slack"))
    deliver(told, server, machine, 6)
    assert [arrived(server)[key] for key in keys] == [1, 2, 1, 1]
    assert [told.entry(key).possibly_repeated for key in keys] == [False, True, False, True]
    repeated = [one for one in server.messages(CARE) if "(possibly repeated)" in shown(one)]
    assert len(repeated) == 2


Change = Callable[[SlackServer], None]


def _archived(server: SlackServer) -> None:
    server.workspace.channels[CARE].is_archived = True


def _removed(server: SlackServer) -> None:
    server.workspace.channels[CARE].is_member = False


def _unscoped(server: SlackServer) -> None:
    server.workspace.scopes = frozenset({"channels:history", "groups:history"})


def _revoked(server: SlackServer) -> None:
    server.revoked = True


def _mended(server: SlackServer) -> None:
    care = server.workspace.channels[CARE]
    care.is_archived, care.is_member = False, True
    server.workspace.scopes, server.revoked = ALL_SCOPES, False


class Rounds:
    """A program that is started anew every hour, with Slack and another place for the operators."""

    def __init__(self, told: Told, server: SlackServer) -> None:
        self.told, self.server = told, server
        self.machine, self.day = Machine(), NOW
        self.operators = OtherSide()

    def __call__(self, hours: int = 1) -> None:
        for _ in range(hours):
            stage = Deliver(
                self.told.database,
                {"slack": slack(self.server), "mail": self.operators},
                digest=digest_of,
                operators="mail",
                shadow=False,
                clock=self.machine,
            )
            for key in stage.due(self.day):
                stage.handle(key, self.day)
            self.machine.passes(timedelta(hours=1))
            self.day += timedelta(hours=1)


@pytest.mark.parametrize(
    ("change", "others_go_on", "says"),
    [
        (_archived, True, "is_archived; unarchive the channel"),
        (_removed, True, "not_in_channel; /invite the app"),
        (_unscoped, False, "missing_scope; add the scopes"),
        (_revoked, False, "token_revoked; make a new token"),
    ],
)
def test_what_changes_in_slack_while_running_costs_no_notice(
    told: Told, server: SlackServer, change: Change, others_go_on: bool, says: str
) -> None:
    """They wait, other channels go on, the operators hear of it elsewhere; mended, each is told once."""
    rounds = Rounds(told, server)
    before = told.case()
    card = told.alert(before, to="slack")
    rounds()
    change(server)
    kept = [told.alert(told.case(), to="slack") for _ in range(3)]
    kept.append(told.escalate(before, "leads", to="slack"))
    told.change(before, 2)
    elsewhere = told.alert(told.case(), to="slack:leads")
    rounds(30)
    assert [arrived(server)[key] for key in (card, *kept)] == [1, 0, 0, 0, 0]
    assert arrived(server)[elsewhere] == others_go_on
    assert says in str(told.entry(kept[0]).problem)
    warnings = [one for one in told.entries() if one.kind is NoticeKind.OPERATIONS]
    assert {one.state for one in warnings} == {NoticeState.SENT}
    days = [NOW.date(), NOW.date() + timedelta(days=1)]
    assert [one.key for one in warnings] == [f"unreachable:slack:{day}" for day in days]
    _mended(server)
    rounds(3)
    assert [arrived(server)[key] for key in (card, *kept, elsewhere)] == [1] * 6
    assert all(told.entry(key).state is NoticeState.SENT for key in (card, *kept, elsewhere))
    assert not any(told.entry(key).possibly_repeated for key in (card, *kept, elsewhere))
    head = next(one for one in server.messages(CARE) if one.edits)
    assert head.thread_ts is None, "the card was edited, too"


def test_a_token_that_is_replaced_while_running_is_used_without_a_restart(
    told: Told, server: SlackServer
) -> None:
    machine, secrets = Machine(), Replaced("xoxb-revoked")
    key = told.alert(told.case(), to="slack")
    stage = Deliver(
        told.database,
        {"slack": slack(server, secrets)},
        digest=digest_of,
        operators=None,
        shadow=False,
        clock=machine,
    )
    for due in stage.due(NOW):
        stage.handle(due, NOW)
    assert "invalid_auth; make a new token" in str(told.entry(key).problem)
    secrets.token = TOKEN
    machine.passes(timedelta(hours=1))
    for due in stage.due(NOW):
        stage.handle(due, NOW)
    assert arrived(server)[key] == 1


class Replaced:
    """A secret that somebody replaces while the program runs."""

    def __init__(self, token: str) -> None:
        self.token = token

    def get(self, name: str, /) -> str:
        return self.token

    def put(self, name: str, value: str, /) -> None:
        self.token = value

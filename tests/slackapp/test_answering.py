"""Answering from Slack: what is refused at once, what is said of what left, and "posted" only when it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from monitor.domain.reply import INDEX_LAG, Length, ReplyState
from monitor.simulator.slack import SlackServer
from monitor.simulator.slack_surfaces import View
from monitor.stages.reply import Reply
from monitor.store.engine import Database
from tests.slackapp.office import ION, Office, office, text_of, typed
from tests.stages.front import Net, TellingNet
from tests.stages.otherside import Fault


class RoomyNet(TellingNet):
    """Takes as much as a template needs."""

    def reply_length(self, text: str, /) -> Length:
        return Length(len(text), 60)


@pytest.fixture
def team(database: Database, server: SlackServer) -> Iterator[Office]:
    with office(database, server, net=RoomyNet) as there:
        yield there


def posts(team: Office) -> None:
    """The reply stage works off what is due."""
    machine = team.front.machine
    stage = Reply(team.database, [team.front.desk], clock=machine, machine=machine)
    for item in stage.due(team.now):
        stage.handle(item, team.now)


def opens(team: Office, case: int) -> View:
    team.press(case, "answer")
    return team.modal()


def says(team: Office, view: View, words: str) -> None:
    team.until(lambda: words in text_of(view))


def test_posted_is_said_only_when_the_network_says_so(team: Office) -> None:
    case = team.complains()
    view = opens(team, case)
    assert "On x, as @shop" in text_of(view)
    assert "x takes 60 characters." in text_of(view)
    team.submits(view, text=typed("It left today."))
    says(team, view, "it is being posted")
    assert team.front.net.posted == []
    team.front.machine.passes(timedelta(minutes=1))
    posts(team)
    says(team, view, "Posted on x")
    assert "https://x.example/r0" in text_of(view)
    team.front.settles()
    shown = team.shows(case)
    assert "✅ Answered after 1 min" in shown
    assert "It left today." in shown
    assert team.events(case)[0] == ("Claimed", "ana")


def test_an_answer_that_slack_delivers_again_leaves_once(team: Office) -> None:
    case = team.complains()
    view = opens(team, case)
    done = team.submits(view, text=typed("It left today."))
    says(team, view, "it is being posted")
    team.server.staff.again(done)
    team.press(case, "ack")
    team.until(lambda: ("Acknowledged", "ana") in team.events(case))
    posts(team)
    assert [one.text for _, one in team.front.net.posted] == ["It left today."]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("x" * 61, "61 of the 60 characters"),
        ("Where is order {order}?", "{order} is not filled in"),
        ("It was your fault.", "“fault” must not be said"),
        ("Sorry (1/2)", "numbered as a part of several"),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_flaws_are_said_in_the_modal_before_anything_is_kept(
    team: Office, text: str, why: str
) -> None:
    case = team.complains()
    done = team.submits(opens(team, case), text=typed(text))
    assert why in done.answer["errors"]["text"]
    assert team.events(case) == []


def test_a_template_is_filled_in_with_what_is_known(team: Office) -> None:
    case = team.complains(by="dana")
    view = opens(team, case)
    team.server.staff.press_in("U0ANA00001", view, "case.template", "late")
    says(team, view, "Hi dana, sorry!")
    done = team.server.staff.submit(
        "U0ANA00001", view, **{"text:late": {"text": typed("Hi dana, sorry! Today.")}}
    )
    assert done.answer["response_action"] == "update"
    says(team, view, "it is being posted")
    posts(team)
    assert [one.text for _, one in team.front.net.posted] == ["Hi dana, sorry! Today."]


def test_a_refusal_is_said_in_words(team: Office) -> None:
    case = team.complains()
    view = opens(team, case)
    team.submits(view, text=typed("It left today."))
    says(team, view, "it is being posted")
    team.front.net.faults = [Fault.REFUSES]
    posts(team)
    says(team, view, "you may not")
    assert "Not posted" in text_of(view)


def test_an_answer_in_doubt_is_asked_about_and_decided_in_the_modal(team: Office) -> None:
    case = team.complains()
    view = opens(team, case)
    team.submits(view, text=typed("It left today."))
    says(team, view, "it is being posted")
    team.front.net.faults = [Fault.DROPS_BEFORE]
    posts(team)
    for _ in range(20):
        team.front.machine.passes(INDEX_LAG)
        posts(team)
    says(team, view, "Nobody knows whether it was posted")
    assert team.front.shown(1).state is ReplyState.ASKED
    team.server.staff.press_in("U0ANA00001", view, "case.resend")
    team.until(lambda: team.front.shown(1).state is ReplyState.PENDING)
    posts(team)
    says(team, view, "Posted on x")


def test_an_answer_under_way_is_shown_and_can_be_taken_back(team: Office) -> None:
    case = team.complains()
    team.submits(opens(team, case), text=typed("It left today."))
    team.until(lambda: bool(team.events(case)))
    view = opens(team, case)
    assert "It left today." in text_of(view)
    team.server.staff.press_in("U0ANA00001", view, "case.cancel")
    says(team, view, "it was taken back")
    posts(team)
    assert team.front.net.posted == []


def test_what_was_typed_is_not_lost_when_somebody_was_quicker(team: Office) -> None:
    case = team.complains()
    view = opens(team, case)
    team.press(case, "claim", by=ION)
    team.until(lambda: bool(team.events(case)))
    team.submits(view, text=typed("It left today."))
    says(team, view, "Not posted")
    shown = text_of(view)
    assert f"u0ion00001 ({ION}) is answering case {case}: two answers would stand there." in shown
    assert "It left today." in shown
    assert "--anyway" not in shown


def test_where_no_answer_can_leave_it_says_why_and_leads_there(team: Office) -> None:
    case = team.complains(
        can_reply=False,
        cannot_reply_because="only followers may answer",
        url="https://x.example/1",
    )
    view = opens(team, case)
    assert "only followers may answer" in text_of(view)
    assert "<https://x.example/1|Answer it there>" in text_of(view)
    assert "submit" not in view.shown


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_source_that_does_not_describe_its_answers_takes_them_too(
    database: Database, server: SlackServer
) -> None:
    with office(database, server, net=Net) as team:
        case = team.complains()
        view = opens(team, case)
        assert "On x" in text_of(view)
        team.submits(view, text=typed("It left today."))
        says(team, view, "it is being posted")
        posts(team)
        says(team, view, "Posted on x")

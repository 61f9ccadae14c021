"""Who may do what: by names, members and user groups; what is refused is said, and nothing is done."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from monitor.settings.slack import Right
from monitor.simulator import slack as faults
from monitor.simulator.slack import SlackServer
from monitor.store.engine import Database
from tests.notifiers.slack_side import ANA, CARE, HELPERS
from tests.slackapp.office import ION, Office, office, picked, text_of, typed

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
RIGHTS = {Right.ANSWER: ("helpers",), Right.DISMISS: ("ana",), Right.WORK: (HELPERS, ION)}


@pytest.fixture
def team(database: Database, server: SlackServer) -> Iterator[Office]:
    server.workspace.surfaces.groups[HELPERS] = [ANA]
    with office(database, server, rights=RIGHTS) as there:
        yield there


def test_a_member_of_the_group_may_and_another_is_told_who_may(team: Office) -> None:
    case = team.complains()
    team.press(case, "answer", by=ION)
    team.hears(f"it is for <!subteam^{HELPERS}>")
    team.press(case, "answer")
    assert "Your answer" in text_of(team.modal())


def test_who_may_not_is_told_so_in_the_channel_s_language(
    database: Database, server: SlackServer
) -> None:
    server.workspace.surfaces.groups[HELPERS] = [ANA]
    with office(database, server, rights=RIGHTS, languages={"*": "ro"}) as team:
        case = team.complains()
        team.press(case, "answer", by=ION)
        team.hears(f"Nu ai voie să faci asta aici: este pentru <!subteam^{HELPERS}>")
        team.press(case, "claim")
        team.did(case, ("Claimed", "ana"))
        team.press(case, "claim", by=ION)
        team.hears("ana răspunde din")


def test_each_right_is_its_own(team: Office) -> None:
    case = team.complains()
    team.press(case, "claim", by=ION)
    team.did(case, ("Claimed", "u0ion00001 (U0ION00001)"))
    team.chooses(case, "dismiss", by=ION)
    team.hears(f"it is for <@{ANA}>")
    team.chooses(case, "dismiss")
    team.until(lambda: len(team.events(case)) == 2)


def test_what_is_sent_off_needs_the_right_once_more(team: Office) -> None:
    case = team.complains()
    team.chooses(case, "elsewhere")
    view = team.modal()
    team.submits(view, by=ION, channel=picked("phone"), note=typed("called"))
    team.hears("You may not do that here")
    assert team.events(case) == []
    team.press(case, "answer")
    view = team.modal()
    done = team.submits(view, by=ION, text=typed("It left today."))
    assert done.answer["response_action"] == "update"
    team.until(lambda: len(team.hidden()) == 2)
    team.until(lambda: "It left today." in text_of(view))
    assert team.events(case) == []


def test_to_take_something_back_takes_the_right_to_do_it(team: Office) -> None:
    case = team.complains()
    team.chooses(case, "dismiss")
    team.did(case, ("Dismissed", "ana"))
    team.shows(case)
    team.press(case, "undo", by=ION)  # may work, and no more
    team.hears("[slack_app.rights], dismiss")
    team.press(case, "undo")
    team.did(case, ("Dismissed", "ana"), ("Undone", "ana"))


def test_groups_are_remembered_and_nobody_is_let_in_by_an_error(
    database: Database, server: SlackServer
) -> None:
    with office(database, server, rights=RIGHTS) as team:
        case = team.complains()
        team.press(case, "ack")
        team.hears("Slack does not say who is in")
        server.workspace.surfaces.groups[HELPERS] = [ANA]
        team.press(case, "ack")
        team.did(case, ("Acknowledged", "ana"))
        asked = server.calls["usergroups.users.list"]
        server.plan("usergroups.users.list", *[faults.broken(503)] * 5)
        team.press(case, "claim")
        team.did(case, ("Acknowledged", "ana"), ("Claimed", "ana"))
        assert server.calls["usergroups.users.list"] == asked


def test_opening_a_case_takes_the_right_to_say_what_is_one(team: Office) -> None:
    team.server.staff.command(ION, CARE, "new No parcel!")
    team.hears("[slack_app.rights], dismiss")


def test_to_read_takes_no_right(team: Office) -> None:
    case = team.complains("\n".join(map(str, range(40))))
    team.press(case, "whole", by="U0STRANGER")
    assert "39" in text_of(team.modal())


def test_a_case_is_given_only_to_who_sees_its_brand(
    database: Database, server: SlackServer
) -> None:
    server.workspace.surfaces.groups[HELPERS] = [ANA]
    with office(database, server, brands={"Shop": (HELPERS,)}) as team:
        case = team.complains()
        for to in (ION, ANA):
            team.press(case, "assign")
            team.submits(team.modal(), person={"type": "users_select", "selected_user": to})
            if to == ION:
                team.hears("does not see the cases of Shop")
                assert team.events(case) == []
        team.did(case, ("Assigned", "ana"))


def test_a_brand_that_is_a_groups_alone_is_not_there_for_others(
    database: Database, server: SlackServer
) -> None:
    server.workspace.surfaces.groups[HELPERS] = [ANA]
    with office(database, server, brands={"Shop": (HELPERS,)}) as team:
        case = team.complains()
        team.press(case, "claim", by=ION)
        team.hears(f"There is no case {case}")
        assert team.events(case) == []
        team.press(case, "claim")
        team.did(case, ("Claimed", "ana"))

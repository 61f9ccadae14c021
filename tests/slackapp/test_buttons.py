"""Buttons on a card: acknowledged in time, done once, in the history with the person, seen on the card."""

from __future__ import annotations

from datetime import timedelta

from monitor.domain.event import Dismissed
from monitor.simulator.slack import SlackServer
from monitor.store import cases
from monitor.store.engine import Database
from tests.notifiers.slack_side import ANA, CARE
from tests.slackapp.office import ION, Office, office, picked, text_of, typed


def test_a_claim_is_acknowledged_in_time_and_the_card_is_edited(team: Office) -> None:
    case = team.complains()
    team.press(case, "claim")
    team.did(case, ("Claimed", "ana"))
    assert "ana is answering" in team.shows(case)
    assert team.card(case).edits == 1


def test_a_second_claim_is_refused_in_words_that_one_alone_sees(team: Office) -> None:
    case = team.complains()
    team.press(case, "claim")
    team.did(case, ("Claimed", "ana"))
    team.press(case, "claim", by=ION)
    team.hears("ana is answering since")
    assert team.hidden()[0][:2] == (CARE, ION)
    team.did(case, ("Claimed", "ana"))


def test_what_slack_delivers_again_is_done_once(team: Office) -> None:
    case = team.complains()
    acknowledged = team.press(case, "ack")
    team.did(case, ("Acknowledged", "ana"))
    for _ in range(3):
        assert team.server.staff.again(acknowledged).took_s is not None
    team.press(case, "claim")
    team.did(case, ("Acknowledged", "ana"), ("Claimed", "ana"))
    assert team.hidden() == []
    assert "No repeats until <!date^" in team.shows(case)


def test_a_restarted_app_does_nothing_twice_either(database: Database, server: SlackServer) -> None:
    with office(database, server) as team:
        case = team.complains()
        done = team.press(case, "claim")
        team.did(case, ("Claimed", "ana"))
    with office(database, server) as again:
        again.server.staff.again(done)
        again.press(case, "ack")
        again.did(case, ("Claimed", "ana"), ("Acknowledged", "ana"))


def test_somebody_whom_the_config_does_not_name_is_named_with_the_id(team: Office) -> None:
    case = team.complains()
    team.server.workspace.surfaces.users[ION] = {"name": "ion.pop"}
    team.press(case, "claim", by=ION)
    team.did(case, ("Claimed", "ion.pop (U0ION00001)"))
    shown = team.shows(case)
    assert "ion.pop is answering" in shown
    assert ION not in shown


def test_no_complaint_can_be_taken_back(team: Office) -> None:
    case = team.complains()
    team.chooses(case, "dismiss")
    team.did(case, ("Dismissed", "ana"))
    assert "Dismissed" in team.shows(case)
    team.press(case, "undo")
    team.did(case, ("Dismissed", "ana"), ("Undone", "ana"))
    assert "Answer due" in team.shows(case)


def test_assigning_asks_to_whom(team: Office) -> None:
    case = team.complains()
    team.press(case, "assign")
    chosen = {"type": "users_select", "selected_user": ANA}
    team.submits(team.modal(), by=ION, person=chosen)
    team.did(case, ("Assigned", "u0ion00001 (U0ION00001)"))
    assert "ana has it" in team.shows(case)


def test_a_snooze_offers_only_what_ends_before_the_due_time(team: Office) -> None:
    case = team.complains()
    team.front.machine.passes(timedelta(hours=3, minutes=10))
    team.press(case, "snooze")
    view = team.modal()
    offered = [one["text"]["text"] for one in view.shown["blocks"][0]["element"]["options"]]
    assert offered == ["15 min", "30 min"]
    team.submits(view, span=picked("1800"))
    team.did(case, ("Snoozed", "ana"))
    assert "No step before <!date^" in team.shows(case)
    team.front.machine.passes(timedelta(minutes=45))
    team.press(case, "snooze")
    team.hears("due too soon")


def test_a_duplicate_names_its_original(team: Office) -> None:
    first = team.complains("Still no refund", by="dana")
    second = team.complains("Still nothing!", by="dana")
    assert f"Earlier cases: {first} (open)" in team.shows(second)
    team.chooses(second, "duplicate")
    view = team.modal()
    assert view.shown["blocks"][0]["element"]["initial_value"] == str(first)
    team.submits(view, case=typed(str(first)))
    team.did(second, ("Dismissed", "ana"))
    with team.database.reading() as conn:
        event = cases.history(conn, second)[-1].event
    assert isinstance(event, Dismissed)
    assert event.duplicate_of == first


def test_an_answer_elsewhere_has_its_channel_its_time_and_a_note(team: Office) -> None:
    case = team.complains()
    team.front.machine.passes(timedelta(hours=1))
    team.chooses(case, "elsewhere")
    when = {"type": "datetimepicker", "selected_date_time": int(team.now.timestamp()) - 1800}
    team.submits(
        team.modal(), channel=picked("phone"), at=when, note=typed("Called her: refunded.")
    )
    team.did(case, ("AnsweredElsewhere", "ana"))
    shown = team.shows(case)
    assert "✅ Answered after 30 min" in shown
    assert "Called her: refunded." in shown
    assert "(phone)" in shown


def test_the_preferred_contact_is_kept_and_shown(team: Office) -> None:
    case = team.complains()
    team.chooses(case, "contact")
    team.submits(team.modal(), channel=picked("e-mail"), address=typed("dana@shop.example"))
    team.did(case, ("ContactNoted", "ana"))
    assert "Wants to be reached by e-mail: dana@shop.example" in team.shows(case)


def test_a_long_complaint_can_be_read_whole(team: Office) -> None:
    case = team.complains("\n".join(f"line {number}" for number in range(40)))
    assert "line 39" not in team.shows(case)
    team.press(case, "whole")
    assert "line 39" in text_of(team.modal())


def test_an_act_without_sense_is_refused_in_words(team: Office) -> None:
    case = team.complains()
    team.press(case, "claim")
    team.did(case, ("Claimed", "ana"))
    team.chooses(case, "duplicate")
    team.submits(team.modal(), case=typed("77"))
    team.hears("There is no case 77")


def test_a_connection_that_ends_is_made_anew(team: Office) -> None:
    case = team.complains()
    team.press(case, "ack")
    team.server.staff.drop_connections()
    team.until(lambda: team.server.staff.connections == 1)
    assert team.server.calls["apps.connections.open"] >= 2
    team.press(case, "claim")
    team.did(case, ("Acknowledged", "ana"), ("Claimed", "ana"))

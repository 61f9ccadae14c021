"""`/complaints` and the Home tab: lists with buttons, search, a case from a link, last week's figures."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from monitor.domain.event import AskKind
from monitor.simulator.slack import SlackServer
from monitor.store import schema
from monitor.store.engine import Database
from tests.notifiers.slack_side import ANA, CARE, LEADS, strings
from tests.slackapp.office import ACK_S, ION, Office, office, picked, text_of

pytestmark = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


def types(team: Office, text: str, *, by: str = ANA, channel: str = CARE) -> str:
    """Type the command; what it shows to who typed it."""
    shown = team.server.workspace.surfaces.hidden_blocks
    before = len(shown)
    done = team.server.staff.command(by, channel, text)
    assert done.took_s is not None
    assert done.took_s < ACK_S
    team.until(lambda: len(shown) > before)
    said = [text for _, _, text in team.hidden()[before:]]
    return "\n".join([*said, *(one for blocks in shown[before:] for one in strings(blocks))])


def test_all_that_one_has_goes_to_another_at_the_end_of_a_shift(team: Office) -> None:
    first, second = team.complains("Still no refund"), team.complains("Broken kettle", by="radu")
    team.server.workspace.surfaces.users[ION] = {"name": "ion"}
    other = team.complains("Late parcel", by="mia")
    for case in (first, second):
        team.press(case, "claim")
        team.did(case, ("Claimed", "ana"))
    assert "Say to whom" in types(team, "handover")
    assert "Say to whom" in types(team, "handover nobody")
    given = types(team, f"handover {ION}")
    assert "Handed over to" in given
    assert "(2)" in given
    assert "Broken kettle" in types(team, "mine", by=ION)
    assert "None." in types(team, "mine")
    assert "nothing to hand over" in types(team, f"handover {ION}")
    team.tells()
    [(to, said, blocks)] = team.server.workspace.surfaces.direct  # once, and to that one alone
    assert (to, "ana handed over to you: 2 cases" in said) == (ION, True)
    assert "Broken kettle" in "\n".join(strings(blocks))
    assert f"case {other} · due in 4 h · normal · x · nobody has it" in types(team, "open")


def test_a_shift_ends_on_the_home_tab(team: Office) -> None:
    case = team.complains("Still no refund")
    team.server.workspace.surfaces.users |= {ANA: {"name": "ana"}, ION: {"name": "ion"}}
    homes = team.server.workspace.surfaces.homes
    team.server.staff.opens_home(ANA)
    team.until(lambda: ANA in homes)
    assert "Hand all over" not in text_of(homes[ANA])  # there is nothing yet
    team.press(case, "claim")
    team.did(case, ("Claimed", "ana"))
    team.server.staff.opens_home(ANA)
    team.until(lambda: "Hand all over" in text_of(homes[ANA]))
    team.server.staff.press_in(ANA, homes[ANA], "case.handover")
    asked = team.modal()
    team.submits(asked, person={"type": "users_select"})
    said_alone = team.server.workspace.surfaces.direct
    team.until(lambda: any("say to whom" in text for _, text, _ in said_alone))
    said_alone.clear()
    team.submits(asked, person={"type": "users_select", "selected_user": ION})
    team.until(lambda: "Still no refund" not in text_of(homes[ANA]))
    team.tells()
    [(to, said, _)] = said_alone
    assert (to, "ana handed over to you: 1 case" in said) == (ION, True)


def test_what_is_open_mine_and_overdue(team: Office) -> None:
    first = team.complains("Still no refund", by="dana")
    team.front.machine.passes(timedelta(hours=3))
    second = team.complains("Broken kettle", by="radu")
    team.press(second, "claim")
    team.did(second, ("Claimed", "ana"))
    listed = types(team, "open")
    assert "Open, first due first (2)" in listed
    assert listed.index("Still no refund") < listed.index("Broken kettle")
    assert "due in 1 h · normal · x · nobody has it" in listed
    assert "None." in types(team, "overdue")
    mine = types(team, "mine")
    assert "Broken kettle" in mine
    assert "Still no refund" not in mine
    team.front.machine.passes(timedelta(hours=2))
    late = types(team, "overdue", by=ION)
    assert f"case {first} · late by 1 h" in late
    assert "Broken kettle" not in late


def test_a_list_in_pages_leaves_none_out(team: Office) -> None:
    for number in range(17):
        team.front.complains(text=f"complaint {number}")
    first = types(team, "open")
    assert "Page 1 of 2: /complaints open 2" in first
    seen = [f"complaint {number}" in first + types(team, "open 2") for number in range(17)]
    assert all(seen)


def test_a_case_is_shown_worked_on_and_shown_anew(team: Office) -> None:
    case = team.complains("Still no refund")
    types(team, "open")
    blocks = team.server.workspace.surfaces.hidden_blocks[-1]
    assert blocks[1]["accessory"]["value"] == str(case)
    team.press(case, "snooze")  # any modal: the list's own button is pressed the same way
    team.modal()
    team.server.workspace.channels[CARE].messages[0].blocks.append(
        {"type": "actions", "elements": [blocks[1]["accessory"]]}
    )
    team.press(case, "show")
    view = team.modal()
    assert "Still no refund" in text_of(view)
    team.server.staff.press_in(ANA, view, "case.claim")
    team.until(lambda: "ana is answering" in text_of(view))
    team.server.staff.press_in(ANA, view, "case.snooze")
    above = team.modal()
    team.submits(above, span=picked("900"))
    team.did(case, ("Claimed", "ana"), ("Snoozed", "ana"))


def test_search_finds_by_words_and_by_author(team: Office) -> None:
    team.complains("Still no refund for order 7", by="dana")
    team.complains("Refund came broken", by="radu")
    assert "order 7" in types(team, "search dana REFUND")
    both = types(team, "search refund")
    assert "order 7" in both
    assert "came broken" in both
    assert "None." in types(team, "search 100%")
    assert "came broken" in types(team, "2")
    assert "There is no case 77" in types(team, "77")
    assert "Say what to look for" in types(team, "search")


def test_a_case_is_opened_from_a_link(team: Office) -> None:
    said = types(team, "new <https://forum.example/t/81|forum.example/t/81> No parcel yet!")
    assert "No parcel yet!" in said
    assert "No parcel yet!" in types(team, "open")
    again = types(team, "new https://forum.example/t/81 No parcel yet!")
    assert "is about that already" in again
    assert "Give an address" in types(team, "new")


def test_a_shared_link_is_the_post_that_a_source_brought(team: Office) -> None:
    case = team.complains("Still no refund")
    with team.database.writing() as conn:
        conn.execute(sa.update(schema.post).values(url="https://x.com/ana/status/1"))
        conn.execute(sa.update(schema.mention).values(asks=AskKind.COMPLAINT.value))
    said = types(team, "new <https://www.x.com/ana/status/1/?s=20> 2020-03-01 09:00 No refund!")
    assert f"case {case} is about that already" in said
    assert "Open, first due first (1)" in types(team, "open")


def test_when_it_was_written_is_taken_and_said(team: Office) -> None:
    early = team.now - timedelta(hours=3)
    said = types(team, f"new https://a.example/1 {early:%Y-%m-%d %H:%M} No parcel!")
    assert f"Counted from {early:%Y-%m-%d %H:%M} UTC" in said
    assert "no time was given" not in said
    assert "\nNo parcel!" in said
    assert team.front.post_of(1).posted_at == early.replace(second=0, microsecond=0)
    unsaid = types(team, "new https://a.example/2 No parcel!")
    assert f"Counted from {team.now:%Y-%m-%d %H:%M} UTC · no time was given" in unsaid
    assert "still to come" in types(team, "new https://a.example/3 2999-01-01 00:00 No parcel!")
    assert "write 2026-03-01 09:00" in types(team, "new https://a.example/3 2026-13-01 09:00")
    assert "(2)" in types(team, "open")


def test_the_report_of_last_week(team: Office) -> None:
    team.complains()
    team.front.machine.passes(timedelta(days=7))
    said = types(team, "report")
    assert "waits that began from" in said


def test_what_is_not_understood_gets_help(team: Office) -> None:
    assert "/complaints search refund dana" in types(team, "what?")


def test_where_the_app_is_no_member_it_answers_in_its_own_messages(team: Office) -> None:
    team.server.workspace.channels[LEADS].is_member = False
    team.server.workspace.surfaces.users[ANA] = {"name": "ana"}
    done = team.server.staff.command(ANA, LEADS, "open")
    assert done.took_s is not None
    surfaces = team.server.workspace.surfaces
    team.until(lambda: bool(surfaces.direct))
    assert surfaces.direct[0][:2] == (ANA, "/complaints")
    assert team.hidden() == []


def test_the_home_tab_shows_my_cases_and_the_teams_numbers(team: Office) -> None:
    case = team.complains("Still no refund")
    homes = team.server.workspace.surfaces.homes
    team.server.workspace.surfaces.users[ION] = {"name": "ion"}
    team.server.staff.opens_home(ION)
    team.until(lambda: ION in homes)
    assert "None." in text_of(homes[ION])
    team.press(case, "claim", by=ION)
    team.did(case, ("Claimed", "ion (U0ION00001)"))
    team.front.machine.passes(timedelta(hours=5))
    team.server.staff.opens_home(ION)
    team.until(lambda: "Still no refund" in text_of(homes[ION]))
    shown = text_of(homes[ION])
    assert "late by 1 h" in shown
    assert "overdue: 1" in shown
    team.server.staff.press_in(ION, homes[ION], "case.show")
    assert "Still no refund" in text_of(team.modal())


def test_a_channel_is_spoken_to_in_its_language(database: Database, server: SlackServer) -> None:
    with office(database, server, languages={"*": "ro", "leads": "en"}) as team:
        case = team.complains("Unde sunt banii?")
        shown = team.shows(case)
        assert "🟡 Reclamație nouă, normală: Shop, cazul 1, x" in shown
        assert "*De răspuns până* <!date^" in shown
        assert "Preiau" in shown
        team.press(case, "claim")
        team.did(case, ("Claimed", "ana"))
        assert "ana răspunde" in team.shows(case)
        team.press(case, "snooze")
        assert "Niciun pas timp de" in text_of(team.modal())
        assert "termen în 4 h" in types(team, "open")
        assert "due in 4 h" in types(team, "open", channel=LEADS)

"""Cases that become one: what people wrote, did and answered in either is not lost, and goes out once."""

from __future__ import annotations

from datetime import timedelta
from threading import Thread

import pytest

from monitor.domain.event import Snoozed
from monitor.domain.keeping import Keep, Purge
from monitor.domain.notice import Reason
from monitor.domain.reply import Outgoing, ReplyState
from monitor.domain.template import Approved
from monitor.stages import act
from monitor.stages import answer as people
from monitor.stages.answer import ReplyError
from monitor.stages.reply import Reply
from monitor.store import cases, keeping
from monitor.store.engine import Database
from tests.stages.front import Front, Net
from tests.stages.otherside import Fault
from tests.stages.told import Machine
from tests.store.written import written

MINUTE = timedelta(minutes=1)
WHY = "abroad until Monday"


@pytest.fixture
def front(database: Database) -> Front:
    machine = Machine()
    return Front(database, machine, Net(machine))


def two(front: Front) -> tuple[int, int]:
    """Two cases of one customer, in threads that are one: nobody knows yet what the second hangs on."""
    first = front.complains(by="ana")
    return first, front.complains(by="ana", to="b", thread="b")


def become_one(front: Front, lost: str = "b", under: str = "1") -> None:
    """What the second case hangs on is found, and stands under a post of the other one's thread."""
    between = written(lost, by="ana", to=under, thread=under, posted_at=front.machine.at)
    front.stream.brings(between, at=front.machine.at)
    front.settles()


def answer(front: Front, case: int, text: str) -> Outgoing:
    now = front.machine.at
    return people.answer(
        front.database, [front.desk], case, text, approved=Approved(), by="dan", now=now
    )


def posts(front: Front) -> None:
    stage = Reply(front.database, [front.desk], clock=front.machine, machine=front.machine)
    for item in stage.due(front.machine.at):
        stage.handle(item, front.machine.at)


def on_the_network(front: Front) -> list[str]:
    return [one.text for _, one in front.net.posted]


# ----------------------------------------------------------------------------------- one goes out


@pytest.mark.parametrize("first_is_in", ["the case that stays", "the other"])
def test_of_two_answers_not_tried_yet_the_first_goes_out(front: Front, first_is_in: str) -> None:
    stays, other = two(front)
    order = (stays, other) if first_is_in == "the case that stays" else (other, stays)
    first, second = answer(front, order[0], "Sorry!"), answer(front, order[1], "We look into it.")
    become_one(front)
    posts(front)
    assert on_the_network(front) == ["Sorry!"]
    assert front.shown(first.number).state is ReplyState.SENT
    late = front.shown(second.number)
    assert (late.state, late.reason, late.tried_at) == (
        ReplyState.CANCELLED,
        Reason.SECOND,
        None,
    )
    assert front.told_of(second.number) == ["reply_cancelled"]
    assert front.told_of(first.number) == []


@pytest.mark.parametrize("fault", [None, Fault.DROPS_AFTER])
def test_what_is_there_or_may_be_stays_and_what_was_not_tried_goes(
    front: Front, fault: Fault | None
) -> None:
    stays, other = two(front)
    waiting = answer(front, stays, "We look into it.")
    tried = answer(front, other, "Sorry!")
    if fault:
        front.net.faults = [fault]
    Reply(front.database, [front.desk], machine=front.machine).handle("2", front.machine.at)
    become_one(front)
    assert front.shown(waiting.number).reason is Reason.SECOND
    front.machine.passes(MINUTE)
    posts(front)
    assert on_the_network(front) == ["Sorry!"]
    assert front.shown(tried.number).state is ReplyState.SENT


def test_answers_that_knew_of_each_other_both_stay(front: Front) -> None:
    stays, _ = two(front)
    answer(front, stays, "Sorry!")
    posts(front)  # settle has not looked yet
    answer(front, stays, "And it left today.")
    become_one(front)
    assert front.told() == []


def test_of_two_in_doubt_none_is_posted_again_while_the_other_may_be_there(front: Front) -> None:
    stays, other = two(front)
    answer(front, stays, "We look into it.")
    answer(front, other, "Sorry!")
    front.net.blind = "nobody can look"
    front.net.faults = [Fault.DROPS_BEFORE, Fault.DROPS_AFTER]
    posts(front)
    front.machine.passes(MINUTE)
    posts(front)
    become_one(front)
    assert {front.shown(one).state for one in (1, 2)} == {ReplyState.ASKED}
    with pytest.raises(ReplyError, match=r"may be posted or not already \(2"):
        people.resend(front.database, [front.desk], stays, 1, approved=Approved())
    people.cancel(front.database, stays, 2)
    assert (
        people.resend(front.database, [front.desk], stays, 1, approved=Approved()).state
        is ReplyState.PENDING
    )


# ------------------------------------------------------------------------- the command in the thread


@pytest.mark.parametrize("what", ["posted", "resend", "cancel"])
def test_the_command_from_the_thread_holds_after_the_cases_became_one(
    front: Front, what: str
) -> None:
    stays, other = two(front)
    number = answer(front, other, "Sorry!").number
    front.net.blind = "nobody can look"
    front.net.faults = [Fault.DROPS_BEFORE]
    posts(front)
    front.machine.passes(MINUTE)
    posts(front)
    become_one(front)
    match what:
        case "posted":
            done = people.posted(front.database, other, number, now=front.machine.at)
        case "resend":
            done = people.resend(front.database, [front.desk], other, number, approved=Approved())
        case _:
            done = people.cancel(front.database, other, number)
    states = {"posted": "sent", "resend": "pending", "cancel": "cancelled"}
    assert (done.case_id, done.state.value) == (stays, states[what])


# --------------------------------------------------------------------------------------- the notes


def test_notes_are_shown_and_kept_in_whatever_case_has_the_facts(front: Front) -> None:
    """Two merges, one after the other."""
    first, second = two(front)
    third = front.complains(by="ana", to="c", thread="c")
    now = front.machine.at
    act.snooze(front.database, third, timedelta(hours=9), by="dan", now=now, why=WHY)
    answer(front, third, "It leaves on Monday.")
    become_one(front, "c", under="b")
    become_one(front)
    assert [front.case(one).merged_into for one in (first, second, third)] == [None, first, second]
    late = now + timedelta(days=90)
    with front.database.writing() as conn:
        assert keeping.purge_rest(conn, Keep(), late)[Purge.NOTE] == 0
        told = [cases.history(conn, one) for one in (first, second, third)]
        for history in told:
            snoozed = [one.event for one in history if isinstance(one.event, Snoozed)]
            assert [cases.notes(conn, history)[one.note or 0] for one in snoozed] == [WHY]
    assert front.shown(1).text == "It leaves on Monday."
    front.dismisses(first)
    with front.database.writing() as conn:
        assert keeping.purge_rest(conn, Keep(), late)[Purge.NOTE] == 2


# ------------------------------------------------------------------------- what is done meanwhile


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_what_somebody_does_beside_the_merge_is_known_after_it(front: Front) -> None:
    stays, other = two(front)
    between = written("b", by="ana", to="1", thread="1", posted_at=front.machine.at)
    front.stream.brings(between, at=front.machine.at)
    settling = Thread(target=front.settles)
    with front.database.writing() as conn:
        cases.lock(conn, stays)
        settling.start()
        settling.join(timeout=1)  # it stands before the case that is held
        act.claim(front.database, other, by="dan", now=front.machine.at)
    settling.join()
    assert front.case(other).merged_into == stays
    assert front.case(stays).owner == "dan"

"""Answers leave: once, stored as the timeline would, and never in silence if they do not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from monitor.domain.case import Status
from monitor.domain.errors import Outcome, SendError
from monitor.domain.identity import Brand, Identity
from monitor.domain.notice import Absent, Reason, Unknowable
from monitor.domain.post import Post
from monitor.domain.reply import INDEX_LAG, LOOKED_FOR, Outgoing, ReplyState
from monitor.domain.template import Approved
from monitor.ports import Desk
from monitor.runner import Runner
from monitor.stages import answer as people
from monitor.stages.answer import ReplyError
from monitor.stages.reply import LEASE, LEFT, LONGEST_REST, PATIENCE, Reply
from monitor.store import replies, schema
from monitor.store.engine import Database
from tests.stages.front import Front, Net
from tests.stages.otherside import Crash, Fault
from tests.stages.told import Machine
from tests.store.written import SHOP, Bringing

MINUTE = timedelta(minutes=1)


@pytest.fixture
def front(database: Database) -> Front:
    machine = Machine()
    return Front(database, machine, Net(machine))


def stage_of(front: Front, *desks: Desk) -> Reply:
    return Reply(front.database, desks or [front.desk], clock=front.machine, machine=front.machine)


def other_desk(front: Front) -> Desk:
    """One of a config that does not name the shop."""
    return Desk("test", front.net, (Brand("Rival", (Identity("*", handle="rival"),)),))


@pytest.fixture
def works(front: Front) -> Callable[[], list[str]]:
    """One round: what was due, and handled."""

    def once() -> list[str]:
        stage = stage_of(front)
        due = list(stage.due(front.machine.at))
        for item in due:
            stage.handle(item, front.machine.at)
        return due

    return once


def answers(front: Front, case: int, text: str = "It left today.", **said: object) -> Outgoing:
    return people.answer(
        front.database,
        [front.desk],
        case,
        text,
        approved=Approved(),
        by="ana",
        now=front.machine.at,
        **said,  # type: ignore[arg-type]
    )


Round = Callable[[], list[str]]


# ------------------------------------------------------------------------------------ it is posted


def test_an_answer_is_posted_and_ends_the_wait(front: Front, works: Round) -> None:
    case = front.complains()
    one = answers(front, case)
    front.machine.passes(MINUTE)
    assert works() == [str(one.number)]
    front.settles()
    [(key, posted)] = front.net.posted
    assert (key, posted.reply_to, posted.text) == (front.key_of(one.number), "1", "It left today.")
    after = front.case(case)
    assert (after.status, after.owner) == (Status.ANSWERED, "ana")
    assert after.waits[0].ended_at == posted.posted_at == front.machine.at
    done = front.shown(one.number)
    assert (done.state, done.url) == (ReplyState.SENT, "https://x.example/r0")
    assert works() == []
    assert front.told() == []


def test_the_timeline_brings_it_again_and_nothing_doubles(front: Front, works: Round) -> None:
    case = front.complains()
    answers(front, case)
    works()
    front.settles()
    before = front.case(case)
    front.machine.passes(MINUTE)
    front.timeline()
    assert front.case(case) == before
    with front.database.reading() as conn:
        assert conn.scalar(sa.select(sa.func.count()).select_from(schema.post)) == 2


def test_without_a_clock_of_its_own_the_round_tells_the_time(front: Front) -> None:
    answers(front, front.complains())
    stage = Reply(front.database, [front.desk], machine=front.machine)
    stage.handle("1", front.machine.at)
    assert front.shown(1).sent_at == front.machine.at


def test_what_the_source_reads_no_longer_is_sent_all_the_same(front: Front) -> None:
    """Its stream is another network's now: the answer is posted, and the timeline has to bring it."""

    class Elsewhere(Net):
        def streams(self) -> tuple[()]:
            return ()

    answers(front, front.complains())
    stage_of(front, Desk("test", Elsewhere(front.machine), (SHOP,))).handle("1", front.machine.at)
    done = front.shown(1)
    assert (done.state, done.url) == (ReplyState.SENT, None)


def test_two_workers_post_it_once(front: Front) -> None:
    answers(front, front.complains())
    first, second = stage_of(front), stage_of(front)
    work = partial(first.handle, "1", front.machine.at)
    freeze, thread = front.net.frozen(Fault.FREEZES_BEFORE, work)
    assert second.due(front.machine.at) == []
    second.handle("1", front.machine.at)
    freeze.thawed.set()
    thread.join()
    assert len(front.net.posted) == 1
    assert front.shown(1).state is ReplyState.SENT


def test_a_claim_that_was_overtaken_is_none(front: Front) -> None:
    answers(front, front.complains())
    at = front.machine.at
    with front.database.writing() as conn:
        one = replies.pending(conn, 1, at=at)
        assert one is not None
        claim = {"at": at, "until": at + LEASE, "now": at}
        assert replies.claim(conn, one, token="a", **claim)
        assert not replies.claim(conn, one, token="b", **claim)
        assert replies.release(conn) == 1
        again = replies.pending(conn, 1, at=at)
    assert again is not None
    assert again.attempted_at == at  # what was under way is only looked for


# --------------------------------------------------------------------------- it is certainly not there


def test_what_is_not_sent_is_tried_again_when_the_network_says(front: Front, works: Round) -> None:
    case = front.complains()
    answers(front, case)
    front.net.faults = [Fault.BUSY]
    works()
    assert front.shown(1).problem == "busy"
    assert works() == []
    front.machine.passes(timedelta(seconds=30))
    works()
    assert front.shown(1).state is ReplyState.SENT
    assert front.shown(1).problem is None


def test_a_clock_that_is_set_back_ends_its_rest(front: Front, works: Round) -> None:
    answers(front, front.complains())
    front.machine.passes(timedelta(hours=3))
    front.net.faults = [Fault.BUSY]
    works()
    front.machine.passes(-timedelta(hours=3))
    works()
    assert front.shown(1).state is ReplyState.SENT


def test_people_hear_once_that_an_answer_is_late(front: Front, works: Round) -> None:
    answers(front, front.complains())
    for attempt in range(PATIENCE + 2):
        assert len(front.told()) == (attempt >= PATIENCE)
        front.net.faults = [Fault.BUSY]
        works()
        front.machine.passes(MINUTE)
    assert front.told_of(1) == ["reply_delayed"]
    works()
    assert front.shown(1).state is ReplyState.SENT


def test_people_hear_at_once_of_a_long_rest(front: Front, works: Round) -> None:
    class Broke(Net):
        def reply(self, to: Post, text: str, key: str, /) -> Post:
            raise SendError("no credits", outcome=Outcome.NOT_SENT, retry_after=timedelta(hours=1))

    front.net = Broke(front.machine)
    answers(front, front.complains())
    works()
    assert front.told_of(1) == ["reply_delayed"]
    front.machine.passes(LONGEST_REST)
    assert works() == []


def test_what_is_refused_is_told_and_may_be_sent_again(front: Front, works: Round) -> None:
    case = front.complains()
    answers(front, case)
    front.net.faults = [Fault.REFUSES]
    works()
    done = front.shown(1)
    assert (done.state, done.problem) == (ReplyState.FAILED, "you may not")
    [notice] = front.told()
    assert (notice.reason, notice.audience) == (Reason.REPLY_REFUSED, "#care")
    assert works() == []
    people.resend(front.database, [front.desk], case, 1, approved=Approved())
    works()
    assert front.shown(1).state is ReplyState.SENT


def test_an_answer_for_a_desk_of_another_config_is_left_to_it(front: Front, works: Round) -> None:
    """Workers take up a new brand's file seconds apart."""
    answers(front, front.complains())
    stage = stage_of(front, other_desk(front))
    with capture_logs() as said:
        for _ in range(3):
            assert list(stage.due(front.machine.at)) == []
            stage.handle("1", front.machine.at)  # a job that another worker's look made
            front.machine.passes(MINUTE)
    assert [one["event"] for one in said] == ["desk_not_here"]
    assert works() == ["1"]
    assert front.shown(1).state is ReplyState.SENT
    assert front.told() == []


def test_an_answer_that_another_config_goes_on_trying_is_not_taken_from_it(
    front: Front, works: Round
) -> None:
    answers(front, front.complains())
    stage = stage_of(front, other_desk(front))
    for _ in range(4):
        assert list(stage.due(front.machine.at)) == []
        front.net.faults = [Fault.BUSY]
        assert works() == ["1"]
        front.machine.passes(LEFT)
    assert front.shown(1).state is ReplyState.PENDING


def test_a_source_that_is_configured_no_longer_is_told(front: Front) -> None:
    answers(front, front.complains())
    stage = stage_of(front, other_desk(front))
    assert list(stage.due(front.machine.at)) == []
    front.machine.passes(LEFT)
    assert list(stage.due(front.machine.at)) == ["1"]
    stage.handle("1", front.machine.at)
    assert front.shown(1).state is ReplyState.FAILED
    assert "names no source test any more" in str(front.shown(1).problem)
    assert front.told_of(1) == ["reply_refused"]


def test_who_was_frozen_past_the_claim_posts_nothing(front: Front) -> None:
    answers(front, front.complains())

    class Slow:
        """The machine stands still right after the claim."""

        calls = 0

        def __call__(self) -> datetime:
            self.calls += 1
            if self.calls == 2:
                front.machine.passes(LEASE)
            return front.machine.at

    stage = Reply(front.database, [front.desk], machine=Slow())
    stage.handle("1", front.machine.at)
    assert front.net.tries == 0
    one = front.shown(1)
    assert one.state is ReplyState.PENDING
    stage_of(front).handle("1", front.machine.at)
    assert len(front.net.posted) == 1


# ---------------------------------------------------------------------------- its fate is unknown


@pytest.mark.parametrize("fault", [Fault.DROPS_AFTER, Fault.DIES_AFTER])
def test_what_arrived_unheard_is_found(front: Front, works: Round, fault: Fault) -> None:
    case = front.complains()
    answers(front, case)
    front.net.faults = [fault]
    if fault is Fault.DIES_AFTER:
        with pytest.raises(Crash):
            works()
    else:
        works()
    front.machine.passes(LEASE)
    works()
    front.settles()
    assert (len(front.net.posted), front.net.tries) == (1, 1)
    assert front.shown(1).state is ReplyState.SENT
    assert front.case(case).status is Status.ANSWERED
    assert front.told() == []


def test_the_timeline_may_bring_it_first(front: Front, works: Round) -> None:
    """The wait has ended by the answer itself: it was not overtaken, and nobody has to look."""
    case = front.complains()
    answers(front, case)
    front.net.faults = [Fault.DROPS_AFTER]
    works()
    front.machine.passes(MINUTE)
    front.timeline()
    assert front.case(case).status is Status.ANSWERED
    works()
    assert front.shown(1).state is ReplyState.SENT
    assert (front.net.looks, front.told()) == (0, [])


def test_an_absence_is_believed_only_after_the_index_s_lag(front: Front, works: Round) -> None:
    answers(front, front.complains())
    front.net.shown_after = INDEX_LAG
    front.net.faults = [Fault.DROPS_AFTER]
    works()
    while front.shown(1).state is ReplyState.PENDING:
        front.machine.passes(MINUTE)
        works()
    assert front.shown(1).state is ReplyState.SENT
    assert (front.net.tries, front.told()) == (1, [])


def test_what_is_not_found_is_asked_and_never_posted_by_itself(front: Front, works: Round) -> None:
    case = front.complains()
    answers(front, case)
    front.net.faults = [Fault.DROPS_BEFORE]
    for _ in range(60):
        works()
        front.machine.passes(MINUTE)
    assert front.net.tries == 1
    assert front.shown(1).state is ReplyState.ASKED
    assert front.told_of(1) == ["reply_unknown"]
    with pytest.raises(ReplyError, match="may be posted or not already"):
        answers(front, case, "Another one")
    people.resend(front.database, [front.desk], case, 1, approved=Approved())
    works()
    assert front.net.times(front.key_of(1)) == 1
    assert front.shown(1).state is ReplyState.SENT


def test_what_was_asked_about_is_closed_by_the_timeline(front: Front, works: Round) -> None:
    case = front.complains()
    answers(front, case)
    front.net.shown_after = 2 * INDEX_LAG
    front.net.faults = [Fault.DROPS_AFTER]
    works()
    front.machine.passes(INDEX_LAG)
    works()
    assert front.shown(1).state is ReplyState.ASKED
    front.machine.passes(INDEX_LAG)
    front.timeline()
    assert works() == ["1"]
    assert front.shown(1).state is ReplyState.SENT


def test_what_was_asked_about_is_closed_when_the_wait_ends_without_it(
    front: Front, works: Round
) -> None:
    case = front.complains()
    answers(front, case)
    front.net.faults = [Fault.DROPS_BEFORE]
    works()
    front.machine.passes(INDEX_LAG)
    works()
    front.dismisses(case)
    works()
    done = front.shown(1)
    assert (done.state, done.reason) == (ReplyState.CANCELLED, Reason.DISMISSED)


def test_a_person_has_looked_and_it_is_there(front: Front, works: Round) -> None:
    case = front.complains()
    answers(front, case)
    with pytest.raises(ReplyError, match="nobody was asked about it"):
        people.posted(front.database, case, 1, now=front.machine.at)
    front.net.faults = [Fault.DROPS_BEFORE]
    works()
    front.machine.passes(INDEX_LAG)
    works()
    done = people.posted(front.database, case, 1, now=front.machine.at)
    assert (done.state, done.sent_at) == (ReplyState.SENT, front.machine.at)
    assert works() == []


def test_a_timeline_that_cannot_be_read_is_tried_again_and_then_asked_about(
    front: Front, works: Round
) -> None:
    answers(front, front.complains())
    front.net.faults = [Fault.DROPS_AFTER, *[Fault.BLIND] * 100]
    began = front.machine.at
    while front.shown(1).state is ReplyState.PENDING:
        works()
        front.machine.passes(MINUTE)
    assert front.shown(1).state is ReplyState.ASKED
    assert LOOKED_FOR / 2 < front.machine.at - began <= LOOKED_FOR + MINUTE
    assert front.told_of(1) == ["reply_unknown"]


def test_where_nobody_can_look_people_are_asked_at_once(front: Front, works: Round) -> None:
    answers(front, front.complains())
    front.net.faults = [Fault.DROPS_AFTER]
    front.net.blind = "it wrote too much since"
    works()
    front.machine.passes(MINUTE)
    works()
    done = front.shown(1)
    assert (done.state, done.problem) == (ReplyState.ASKED, "it wrote too much since")


def test_an_unknown_one_whose_source_is_gone_is_asked_about(front: Front, works: Round) -> None:
    answers(front, front.complains())
    front.net.faults = [Fault.DROPS_AFTER]
    works()
    front.machine.passes(MINUTE)
    stage = stage_of(front, Desk("other", front.net, (SHOP,)))
    stage.handle("1", front.machine.at)
    assert front.shown(1).state is ReplyState.PENDING
    front.machine.passes(LEFT)
    stage.handle("1", front.machine.at)
    assert front.shown(1).state is ReplyState.ASKED


@pytest.mark.parametrize("how", ["older", "known before", "a machine's"])
def test_another_answer_under_the_post_is_not_taken_for_it(
    front: Front, works: Round, how: str
) -> None:
    case = front.complains()
    brand = SHOP
    if how == "a machine's":
        brand = Brand("Shop", SHOP.identities, SHOP.terms, automatic_patterns=("we got",))
    earlier = front.net.stands(front.post_of(case), "we got your message")
    front.machine.passes(MINUTE if how != "older" else timedelta(hours=1))
    answers(front, case)
    if how == "known before":
        front.stream.brings(earlier, at=front.machine.at - MINUTE)
    front.net.faults = [Fault.DROPS_BEFORE]
    stage = stage_of(front, Desk("test", front.net, (brand,)))
    stage.handle("1", front.machine.at)
    front.machine.passes(INDEX_LAG)
    stage.handle("1", front.machine.at)
    assert front.shown(1).state is ReplyState.ASKED


@pytest.mark.parametrize("who", ["the source", "a stream", "a stream, late"])
def test_an_answer_that_reads_like_a_machine_s_by_now_is_found(front: Front, who: str) -> None:
    """A pattern was configured after it was written."""
    case = front.complains()
    answers(front, case)
    brand = Brand("Shop", SHOP.identities, SHOP.terms, automatic_patterns=("^It left",))
    stream = Bringing(front.database, brand)
    stage = stage_of(front, Desk("test", front.net, (brand,)))
    front.net.faults = [Fault.DROPS_AFTER]
    stage.handle("1", front.machine.at)
    front.machine.passes(MINUTE)
    if who != "the source":
        front.net.blind = "nobody can look"
    if who == "a stream":
        stream.brings(front.net.shown()[0], at=front.machine.at)
    stage.handle("1", front.machine.at)
    if who == "a stream, late":
        assert front.shown(1).state is ReplyState.ASKED
        stream.brings(front.net.shown()[0], at=front.machine.at)
        front.dismisses(case)
        stage.handle("1", front.machine.at)
    assert front.shown(1).state is ReplyState.SENT


def test_what_a_source_did_not_foresee_is_looked_for(front: Front) -> None:
    class Odd(Net):
        def reply(self, to: Post, text: str, key: str, /) -> Post:
            super().reply(to, text, key)
            raise ValueError("id\nand somebody's words")

    front.net = Odd(front.machine)
    answers(front, front.complains())
    runner = Runner([stage_of(front)], front.database, clock=front.machine)
    runner.until_idle()
    problem = front.shown(1).problem or ""
    assert problem.startswith("ValueError at monitor/stages/reply.py:")
    front.machine.passes(MINUTE)
    runner.until_idle()
    assert front.shown(1).state is ReplyState.SENT
    assert len(front.net.posted) == 1


def test_what_fails_before_an_attempt_is_set_aside_by_the_runner(front: Front) -> None:
    answers(front, front.complains())
    with front.database.writing() as conn:
        conn.execute(schema.sighting.delete())
        conn.execute(schema.mention.delete())
    done = Runner([stage_of(front)], front.database, clock=front.machine).until_idle()
    assert done.failed == {"reply": 1}
    assert front.net.tries == 0


# --------------------------------------------------------------------------- it is not wanted any more


def test_an_answer_typed_elsewhere_keeps_it_from_being_posted(front: Front, works: Round) -> None:
    case = front.complains()
    answers(front, case)
    front.net.stands(front.post_of(case), "Sorry!")
    front.timeline()
    works()
    done = front.shown(1)
    assert (done.state, done.reason) == (ReplyState.CANCELLED, Reason.ANSWERED)
    assert (front.net.tries, front.told_of(1)) == (0, ["reply_cancelled"])


def test_a_rest_does_not_make_it_overlook_that(front: Front, works: Round) -> None:
    case = front.complains()
    answers(front, case)
    front.net.faults = [Fault.BUSY]
    works()
    front.net.stands(front.post_of(case), "Sorry!")
    front.timeline()
    front.machine.passes(MINUTE)
    works()
    done = front.shown(1)
    assert (done.state, done.problem) == (ReplyState.CANCELLED, None)
    assert front.net.tries == 1


def test_a_deleted_post_is_not_answered(front: Front, works: Round) -> None:
    case = front.complains()
    answers(front, case)
    front.deletes(case)
    works()
    done = front.shown(1)
    assert (done.state, done.reason) == (ReplyState.CANCELLED, Reason.WITHDRAWN)
    assert (done.tried_at, done.attempts) == (None, 0)
    assert front.told_of(1) == ["reply_cancelled"]


def test_nor_is_a_deleted_post_of_a_customer_who_still_waits(front: Front, works: Round) -> None:
    case = front.complains()
    front.asks_again(case, "again")
    answers(front, case, post=front.number_of("1"))
    front.deletes(case)
    works()
    assert front.case(case).open_wait is not None
    assert front.shown(1).reason is Reason.WITHDRAWN


def test_an_erased_text_is_not_posted(front: Front, works: Round) -> None:
    answers(front, front.complains())
    with front.database.writing() as conn:
        conn.execute(schema.note.delete())
    works()
    done = front.shown(1)
    assert (done.state, done.reason, done.text) == (ReplyState.CANCELLED, Reason.ERASED, None)


def test_an_unknown_one_that_nobody_waits_for_is_looked_for_and_cancelled(
    front: Front, works: Round
) -> None:
    case = front.complains()
    answers(front, case)
    front.net.faults = [Fault.DROPS_BEFORE]
    works()
    front.dismisses(case)
    front.machine.passes(INDEX_LAG)
    works()
    done = front.shown(1)
    assert (done.state, done.reason) == (ReplyState.CANCELLED, Reason.DISMISSED)
    assert front.told_of(1) == ["reply_cancelled"]


def test_a_late_success_is_the_truth_whatever_was_thought(front: Front) -> None:
    """The sender froze in the middle; others looked in vain, and asked. Then it arrives."""
    answers(front, front.complains())
    work = partial(stage_of(front).handle, "1", front.machine.at)
    freeze, thread = front.net.frozen(Fault.FREEZES_BEFORE, work)
    front.machine.passes(LEASE)
    stage_of(front).handle("1", front.machine.at)
    assert front.shown(1).state is ReplyState.ASKED
    freeze.thawed.set()
    thread.join()
    assert front.shown(1).state is ReplyState.SENT


class Thief(Net):
    """While it is asked, somebody else is told to look, and has the answer."""

    def __init__(self, front: Front) -> None:
        super().__init__(front.machine)
        self._front = front

    def reply(self, to: Post, text: str, key: str, /) -> Post:
        self._steal()
        return super().reply(to, text, key)

    def find_reply(self, to: Post, key: str, /) -> Post | Absent | Unknowable:
        self._steal()
        return super().find_reply(to, key)

    def _steal(self) -> None:
        with self._front.database.writing() as conn:
            conn.execute(schema.reply.update().values(lease="somebody else's"))


@pytest.mark.parametrize("fault", [Fault.REFUSES, Fault.DROPS_AFTER, Fault.BUSY])
def test_whoever_lost_the_claim_changes_nothing(front: Front, fault: Fault) -> None:
    answers(front, front.complains())
    front.net = Thief(front)
    front.net.faults = [fault]
    stage_of(front).handle("1", front.machine.at)
    one = front.shown(1)
    assert (one.state, one.problem) == (ReplyState.PENDING, None)
    assert front.told() == []


@pytest.mark.parametrize("wanted", [True, False])
def test_nor_does_whoever_lost_it_while_looking(front: Front, works: Round, wanted: bool) -> None:
    case = front.complains()
    answers(front, case)
    front.net.faults = [Fault.DROPS_BEFORE]
    works()
    if not wanted:
        front.dismisses(case)
    front.machine.passes(INDEX_LAG)
    front.net = Thief(front)
    works()
    assert front.shown(1).state is ReplyState.PENDING
    assert front.told() == []

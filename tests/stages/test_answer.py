"""What is accepted as an answer, to which post, and from whom; and what people say of one in doubt."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from monitor.domain.event import Claimed
from monitor.domain.identity import Brand, Identity
from monitor.domain.notice import Reason
from monitor.domain.post import Author, Stream, StreamKind
from monitor.domain.reply import Length, Outgoing, ReplyState
from monitor.domain.template import Approved
from monitor.ports import Desk
from monitor.stages import act
from monitor.stages import answer as people
from monitor.stages.answer import ReplyError
from monitor.stages.reply import Reply
from monitor.store import cases, schema
from monitor.store.engine import Database
from tests.stages.front import Front, Net, TellingNet
from tests.stages.otherside import Fault
from tests.stages.told import Machine
from tests.store.written import SHOP

TEXT = "It left today."


@pytest.fixture
def front(database: Database) -> Front:
    machine = Machine()
    return Front(database, machine, TellingNet(machine))


def answer(front: Front, case: int, text: str = TEXT, *desks: Desk, **said: Any) -> Outgoing:
    given = {"approved": Approved(), "by": "ana", "now": front.machine.at, **said}
    return people.answer(front.database, desks or [front.desk], case, text, **given)


def refused(front: Front, case: int, text: str = TEXT, *desks: Desk, **said: Any) -> str:
    with pytest.raises(ReplyError) as raised:
        answer(front, case, text, *desks, **said)
    return str(raised.value)


def posts(front: Front) -> None:
    stage = Reply(front.database, [front.desk], clock=front.machine, machine=front.machine)
    for item in stage.due(front.machine.at):
        stage.handle(item, front.machine.at)


# ------------------------------------------------------------------------------------ is accepted


def test_whoever_answers_has_claimed_the_case(front: Front) -> None:
    case = front.complains(url="https://x.example/1")
    one = answer(front, case, f"  {TEXT}\n")
    assert (one.text, one.by, one.state, one.source) == (TEXT, "ana", ReplyState.PENDING, "test")
    assert (one.post, one.to_url) == (front.number_of("1"), "https://x.example/1")
    assert (front.case(case).owner, front.case(case).claimed) == ("ana", True)


def test_whoever_has_the_case_keeps_it(front: Front) -> None:
    case = front.complains()
    act.assign(front.database, case, "bob", by="ana", now=front.machine.at)
    answer(front, case)
    assert front.case(case).owner == "bob"
    with front.database.reading() as conn:
        assert not any(isinstance(one.event, Claimed) for one in cases.history(conn, case))


def test_a_draft_tells_all_and_writes_nothing(front: Front) -> None:
    case = front.complains()
    with front.database.reading() as conn:
        one = people.draft(conn, [front.desk], case, TEXT, approved=Approved(), by="ana")
    assert (one.author, one.length, one.network) == ("@shop", Length(14, 20), "x")
    assert front.case(case).owner is None
    answer(front, case)


def test_the_newest_post_is_answered_that_stands_and_may_be(front: Front) -> None:
    case = front.complains(can_reply=True)
    front.machine.passes(timedelta(minutes=1))
    newer = front.asks_again(case, "newer")
    front.machine.passes(timedelta(minutes=1))
    front.asks_again(case, "closed", can_reply=False, cannot_reply_because="it is locked")
    assert answer(front, case).post == newer


def test_another_post_of_the_customer_may_be_chosen(front: Front) -> None:
    case = front.complains()
    front.asks_again(case, "newer")
    chosen = front.number_of("1")
    assert answer(front, case, post=chosen).post == chosen


def test_a_source_that_tells_nothing_of_its_answers_may_post_any(front: Front) -> None:
    front.net = Net(front.machine)
    case = front.complains()
    with front.database.reading() as conn:
        one = people.draft(conn, [front.desk], case, TEXT * 100, approved=Approved(), by="ana")
    assert (one.author, one.length) == (None, None)


def test_of_several_accounts_the_one_that_was_spoken_to_answers(front: Front) -> None:
    other = Desk("other", front.net, (SHOP,))
    case = front.complains()
    with front.database.reading() as conn:
        assert (
            people.draft(
                conn, [other, front.desk], case, TEXT, approved=Approved(), by="ana"
            ).source
            == "test"
        )
        assert (
            people.draft(conn, [other], case, TEXT, approved=Approved(), by="ana").source == "other"
        )


# ------------------------------------------------------------------------------------- is refused


def test_there_is_no_such_case(front: Front) -> None:
    assert "There is no case 7" in refused(front, 7)


def test_a_case_that_is_part_of_another_is_answered_there(front: Front) -> None:
    case = front.complains()
    with front.database.writing() as conn:
        from monitor.domain.event import Merged
        from monitor.store.cases import Fact

        fact = Fact(front.machine.at, Merged(99), "settle")
        cases.append(conn, case, [fact], now=front.machine.at)
    assert "part of case 99" in refused(front, case)


def test_nobody_waits(front: Front) -> None:
    case = front.complains()
    front.dismisses(case)
    assert "is dismissed: nobody waits in it" in refused(front, case)


@pytest.mark.parametrize("text", ["", " \n", "\u3000"])
def test_there_are_no_words(front: Front, text: str) -> None:
    assert "no words" in refused(front, front.complains(), text)


def test_what_no_database_keeps_is_mended(front: Front) -> None:
    assert answer(front, front.complains(), "So\x00rry").text == "So\ufffdrry"


def test_it_is_too_long(front: Front) -> None:
    assert "21 of the 20 characters that x takes" in refused(front, front.complains(), "a" * 21)


def test_somebody_else_is_answering(front: Front) -> None:
    case = front.complains()
    act.claim(front.database, case, by="bob", now=front.machine.at)
    assert "bob is answering" in refused(front, case)
    assert answer(front, case, anyway=True).by == "ana"


def test_the_network_does_not_allow_it(front: Front) -> None:
    case = front.complains(
        can_reply=False, cannot_reply_because="it is locked", url="https://x.example/1"
    )
    said = refused(front, case)
    assert "it is locked" in said
    assert "https://x.example/1" in said
    other = front.complains(can_reply=False)
    assert "the network does not allow it" in refused(front, other)
    assert answer(front, case, anyway=True).state is ReplyState.PENDING


def test_what_is_deleted_is_not_answered(front: Front) -> None:
    case = front.complains()
    front.asks_again(case, "newer")
    front.deletes(case)
    assert "is deleted" in refused(front, case, post=front.number_of("1"))
    with front.database.writing() as conn:  # intake knows, settle does not yet
        conn.execute(schema.post.update().values(gone_at=front.machine.at))
    assert "nothing to answer" in refused(front, case)


@pytest.mark.parametrize("whose", ["another's", "the brand's", "nobody's"])
def test_only_the_customer_s_own_posts_are_answered(front: Front, whose: str) -> None:
    case = front.complains()
    match whose:
        case "another's":
            number = front.brings("b", by="bob", to="1", thread="1")
        case "the brand's":
            number = front.brings("b", by="shop", to="1", thread="1")
        case _:
            number = 999
    assert f"Post {number} is none of the customer's" in refused(front, case, post=number)


def test_no_source_answers_there(front: Front) -> None:
    case = front.complains(url="https://x.example/1")
    rival = Desk("test", front.net, (Brand("Rival"),))
    said = refused(front, case, TEXT, rival)
    assert "No configured source can answer on x for Shop" in said
    assert "https://x.example/1" in said

    class Elsewhere(TellingNet):
        def streams(self) -> tuple[Stream]:
            return (Stream("all", StreamKind.ALL, "reddit"),)

    there = Desk("test", Elsewhere(front.machine), (SHOP,))
    assert "No configured source" in refused(front, front.complains(), TEXT, there)


def test_the_source_only_reads(front: Front) -> None:
    net = TellingNet(front.machine)
    net.author = None
    assert "to read only" in refused(front, front.complains(), TEXT, Desk("test", net, (SHOP,)))


def test_the_account_must_be_known_as_the_brand_s(front: Front) -> None:
    """Else its answers would come back as customers' posts."""
    net = TellingNet(front.machine)
    case = front.complains()
    net.author = Author(handle="shop_night")
    said = refused(front, case, TEXT, Desk("test", net, (SHOP,)))
    assert "shop_night is none of Shop's identities" in said
    both = (Brand("Rival", (Identity("*", handle="shop_night"),)), SHOP)
    assert "shop_night is none" in refused(front, case, TEXT, Desk("test", net, both))


@pytest.mark.parametrize("whose", ["its own", "another's"])
def test_it_reads_like_a_machine_s(front: Front, whose: str) -> None:
    """It would be posted, and end no wait."""
    case = front.complains()
    own = Brand("Shop", SHOP.identities, SHOP.terms, automatic_patterns=("^It left",))
    if whose == "its own":
        said = refused(front, case, TEXT, Desk("test", front.net, (own,)))
        assert "Shop's automatic_patterns" in said
    else:
        rival = Brand("Rival", automatic_patterns=own.automatic_patterns)
        both = Desk("test", front.net, (rival, SHOP))
        assert answer(front, case, TEXT, both).state is ReplyState.PENDING


# -------------------------------------------------------------------------------- one at a time


def test_two_are_not_under_way_at_once(front: Front) -> None:
    case = front.complains()
    answer(front, case)
    assert "The same answer is under way" in refused(front, case)
    said = refused(front, case, "Another one")
    assert "An answer is under way already (1, by ana)" in said
    assert "--cancel 1" in said
    people.cancel(front.database, case, 1)
    assert answer(front, case, "Another one").number == 2


def test_the_same_is_not_posted_twice_for_one_wait(front: Front) -> None:
    case = front.complains()
    answer(front, case)
    posts(front)
    assert "posted already" in refused(front, case)  # settle has not looked yet
    front.settles()
    front.machine.passes(timedelta(minutes=1))
    front.asks_again(case, "again")
    assert answer(front, case).wait == 2  # another wait: the same words are the person's business


def test_after_a_refusal_another_one_may_be_written(front: Front) -> None:
    case = front.complains()
    answer(front, case)
    front.net.faults = [Fault.REFUSES]
    posts(front)
    assert answer(front, case).number == 2
    with pytest.raises(ReplyError, match="The same answer is under way already"):
        people.resend(front.database, [front.desk], case, 1, approved=Approved())


# -------------------------------------------------------------------------------- one in doubt


def test_only_what_is_asked_about_or_refused_is_sent_again(front: Front) -> None:
    case = front.complains()
    answer(front, case)
    with pytest.raises(ReplyError, match="is pending: it is not posted again"):
        people.resend(front.database, [front.desk], case, 1, approved=Approved())
    with pytest.raises(ReplyError, match="has no answer 2"):
        people.resend(front.database, [front.desk], case, 2, approved=Approved())
    other = front.complains()
    with pytest.raises(ReplyError, match=f"Case {other} has no answer 1"):
        people.posted(front.database, other, 1, now=front.machine.at)


def test_what_the_rules_forbid_by_now_is_not_sent_again(front: Front) -> None:
    case = front.complains()
    answer(front, case, "We promise a refund")
    front.net.faults = [Fault.REFUSES]
    posts(front)
    with pytest.raises(ReplyError, match="“promise” must not be said"):
        people.resend(
            front.database, [front.desk], case, 1, approved=Approved(forbidden=("promise",))
        )
    again = people.resend(front.database, [front.desk], case, 1, approved=Approved())
    assert again.state is ReplyState.PENDING


def test_for_a_wait_that_is_over_nothing_is_sent_again(front: Front) -> None:
    case = front.complains()
    answer(front, case)
    front.net.faults = [Fault.REFUSES]
    posts(front)
    front.brings("r", by="shop", to="1", thread="1", posted_at=front.machine.at)
    front.settles()
    with pytest.raises(ReplyError, match="nobody waits in it"):
        people.resend(front.database, [front.desk], case, 1, approved=Approved())
    front.machine.passes(timedelta(minutes=1))
    front.asks_again(case, "again")
    with pytest.raises(ReplyError, match="Nobody waits for answer 1 any more"):
        people.resend(front.database, [front.desk], case, 1, approved=Approved())


def test_an_erased_text_is_not_sent_again(front: Front) -> None:
    case = front.complains()
    answer(front, case)
    front.net.faults = [Fault.REFUSES]
    posts(front)
    with front.database.writing() as conn:
        conn.execute(schema.note.delete())
    with pytest.raises(ReplyError, match="was erased"):
        people.resend(front.database, [front.desk], case, 1, approved=Approved())


def test_what_may_be_there_already_cannot_be_taken_back(front: Front) -> None:
    case = front.complains()
    answer(front, case)
    front.net.faults = [Fault.DROPS_AFTER]
    posts(front)
    with pytest.raises(ReplyError, match="may be there already"):
        people.cancel(front.database, case, 1)
    front.machine.passes(timedelta(minutes=1))
    posts(front)
    with pytest.raises(ReplyError, match="is sent: it cannot be taken back"):
        people.cancel(front.database, case, 1)


def test_what_is_taken_back_stays_here(front: Front) -> None:
    case = front.complains()
    answer(front, case)
    gone = people.cancel(front.database, case, 1)
    assert (gone.state, gone.reason) == (ReplyState.CANCELLED, Reason.TAKEN_BACK)
    posts(front)
    assert front.net.posted == []


# ---------------------------------------------------------------------------- cases that become one


def test_an_answer_goes_along_with_its_case(front: Front) -> None:
    """The root of the thread was learnt late: two cases become one, and the answer still goes out."""
    root = front.complains(by="ana")
    front.machine.passes(timedelta(minutes=1))
    late = front.complains(by="ana", thread="lost")
    answer(front, late)
    with front.database.writing() as conn:
        conn.execute(
            schema.post.update().where(schema.post.c.external_id == "2").values(thread="1")
        )
        conn.execute(
            schema.mention.update()
            .where(schema.mention.c.post_id == front.number_of("2"))
            .values(next="settle")
        )
    front.settles()
    one = front.shown(1)
    assert (one.case_id, one.wait) == (root, 1)
    posts(front)
    assert front.shown(1).state is ReplyState.SENT


def test_and_is_cancelled_with_a_wait_that_is_no_more(front: Front) -> None:
    case = front.complains()
    one = answer(front, case)
    with front.database.writing() as conn:
        from monitor.store import replies

        replies.move(conn, case, case, {})
    posts(front)
    done = front.shown(one.number)
    assert (done.state, done.reason) == (ReplyState.CANCELLED, Reason.ABSORBED)
    assert [notice.audience for notice in front.told()] == ["#care"]


def test_people_are_told_also_where_no_rule_is_left(front: Front) -> None:
    case = front.complains()
    answer(front, case)
    with front.database.writing() as conn:
        conn.execute(schema.wait.delete())
    posts(front)
    assert [notice.audience for notice in front.told()] == [""]

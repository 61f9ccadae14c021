"""What answers whom, on the networks' own wires: each rule of the page on numbers, told as a story.

Real sources against simulated X and Reddit, the whole program, and a simulated Slack that is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.scenarios.live import LATE, MET, OPEN, PENDING, WITHDRAWN, Live, living
from tests.scenarios.pages import SALES

NETWORKS = [("x", "sqlite"), ("reddit", "sqlite"), ("x", "postgresql")]
on_every_network = pytest.mark.parametrize(
    ("network", "database_url"), NETWORKS, indirect=["database_url"]
)
on_every_network_with_reviews = pytest.mark.parametrize(
    ("network", "database_url"), [*NETWORKS, ("reviews", "sqlite")], indirect=["database_url"]
)
on_both_databases = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def live(tmp_path: Path, database_url: str, network: str) -> Iterator[Live]:
    with living(tmp_path, database_url, network) as made:
        yield made


# ------------------------------------------------------------------ its reply chain reaches a post of C


@on_every_network
def test_a_reply_to_the_complaint_ends_the_wait(live: Live) -> None:
    complaint = live.page.posts("Still no parcel", at="09:00")
    live.runs_until("11:00").hears("#care", "Still no parcel").hears("#care", "2 h")
    live.page.we_answer(complaint, at="12:30")
    live.runs_until("14:00").hears_nothing_more()
    live.card_says("Answered after 3 h 30 min")
    assert live.states() == {MET: 1}
    live.pictures_are_true()


@on_every_network
def test_a_reply_to_our_own_reply_reaches_the_customer_above(live: Live) -> None:
    complaint = live.page.posts("Still no parcel", at="09:00")
    robot = live.page.we_answer(complaint, at="09:01", text="This is an automatic message")
    live.page.we_answer(robot, at="10:20")
    live.runs_until("14:00").hears("#care", "Still no parcel").hears_nothing_more()
    live.card_says("Answered after 1 h 20 min")
    assert live.states() == {MET: 1}


@on_every_network
def test_a_reply_to_the_customer_s_later_post_answers_all_he_asked(live: Live) -> None:
    complaint = live.page.posts("Still no parcel", at="09:00")
    again = live.page.posts("It is broken, too", at="09:40", to=complaint)
    live.page.we_answer(again, at="10:20")
    live.runs_until("14:00").hears("#care", "Still no parcel").hears_nothing_more()
    live.card_says("Answered after 1 h 20 min")
    assert live.states() == {MET: 1}


@on_every_network
def test_a_reply_in_time_counts_and_a_late_one_is_a_breach(live: Live) -> None:
    complaint = live.page.posts("Still no parcel", at="09:00")
    live.page.we_answer(complaint, at="13:10")
    live.runs_until("14:00")
    assert live.states() == {LATE: 1}


# --------------------------------------------------------------------- C wrote the root: top-level in it


@on_every_network
def test_a_top_level_post_in_the_thread_answers_who_began_it_and_nobody_else(live: Live) -> None:
    root = live.page.posts("Still no parcel", at="09:00")
    live.page.posts("Broken here, too", at="09:10", by="bogdan", to=root)
    # on X: of its conversation, and shown as a reply to nothing; on Reddit: a comment on the submission
    how: dict[str, Any] = {"reply_to": None} if live.page.network == "x" else {}
    live.page.we_answer(root, at="10:00", **how)
    live.runs_until("14:00").hears("#care", "Still no parcel").hears("#care", "Broken here")
    live.hears("#care", "2 h").hears("#leads", "Broken here").hears_nothing_more()
    assert live.states() == {MET: 1, OPEN: 1}


# ---------------------------------------------------------------------------------------- it quotes one


@pytest.mark.parametrize("network", ["x"])
@on_both_databases
def test_who_is_quoted_is_answered_in_whatever_conversation(live: Live) -> None:
    complaint = live.page.posts("Still no parcel", at="09:00")
    live.page.posts("Broken here, too", at="09:10", by="bogdan")
    live.page.posts("It is on its way, see below", at="10:00", by="acme_help", quotes=(complaint,))
    live.runs_until("14:00").hears("#care", "Still no parcel").hears("#care", "Broken here")
    live.hears("#care", "2 h").hears("#leads", "Broken here").hears_nothing_more()
    assert live.states() == {MET: 1, OPEN: 1}


# ------------------------------------------------------------------ an owner's response answers its review


@pytest.mark.parametrize("network", ["reviews"])
@on_both_databases
def test_the_owner_s_response_answers_its_review_and_no_other(live: Live) -> None:
    review = live.page.posts("Broken on arrival", at="09:00", rating=1)
    live.page.posts("Never again", at="09:05", by="bogdan", rating=1)
    live.page.we_answer(review, at="09:40")
    live.runs_until("14:00").hears("#care", "Broken").hears("#care", "Never again")
    live.hears("#care", "2 h").hears("#leads", "Never again").hears_nothing_more()
    assert live.states() == {MET: 1, OPEN: 1}


# ---------------------------------------------------------------------- a reply to B never ends A's wait


@on_every_network
def test_a_reply_to_another_customer_deep_in_the_thread_ends_only_that_wait(live: Live) -> None:
    complaint = live.page.posts("Still no refund", at="09:00")
    other = live.page.posts("Broken here too", at="09:05", by="bogdan", to=complaint)
    chat = live.page.posts("oh dear", at="09:10", by="carla", to=other)
    theirs = live.page.posts("and still no refund", at="09:20", by="bogdan", to=chat)
    live.page.we_answer(theirs, at="10:00")
    live.runs_until("13:30").hears("#care", "Still no refund").hears("#care", "Broken here too")
    live.hears("#care", "2 h").hears("#leads", "4 h").hears_nothing_more()
    assert live.states() == {MET: 1, OPEN: 1}
    live.pictures_are_true()


@pytest.mark.parametrize("network", ["x"])
@on_both_databases
def test_a_reply_to_a_post_that_nobody_can_see_answers_nobody(live: Live) -> None:
    complaint = live.page.posts("Still no refund", at="09:00")
    hidden = live.page.posts("Broken here too", at="09:05", by="bogdan", to=complaint, seen="23:00")
    live.page.we_answer(hidden, at="10:00")
    live.runs_until("13:30").hears("#care", "Still no refund").hears("#care", "2 h")
    live.hears("#leads", "4 h").hears_nothing_more()
    assert live.states() == {OPEN: 1}


# ------------------------------------------------------------- whichever of the two was stored first


@on_every_network
@pytest.mark.parametrize(("post_seen", "answer_seen"), [("09:10", "11:20"), ("11:20", "09:40")])
def test_the_match_works_whichever_was_indexed_first(
    live: Live, post_seen: str, answer_seen: str
) -> None:
    complaint = live.page.posts("Still no refund", at="09:00", seen=post_seen)
    live.page.we_answer(complaint, at="09:30", seen=answer_seen)
    live.runs_until("14:00")
    live.card_says(
        "Answered after 30 min"
    ) if post_seen < answer_seen else live.hears_nothing_more()
    assert live.states() == {MET: 1}


@on_every_network
def test_an_answer_already_there_when_the_post_is_found_sends_no_alert(live: Live) -> None:
    complaint = live.page.posts("Still no refund", at="09:00", seen="10:00")
    live.page.we_answer(complaint, at="09:20", seen="10:00")
    live.runs_until("14:00").hears_nothing_more()
    assert live.states() == {MET: 1}


@on_every_network
def test_an_earlier_post_indexed_late_moves_the_start(live: Live) -> None:
    root = live.page.posts("Still no parcel", at="08:30", seen="09:30")
    live.page.posts("Broken app too", at="09:00", to=root)
    live.runs_until("09:00").hears("#care", "Broken app too")
    live.runs_until("10:20").hears_nothing_more()
    live.runs_until("10:30").hears("#care", "2 h without")
    live.runs_until("12:40").hears("#leads", "4 h").hears_nothing_more()
    assert live.states() == {OPEN: 1}


@pytest.mark.parametrize("network", ["x", "reddit"])
@given(delays=st.lists(st.sampled_from([0, 15, 40, 95, 170]), min_size=6, max_size=6))
@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_figures_do_not_depend_on_when_a_network_showed_what(
    tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, network: str, delays: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("live")
    path = folder / "monitor.db"
    path.write_bytes(sqlite_template.read_bytes())
    late = iter(delays)

    def seen(at: str) -> str:
        hours, minutes = map(int, at.split(":"))
        minutes += 60 * hours + next(late)
        return f"{minutes // 60:02}:{minutes % 60:02}"

    with living(folder, f"sqlite:///{path}", network) as live:
        page = live.page
        ana = page.posts("Still no refund", at="09:00", seen=seen("09:00"))
        bogdan = page.posts("Broken", at="09:10", by="bogdan", to=ana, seen=seen("09:10"))
        again = page.posts("Still no word", at="10:00", to=bogdan, seen=seen("10:00"))
        ours = page.we_answer(again, at="10:30", seen=seen("10:30"))
        page.posts("Thanks!", at="10:40", to=ours, seen=seen("10:40"))
        page.we_answer(bogdan, at="13:30", seen=seen("13:30"))
        live.runs_until("16:30", every=timedelta(hours=1))
        assert live.states() == {MET: 1, LATE: 1}
        live.pictures_are_true()


# ------------------------------------------------------------------ by a listed identity, and no robot


@on_every_network
@pytest.mark.parametrize("how", [{"text": "This is an automatic message"}, {"via": "AutoReply"}])
def test_an_automatic_reply_ends_nobody_s_wait(live: Live, how: dict[str, str]) -> None:
    if live.page.network == "reddit" and "via" in how:
        how = {"text": "This is an automatic message: welcome"}  # Reddit tells no app
    complaint = live.page.posts("Still no refund", at="09:00")
    live.page.we_answer(complaint, at="09:01", **how)
    live.runs_until("13:30").hears("#care", "Still no refund").hears("#care", "2 h")
    live.hears("#leads", "4 h").hears_nothing_more()
    assert live.states() == {OPEN: 1}


@on_every_network
def test_our_second_account_answers_as_well_as_the_first(live: Live) -> None:
    complaint = live.page.posts("Still no refund", at="09:00")
    live.page.we_answer(complaint, at="09:40", by=SALES)
    live.runs_until("14:00").hears("#care", "Still no refund").hears_nothing_more()
    assert live.states() == {MET: 1}


@on_every_network
def test_what_we_write_ourselves_is_no_complaint(live: Live) -> None:
    live.page.posts("@acme_help Still no refund for us either, broken!", at="09:00", by=SALES)
    live.runs_until("14:00").hears_nothing_more()
    assert live.states() == {}


@on_every_network
def test_anybody_else_s_reply_is_no_answer(live: Live) -> None:
    complaint = live.page.posts("Still no refund", at="09:00")
    live.page.we_answer(complaint, at="09:30", by="acme_helps")
    live.runs_until("11:00").hears("#care", "Still no refund").hears("#care", "2 h")
    assert live.states() == {PENDING: 1}


# ------------------------------------------------------------------------------------- what is deleted


@on_every_network_with_reviews
def test_a_deleted_answer_takes_the_wait_up_from_its_start(live: Live) -> None:
    complaint = live.page.posts("Still no refund", at="09:00")
    answer = live.page.we_answer(complaint, at="09:20")
    live.page.deletes(answer, at="10:10")
    live.runs_until("10:00").hears("#care", "Still no refund").hears_nothing_more()
    live.card_says("Answered after 20 min")
    live.runs_until("11:00").hears("#care", "2 h without").hears_nothing_more()
    live.runs_until("13:30").hears("#leads", "4 h").hears_nothing_more()
    assert live.states() == {OPEN: 1}
    live.pictures_are_true()


@on_every_network
def test_an_answer_in_place_of_a_deleted_one_counts_by_its_own_time(live: Live) -> None:
    complaint = live.page.posts("Still no refund", at="09:00")
    answer = live.page.we_answer(complaint, at="09:20")
    live.page.deletes(answer, at="10:10")
    live.runs_until("10:40")
    live.page.we_answer(complaint, at="10:50")
    live.runs_until("13:30")
    live.card_says("Answered after 1 h 50 min")
    assert live.states() == {MET: 1}


@on_every_network_with_reviews
def test_a_complaint_deleted_before_it_was_due_leaves_the_figures(live: Live) -> None:
    complaint = live.page.posts("Still no refund", at="09:00")
    live.page.deletes(complaint, at="10:00")
    live.runs_until("09:30").hears("#care", "Still no refund")
    live.runs_until("14:00").hears_nothing_more()
    assert live.states() == {WITHDRAWN: 1}
    assert live.report().total.figures.within.breached == 0
    live.pictures_are_true()


@on_every_network_with_reviews
def test_a_complaint_deleted_after_it_was_due_stays_a_breach(live: Live) -> None:
    complaint = live.page.posts("Still no refund", at="09:00")
    live.page.deletes(complaint, at="13:40")
    live.runs_until("13:30").hears("#care", "Still no refund").hears("#care", "2 h")
    live.runs_until("15:00").hears("#leads", "4 h").hears_nothing_more()
    assert live.states() == {OPEN: 1}
    live.pictures_are_true()


# ----------------------------------------------------------------------------- what opens a wait, and not


@on_every_network
def test_a_thank_you_opens_nothing_and_a_later_complaint_waits_again(live: Live) -> None:
    complaint = live.page.posts("Still no refund", at="09:00")
    live.page.we_answer(complaint, at="09:10")
    live.page.posts("Thanks!", at="09:20", to=complaint)
    live.runs_until("12:00").hears("#care", "Still no refund").hears_nothing_more()
    live.page.posts("Still no money on my account", at="12:10", to=complaint)
    live.runs_until("14:00").hears("#care", "Still no money").hears_nothing_more()
    assert live.states() == {MET: 1, PENDING: 1}
    live.pictures_are_true()


@on_every_network
def test_an_edited_post_is_judged_again(live: Live) -> None:
    first = live.page.posts("Where is my parcel", at="09:00")
    second = live.page.posts("Broken on arrival", at="09:00", by="bogdan")
    live.runs_until("09:30").hears("#care", "Broken").hears_nothing_more()
    live.page.edits(first, "Still no parcel", at="10:00")
    live.page.edits(second, "They replaced it, love it", at="10:00")
    live.runs_until("10:30").hears("#care", "Still no parcel")
    live.runs_until("14:30").hears("#care", "2 h").hears("#leads", "Still no parcel")
    live.hears_nothing_more()


@pytest.mark.parametrize("network", ["x"])
@on_both_databases
def test_a_thread_whose_root_is_learnt_late_becomes_one_case(live: Live) -> None:
    root = live.page.posts("Still no parcel", at="09:00", seen="10:30")
    below = live.page.posts("ok", at="09:10", by="bogdan", to=root, seen="10:30")
    again = live.page.posts("Broken, too", at="09:20", to=below, names_its_thread=False)
    live.runs_until("10:00").hears("#care", "Broken, too").hears_nothing_more()
    live.page.we_answer(again, at="10:10")
    live.runs_until("14:00").hears_nothing_more()
    assert live.states() == {MET: 1}
    live.pictures_are_true()

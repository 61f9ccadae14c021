"""Review sites over plain HTTP: what their sources make of reviews, responses, log-ins and trouble."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from monitor.domain.errors import Outcome, SendError, SourceError
from monitor.domain.finding import Standing
from monitor.domain.identity import Brand
from monitor.domain.notice import Absent, Unknowable
from monitor.domain.post import Gone, Post, PostKind
from monitor.ports import DescribesReplies, Refreshes, Replies, TriesOut
from monitor.simulator.serving import Fault
from tests.sources.review_sites import SITES, Site, look, site
from tests.sources.reviewed import NOON, comes_when_looked_up
from tests.sources.stores_world import items, posts

HOUR = timedelta(hours=1)


@pytest.fixture(params=SITES)
def world(request: pytest.FixtureRequest) -> Iterator[Site]:
    with site(request.param) as made:
        yield made


def complaint(world: Site) -> Post:
    """A review of an hour ago, as it was read."""
    world.reviewed(ago=HOUR)
    return posts(look(world.source()))[0]


# ------------------------------------------------------------------------------------ reading


def test_a_review_has_its_stars_and_a_response_its_own_time(world: Site) -> None:
    number = world.reviewed("Supă rece 😡", rating=2, ago=3 * HOUR)
    world.store.respond(number, "Ne pare rău!", NOON - HOUR)
    review, response = posts(look(world.source()))
    assert (review.key, review.kind, review.is_root) == (
        world.key(number),
        PostKind.REVIEW,
        True,
    )
    assert (review.text, review.rating, review.author.name) == ("Supă rece 😡", 2.0, "Ana")
    assert (review.can_reply, review.visibility) == (True, "public")
    assert response.key.external_id == f"{review.key.external_id}/response"
    assert (response.kind, response.reply_to) == (PostKind.RESPONSE, review.key.external_id)
    assert (review.posted_at, response.posted_at) == (NOON - 3 * HOUR, NOON - HOUR)
    assert Brand("Bufnivo").wrote(response)


def test_two_people_of_one_name_are_two_people(world: Site) -> None:
    world.reviewed()
    world.reviewed()
    assert len({post.author.key for post in posts(look(world.source()))}) == 2


def test_what_did_not_change_is_not_brought_again(world: Site) -> None:
    cursors = dict[str, str]()
    for _ in range(9):
        world.reviewed()
    assert len(posts(look(world.source(), cursors))) == 9
    assert items(look(world.source(), cursors)) == []


def test_a_response_typed_on_the_site_is_seen_and_one_taken_back_is_told(world: Site) -> None:
    source, cursors = world.source(), dict[str, str]()
    old = world.reviewed(ago=timedelta(days=5))
    for _ in range(9):
        world.reviewed()
    look(source, cursors)
    world.passes(HOUR)
    world.store.respond(old, "Sorry!")
    *_, response = posts(look(source, cursors))
    assert response.reply_to == world.key(old).external_id
    review = world.store.find(old)
    assert review is not None
    review.response = None
    (gone,) = [one for one in items(look(source, cursors)) if isinstance(one, Gone)]
    assert gone.key == response.key


def test_an_edited_review_comes_again_under_the_same_key_with_its_new_stars(world: Site) -> None:
    source, cursors = world.source(), dict[str, str]()
    number = world.reviewed(rating=5)
    (before,) = posts(look(source, cursors))
    world.passes(HOUR)
    world.edits(number, "Worse than ever", rating=1)
    (after,) = posts(look(source, cursors))
    assert (after.key, after.text, after.rating) == (before.key, "Worse than ever", 1.0)
    assert after.edited_at == NOON + HOUR


def test_more_pages_than_allowed_are_told_as_a_gap(world: Site) -> None:
    for _ in range(12):
        world.reviewed()
    *_, last = look(world.source(max_pages=2))
    assert last.gap is not None
    assert "2 pages" in last.gap.reason


# ------------------------------------------------------------------------------------ log-in


def test_a_token_is_had_once_and_anew_when_it_is_refused(world: Site) -> None:
    source = world.source()
    for _ in range(9):
        world.reviewed()
    look(source)
    assert world.simulated.tokens.given == 1
    world.simulated.tokens.revoke()
    assert len(posts(look(source))) == 9
    assert world.simulated.tokens.given == 2


def test_a_token_is_had_anew_before_it_ends(world: Site) -> None:
    world.simulated.tokens.life = "60"
    source = world.source()
    look(source)
    look(source)
    assert world.simulated.tokens.given == 2


def test_a_log_in_that_is_refused_is_for_good_and_says_what_to_mend(world: Site) -> None:
    for name in world.secrets.known:
        world.secrets.put(name, "hush-hush")
    with pytest.raises(SourceError, match=r"invalid_grant.*look at") as raised:
        look(world.source())
    assert raised.value.permanent
    assert "hush-hush" not in str(raised.value)


def test_a_secret_that_is_replaced_is_used_from_the_next_log_in_on(world: Site) -> None:
    source, known = world.source(), dict(world.secrets.known)
    world.secrets.known.clear()
    with pytest.raises(SourceError, match="missing") as raised:
        look(source)
    assert raised.value.permanent
    world.secrets.known.update(known)
    look(source)


def test_an_answer_whose_log_in_failed_was_not_sent(world: Site) -> None:
    to = complaint(world)
    world.server.faults.append(Fault("503", "token"))
    with pytest.raises(SendError) as raised:
        world.source().reply(to, "Sorry!", "key")
    assert raised.value.outcome is Outcome.NOT_SENT


# ------------------------------------------------------------------------------------ looking again


def test_a_look_again_asks_once_for_a_review_and_its_response(world: Site) -> None:
    source = world.source()
    assert isinstance(source, Refreshes)
    number = world.reviewed()
    world.store.respond(number, "Sorry!")
    keys = [post.key for post in posts(look(source))]
    world.server.asked.clear()
    assert {one.key for one in source.refresh(keys) if isinstance(one, Post)} == set(keys)
    assert world.calls(number) == 1
    world.store.delete(number)
    assert list(source.refresh(keys)) == [Gone(key, NOON) for key in keys]


def test_a_response_that_no_look_shows_any_more_comes_when_its_review_is_looked_up(
    world: Site,
) -> None:
    comes_when_looked_up(world, world.source(window="5d"), look)


def test_what_is_none_of_the_site_s_is_not_asked_for(world: Site) -> None:
    assert list(world.source().refresh([world.key("x")._replace(network="x")])) == []
    assert world.server.asked == []


def test_a_failing_look_again_deletes_nothing(world: Site) -> None:
    number = world.reviewed()
    world.server.faults.append(Fault("403"))
    with pytest.raises(SourceError):
        list(world.source().refresh([world.key(number)]))


# ------------------------------------------------------------------------------------ answering


def test_an_answer_stands_under_the_review_and_is_found(world: Site) -> None:
    source = world.source()
    assert isinstance(source, Replies)
    to = complaint(world)
    assert isinstance(source.find_reply(to, "key"), Absent)
    sent = source.reply(to, "Come again, it is on us.", "key")
    seen = posts(look(source))[-1]
    assert (sent.key, sent.text, sent.thread) == (seen.key, seen.text, to.thread)
    assert source.find_reply(to, "key") == seen


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ("drop", Outcome.UNKNOWN),
        ("drop after", Outcome.UNKNOWN),
        ("500", Outcome.UNKNOWN),
        ("429", Outcome.NOT_SENT),
        ("403", Outcome.PERMANENT),
        ("404", Outcome.PERMANENT),
    ],
)
def test_a_fault_says_what_is_known_of_the_answer(
    world: Site, fault: str, outcome: Outcome
) -> None:
    to = complaint(world)
    world.server.faults.append(Fault(fault, "/reply"))
    world.server.asked.clear()
    with pytest.raises(SendError) as raised:
        world.source().reply(to, "Sorry!", "key")
    assert raised.value.outcome is outcome
    assert world.calls("/reply") == 1
    world.server.faults.clear()
    found = world.source().find_reply(to, "key")
    assert isinstance(found, Post if fault == "drop after" else Absent)


def test_an_old_response_is_no_answer_to_the_review_as_it_is_now(world: Site) -> None:
    number = world.reviewed(ago=2 * HOUR)
    world.store.respond(number, "Thank you!", NOON - HOUR)
    world.edits(number, "Now it is bad", rating=1)
    (to, *_) = posts(look(world.source()))
    assert isinstance(world.source().find_reply(to, "key"), Absent)


def test_of_a_review_that_is_gone_nothing_can_be_known(world: Site) -> None:
    to = complaint(world)
    world.store.delete("rev1")
    assert isinstance(world.source().find_reply(to, "key"), Unknowable)


def test_a_look_that_fails_leaves_the_outcome_unknown(world: Site) -> None:
    to = complaint(world)
    world.server.faults.append(Fault("403"))
    with pytest.raises(SendError) as raised:
        world.source().find_reply(to, "key")
    assert raised.value.outcome is Outcome.UNKNOWN


def test_an_answer_that_is_too_long_is_refused_before_it_is_sent(world: Site) -> None:
    source, to = world.source(), complaint(world)
    assert isinstance(source, DescribesReplies)
    world.server.asked.clear()
    with pytest.raises(SendError) as raised:
        source.reply(to, "x" * (source.reply_length("").most + 1), "key")
    assert raised.value.outcome is Outcome.PERMANENT
    assert world.server.asked == []


# ------------------------------------------------------------------------------------ trying, budget


def test_a_trial_says_what_may_be_done(world: Site) -> None:
    source = world.source()
    assert isinstance(source, TriesOut)
    assert {one.standing for one in source.try_out()} == {Standing.WELL}
    world.server.faults.append(Fault("400", "token"))
    with pytest.raises(SourceError):
        list(world.source().try_out())


def test_the_budget_stops_it_and_says_so(world: Site) -> None:
    source = world.source(calls_per_minute=1)
    look(source)
    with pytest.raises(SourceError) as raised:
        look(source)
    assert raised.value.out_of_budget

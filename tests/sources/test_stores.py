"""The app stores: what both sources make of reviews and responses, by the same look."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from itertools import islice
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.domain.errors import ConfigError, Outcome, SendError, SourceError
from monitor.domain.finding import Standing
from monitor.domain.identity import Brand
from monitor.domain.notice import Absent, Unknowable
from monitor.domain.post import Gone, Post, PostKind, Rejected
from monitor.ports import DescribesReplies, Refreshes, Replies, TriesOut
from monitor.reviewing import cursor
from monitor.reviewing.look import Listed
from monitor.simulator.stores import Review
from monitor.sources.stores.app_store import wire as apple
from monitor.sources.stores.google_play import wire as google
from tests.sources.mutations import mutated
from tests.sources.reviewed import NOON, comes_when_looked_up
from tests.sources.stores_world import APP, PACKAGE, STORES, Shop, items, look, posts, shop

HOUR = timedelta(hours=1)


@pytest.fixture(params=STORES)
def world(request: pytest.FixtureRequest) -> Iterator[Shop]:
    with shop(request.param) as made:
        yield made


# ------------------------------------------------------------------------------------ reading


def test_a_review_has_its_stars_its_title_and_its_author(world: Shop) -> None:
    number = world.reviewed("Nu pornește 😡", title="Păcat", rating=2, lang="ro")
    (post,) = posts(look(world.source()))
    assert post.key == world.key(number)
    assert (post.kind, post.thread, post.is_root) == (PostKind.REVIEW, number, True)
    assert (post.title, post.text, post.rating) == ("Păcat", "Nu pornește 😡", 2.0)
    assert (post.author.name, post.author.key) == ("Ana", number)
    assert (post.visibility, post.can_reply) == ("public", True)
    assert post.lang == ("ro" if world.network == "google_play" else None)
    assert post.posted_at == NOON - timedelta(minutes=1)


def test_two_people_of_one_name_are_two_people(world: Shop) -> None:
    world.reviewed()
    world.reviewed()
    assert len({post.author.key for post in posts(look(world.source()))}) == 2


def test_a_response_is_a_post_of_the_brand_at_its_own_time(world: Shop) -> None:
    number = world.reviewed(ago=3 * HOUR)
    world.store.respond(number, "Fixed in 5.2.1", NOON - HOUR)
    review, response = posts(look(world.source()))
    assert response.key == world.key(f"{number}/response")
    assert (response.kind, response.thread, response.reply_to) == (
        PostKind.RESPONSE,
        number,
        number,
    )
    assert (response.posted_at, review.posted_at) == (NOON - HOUR, NOON - 3 * HOUR)
    assert Brand("Bufnivo").wrote(response)
    assert not Brand("Bufnivo").wrote(review)


def test_what_did_not_change_is_not_brought_again(world: Shop) -> None:
    source, cursors = world.source(), dict[str, str]()
    for _ in range(9):
        world.reviewed()
    assert len(posts(look(source, cursors))) == 9
    assert items(look(source, cursors)) == []
    assert items(look(world.source(), cursors)) == []


def test_what_cannot_be_read_is_told_once_and_again_when_it_changed(world: Shop) -> None:
    source, cursors = world.source(), dict[str, str]()
    number = world.reviewed(broken={"comments": "none", "attributes": "none"})
    (told,) = items(look(source, cursors))
    assert isinstance(told, Rejected)
    assert told.where == number
    assert items(look(source, cursors)) == []
    review = world.store.find(number)
    assert review is not None
    review.broken = {"comments": "still none", "attributes": "still none"}
    assert [type(one) for one in items(look(source, cursors))] == [Rejected]
    review.broken = None
    assert [post.key for post in posts(look(source, cursors))] == [world.key(number)]


def test_a_response_typed_in_the_store_s_own_console_is_seen(world: Shop) -> None:
    """It does not move the review to the top of the list, nor does it change the review."""
    source, cursors = world.source(), dict[str, str]()
    old = world.reviewed(ago=timedelta(days=5))
    for _ in range(12):
        world.reviewed()
    look(source, cursors)
    world.passes(HOUR)
    world.store.respond(old, "Sorry!")
    assert posts(look(source, cursors))[-1].key == world.key(f"{old}/response")


def test_an_edited_review_comes_again_under_the_same_key(world: Shop) -> None:
    source, cursors = world.source(), dict[str, str]()
    number = world.reviewed()
    (before,) = posts(look(source, cursors))
    world.passes(2 * HOUR)
    world.edits(number, "They mended it!", rating=5)
    (after,) = posts(look(source, cursors))
    assert after.key == before.key
    assert (after.text, after.rating) == ("They mended it!", 5.0)
    assert after.edited_at == NOON + 2 * HOUR


def test_an_edited_response_keeps_its_key_and_says_when(world: Shop) -> None:
    source, cursors = world.source(), dict[str, str]()
    number = world.reviewed()
    world.store.respond(number, "We look into it.")
    look(source, cursors)
    world.passes(HOUR)
    world.store.respond(number, "It is mended.")
    response = posts(look(source, cursors))[-1]
    assert (response.text, response.edited_at) == ("It is mended.", NOON + HOUR)


def test_a_response_that_the_owner_takes_back_is_told(world: Shop) -> None:
    source, cursors = world.source(), dict[str, str]()
    number = world.reviewed()
    world.store.respond(number, "Nonsense!")
    look(source, cursors)
    review = world.store.find(number)
    assert review is not None
    review.response = None
    gone = [one for one in items(look(world.source(), cursors)) if isinstance(one, Gone)]
    assert [one.key for one in gone] == [world.key(f"{number}/response")]


def test_the_first_look_goes_back_as_far_as_it_is_told(world: Shop) -> None:
    source, cursors = world.source(look_back="2d"), dict[str, str]()
    world.reviewed(ago=timedelta(days=3))
    young = world.reviewed(ago=timedelta(days=1))
    assert [post.key for post in posts(look(source, cursors))] == [world.key(young)]
    assert items(look(source, cursors)) == []


def test_an_old_review_that_is_edited_comes_though_the_first_look_left_it_out(
    world: Shop,
) -> None:
    source, cursors = world.source(look_back="2d"), dict[str, str]()
    old = world.reviewed(ago=timedelta(days=6))
    assert items(look(source, cursors)) == []
    world.edits(old, "Worse than ever", rating=1)
    assert [post.key for post in posts(look(source, cursors))] == [world.key(old)]


def test_a_look_ends_where_the_window_does(world: Shop) -> None:
    for days in range(1, 7):
        for _ in range(4):
            world.reviewed(ago=timedelta(days=days))
    look(world.source(window="2d"))
    asked = [one for one in world.server.asked if one.path.lower().endswith("reviews")]
    assert len(asked) == 3


def test_more_pages_than_allowed_are_told_as_a_gap(world: Shop) -> None:
    for _ in range(12):
        world.reviewed()
    pages = look(world.source(max_pages=2))
    assert [page.gap is not None for page in pages] == [False, True]
    gap = pages[-1].gap
    assert gap is not None
    assert "2 pages" in gap.reason
    assert len(posts(pages)) == 8


def test_every_page_says_what_it_cost(world: Shop) -> None:
    for _ in range(9):
        world.reviewed()
    pages = look(world.source())
    assert [page.cost.calls for page in pages] == [1, 1, 1]
    assert {page.cost.micros for page in pages} == {0}


def test_a_continuation_that_the_store_forgot_costs_no_review(world: Shop) -> None:
    source, cursors = world.source(), dict[str, str]()
    for _ in range(9):
        world.reviewed()
    first = posts(look(source, cursors, pages=1))
    place = json.loads(cursors["reviews"])
    cursors["reviews"] = json.dumps(place | {"next": "long forgotten"})
    pages = look(source, cursors)
    assert pages[0].cost.calls == 2
    assert {post.key for post in [*first, *posts(pages)]} == {
        world.key(one.id) for one in world.store.newest()
    }
    assert len(posts(pages)) == 5, "what the first page brought came twice"


def test_a_cursor_stays_small_enough_for_a_row(world: Shop) -> None:
    source, cursors = world.source(page_size=100, calls_per_hour=10**6), dict[str, str]()
    for _ in range(3000):
        world.reviewed()
    look(source, cursors)
    assert len(cursors["reviews"]) < 40 * 3000
    assert items(look(source, cursors)) == []


# ------------------------------------------------------------------------------------ quota


def test_the_hour_s_calls_are_kept_to_and_reading_goes_on_where_it_was(world: Shop) -> None:
    source, cursors = world.source(calls_per_hour=3), dict[str, str]()
    for _ in range(20):
        world.reviewed()
    seen = posts(look(source, cursors, pages=3))
    with pytest.raises(SourceError, match="used up") as raised:
        look(source, cursors)
    assert (raised.value.permanent, raised.value.out_of_budget) == (False, True)
    assert raised.value.retry_after is not None
    assert HOUR / 2 < raised.value.retry_after <= HOUR
    seen += posts(look(world.source(calls_per_hour=3), cursors, pages=2))  # as after a restart
    assert len(seen) == len({post.key for post in seen}) == 20


def test_looking_again_leaves_half_of_the_hour_to_reading(world: Shop) -> None:
    source = world.source(calls_per_hour=6)
    keys = [world.key(world.reviewed()) for _ in range(5)]
    asking = source.refresh(keys)
    assert len(list(islice(asking, 3))) == 3
    with pytest.raises(SourceError) as raised:
        next(asking)
    assert raised.value.out_of_budget
    assert len(posts(look(source))) == 5


# ------------------------------------------------------------------------------------ looking again


def test_a_look_again_asks_once_for_a_review_and_its_response(world: Shop) -> None:
    source = world.source()
    number = world.reviewed()
    world.store.respond(number, "Sorry!")
    keys = [world.key(f"{number}/response"), world.key(number)]
    before = len([one for one in world.server.asked if number in one.path])
    found = list(source.refresh(keys))
    assert {one.key for one in found if isinstance(one, Post)} == set(keys)
    assert len([one for one in world.server.asked if number in one.path]) == before + 1


def test_a_response_that_is_gone_is_told_while_its_review_stands(world: Shop) -> None:
    number = world.reviewed()
    keys = [world.key(number), world.key(f"{number}/response")]
    standing, gone = world.source().refresh(keys)
    assert isinstance(standing, Post)
    assert gone == Gone(keys[1], NOON)


def test_a_review_that_was_deleted_takes_its_response_along(world: Shop) -> None:
    source = world.source()
    number = world.reviewed()
    world.store.respond(number, "Sorry!")
    look(source)
    world.store.delete(number)
    keys = [world.key(number), world.key(f"{number}/response")]
    assert list(source.refresh(keys)) == [Gone(key, NOON) for key in keys]


def test_google_s_silence_about_an_old_review_is_no_deletion() -> None:
    """Whether Google finds reviews of more than a week is nowhere promised."""
    with shop("google_play") as world:
        source, number = world.source(), world.reviewed()
        look(source)
        world.passes(timedelta(days=8))
        world.store.delete(number)
        assert list(source.refresh([world.key(number)])) == []


def test_a_response_that_no_look_shows_any_more_comes_when_its_review_is_looked_up(
    world: Shop,
) -> None:
    comes_when_looked_up(world, world.source(window="5d"), look)


def test_what_is_none_of_the_store_s_is_not_asked_for(world: Shop) -> None:
    assert list(world.source().refresh([world.key("x")._replace(network="x")])) == []
    assert world.server.asked == []


# ------------------------------------------------------------------------------------ answering


def test_an_answer_stands_under_the_review(world: Shop) -> None:
    source, cursors = world.source(), dict[str, str]()
    world.reviewed()
    (to,) = posts(look(source, cursors))
    world.passes(HOUR)
    sent = source.reply(to, "Fixed in 5.2.1.", "case-1")
    (_, seen) = posts(look(source, cursors))
    assert (sent.key, sent.kind, sent.thread) == (seen.key, PostKind.RESPONSE, to.thread)
    assert (
        (sent.posted_at, sent.text)
        == (seen.posted_at, seen.text)
        == (
            NOON + HOUR,
            "Fixed in 5.2.1.",
        )
    )
    assert source.find_reply(to, "case-1") == seen


def test_an_answer_that_is_too_long_is_refused_before_it_is_sent(world: Shop) -> None:
    source = world.source()
    assert isinstance(source, DescribesReplies)
    world.reviewed()
    (to,) = posts(look(source))
    before = len(world.server.asked)
    text = "x" * (source.reply_length("").most + 1)
    assert source.reply_length(text).is_too_long
    with pytest.raises(SendError) as raised:
        source.reply(to, text, "case-1")
    assert raised.value.outcome is Outcome.PERMANENT
    assert len(world.server.asked) == before


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ("403", Outcome.PERMANENT),
        ("404", Outcome.PERMANENT),
        ("429", Outcome.NOT_SENT),
        ("500", Outcome.UNKNOWN),
        ("drop", Outcome.UNKNOWN),
        ("drop after", Outcome.UNKNOWN),
        ("slow", Outcome.UNKNOWN),
        ("html", Outcome.UNKNOWN),
        ("object", Outcome.UNKNOWN),
    ],
)
def test_what_is_known_of_an_answer_that_failed(world: Shop, fault: str, outcome: Outcome) -> None:
    source = world.source()
    world.reviewed()
    (to,) = posts(look(source))
    before = len(world.server.asked)
    world.server.fail(fault, "eview", times=1)
    with pytest.raises(SendError) as raised:
        source.reply(to, "Sorry!", "case-1")
    assert raised.value.outcome is outcome
    sent = [one for one in world.server.asked[before:] if one.method == "POST"]
    assert len([one for one in sent if one.path != "/token"]) == 1, "sent more than once"
    found = source.find_reply(to, "case-1")
    assert isinstance(found, Post) is (fault == "drop after")


def test_nobody_there_means_that_nothing_was_sent(world: Shop) -> None:
    world.reviewed()
    (to,) = posts(look(world.source()))
    nowhere = "http://127.0.0.1:9"
    if world.network == "google_play":
        told = json.loads(world.secrets.get("google_play_service_account"))
        world.secrets.put("google_play_service_account", json.dumps(told))
    with pytest.raises(SendError, match="can't be reached") as raised:
        world.source(base_url=nowhere).reply(to, "Sorry!", "case-1")
    assert raised.value.outcome is Outcome.NOT_SENT


def test_a_response_to_what_the_review_said_before_is_not_the_one_looked_for(
    world: Shop,
) -> None:
    source, cursors = world.source(), dict[str, str]()
    number = world.reviewed()
    world.store.respond(number, "Thanks!")
    world.passes(HOUR)
    world.edits(number, "Now it crashes", rating=1)
    to = posts(look(source, cursors))[0]
    assert isinstance(source.find_reply(to, "case-1"), Absent)
    world.passes(HOUR)
    source.reply(to, "Mended.", "case-1")
    assert isinstance(source.find_reply(to, "case-1"), Post)


def test_a_review_that_is_not_shown_any_more_tells_nothing_of_an_answer(world: Shop) -> None:
    source, number = world.source(), world.reviewed()
    (to,) = posts(look(source))
    world.store.delete(number)
    assert isinstance(source.find_reply(to, "case-1"), Unknowable)


def test_a_look_for_an_answer_that_fails_leaves_the_outcome_unknown(world: Shop) -> None:
    source = world.source()
    world.reviewed()
    (to,) = posts(look(source))
    world.server.fail("503", "eview")
    with pytest.raises(SendError) as raised:
        source.find_reply(to, "case-1")
    assert raised.value.outcome is Outcome.UNKNOWN


# ------------------------------------------------------------------------------------ rights


def test_it_has_all_the_powers_that_there_are(world: Shop) -> None:
    source = world.source()
    for power in (Refreshes, Replies, TriesOut, DescribesReplies):
        assert isinstance(source, power)


def test_a_key_that_works_is_said_to(world: Shop) -> None:
    world.reviewed()
    findings = list(world.source().try_out())
    assert {one.standing for one in findings} == {Standing.WELL}
    assert any("calls: " in one.said for one in findings)


@pytest.mark.parametrize("secret", ["", "no key at all", "{}", '{"type": "service_account"}', "[]"])
def test_a_secret_that_is_no_key_is_said_for_good_and_not_repeated(
    world: Shop, secret: str
) -> None:
    for name in world.secrets.known:
        world.secrets.put(name, secret)
    with pytest.raises(SourceError, match="the whole") as raised:
        look(world.source())
    assert raised.value.permanent
    assert not secret or f" {secret} " not in str(raised.value)


def test_a_secret_that_is_missing_is_named(world: Shop) -> None:
    names = list(world.secrets.known)
    world.secrets.known.clear()
    with pytest.raises(SourceError, match=names[0]) as raised:
        look(world.source())
    assert raised.value.permanent
    with pytest.raises(SendError, match=names[0]):
        world.source().reply(_post(world), "Sorry!", "case-1")


def test_a_right_that_is_missing_is_named_with_its_remedy(world: Shop) -> None:
    world.server.fail("403", "eview")
    try:
        said = [one.said for one in world.source().try_out() if one.standing is Standing.FAILS]
    except SourceError as error:
        said = [str(error)]
    assert "docs/sources/" in said[0]


@pytest.mark.parametrize("address", ["http://", "ftp://x", "http://[", "http://x:99999", "x"])
def test_an_address_that_is_none_is_refused_with_the_config(world: Shop, address: str) -> None:
    with pytest.raises(ConfigError, match="base_url"):
        world.source(base_url=address)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"result": "yes", "data": "yes"},
        {"result": {}, "data": {}},
        {"data": {"attributes": {"responseBody": "x", "lastModifiedDate": "9999-12-31T23-14:00"}}},
        {"data": {"attributes": {"responseBody": 7, "lastModifiedDate": "yesterday"}}},
    ],
)
def test_an_answer_to_an_answer_that_makes_no_sense_is_no_post_and_no_crash(
    world: Shop, answer: dict[str, object]
) -> None:
    """Google's word that it took something is enough; all else is unknown, and looked for."""
    source = world.source()
    world.reviewed()
    (to,) = posts(look(source))
    world.server.answers["eview"] = answer
    if world.network == "google_play" and answer.get("result") == {}:
        assert source.reply(to, "Sorry!", "case-1").text == "Sorry!"
        return
    with pytest.raises(SendError) as raised:
        source.reply(to, "Sorry!", "case-1")
    assert raised.value.outcome is Outcome.UNKNOWN


def test_the_key_is_read_anew_by_every_look(world: Shop) -> None:
    source, good = world.source(), dict(world.secrets.known)
    world.secrets.known = dict.fromkeys(good, "revoked")
    with pytest.raises(SourceError):
        look(source)
    world.secrets.known = good
    world.reviewed()
    assert len(posts(look(source))) == 1


# ------------------------------------------------------------------------------------ payloads


def test_a_review_of_the_same_length_and_time_that_says_else_is_brought(world: Shop) -> None:
    """A store that does not date an edit cannot hide it."""
    source, cursors = world.source(), dict[str, str]()
    number = world.reviewed("good")
    look(source, cursors)
    review = world.store.find(number)
    assert review is not None
    review.text = "evil"
    assert [post.text for post in posts(look(source, cursors))] == ["evil"]


@settings(max_examples=1000, suppress_health_check=[HealthCheck.too_slow])
@given(chance=st.randoms(use_true_random=False))
@pytest.mark.parametrize("network", STORES)
def test_whatever_a_store_sends_nothing_goes_unhandled(network: str, chance: Random) -> None:
    """Fields dropped, retyped and enlarged, anywhere in a page: items, rejects, or one known error."""
    body = mutated(json.loads(_page(network)), chance)
    try:
        listed = _listed(network, body)
    except ValueError:  # what the source turns into a SourceError
        return
    for one in listed.items:
        if isinstance(one, Rejected):
            assert one.reason
            assert len(one.sample) <= 200
        else:
            times = [post.posted_at for post in one.whole().items if isinstance(post, Post)]
            assert all(at.utcoffset() == timedelta(0) for at in times)
            assert one.mark
    marks = {one.id: one.mark for one in listed.shown}
    place = cursor.Place(0).partly(marks, "next")
    assert cursor.read(cursor.write(place)) == place


def _post(world: Shop) -> Post:
    return Post(key=world.key("1"), thread="1", text="", posted_at=NOON)


def _listed(network: str, body: Any) -> Listed:
    return google.listed(body, PACKAGE) if network == "google_play" else apple.listed(body, APP)


@cache
def _page(network: str) -> str:
    with shop(network) as made:
        for number in ("1", "2", "3"):
            made.reviewed("It crashes", id=number, title="Bad", lang="ro_RO")
        made.store.respond("2", "Sorry!")
        made.store.put(Review(id="4", text="…", at=NOON + timedelta(microseconds=7)))
        return json.dumps(made.page())

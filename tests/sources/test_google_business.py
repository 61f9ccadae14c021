"""Reviews on Google Maps: Google's own manners."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import cache
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.domain.errors import ConfigError, SourceError
from monitor.domain.finding import Standing
from monitor.domain.post import Author, Gone, Post, Rejected
from monitor.simulator.google_business import GoogleBusiness
from monitor.simulator.serving import Fault
from monitor.simulator.stores import Review
from monitor.sources.google_business import wire
from monitor.sources.google_business.wire import Place
from tests.sources.mutations import mutated
from tests.sources.review_sites import ACCOUNT, PLACE, look, site
from tests.sources.reviewed import NOON
from tests.sources.stores_world import items, posts

HERE = Place(ACCOUNT, PLACE)


@pytest.mark.parametrize(
    ("comment", "typed"),
    [
        ("(Translated by Google) Cold soup\n\n(Original)\nSupă rece", "Supă rece"),
        ("Supă rece\n\n(Translated by Google)\nCold soup", "Supă rece"),
        ("Supă rece", "Supă rece"),
        ("I love (Original)\nrecipes", "I love (Original)\nrecipes"),
        ("(Translated by Google)", "(Translated by Google)"),
    ],
)
def test_what_the_customer_typed_is_read_not_its_translation(comment: str, typed: str) -> None:
    with site("google_business") as world:
        world.reviewed(comment)
        assert [post.text for post in posts(look(world.source()))] == [typed]


def test_stars_without_words_are_a_review_all_the_same() -> None:
    with site("google_business") as world:
        world.reviewed("", rating=1)
        (post,) = posts(look(world.source()))
    assert (post.text, post.rating) == ("", 1.0)


def test_a_reply_that_google_rejects_is_no_answer_and_is_told_once() -> None:
    with site("google_business") as world:
        source, cursors = world.source(), dict[str, str]()
        number = world.reviewed()
        assert isinstance(world.simulated, GoogleBusiness)
        world.simulated.moderates = True
        world.store.respond(number, "Buy elsewhere!")
        _, pending = posts(look(source, cursors))
        assert pending.visibility == wire.PENDING
        world.simulated.rejected.add(number)
        _, told, gone = items(look(source, cursors))
        assert isinstance(told, Rejected)
        assert "OFF_TOPIC" in told.reason
        assert gone == Gone(pending.key, NOON)
        assert items(look(source, cursors)) == []


def test_a_continuation_that_google_forgot_costs_no_review() -> None:
    with site("google_business") as world:
        for _ in range(9):
            world.reviewed()
        source, (stream,) = world.source(), world.source().streams()
        first = next(source.pages(stream, None))
        cursor = first.cursor.replace("page-4", "gone")
        pages = list(source.pages(stream, cursor))
    assert pages[0].cost.calls == 2
    assert len({post.key for post in posts([first, *pages])}) == 9


def test_a_quota_that_is_used_up_is_no_lack_of_rights() -> None:
    body = '{"error": {"code": 403, "message": "Quota.", "status": "RESOURCE_EXHAUSTED"}}'
    with site("google_business") as world:
        world.server.faults.append(Fault("403", "/reviews", body=body))
        with pytest.raises(SourceError, match=r"too many calls \(403\): “Quota.”") as raised:
            look(world.source())
    assert not raised.value.permanent


def test_a_review_of_another_place_is_not_looked_up() -> None:
    with site("google_business") as world:
        other = world.key("1")._replace(external_id="99/1")
        assert list(world.source().refresh([other, other._replace(external_id="77/")])) == []
        assert world.server.asked == []


def test_an_id_with_any_letters_is_asked_for_as_it_is() -> None:
    with site("google_business") as world:
        world.reviewed(id="Ab?x=1 #é", ago=timedelta(hours=1))
        source = world.source()
        (to,) = posts(look(source))
        source.reply(to, "Sorry!", "key")
        assert isinstance(source.find_reply(to, "key"), Post)


def test_its_answers_are_counted_in_bytes_and_are_by_the_account() -> None:
    with site("google_business") as world:
        source = world.source()
        assert source.reply_length("ăîș").used == 6
        assert source.reply_author == Author(id=ACCOUNT)
        with pytest.raises(ConfigError, match="named once"):
            world.source(locations=[PLACE, PLACE])


def test_a_trial_says_which_place_cannot_be_read() -> None:
    with site("google_business") as world:
        found = list(world.source(locations=["99", PLACE]).try_out())
        assert [one.standing for one in found] == [Standing.FAILS, Standing.WELL, Standing.WELL]
        assert found[0].said.startswith("place 99: ")


@settings(max_examples=1500, suppress_health_check=[HealthCheck.too_slow])
@given(chance=st.randoms(use_true_random=False))
def test_whatever_google_sends_nothing_goes_unhandled(chance: Random) -> None:
    body = mutated(json.loads(_page()), chance)
    try:
        listed = wire.listed(body, HERE)
    except ValueError:  # what the source turns into a SourceError
        return
    for one in listed.items:
        assert one.reason if isinstance(one, Rejected) else one.mark


@cache
def _page() -> str:
    with site("google_business") as world:
        for number in ("1", "2", "3"):
            world.reviewed("It is cold", id=number, rating=2)
        world.store.respond("2", "Sorry!")
        world.store.put(Review(id="4", text="…", at=NOON + timedelta(microseconds=7)))
        assert isinstance(world.simulated, GoogleBusiness)
        return json.dumps(world.simulated._listed(world.store, {"orderBy": "updateTime desc"})[1])

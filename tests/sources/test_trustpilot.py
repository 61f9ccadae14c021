"""Reviews on Trustpilot: Trustpilot's own manners."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.domain.errors import ConfigError, Outcome, SendError, SourceError
from monitor.domain.finding import Standing
from monitor.domain.post import Author, Rejected
from monitor.reviewing import reviews
from monitor.simulator.trustpilot import Trustpilot
from monitor.sources.trustpilot import wire
from monitor.sources.trustpilot.wire import Shop
from tests.sources.mutations import mutated
from tests.sources.review_sites import UNIT, look, site
from tests.sources.reviewed import NOON
from tests.sources.stores_world import posts

PUBLIC = {"api_secret": None, "user": None}


def test_a_review_has_a_title_a_language_and_an_address() -> None:
    with site("trustpilot") as world:
        number = world.reviewed("Nimic", title="Slab", lang="ro")
        (post,) = posts(look(world.source()))
    assert (post.title, post.text, post.lang) == ("Slab", "Nimic", "ro")
    assert post.url == f"https://www.trustpilot.com/reviews/{number}"
    assert post.author.key == f"consumer{number}"


def test_times_without_a_zone_are_in_utc_and_an_edit_has_its_own() -> None:
    broken = {
        "createdAt": "2026-03-27T10:00:00",
        "updatedAt": "2026-03-27T12:30:00+01:00",
        "companyReply": {
            "text": "Sorry!",
            "createdAt": "2026-03-27T11:00:00.123Z",
            "updatedAt": "2026-03-27T11:40:00",
        },
    }
    with site("trustpilot") as world:
        world.reviewed(broken=broken)
        review, reply = posts(look(world.source()))
    assert review.posted_at == datetime(2026, 3, 27, 10, tzinfo=UTC)
    assert review.edited_at == datetime(2026, 3, 27, 11, 30, tzinfo=UTC)
    assert reply.posted_at == datetime(2026, 3, 27, 11, 0, 0, 123_000, tzinfo=UTC)
    assert reply.edited_at == datetime(2026, 3, 27, 11, 40, tzinfo=UTC)


def test_who_closed_the_account_is_nobody() -> None:
    with site("trustpilot") as world:
        world.reviewed(broken={"consumer": None})
        (post,) = posts(look(world.source()))
    assert post.author == Author()


def test_a_review_that_was_reported_says_so() -> None:
    with site("trustpilot") as world:
        world.reviewed(broken={"status": "reported"})
        (post,) = posts(look(world.source()))
    assert post.visibility == "reported"


def test_with_a_key_alone_public_reviews_are_read_and_nothing_is_answered() -> None:
    with site("trustpilot") as world:
        number = world.reviewed(ago=timedelta(hours=1))
        source = world.source(**PUBLIC)
        (to,) = posts(look(source))
        assert "API key alone" in str(to.cannot_reply_because)
        assert source.reply_author is None
        assert [one.key for one in posts(look(source))] == [to.key]
        assert len(list(source.refresh([world.key(number)]))) == 1
        with pytest.raises(SendError) as raised:
            source.reply(to, "Sorry!", "key")
        assert raised.value.outcome is Outcome.PERMANENT
        assert not any("private" in one.address for one in world.server.asked)
        assert Standing.LACKS in {one.standing for one in source.try_out()}


def test_who_answers_has_to_be_named() -> None:
    with site("trustpilot") as world:
        world.reviewed()
        (to,) = posts(look(world.source(user=None)))
        assert to.cannot_reply_because == "no user is named who answers"
        with pytest.raises(ConfigError, match="api_secret"):
            world.source(api_secret=None)
        assert world.source().reply_author == Author(id=UNIT)


def test_a_page_that_is_no_number_is_no_place_to_go_on_from() -> None:
    with site("trustpilot") as world, pytest.raises(SourceError, match="no page of Trust"):
        look(world.source(), {"reviews": '{"reviews": 1, "horizon": 1, "next": "two"}'})


def test_an_empty_success_is_one() -> None:
    """Trustpilot says nothing to an answer that it took."""
    with site("trustpilot") as world:
        world.reviewed(ago=timedelta(hours=1))
        (to,) = posts(look(world.source()))
        world.server.fail("201 after", "/reply", body=" ")
        sent = world.source().reply(to, "Sorry!", "key")
        assert (sent.text, sent.posted_at) == ("Sorry!", NOON)


def test_an_id_that_is_none_is_set_aside_and_never_asked_for() -> None:
    assert isinstance(
        reviews.read_one({"id": "a/b"}, partial(wire.read, shop=Shop(UNIT, None))), Rejected
    )
    with site("trustpilot") as world, pytest.raises(SourceError, match="no id of a review"):
        list(world.source().refresh([world.key("../business-units")]))


def test_trustpilot_s_own_words_are_told() -> None:
    with site("trustpilot") as world:
        world.secrets.put("trustpilot_key", "other")
        with pytest.raises(SourceError, match="Invalid ApiKey"):
            look(world.source(**PUBLIC))


@settings(max_examples=1500, suppress_health_check=[HealthCheck.too_slow])
@given(chance=st.randoms(use_true_random=False))
def test_whatever_trustpilot_sends_nothing_goes_unhandled(chance: Random) -> None:
    body = mutated(json.loads(_page()), chance)
    try:
        listed = wire.listed(body, Shop(UNIT, None), 1, 4)
    except ValueError:  # what the source turns into a SourceError
        return
    for one in listed.items:
        assert one.reason if isinstance(one, Rejected) else one.mark


@cache
def _page() -> str:
    with site("trustpilot") as world:
        for number in ("1", "2", "3"):
            world.reviewed("It is late", id=number, rating=2, title="Bad", lang="ro")
        world.store.respond("2", "Sorry!")
        assert isinstance(world.simulated, Trustpilot)
        return json.dumps(world.simulated._listed({}))

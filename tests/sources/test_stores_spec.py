"""The simulated stores against what Google and Apple publish, and each store's own manners."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import googleapiclient
import jwt
import pytest

from monitor.domain.errors import SourceError
from monitor.simulator.google_play import TOKEN_PATH
from monitor.simulator.world import World
from monitor.sources.stores.app_store import wire as apple
from monitor.sources.stores.google_play import wire as google
from tests.plugins.needs import SHARED
from tests.sources.reviewed import NOON
from tests.sources.stores_world import APP, ISSUER, KEY_ID, PACKAGE, STORES, Shop, look, posts, shop

DISCOVERY = Path(googleapiclient.__file__).parent / "discovery_cache" / "documents"
SPECIFICATION = SHARED / "recordings/appstore/Sources/OpenAPI/app_store_connect_api.json"


# ------------------------------------------------------------------------------------ Google


def test_the_simulated_google_shows_nothing_that_google_s_document_does_not_know() -> None:
    schemas = json.loads((DISCOVERY / "androidpublisher.v3.json").read_text())["schemas"]
    with shop("google_play") as world:
        number = world.reviewed(title="Bad", lang="ro")
        world.store.respond(number, "Sorry!")
        world.reviewed()
        for _ in range(2):
            world.reviewed()
        assert unknown(world.page(), "ReviewsListResponse", schemas) == set()
        (to, *_) = posts(look(world.source()))
        world.source().reply(to, "Sorry!", "case-1")
        address = f"/androidpublisher/v3/applications/{PACKAGE}/reviews/{number}:reply"
        asked = replace(world.server.asked[-1], address=address, content=b'{"replyText": "Sorry!"}')
        _, body = world.face.answer(asked)
        assert unknown(body, "ReviewsReplyResponse", schemas) == set()


def unknown(value: Any, schema: str, schemas: Mapping[str, Any], at: str = "") -> set[str]:
    """The places in a payload that a discovery document does not describe, or describes otherwise."""
    known = schemas[schema]["properties"]
    found = {f"{at}.{name}" for name in value if name not in known}
    for name in value.keys() & known.keys():
        told = known[name].get("items", known[name])
        inner = value[name] if isinstance(value[name], list) else [value[name]]
        for one in inner:
            if "$ref" in told:
                found |= unknown(one, told["$ref"], schemas, f"{at}.{name}")
            elif {"string": str, "integer": int}[told["type"]] is not type(one):
                found.add(f"{at}.{name}: {type(one).__name__}")
    return found


def test_what_the_customer_typed_is_read_not_its_translation() -> None:
    said = {"text": "Does not work", "originalText": "Păcat\tNu merge", "starRating": 0}
    comment = said | {"lastModified": {"seconds": "1774612800"}, "reviewerLanguage": "iw_IL"}
    found = google.read({"reviewId": "gp:1", "comments": [{"userComment": comment}]}, PACKAGE)
    assert (found.review.title, found.review.text) == ("Păcat", "Nu merge")
    assert (found.review.rating, found.review.lang) == (None, "he")
    assert found.review.author.name is None


def test_an_id_with_any_letters_is_asked_for_as_it_is() -> None:
    with shop("google_play") as world:
        number = world.reviewed(id="gp:AOqp/TO?x=1 #é")
        source = world.source()
        (to,) = posts(look(source))
        assert to.url is not None
        assert " " not in to.url
        source.reply(to, "Sorry!", "case-1")
        review = world.store.find(number)
        assert review is not None
        assert review.response is not None


def test_a_token_is_asked_for_once_a_look_and_never_again_by_itself() -> None:
    with shop("google_play") as world:
        for _ in range(9):
            world.reviewed()
        look(world.source())
        assert [one.path for one in world.server.asked].count(TOKEN_PATH) == 1
        world.server.fail("500", TOKEN_PATH)
        with pytest.raises(SourceError):
            look(world.source())
        assert [one.path for one in world.server.asked].count(TOKEN_PATH) == 2


def test_a_key_of_somebody_else_is_refused_for_good() -> None:
    with shop("google_play") as world:
        name = "google_play_service_account"
        told = json.loads(world.secrets.get(name)) | {"client_email": "other@simulated.example"}
        world.secrets.put(name, json.dumps(told))
        with pytest.raises(SourceError, match="the service account's key") as raised:
            look(world.source())
        assert raised.value.permanent


def test_a_review_older_than_a_week_is_not_listed_but_answered_all_the_same() -> None:
    with shop("google_play") as world:
        world.reviewed()
        (to,) = posts(look(world.source()))
        world.passes(timedelta(days=9))
        assert posts(look(world.source())) == []
        assert world.source().reply(to, "Sorry!", "case-1").posted_at == world.now


# ------------------------------------------------------------------------------------ Apple


@pytest.mark.needs("shared")
def test_the_simulated_apple_shows_nothing_that_the_specification_does_not_know() -> None:
    specification = json.loads(SPECIFICATION.read_text())
    schemas = specification["components"]["schemas"]
    with shop("app_store") as world:
        number = world.reviewed(title="Bad", ago=timedelta(0))
        world.store.respond(number, "Sorry!")
        for _ in range(3):
            world.reviewed()
        (*_, to) = posts(look(world.source()))
        asked = {**world.server.asked[-1].query}
        world.source().reply(to, "Sorry!", "case-1")
        written = world.server.asked[-1].body
        page = world.page()
    for one in page["data"]:
        fits(one, schemas["CustomerReview"], schemas)
    for one in page["included"]:
        fits(one, schemas["CustomerReviewResponseV1"], schemas)
    assert set(page) <= set(schemas["CustomerReviewsResponse"]["properties"])
    fits(written, schemas["CustomerReviewResponseV1CreateRequest"], schemas)
    listing = specification["paths"]["/v1/apps/{id}/customerReviews"]["get"]
    known = {one["name"]: one["schema"] for one in listing["parameters"]}
    assert set(asked) <= {*known, "cursor"}
    for name in ("include", "sort", "fields[customerReviews]", "fields[customerReviewResponses]"):
        assert set(asked[name].split(",")) <= set(known[name]["items"]["enum"])


def fits(value: Any, schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> None:
    """Whether a value has no fields that the schema lacks, all that it demands, and its words."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    if "enum" in schema:
        assert value in schema["enum"]
    if "properties" in schema:
        assert set(value) <= set(schema["properties"])
        assert set(schema.get("required", ())) <= set(value)
        for name in value:
            if value[name] is not None:
                fits(value[name], schema["properties"][name], schemas)


def test_each_token_is_signed_as_apple_asks_and_short_lived() -> None:
    with shop("app_store") as world:
        look(world.source())
        token = world.server.asked[-1].headers["authorization"].removeprefix("Bearer ")
    head = jwt.get_unverified_header(token)
    said = jwt.decode(token, options={"verify_signature": False})
    assert (head["alg"], head["kid"], head["typ"]) == ("ES256", KEY_ID, "JWT")
    assert (said["iss"], said["aud"]) == (ISSUER, "appstoreconnect-v1")
    assert said["exp"] - said["iat"] <= 20 * 60


def test_a_key_of_another_issuer_is_refused_for_good() -> None:
    with (
        shop("app_store") as world,
        pytest.raises(SourceError, match="issuer") as raised,
    ):
        look(world.source(issuer="another"))
    assert raised.value.permanent


def test_apple_s_own_count_of_the_hour_is_heeded() -> None:
    """Other programs may ask with the same key."""
    with shop("app_store") as world:
        number = world.reviewed()
        source = world.source(calls_per_hour=3600)
        world.server.headers["X-Rate-Limit"] = "user-hour-lim:3600;user-hour-rem:1700;"
        look(source)
        with pytest.raises(SourceError, match="too few are left") as raised:
            list(source.refresh([world.key(number)]))
        assert raised.value.out_of_budget
        assert raised.value.retry_after == timedelta(minutes=5)
        look(source)
        world.server.headers["X-Rate-Limit"] = "user-hour-lim:3600;user-hour-rem:0;"
        look(source)
        with pytest.raises(SourceError, match="too few are left"):
            look(source)
        world.passes(timedelta(minutes=5))
        look(source)


def test_a_response_that_apple_has_not_published_yet_says_so_and_counts() -> None:
    with shop("app_store") as world:
        world.reviewed()
        source, cursors = world.source(), dict[str, str]()
        (to,) = posts(look(source, cursors))
        sent = source.reply(to, "Mended.", "case-1")
        assert sent.visibility == apple.PENDING
        look(source, cursors)
        review = world.store.find(to.key.external_id)
        assert review is not None
        assert review.response is not None
        review.response.published = True
        assert [post.visibility for post in posts(look(source, cursors))] == ["public", "public"]


def test_the_next_page_s_address_is_not_followed_to_another_host() -> None:
    """The simulated Apple names another host, as a gateway in between makes a real one do."""
    with shop("app_store") as world:
        for _ in range(9):
            world.reviewed()
        assert len(posts(look(world.source()))) == 9
        assert "example" in world.page()["links"]["next"]


def test_a_response_that_is_named_but_not_shown_makes_the_review_unreadable() -> None:
    """Taken for unanswered it would alarm people about an answered review."""
    raw = {
        "id": "1",
        "attributes": {"body": "Bad", "createdDate": "2026-03-27T05:00:00-07:00", "rating": 1},
        "relationships": {"response": {"data": {"type": "customerReviewResponses", "id": "r"}}},
    }
    (found,) = apple.listed({"data": [raw], "links": {}}, APP).items
    assert "response" in getattr(found, "reason", "")


# ------------------------------------------------------------------------------------ the story


@pytest.mark.parametrize("network", STORES)
def test_the_simulated_days_come_through_the_store_as_they_happened(network: str) -> None:
    world = World(NOON - timedelta(days=5), seed=7)
    made = Shop(network)
    with made.server:
        made.store.advance_to(world, made.now)
        seen = {post.key.external_id: post for post in posts(look(made.source()))}
    shown = made.store.newest()
    assert len(shown) > 3
    assert any(one.response for one in shown)
    assert {name for name in seen if "/" not in name} == {one.id for one in shown}
    for one in shown:
        assert (seen[one.id].text, seen[one.id].rating) == (one.text.strip(), float(one.rating))
        assert (f"{one.id}/response" in seen) is (one.response is not None)

"""The simulated X shows what happens in the world, in X's words, and fails as it is told."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.simulator import ids
from monitor.simulator.shop import BRAND_HANDLES
from monitor.simulator.world import What, World
from monitor.simulator.x import ProblemError, XFace, id_at
from monitor.simulator.x_http import RESET, RETRY_AFTER, XServer

NOON = datetime(2026, 3, 27, 12, tzinfo=UTC)
MONDAY = datetime(2026, 11, 16, 8, tzinfo=ZoneInfo("Europe/Bucharest"))
WORLD = World(MONDAY, 1)
SHOP = "77"
ALL = "author_id,created_at,entities,in_reply_to_user_id,note_tweet,referenced_tweets,source"


@pytest.fixture
def face() -> XFace:
    made = XFace(NOON, asker="our_shop")
    made.person("our_shop", SHOP)
    return made


@pytest.fixture
def server(face: XFace) -> Iterator[XServer]:
    with XServer(face, token="T") as running:
        yield running


def mentions(face: XFace, **query: str) -> dict[str, Any]:
    asked = {"max_results": "5", "tweet.fields": ALL} | query
    return face.answer("GET", f"/2/users/{SHOP}/mentions", asked, {}, as_user=False)


def look_up(face: XFace, *numbers: str) -> dict[str, Any]:
    query = {"ids": ",".join(numbers), "tweet.fields": ALL}
    return face.answer("GET", "/2/tweets", query, {}, as_user=False)


def numbers(body: dict[str, Any]) -> list[str]:
    return [one["id"] for one in body.get("data", [])]


def call(
    server: XServer, path: str, *, auth: str = "Bearer T", body: dict[str, Any] | None = None
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of one plain request."""
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=0.5)
    try:
        sent = None if body is None else json.dumps(body)
        method = "GET" if body is None else "POST"
        connection.request(method, path, sent, {"Authorization": auth})
        answer = connection.getresponse()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, headers, answer.read()
    finally:
        connection.close()


def reply(to: str, text: str = "On its way") -> dict[str, Any]:
    return {"text": text, "reply": {"in_reply_to_tweet_id": to}}


# ------------------------------------------------------------------------------------ the world


def whole() -> XFace:
    face = XFace(MONDAY - timedelta(days=4))
    for handle in BRAND_HANDLES["x"]:
        face.person(handle)
    face.advance_to(WORLD, WORLD.ends_at)
    return face


def test_every_post_of_the_world_that_stands_is_there_as_it_is_now() -> None:
    standing: dict[str, str] = {}
    for happening in WORLD.happenings():
        if happening.network == "x" and happening.what is What.DELETED:
            standing.pop(happening.external_id)
        elif happening.network == "x":
            standing[happening.external_id] = happening.text
    assert len(standing) > 30
    shown = {number: post.versions[post.latest] for number, post in whole().posts.items()}
    assert shown == standing


def test_the_shop_s_timelines_show_its_answers_and_what_they_answer() -> None:
    face = whole()
    for handle in BRAND_HANDLES["x"]:
        path = f"/2/users/{ids.author_id('x', handle)}/tweets"
        query = {"max_results": "100", "tweet.fields": ALL}
        data = face.answer("GET", path, query, {}, as_user=False)["data"]
        ours = {
            one.external_id: one.reply_to
            for one in WORLD.happenings()
            if one.author == handle and one.external_id in face.posts
        }
        told = {
            one["id"]: next((each["id"] for each in one.get("referenced_tweets", ())), None)
            for one in data
        }
        assert told == ours


@given(hours=st.lists(st.integers(-80, 50), max_size=8))
def test_steps_of_any_size_show_the_same_in_the_end(hours: list[int]) -> None:
    face = XFace(MONDAY - timedelta(days=4))
    for hour in sorted(hours):
        face.advance_to(WORLD, MONDAY + timedelta(hours=hour))
    face.advance_to(WORLD, WORLD.ends_at)
    assert face.posts.keys() == whole().posts.keys()


# ------------------------------------------------------------------------------------- reading


def test_pages_go_down_and_do_not_shift_when_something_is_published(face: XFace) -> None:
    old = [str(id_at(NOON) + n) for n in range(7)]
    for number in old:
        face.put(number, "ana", "@our_shop hello")
    first = mentions(face)
    assert numbers(first) == old[:1:-1]
    assert first["meta"]["newest_id"] == old[-1]
    face.put(str(id_at(NOON) + 99), "ana", "@our_shop news")
    second = mentions(face, pagination_token=first["meta"]["next_token"])
    assert numbers(second) == [old[1], old[0]]
    assert "next_token" not in second["meta"]
    assert mentions(face, since_id=str(id_at(NOON) + 99)) == {"meta": {"result_count": 0}}


def test_what_is_indexed_late_is_seen_late_under_its_early_id(face: XFace) -> None:
    face.put(str(id_at(NOON)), "ana", "@our_shop one")
    assert len(numbers(mentions(face))) == 1
    early = str(id_at(NOON - timedelta(hours=1)))
    face.put(early, "dan", "@our_shop two")
    assert numbers(mentions(face))[-1] == early


def test_a_search_older_than_seven_days_is_refused(face: XFace) -> None:
    query = {"query": "parcel", "since_id": str(id_at(NOON - timedelta(days=8)))}
    with pytest.raises(ProblemError) as raised:
        face.answer("GET", "/2/tweets/search/recent", query, {}, as_user=False)
    assert raised.value.status == 400
    assert "'since_id' must be" in raised.value.body["errors"][0]["message"]


def test_a_search_finds_any_of_the_words_and_leaves_out_whom_it_is_told_to(face: XFace) -> None:
    first = face.put(str(id_at(NOON)), "ana", "Where is my PARCEL?")
    second = face.put(str(id_at(NOON) + 1), "dan", "a refund, please")
    face.put(str(id_at(NOON) + 2), "our_shop", "parcel news")
    face.put(str(id_at(NOON) + 3), "eve", "nothing of the sort")
    query = {"query": "(parcel OR refund) -is:retweet -from:our_shop"}
    body = face.answer("GET", "/2/tweets/search/recent", query, {}, as_user=False)
    assert numbers(body) == [second.latest, first.latest]


def test_a_deleted_post_is_an_error_beside_the_others(face: XFace) -> None:
    one, two = str(id_at(NOON)), str(id_at(NOON) + 1)
    face.put(one, "ana", "@our_shop hello")
    face.put(two, "ana", "@our_shop hello again")
    face.delete(two)
    body = look_up(face, one, two)
    assert numbers(body) == [one]
    assert [(error["resource_id"], error["title"]) for error in body["errors"]] == [
        (two, "Not Found Error")
    ]
    assert body["errors"][0]["type"].endswith("/resource-not-found")


def test_an_edit_gets_an_id_of_its_own_and_the_first_one_still_shows_the_first_text(
    face: XFace,
) -> None:
    one = str(id_at(NOON))
    face.put(one, "ana", "@our_shop hello")
    new = face.edit(one, "@our_shop hallo")
    (first,), (latest,) = look_up(face, one)["data"], mentions(face)["data"]
    assert (first["text"], latest["text"]) == ("@our_shop hello", "@our_shop hallo")
    assert first["edit_history_tweet_ids"] == latest["edit_history_tweet_ids"] == [one, new]


def test_renamed_fields_say_the_same(face: XFace) -> None:
    one = str(id_at(NOON))
    face.put(one, "ana", "@our_shop " + "hello & " * 50)
    face.put(str(id_at(NOON) + 1), "dan", "@our_shop me too", reply_to=one)
    today = mentions(face)
    face.renamed = True
    assert json.loads(json.dumps(today).replace("tweet", "post")) == mentions(face)
    assert {"note_post", "edit_history_post_ids"} <= mentions(face)["data"][1].keys()


# ------------------------------------------------------------------------------------ answering


def test_an_answer_is_posted_once_and_only_to_who_called(face: XFace, server: XServer) -> None:
    called, other = str(id_at(NOON)), str(id_at(NOON) + 1)
    face.put(called, "ana", "@our_shop hello")
    face.put(other, "dan", "hello shop")
    as_user = "OAuth x"
    status, _, body = call(server, "/2/tweets", auth=as_user, body=reply(called))
    made = json.loads(body)["data"]["id"]
    assert (status, face.posts[made].reply_to) == (201, called)
    assert call(server, "/2/tweets", auth=as_user, body=reply(called))[0] == 403
    assert call(server, "/2/tweets", auth=as_user, body=reply(other, "Sorry"))[0] == 403
    assert call(server, "/2/tweets", body=reply(called, "App only"))[0] == 403
    assert len(face.posts) == 3


# --------------------------------------------------------------------------------------- faults

PATH = f"/2/users/{SHOP}/mentions?" + urlencode({"max_results": 5})


@pytest.mark.parametrize(
    "fault",
    ["400", "401", "402", "403", "404", "429", "429 retry-after", "429 reset", "500", "503"],
)
def test_a_refusal_has_its_status_and_says_when_to_come_again(server: XServer, fault: str) -> None:
    server.fail(fault, times=1)
    status, headers, body = call(server, PATH)
    assert status == int(fault[:3])
    assert json.loads(body)["title"]
    assert headers.get("retry-after") == (str(RETRY_AFTER) if "retry" in fault else None)
    if fault == "429 reset":
        assert int(headers["x-rate-limit-reset"]) == int(NOON.timestamp()) + RESET
    assert call(server, PATH)[0] == 200


def test_a_server_may_be_told_how_long_its_429_asks_for(server: XServer) -> None:
    server.retry_after = 2
    server.fail("429 retry-after", times=1)
    assert call(server, PATH)[1]["retry-after"] == "2"


@pytest.mark.parametrize("fault", ["drop", "drop after", "slow", "truncated after", "stall after"])
def test_a_broken_line_gives_no_whole_answer(face: XFace, server: XServer, fault: str) -> None:
    face.put(str(id_at(NOON)), "ana", "@our_shop hello")
    server.fail(fault)
    with pytest.raises((http.client.HTTPException, OSError)):
        call(server, PATH)
    server.heal()
    assert call(server, PATH)[0] == 200


def test_dropped_after_has_done_what_was_asked(face: XFace, server: XServer) -> None:
    called = str(id_at(NOON))
    face.put(called, "ana", "@our_shop hello")
    for fault, done in (("drop", 0), ("drop after", 1)):
        server.fail(fault, times=1)
        with pytest.raises((http.client.HTTPException, OSError)):
            call(server, "/2/tweets", auth="OAuth x", body=reply(called))
        assert len(face.posts) == 1 + done


def test_a_fault_befalls_its_path_only_and_as_often_as_planned(server: XServer) -> None:
    server.fail("503", "/search/", times=2)
    search = "/2/tweets/search/recent?query=parcel"
    assert [call(server, search)[0] for _ in range(3)] == [503, 503, 200]
    server.fail("402", "/search/")
    assert call(server, PATH)[0] == 200
    with pytest.raises(ValueError, match="no fault is called"):
        server.fail("teapot")


def test_a_wrong_token_and_too_many_calls_are_refused(face: XFace, server: XServer) -> None:
    assert call(server, PATH, auth="Bearer U")[0] == 401
    face.rate_limit = 2
    answers = [call(server, PATH) for _ in range(3)]
    assert [status for status, _, _ in answers] == [200, 200, 429]
    assert [one["x-rate-limit-remaining"] for _, one, _ in answers] == ["1", "0", "0"]
    face.now += timedelta(minutes=15)
    assert call(server, PATH)[0] == 200

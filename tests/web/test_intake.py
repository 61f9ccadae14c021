"""What is sent to /intake/NAME: made sure of, kept before it is thanked for, and read like a network."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from monitor.ports import Letter
from monitor.sources.webhook import signing
from monitor.store import coverage, inbox
from monitor.store.engine import Database
from monitor.store.schema import letter, mention, post, stream
from monitor.web import watch
from tests.web.served import Served

NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)
SECRET, NEXT = "the secret of this spring", "the secret of the summer"
CONFIG = """
[web]
most_bytes = 4096
[[sources]]
use = "webhook"
name = "shop"
secrets = ["hook", "hook_next"]
network = "forum"
items = "/data/items"
mapping = { external_id = "/id", author = "/who/name", posted_at = "/when" }
defaults = { lang = "en" }
"""


@pytest.fixture
def served(database_url: str) -> Iterator[Served]:
    with Served(database_url, CONFIG, {"hook": SECRET, "hook_next": NEXT}, lambda: NOW) as one:
        yield one


@pytest.fixture
def on_sqlite(served: Served) -> Served:
    return served


only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def item(number: object, text: object = "awful parcel", **more: Any) -> dict[str, Any]:
    told = {"id": number, "who": {"name": "ana"}, "when": "2026-05-04T08:00:00Z", "text": text}
    return told | more


def body(*items: Any) -> bytes:
    return json.dumps({"data": {"items": items}}).encode()


def signed(
    said: bytes, *, secret: str = SECRET, at: datetime = NOW, more: str = ""
) -> Mapping[str, str]:
    when = f"{at.timestamp():.0f}"
    return {signing.TIME: when, signing.SIGNATURE: more + signing.sign(said, when, secret)}


def send(served: Served, said: bytes, headers: Mapping[str, str] | None = None) -> httpx.Response:
    told = signed(said) if headers is None else headers
    return served.client.post("/intake/shop", content=said, headers=told)


def rows(database: Database, table: sa.Table) -> list[Any]:
    with database.reading() as conn:
        return list(conn.execute(sa.select(table).order_by(*table.primary_key)))


def read(served: Served) -> None:
    """The stages as `run` runs them, once."""
    done = served.application.runner(shadow=True).until_idle(Event())
    assert done.broken is None
    assert not done.failed


def test_what_is_sent_becomes_a_case_like_everything(served: Served) -> None:
    answer = send(served, body(item(1), item(2, "awful fee")))
    assert (answer.status_code, answer.json()) == (
        200,
        {"received": 2, "new": 2, "known": 0, "rejected": []},
    )
    read(served)
    stored = rows(served.application.database, post)
    assert [(one.network, one.external_id, one.text, one.lang) for one in stored] == [
        ("forum", "1", "awful parcel", "en"),
        ("forum", "2", "awful fee", "en"),
    ]
    assert [one.band for one in rows(served.application.database, mention)] == ["alert", "alert"]


def test_it_is_kept_before_the_sender_is_thanked(served: Served) -> None:
    assert send(served, body(item(1))).status_code == 200
    other = Database(served.application.settings.database)
    assert len(rows(other, letter)) == 1
    other.close()


@only_sqlite
def test_half_a_character_where_a_time_should_be_is_a_flaw(served: Served) -> None:
    answer = send(served, body(item(1) | {"when": "\ud800"}, item(2)))
    assert (answer.status_code, answer.json()["new"]) == (200, 1)
    [flawed] = answer.json()["rejected"]
    assert (flawed["item"], "\ufffd" in flawed["reason"]) == (0, True)


def test_what_is_sent_twice_is_known(served: Served) -> None:
    send(served, body(item(1)))
    again = json.dumps({"data": {"items": [dict(reversed(item(1).items())), item(2)]}}).encode()
    assert send(served, again).json() == {"received": 2, "new": 1, "known": 1, "rejected": []}
    read(served)
    assert send(served, body(item(1))).json()["known"] == 1, "it forgot what it read"
    read(served)
    assert len(rows(served.application.database, post)) == 2


def test_what_was_rejected_under_a_wrong_config_is_new_once_that_is_mended(
    database_url: str,
) -> None:
    said = body(item(1, when="2026-05-04 08:00"))
    secrets = {"hook": SECRET, "hook_next": NEXT}
    with Served(database_url, CONFIG, secrets, lambda: NOW) as served:
        for _ in range(2):
            answer = send(served, said).json()
            assert (answer["new"], answer["known"], len(answer["rejected"])) == (0, 0, 1)
        assert len(rows(served.application.database, letter)) == 1
        read(served)
    mended = f'{CONFIG}timezone = "Europe/Bucharest"\n'
    with Served(database_url, mended, secrets, lambda: NOW) as served:
        for new in (1, 0):
            answer = send(served, said).json()
            assert answer == {"received": 1, "new": new, "known": 1 - new, "rejected": []}
            read(served)
        assert [one.external_id for one in rows(served.application.database, post)] == ["1"]


def test_twice_within_one_call_is_one(served: Served) -> None:
    answer = send(served, body(item(1), item(1))).json()
    assert (answer["received"], answer["new"], answer["known"]) == (2, 1, 1)


def test_the_same_sent_by_many_at_once_is_new_to_one_of_them(served: Served) -> None:
    said = [body(item(number), item(7)) for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda one: send(served, one).json(), said))
    assert sum(one["new"] for one in answers) == 9 - 1
    assert len(rows(served.application.database, letter)) == 8


def test_an_edit_is_new_and_told_to_be_one(served: Served) -> None:
    send(served, body(item(1)))
    read(served)
    send(served, body(item(1, "awful parcel, and no refund", edited_at="2026-05-04T08:30:00Z")))
    read(served)
    (stored,) = rows(served.application.database, post)
    assert stored.text == "awful parcel, and no refund"


def test_the_brand_s_answer_may_be_told_too(served: Served) -> None:
    answer = item(2, "On its way!", who={"name": "acme_help"}, reply_to="1")
    send(served, body(item(1), answer))
    read(served)
    assert [one.own for one in rows(served.application.database, mention)] == [False, True]


def test_bad_items_are_rejected_and_counted_and_good_ones_stay(served: Served) -> None:
    bad = [item(2, ""), item(3, 7), item(4, when="yesterday"), "no object", item(5, when=None)]
    answer = send(served, body(item(1), *bad)).json()
    assert (answer["received"], answer["new"], answer["known"]) == (6, 1, 0)
    reasons = {one["item"]: one["reason"] for one in answer["rejected"]}
    assert reasons[1] == "no text"
    assert reasons[2] == "text is int, not text"
    assert "can be read without guessing" in reasons[3]
    assert reasons[4] == "an item is a JSON object, not str"
    assert reasons[5].startswith("no posted_at")
    read(served)
    assert len(rows(served.application.database, post)) == 1
    with served.application.database.reading() as conn:
        unread = coverage.unread(conn, "shop")
    assert sorted(one.reason for one in unread) == sorted(reasons.values())


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"{", "the body is no JSON"),
        (b"\xff\xfe", "the body is no JSON"),
        (b"[" * 100_000, "the body is no JSON"),
        (b"", "the body is no JSON"),
        (b'{"data": []}', 'there is nothing at "/data/items"'),
    ],
    ids=["cut", "no text", "deep", "empty", "elsewhere"],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_body_that_cannot_be_read_is_rejected_and_not_lost(
    database_url: str, said: bytes, reason: str
) -> None:
    config = CONFIG.replace("4096", "1000000")
    with Served(database_url, config, {"hook": SECRET}, lambda: NOW) as served:
        answer = send(served, said).json()
        assert answer["rejected"][0]["reason"].startswith(reason)
        read(served)
        with served.application.database.reading() as conn:
            assert len(coverage.unread(conn, "shop")) == 1


def test_no_items_are_no_mistake(on_sqlite: Served) -> None:
    assert send(on_sqlite, body()).json() == {
        "received": 0,
        "new": 0,
        "known": 0,
        "rejected": [],
    }


@only_sqlite
@pytest.mark.parametrize("secret", [SECRET, NEXT])
def test_each_of_the_secrets_may_sign(on_sqlite: Served, secret: str) -> None:
    said = body(item(1))
    assert send(on_sqlite, said, signed(said, secret=secret)).status_code == 200


@only_sqlite
def test_a_sender_may_sign_with_two_secrets_at_once(on_sqlite: Served) -> None:
    said = body(item(1))
    both = signed(said, more="sha256=" + "0" * 64 + ", ")
    assert send(on_sqlite, said, both).status_code == 200


@only_sqlite
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, None),
        ({signing.SIGNATURE: None}, "not_signed"),
        ({signing.TIME: None}, "not_signed"),
        ({signing.SIGNATURE: "sha256=" + "0" * 64}, "wrong_signature"),
        ({signing.SIGNATURE: ""}, "wrong_signature"),
        ({signing.SIGNATURE: "sha256=é"}, "wrong_signature"),
        ({signing.TIME: f"{NOW.timestamp() - 1:.0f}"}, "wrong_signature"),
        ({signing.TIME: "now"}, "wrong_time"),
        ({signing.TIME: "-5"}, "wrong_time"),
        ({signing.TIME: "9" * 400}, "wrong_time"),
    ],
)
def test_who_does_not_sign_is_refused_and_counted(
    on_sqlite: Served, change: Mapping[str, str | None], reason: str | None
) -> None:
    said = body(item(1))
    told = {**signed(said), **change}
    headers = [(k.encode(), v.encode()) for k, v in told.items() if v is not None]
    answer = on_sqlite.client.post("/intake/shop", content=said, headers=headers)
    watch.note(on_sqlite.app.state.site)
    with on_sqlite.application.database.reading() as conn:
        counted = inbox.refused_since(conn, NOW.date())
    if reason is None:
        assert (answer.status_code, counted) == (200, [])
        return
    assert (answer.status_code, answer.json()["reason"]) == (401, reason)
    assert [(one.source, one.what, one.number) for one in counted] == [("shop", reason, 1)]
    assert rows(on_sqlite.application.database, letter) == []


@only_sqlite
@pytest.mark.parametrize(
    ("off", "status"),
    [(0, 200), (-299, 200), (299, 200), (-301, 401), (301, 401), (-10_000, 401)],
)
def test_a_call_is_good_for_some_minutes(on_sqlite: Served, off: int, status: int) -> None:
    said = body(item(1))
    headers = signed(said, at=NOW + timedelta(seconds=off))
    assert send(on_sqlite, said, headers).status_code == status


@only_sqlite
def test_a_changed_body_is_refused(on_sqlite: Served) -> None:
    headers = signed(body(item(1)))
    assert send(on_sqlite, body(item(2)), headers).status_code == 401


@only_sqlite
def test_an_address_that_nobody_set_up_takes_nothing(on_sqlite: Served) -> None:
    said = body(item(1))
    answer = on_sqlite.client.post("/intake/other", content=said, headers=signed(said))
    assert answer.status_code == 404
    assert on_sqlite.client.get("/intake/shop").status_code == 404
    assert on_sqlite.client.put("/intake/shop").status_code == 405


@only_sqlite
def test_without_any_secret_it_takes_nothing_and_gives_nothing_away(database_url: str) -> None:
    with Served(database_url, CONFIG, {}, lambda: NOW) as served:
        answer = send(served, body(item(1)))
    assert answer.status_code == 503
    assert "hook" not in answer.text


@only_sqlite
@pytest.mark.parametrize("announced", [True, False])
def test_a_body_that_is_too_long_is_broken_off(on_sqlite: Served, announced: bool) -> None:
    said = b"x" * 5000
    content = said if announced else iter([said[:2500], said[2500:]])
    answer = on_sqlite.client.post("/intake/shop", content=content, headers=signed(said))
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"


@only_sqlite
def test_a_letter_wakes_the_stream_that_reads_it(on_sqlite: Served) -> None:
    read(on_sqlite)
    (before,) = rows(on_sqlite.application.database, stream)
    assert before.next_poll_at > NOW
    send(on_sqlite, body(item(1)))
    (after,) = rows(on_sqlite.application.database, stream)
    assert after.next_poll_at == NOW


def test_the_words_of_what_was_read_are_purged(served: Served) -> None:
    send(served, body(item(1)))
    read(served)
    send(served, body(item(2)))
    read(served)
    assert [one.said is None for one in rows(served.application.database, letter)] == [True, False]


def test_a_letter_is_forgotten_in_the_end(served: Served) -> None:
    send(served, body(item(1)))
    box = inbox.OwnInbox(served.application.database, "shop")
    (first,) = box.after(0, 10)
    box.forget(first.number, NOW + inbox.REMEMBERED)
    assert len(rows(served.application.database, letter)) == 1
    box.forget(first.number, NOW + inbox.REMEMBERED + timedelta(seconds=1))
    assert rows(served.application.database, letter) == []
    send(served, body(item(2)))
    (second,) = box.after(0, 10)
    assert second.number > first.number, "a number was given out again"


@only_sqlite
def test_while_it_serves_it_is_known_that_somebody_listens(on_sqlite: Served) -> None:
    box = inbox.OwnInbox(on_sqlite.application.database, "shop")
    ends = time.monotonic() + 30
    while box.heard_at() != NOW:
        assert time.monotonic() < ends
        time.sleep(0.02)


def test_a_letter_is_numbered_when_those_before_it_can_be_read(served: Served) -> None:
    """Else who reads the later one first would pass the earlier one by."""
    database = served.application.database

    def put(key: str) -> None:
        with database.writing() as conn:
            inbox.put(conn, "shop", [Letter(key, "{}")], NOW)

    with ThreadPoolExecutor(1) as pool:
        with database.writing() as conn:
            inbox.put(conn, "shop", [Letter("earlier", "{}")], NOW)
            later = pool.submit(put, "later")
            assert wait([later], timeout=1).not_done, "it did not wait for its turn"
        later.result()
    assert [one.key for one in rows(database, letter)] == ["earlier", "later"]

"""The REST API: what people see and do, for programs; each change once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from monitor.domain.access import Role, Scope
from monitor.store import schema
from monitor.web.api.once import REPLAYED
from tests.web.shop import Shop, opened
from tests.web.visitor import add_token

only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def shop(database_url: str) -> Iterator[Shop]:
    with opened(database_url) as one:
        yield one


# ------------------------------------------------------------------------------------- what is read


def test_a_case_is_shown_with_its_history_and_its_thread(shop: Shop) -> None:
    case = shop.front.complains(text="Still no refund", url="https://x.example/1")
    shop.front.asks_again(case, "again", text="Hello?")
    assert shop.post(f"/cases/{case}/claim", by=Role.AGENT).status_code == 200
    said = shop.get(f"/cases/{case}").json()
    assert (said["id"], said["status"], said["owner"]) == (case, "open", "api:agent")
    assert said["post"]["text"] == "Still no refund"
    assert said["post"]["author"]["handle"] == "ana1"
    assert [one["kind"] for one in said["history"]] == ["Opened", "FollowedUp", "Claimed"]
    assert [one["text"] for one in said["thread"]] == ["Hello?", "Still no refund"]
    assert said["wait"]["due_at"] == "2026-03-03T13:00:00Z"


def test_cases_are_listed_a_page_at_a_time(shop: Shop) -> None:
    made = [shop.front.complains() for _ in range(5)]
    found: list[int] = []
    cursor = None
    while cursor is not None or not found:
        page = shop.get("/cases", limit=2, cursor=cursor).json()
        found += [one["id"] for one in page["items"]]
        shop.front.complains()  # what comes meanwhile neither repeats nor hides a line
        cursor = page["next"]
    assert found == made[::-1]


WANTED: list[tuple[dict[str, Any], list[int]]] = [
    ({"brand": "Shop"}, [1, 2, 3]),
    ({"brand": "acme"}, []),
    ({"status": "dismissed"}, [2]),
    ({"status": "open"}, [1, 3]),
    ({"network": "x"}, [1, 2, 3]),
    ({"network": "reddit"}, []),
    ({"severity": "normal"}, [1, 2]),
    ({"severity": "high"}, [3]),
    ({"owner": "ion"}, [1]),
    ({"topic": "refund"}, [3]),
    ({"topic": "ref"}, []),
    ({"topic": "r_fund"}, []),
    ({"language": "ro"}, [2]),
    ({"confirmed": "true"}, [1, 2]),
    ({"confirmed": "false", "status": "open"}, [3]),
]


def test_cases_are_found_by_what_they_are(shop: Shop) -> None:
    for lang in ("en", "ro", None):
        shop.front.complains(lang=lang)
    assert shop.post("/cases/1/assign", {"to": "ion"}).status_code == 200
    assert shop.post("/cases/2/dismiss").status_code == 200
    of_third = schema.cases.c.id == 3
    with shop.front.database.writing() as conn:
        conn.execute(sa.update(schema.cases).where(of_third).values(severity=2, confirmed=False))
        of_third = schema.wait.c.case_id == 3
        conn.execute(sa.update(schema.wait).where(of_third).values(topics="delivery,refund"))
    for asked, expected in WANTED:
        found = shop.get("/cases", **asked).json()["items"]
        assert (asked, sorted(one["id"] for one in found)) == (asked, expected)


def test_cases_and_posts_are_found_by_what_was_said(shop: Shop) -> None:
    for name in ("one", "two", "three"):
        shop.front.complains(text=f"awful parcel {name} nu a sosit, mulțumesc")
    shop.front.complains(text="awful, the kettle leaks")
    for path in ("/cases", "/posts"):
        found = shop.get(path, q='multumesc "nu a" -two', limit=1).json()
        assert [one["id"] for one in found["items"]] == [3]
        more = shop.get(path, q='multumesc "nu a" -two', limit=1, cursor=found["next"]).json()
        assert [one["id"] for one in more["items"]] == [1]
        assert [one["id"] for one in shop.get(path, q="-parcel").json()["items"]] == [4]
        assert shop.get(path, q="(").json() == {"items": [], "next": None}
        assert shop.get(path, q="kettle", network="reddit").json()["items"] == []
    assert [one["id"] for one in shop.get("/posts", q="parcel", case=2).json()["items"]] == [2]


def test_posts_are_listed_once_for_each_brand_that_they_are_about(shop: Shop) -> None:
    first, second = shop.front.complains(), shop.front.complains()
    with shop.front.database.writing() as conn:
        other = conn.scalar(
            sa.insert(schema.brand).values(name="acme").returning(schema.brand.c.id)
        )
        for number in (1, 2):
            row = {"brand_id": other, "post_id": number, "own": False, "automatic": False}
            conn.execute(sa.insert(schema.mention).values(**row))
    found: list[tuple[int, str]] = []
    cursor = None
    while cursor is not None or not found:
        page = shop.get("/posts", limit=1, cursor=cursor).json()
        found += [(one["id"], one["brand"]) for one in page["items"]]
        cursor = page["next"]
    assert found == [(2, "Shop"), (2, "acme"), (1, "Shop"), (1, "acme")]
    assert [one["brand"] for one in shop.get("/posts/1").json()] == ["Shop", "acme"]
    assert [one["id"] for one in shop.get("/posts", case=first).json()["items"]] == [1]
    assert shop.get("/posts", own=True).json()["items"] == []
    assert second == 2


@only_sqlite
def test_a_brand_that_the_config_names_no_longer_is_not_there(shop: Shop) -> None:
    """As on the pages: its cases, posts and streams are neither listed, nor shown, nor acted upon."""
    kept, gone = shop.front.complains(), shop.front.complains()
    of_gone = schema.cases.c.id == gone, schema.mention.c.post_id == 2
    with shop.front.database.writing() as conn:
        made = sa.insert(schema.brand).values(name="past").returning(schema.brand.c.id)
        other = conn.execute(made).scalar_one()
        row = {"brand_id": other, "post_id": 1, "own": False, "automatic": False}
        conn.execute(sa.insert(schema.mention).values(**row))
        conn.execute(sa.update(schema.cases).where(of_gone[0]).values(brand_id=other))
        conn.execute(sa.update(schema.mention).where(of_gone[1]).values(brand_id=other))
    assert [one["id"] for one in shop.get("/cases").json()["items"]] == [kept]
    assert shop.get("/cases", brand="past").json()["items"] == []
    listed = [(one["id"], one["brand"]) for one in shop.get("/posts").json()["items"]]
    assert listed == [(1, "Shop")]
    assert [one["brand"] for one in shop.get("/posts/1").json()] == ["Shop"]
    assert shop.get("/posts", case=gone).json()["items"] == []
    asked = [shop.get(f"/cases/{gone}"), shop.get("/posts/2"), shop.post(f"/cases/{gone}/claim")]
    asked.append(shop.post(f"/cases/{gone}/answers", {"text": "Sorry!"}))
    assert [one.status_code for one in asked] == [404] * 4
    (stream,) = shop.get("/coverage").json()["streams"]
    assert stream["brands"] == ["Shop"]
    with shop.front.database.writing() as conn:
        conn.execute(sa.update(schema.stream_brand).values(brand_id=other))
    assert shop.get("/coverage").json()["streams"] == []


def test_the_figures_are_the_report_s_and_lead_to_their_waits(shop: Shop) -> None:
    made = [shop.front.complains() for _ in range(3)]
    shop.front.machine.passes(timedelta(hours=5))
    said = shop.get("/numbers", brand="Shop", days=2).json()
    assert said["total"]["waits"] == 3
    counted = sum(said["total"]["states"].values())
    assert counted == 3
    waits: list[Any] = []
    cursor: str | None = None
    while cursor is not None or not waits:
        page = shop.get("/numbers/waits", brand="Shop", days=2, limit=2, cursor=cursor).json()
        waits += page["items"]
        cursor = page["next"]
    assert sorted(one["case"] for one in waits) == made
    group = shop.get("/numbers/waits", brand="Shop", days=2, by="network", name="x").json()
    assert len(group["items"]) == 3
    none = shop.get("/numbers/waits", brand="Shop", days=2, by="network", name="reddit").json()
    assert (none["items"], none["next"]) == ([], None)
    assert shop.get("/numbers", brand="nobody").status_code == 404
    assert shop.get("/numbers", brnad="Shop").status_code == 422
    earlier = shop.get("/numbers", brand="Shop", as_of="2026-03-03T08:00:00Z").json()
    assert earlier["total"]["waits"] == 0


@only_sqlite
def test_a_report_that_was_told_stands_beside_what_is_known_now(shop: Shop) -> None:
    before = shop.front.complains()
    shop.front.machine.passes(timedelta(hours=2))
    told = shop.front.machine.at
    shop.front.machine.passes(timedelta(hours=2))
    late = shop.front.complains(posted_at=told - timedelta(hours=1))
    said = shop.get("/numbers/restated", days=2, told=told.isoformat()).json()
    assert [one["case"] for one in said["moved"]] == [late]
    assert said["moved"][0]["because"] == ["post_late"]
    assert (said["before"]["waits"], said["after"]["waits"]) == (1, 2)
    assert before != late
    assert shop.get("/numbers/restated", days=2).status_code == 422
    day = told.date().isoformat()
    assert shop.get("/numbers/restated", until=day, days=1, told="1980-01-01").status_code == 422
    assert shop.get("/numbers/restated", told="0001-01-01T00:00:00").status_code == 422


@only_sqlite
def test_waits_are_listed_a_page_at_a_time_as_of_the_first(shop: Shop) -> None:
    made = []
    for _ in range(4):
        made.append(shop.front.complains())
        shop.front.machine.passes(timedelta(hours=6))
    found: list[int] = []
    cursor = None
    for _ in made:
        page = shop.get("/numbers/waits", days=1, limit=1, cursor=cursor).json()
        found += [one["case"] for one in page["items"]]
        shop.front.machine.passes(timedelta(hours=5))  # the day goes on, and waits out of it
        cursor = page["next"]
    assert (found, cursor) == (made, None)
    assert shop.get("/numbers/waits", cursor="7").status_code == 422
    for made_up in ("0.0", "9999999999999999.999999999"):
        assert shop.get("/numbers/waits", cursor=made_up).json()["items"] == []


def test_the_ledger_of_what_was_looked_at_is_shown(shop: Shop) -> None:
    shop.front.complains()
    (stream,) = shop.get("/coverage").json()["streams"]
    assert (stream["source"], stream["brands"], stream["gaps"]) == ("test", ["Shop"], [])
    assert shop.get("/coverage", brand="acme").status_code == 404


# ------------------------------------------------------------------------------------ what is done


@only_sqlite
@pytest.mark.parametrize(
    ("path", "said", "kind"),
    [
        ("claim", None, "Claimed"),
        ("acknowledge", None, "Acknowledged"),
        ("assign", {"to": "ion"}, "Assigned"),
        ("snooze", {"seconds": 1800}, "Snoozed"),
        ("snooze", {"seconds": 86400, "why": "the courier is asked"}, "Snoozed"),
        ("dismiss", None, "Dismissed"),
        ("duplicate", {"of": 1}, "Dismissed"),
        ("answered-elsewhere", {"channel": "phone", "note": "called"}, "AnsweredElsewhere"),
        ("contact", {"channel": "e-mail", "address": "ana@mail.example"}, "ContactNoted"),
    ],
)
def test_what_people_do_in_slack_is_done_here(shop: Shop, path: str, said: Any, kind: str) -> None:
    shop.front.complains()
    case = shop.front.complains()
    answer = shop.post(f"/cases/{case}/{path}", said)
    assert (answer.status_code, answer.json()["case"]) == (200, case)
    assert shop.kinds(case) == ["Opened", kind]
    assert shop.post(f"/cases/{case}/undo").status_code == 200
    assert shop.kinds(case) == ["Opened", kind, "Undone"]
    assert shop.get(f"/cases/{case}").json()["status"] == "open"


@only_sqlite
def test_an_unconfirmed_case_is_confirmed_and_a_post_linked(shop: Shop) -> None:
    case = shop.front.complains()
    assert shop.post(f"/cases/{case}/confirm").status_code == 409
    own = shop.front.brings("ours", by="shop", posted_at=shop.front.machine.at)
    assert shop.post(f"/cases/{case}/link", {"post": own}).json()["status"] == "answered"
    assert shop.post(f"/cases/{case}/undo", {"seq": 2}, by=Role.AGENT).status_code == 200
    assert shop.post(f"/cases/{case}/link", {"post": 1}).status_code == 409


def test_an_answer_is_written_once_and_taken_back(shop: Shop) -> None:
    case = shop.front.complains()
    written = shop.post(f"/cases/{case}/answers", {"text": "Sorry!"}, by=Role.AGENT, key="a")
    assert (written.status_code, written.json()["state"]) == (202, "pending")
    assert "Sorry" not in written.text
    again = shop.post(f"/cases/{case}/answers", {"text": "Sorry!"}, by=Role.AGENT, key="a")
    assert (again.json(), again.headers[REPLAYED]) == (written.json(), "true")
    second = shop.post(f"/cases/{case}/answers", {"text": "Sorry again"}, by=Role.AGENT)
    assert second.status_code == 409
    number = written.json()["number"]
    assert shop.get(f"/cases/{case}").json()["answers"][0]["text"] == "Sorry!"
    assert shop.post(f"/cases/{case}/answers/{number}/posted").status_code == 409
    taken = shop.post(f"/cases/{case}/answers/{number}/cancel").json()
    assert (taken["state"], taken["reason"]) == ("cancelled", "taken_back")
    assert shop.post(f"/cases/{case}/answers/{number}/resend").status_code == 409


@only_sqlite
def test_what_the_rules_forbid_is_not_accepted(database_url: str) -> None:
    flawed = {
        "Our fault!": "must not be said",
        "Dear {name}": "is not filled in",
        "Sorry (1/2)": "numbered as a part of several",
    }
    with opened(database_url, '[answers]\nforbidden = ["fault"]\n') as shop:
        case = shop.front.complains()
        for text, why in flawed.items():
            answer = shop.post(f"/cases/{case}/answers", {"text": text}, by=Role.AGENT)
            assert (answer.status_code, why in answer.json()["detail"]) == (409, True)
        assert shop.get(f"/cases/{case}").json()["answers"] == []


@only_sqlite
def test_a_case_is_opened_by_hand(shop: Shop) -> None:
    said = {"brand": "Shop", "text": "Called: charged twice", "severity": "high"}
    answer = shop.post("/cases", said)
    assert answer.status_code == 201
    case = shop.get(f"/cases/{answer.json()['case']}").json()
    assert (case["severity"], case["network"], case["confirmed"]) == ("high", "manual", True)
    assert shop.post("/cases", said).status_code == 409
    assert shop.post("/cases", {"text": "whose?"}).status_code == 409
    assert shop.post("/cases", said | {"said_at": "0001-01-01T00:00:00+00:00"}).status_code == 409


def test_posts_are_sent_with_a_token_and_read_as_if_signed(shop: Shop) -> None:
    item = {"external_id": "7", "text": "awful parcel", "posted_at": "2026-03-03T08:00:00Z"}
    answer = shop.post("/sources/hook/posts", [item, {"external_id": "8"}], by=Role.AGENT)
    assert answer.status_code == 202
    said = answer.json()
    assert (said["received"], said["new"], said["known"]) == (2, 1, 0)
    assert [one["item"] for one in said["rejected"]] == [1]
    assert shop.post("/sources/hook/posts", [item], by=Role.AGENT).json()["known"] == 1
    with shop.front.database.reading() as conn:
        assert conn.scalar(sa.select(sa.func.count()).select_from(schema.letter)) == 2
    assert shop.post("/sources/none/posts", [item]).status_code == 404


# ------------------------------------------------------------------------------------------- once


def test_what_is_told_again_is_done_once(shop: Shop) -> None:
    case = shop.front.complains()
    first = shop.post(f"/cases/{case}/snooze", {"seconds": 60}, key="k")
    shop.front.machine.passes(timedelta(minutes=5))
    again = shop.post(f"/cases/{case}/snooze", {"seconds": 60}, key="k")
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert (REPLAYED in first.headers, again.headers[REPLAYED]) == (False, "true")
    assert shop.kinds(case) == ["Opened", "Snoozed"]


@only_sqlite
def test_a_key_is_for_one_thing(shop: Shop) -> None:
    case, other = shop.front.complains(), shop.front.complains()
    assert shop.post(f"/cases/{case}/snooze", {"seconds": 60}, key="k").status_code == 200
    for path, said in [(f"/cases/{case}/snooze", {"seconds": 61}), (f"/cases/{other}/claim", None)]:
        answer = shop.post(path, said, key="k")
        assert answer.status_code == 409
        assert "Idempotency-Key" in answer.json()["detail"]
    assert shop.kinds(other) == ["Opened"]


@only_sqlite
def test_two_callers_keys_are_two(shop: Shop) -> None:
    case = shop.front.complains()
    said = {"seconds": 60}
    first = shop.post(f"/cases/{case}/snooze", said, by=Role.AGENT, key="k")
    second = shop.post(f"/cases/{case}/snooze", said, by=Role.MANAGER, key="k")
    assert [REPLAYED in one.headers for one in (first, second)] == [False, False]
    assert shop.kinds(case) == ["Opened", "Snoozed", "Snoozed"]


@only_sqlite
def test_what_failed_may_be_told_again_under_its_key(shop: Shop) -> None:
    case = shop.front.complains()
    beyond = {"seconds": 86_400}
    assert shop.post(f"/cases/{case}/snooze", beyond, key="k").status_code == 409
    assert shop.post(f"/cases/{case}/snooze", {"seconds": 60}, key="k").status_code == 200


@only_sqlite
def test_no_change_without_a_key(shop: Shop) -> None:
    case = shop.front.complains()
    headers = shop.tokens[Role.AGENT]
    answer = shop.served.client.post(f"/api/v1/cases/{case}/claim", headers=headers)
    assert answer.status_code == 422
    assert answer.json()["wrong"][0]["where"] == "header/Idempotency-Key"


def test_the_same_at_one_moment_is_done_once(shop: Shop) -> None:
    case = shop.front.complains()

    def tell(_: int) -> Any:
        return shop.post(f"/cases/{case}/snooze", {"seconds": 60}, key="k")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(tell, range(8)))
    assert {one.status_code for one in answers} == {200}
    assert len({one.text for one in answers}) == 1
    assert shop.kinds(case) == ["Opened", "Snoozed"]


@only_sqlite
def test_what_is_kept_of_a_call_holds_nobody_s_words(shop: Shop) -> None:
    case = shop.front.complains()
    shop.post(f"/cases/{case}/answers", {"text": "the words of an answer"})
    shop.post(f"/cases/{case}/contact", {"channel": "phone", "address": "0712 000 111"})
    with shop.front.database.reading() as conn:
        kept = json.dumps(
            [tuple(map(str, one)) for one in conn.execute(sa.select(schema.api_call))]
        )
    assert [word for word in ("words", "0712", "refund", "ana1") if word in kept] == []


# -------------------------------------------------------------------------------------- who, and what


def _routes(shop: Shop) -> list[tuple[str, str]]:
    paths = shop.served.client.get("/api/v1/openapi.json").json()["paths"]
    return [(method, path) for path, methods in paths.items() for method in methods]


@only_sqlite
def test_each_role_may_do_its_own_and_no_more(shop: Shop) -> None:
    shop.front.complains()
    shop.front.complains()
    wrong = []
    for method, path in _routes(shop):
        needed = Role.VIEWER if method == "get" else Role.AGENT
        where = path.format(case_id=1, post_id=1, number=1, name="hook")
        where = where.removeprefix("/api/v1")
        for role in Role:
            call = shop.get(where, role) if method == "get" else shop.post(where, by=role)
            is_refused = call.status_code == 403
            if is_refused != (role < needed):
                wrong.append((method, path, role.word))
        stranger = shop.served.client.request(method, f"/api/v1{where}")
        if stranger.status_code != 401 or "www-authenticate" not in stranger.headers:
            wrong.append((method, path, "nobody"))
    assert wrong == []


@only_sqlite
def test_a_token_does_what_it_is_for_and_no_more(shop: Shop) -> None:
    shop.front.complains()
    calls: dict[Scope, Callable[[], httpx.Response]] = {
        Scope.READ: lambda: shop.get("/cases", Role.ADMIN),
        Scope.ACT: lambda: shop.post("/cases/1/claim", by=Role.ADMIN),
        Scope.INTAKE: lambda: shop.post("/sources/hook/posts", [], by=Role.ADMIN),
        Scope.METRICS: lambda: shop.served.client.get("/metrics", headers=shop.tokens[Role.ADMIN]),
    }
    may = {}
    for scope in Scope:
        shop.tokens[Role.ADMIN] = add_token(
            shop.front.database, f"for {scope}", Role.ADMIN, {scope}
        )
        may[scope] = {one for one, call in calls.items() if call().status_code != 403}
    assert may == {one: {one} for one in Scope}


@only_sqlite
def test_an_agent_says_what_is_no_complaint_and_takes_it_back_as_on_the_page(shop: Shop) -> None:
    case, other = shop.front.complains(), shop.front.complains()
    said = {"brand": "Shop", "text": "Called: charged twice"}
    assert shop.post("/cases", said, by=Role.AGENT).status_code == 201
    assert shop.post(f"/cases/{case}/dismiss", by=Role.AGENT).status_code == 200
    assert shop.post(f"/cases/{case}/undo", by=Role.AGENT).status_code == 200
    assert shop.kinds(case) == ["Opened", "Dismissed", "Undone"]
    same = {"of": case}
    assert shop.post(f"/cases/{other}/duplicate", same, by=Role.AGENT).status_code == 200


@only_sqlite
def test_a_body_that_is_too_long_is_refused(database_url: str) -> None:
    with opened(database_url, "[web]\nmost_bytes = 4096") as shop:
        case = shop.front.complains()
        answer = shop.post(f"/cases/{case}/answers", {"text": "a" * 5000})
    assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")


@only_sqlite
@pytest.mark.parametrize("path", ["/cases/99", "/posts/99", "/cases/99/claim", "/nothing"])
def test_what_is_not_there_is_said_to_be(shop: Shop, path: str) -> None:
    answer = shop.post(path) if path.endswith("claim") else shop.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


@only_sqlite
def test_the_contract_names_every_route_and_leads_nowhere_else(shop: Shop) -> None:
    said = shop.served.client.get("/api/v1/openapi.json").json()
    assert said["openapi"].startswith("3.1")
    assert all(path.startswith("/api/v1/") for path in said["paths"])
    names = [one["operationId"] for methods in said["paths"].values() for one in methods.values()]
    assert len(set(names)) == len(names)
    text = json.dumps(said)
    assert "http://" not in text
    assert "HTTPValidationError" not in text

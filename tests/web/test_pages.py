"""What people see on the pages, and what comes of what they do there. Without any script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest

from monitor.domain.access import Role
from monitor.domain.event import Assigned, Claimed, Dismissed, Snoozed
from monitor.store import brands, cases
from tests.web.front import Front
from tests.web.visitor import Visitor

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
HOUR = timedelta(hours=1)


@pytest.fixture
def front(database_url: str) -> Iterator[Front]:
    one = Front(database_url)
    with one.served:
        yield one


@pytest.fixture
def ana(front: Front) -> Iterator[Visitor]:
    with front.visited() as visitor:
        yield visitor


def does(visitor: Visitor, case: int, act: str, **said: str) -> int:
    """Send a form of the case's page."""
    page = visitor.get(f"/cases/{case}").text
    once = re.search(r'name="once" value="([^"]+)"', page)
    assert once
    fields = {"once": once[1], **said}
    return visitor.post(f"/cases/{case}/{act}", seen_on=f"/cases/{case}", **fields).status_code


def events(front: Front, case: int) -> list[object]:
    with front.database.reading() as conn:
        return [one.event for one in cases.history(conn, case) if one.by == "ana"]


def order(page: str) -> list[int]:
    return [int(one) for one in re.findall(r'data-row="(\d+)"', page)]


def test_the_first_page_is_the_queue(ana: Visitor) -> None:
    answer = ana.get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/queue")
    assert "Nobody waits for an answer." in ana.get("/queue").text


def test_the_queue_begins_with_who_is_due_first(front: Front, ana: Visitor) -> None:
    young = front.case_of(front.writes("awful", ago=HOUR / 2))
    old = front.case_of(front.writes("awful and late", by="ion", ago=26 * HOUR))
    page = ana.get("/queue").text
    assert order(page) == [old, young]
    assert "late by" in page
    assert "due in" in page
    assert "2 wait" in page


def test_filters_are_in_the_address(front: Front, ana: Visitor) -> None:
    late = front.case_of(front.writes("awful refund", by="ion", ago=26 * HOUR))
    unsure = front.case_of(front.writes("hmm, a parcel", by="ina"))
    sure = front.case_of(front.writes("awful delivery"))
    does(ana, sure, "claim")
    asked = {
        "state=late": [late],
        "state=unconfirmed": [unsure],
        "state=claimed": [sure],
        "person=me": [sure],
        "person=-": [late, unsure],
        "network=x": [late, unsure, sure],
        "network=reddit": [],
        "topic=refund": [late],
        "language=ro": [],
        "q=parcel": [unsure],
        "q=awful+ion": [late],
        "q=%E2%80%9Chmm+a+parcel%E2%80%9D": [unsure],
        "q=awful+-refund": [sure],
        "q=awful&topic=refund": [late],
        "q=%22%28": [],
    }
    found = {one: sorted(order(ana.get(f"/queue?{one}").text)) for one in asked}
    assert found == {one: sorted(ids) for one, ids in asked.items()}


@pytest.mark.parametrize("asked", ["severity=grave", "state=odd", "after=x", "after=1.y"])
def test_an_address_that_is_not_ours_is_refused_in_words(ana: Visitor, asked: str) -> None:
    answer = ana.get(f"/queue?{asked}")
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text


def test_a_long_queue_is_read_page_by_page_and_nobody_is_left_out(
    front: Front, ana: Visitor
) -> None:
    for number in range(120):
        front.writes(f"awful {number}", by=f"c{number}", ago=HOUR + timedelta(minutes=number // 3))
    front.judges()
    seen: list[int] = []
    address: str | None = "/queue"
    while address:
        page = ana.get(address).text
        seen += order(page)
        more = re.search(r'href="([^"]+)" rel="next"', page)
        address = more[1].replace("&amp;", "&") if more else None
    assert len(seen) == len(set(seen)) == 120


def test_a_case_shows_what_was_said_and_explains_its_clock(front: Front, ana: Visitor) -> None:
    root = front.writes("awful, no parcel", ago=17 * HOUR)
    case = front.case_of(root)
    front.writes("We look for it.", by="somebody_else", to=root, ago=HOUR)
    page = ana.get(f"/cases/{case}").text
    assert "awful, no parcel" in page
    assert "We look for it." in page
    # written on Monday at 19:30, in Bucharest; now it is Tuesday, 12:30: open since 9
    assert "<strong>3 h 30 min</strong> of 4 h" in page
    assert "2026-05-04 19:30</time> – " in page
    assert "2026-05-05 09:00</time></li>" in page
    assert "30 min of business time left" in page
    assert "A complaint opened the case" in page


def test_a_case_foretells_who_will_be_told_and_why(front: Front, ana: Visitor) -> None:
    case = front.complains()
    with front.database.writing() as conn:
        brands.begin(conn, [1], front.machine.at - 24 * HOUR)
    page = ana.get(f"/cases/{case}").text
    assert "What comes next, if nobody does anything" in page
    assert "1 h after the target" in page
    unsure = front.case_of(front.writes("hmm", by="ion"))
    assert "Nobody is told before somebody confirms it." in ana.get(f"/cases/{unsure}").text


def test_what_may_be_done_is_done_and_stands_in_the_history(front: Front, ana: Visitor) -> None:
    case = front.complains()
    assert does(ana, case, "claim") == 303
    assert does(ana, case, "assign", person="ion") == 303
    assert does(ana, case, "snooze", span="15m") == 303
    assert does(ana, case, "dismiss") == 303
    told = [type(one) for one in events(front, case)]
    assert told == [Claimed, Assigned, Snoozed, Dismissed]
    page = ana.get(f"/cases/{case}").text
    assert "Assigned: to ion" in page
    assert does(ana, case, "undo") == 303
    assert "Undone" in ana.get(f"/cases/{case}").text


def test_an_answer_elsewhere_ends_the_wait_at_its_own_time(front: Front, ana: Visitor) -> None:
    case = front.complains()
    said = {"channel": "phone", "at": "2026-05-05T12:00", "note": "called her"}
    assert does(ana, case, "elsewhere", **said) == 303
    page = ana.get(f"/cases/{case}").text
    assert "called her" in page
    assert "2026-05-05 12:00" in page


def test_what_makes_no_sense_is_refused_and_what_was_typed_is_kept(
    front: Front, ana: Visitor
) -> None:
    case = front.complains()
    page = ana.get(f"/cases/{case}").text
    assert "No configured source can answer" in page
    tries = {
        "snooze": {"span": "24h", "why": ""},
        "assign": {"person": "  "},
        "duplicate": {"case": "x"},
        "elsewhere": {"channel": "phone", "at": "2020-01-01T00:00", "note": "kept & shown"},
        "contact": {"channel": "pigeon", "address": "roof"},
        "answer": {"text": "hello"},
        "posted": {"answer": "7"},
        "fly": {},
    }
    for act, said in tries.items():
        answer = ana.post(f"/cases/{case}/{act}", seen_on=f"/cases/{case}", once="1", **said)
        assert answer.status_code == 409, act
        assert 'role="alert"' in answer.text
    assert events(front, case) == []
    kept = ana.post(
        f"/cases/{case}/elsewhere", seen_on=f"/cases/{case}", once="1", **tries["elsewhere"]
    )
    assert "kept &amp; shown" in kept.text


def test_a_form_that_is_sent_twice_is_done_once(front: Front, ana: Visitor) -> None:
    case = front.complains()
    for _ in range(2):
        answer = ana.post(f"/cases/{case}/ack", seen_on=f"/cases/{case}", once="the same")
        assert answer.status_code == 303
    assert len(events(front, case)) == 1


def test_many_cases_at_once_and_what_came_of_each(front: Front, ana: Visitor) -> None:
    one, two = front.complains(by="ion"), front.complains()
    does(ana, two, "dismiss")
    answer = ana.client.post(
        "/queue/acts",
        data={"csrf": ana.proof("/queue"), "once": "1", "act": "claim", "case": [one, two, "99"]},
        headers={"origin": ana.origin},
    )
    assert answer.status_code == 200
    assert answer.text.count("not done") == 2
    assert "There is no case 99." in answer.text
    assert [type(it) for it in events(front, one)] == [Claimed]


def test_there_is_no_case_of_another_number(ana: Visitor) -> None:
    assert ana.get("/cases/77").status_code == 404
    assert ana.post("/cases/77/claim", once="1").status_code == 404
    assert ana.get(f"/cases/{10**30}").status_code in (404, 422)


def test_unconfirmed_cases_are_reviewed_with_one_press(front: Front, ana: Visitor) -> None:
    yes = front.case_of(front.writes("hmm, one", by="ion"))
    no = front.case_of(front.writes("hmm, two"))
    assert set(order(ana.get("/review").text)) == {yes, no}
    for case, act in ((yes, "confirm"), (no, "dismiss")):
        answer = ana.post(f"/cases/{case}/{act}", seen_on="/review", once="1", next="/review")
        assert answer.headers["location"] == "/review"
    assert "Nothing waits for a look." in ana.get("/review").text


def test_the_sample_of_what_was_let_pass_is_labelled(front: Front, ana: Visitor) -> None:
    front.writes("what a day", ago=5 * 24 * HOUR)
    front.judges()
    front.draws()
    page = ana.get("/review").text
    place = re.search(r'action="(/review/\d+/\d+)"', page)
    assert place
    assert "what a day" in page
    assert ana.post(place[1], seen_on="/review", said="nonsense").status_code == 422
    assert ana.post(place[1], seen_on="/review", said="complaint").status_code == 303
    assert "what a day" not in ana.get("/review").text
    assert "what a day" in ana.get("/queue").text


def test_the_coverage_says_what_was_looked_at(front: Front, ana: Visitor) -> None:
    front.complains()
    page = ana.get("/coverage?since=7d").text
    assert "test/all" in page


def test_who_did_what_is_for_managers_to_see(front: Front, ana: Visitor) -> None:
    case = front.complains()
    does(ana, case, "claim")
    assert ana.get("/audit").status_code == 403
    with front.visited("maria", Role.MANAGER) as manager:
        page = manager.get("/audit").text
        assert "Claimed" in page
        assert "ana" in page
        assert "Nothing was done." in manager.get("/audit?by=nobody").text
        access = manager.get("/audit/access").text
        assert "Signed in" in access
        assert "maria" in access


def test_a_viewer_sees_and_cannot_act(front: Front) -> None:
    case = front.complains()
    with front.visited("vio", Role.VIEWER) as viewer:
        page = viewer.get(f"/cases/{case}").text
        assert "What may be done" not in page
        answer = viewer.post(f"/cases/{case}/claim", seen_on=f"/cases/{case}", once="1")
        assert answer.status_code == 403
        assert viewer.get("/review").status_code == 403


def test_the_page_speaks_romanian_to_whoever_does(front: Front, ana: Visitor) -> None:
    front.complains()
    ana.client.headers["accept-language"] = "ro-RO,ro;q=0.9,en;q=0.5"
    assert "Cine așteaptă răspuns" in ana.get("/queue").text
    answer = ana.post("/language", seen_on="/queue", language="en", next="/queue?q=awful")
    assert answer.headers["location"] == "/queue?q=awful"
    assert "Who waits for an answer" in ana.get("/queue").text


def test_the_first_page_is_light_and_asks_nobody_else(front: Front, ana: Visitor) -> None:
    for number in range(50):
        said = " ".join(f"word{number}x{one}" for one in range(40))  # no copies of each other
        front.writes(f"awful {said}", by=f"c{number}")
    front.judges()
    page = ana.get("/queue")
    parts = re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text)
    assert len(order(page.text)) == 50
    sizes = [len(page.content), *(int(ana.get(one).headers["content-length"]) for one in parts)]
    assert sum(sizes) <= 100_000
    assert re.findall(r'(?:src|action)="https?://', page.text) == []

"""An answer that is written on the page: posted once, said to be posted when it is, and seen in Slack."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, expect

from monitor.domain.access import Role
from monitor.domain.reply import Length
from monitor.simulator.slack import SlackServer
from monitor.stages.reply import Reply
from monitor.store.engine import Database
from tests.notifiers.slack_side import workspace
from tests.slackapp.office import Office, office
from tests.stages.front import TellingNet
from tests.web.browser import Window, chromium
from tests.web.served import Served
from tests.web.visitor import Visitor, add_user

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
SHOP = """
[[brands]]
name = "Shop"
identities = [{ handle = "shop" }]
[answers]
forbidden = ["fault"]
[[answers.templates]]
name = "late"
topic = "delivery"
language = "en"
text = "Sorry, {name}: it left today."
[classifier]
use = "tests.cli.keywords:Keywords"
"""


class RoomyNet(TellingNet):
    """Takes as much as an answer needs."""

    def reply_length(self, text: str, /) -> Length:
        return Length(len(text), 60)


@pytest.fixture
def server() -> Iterator[SlackServer]:
    with workspace() as running:
        yield running


@pytest.fixture
def team(database: Database, server: SlackServer) -> Iterator[Office]:
    with office(database, server, mode="http", net=RoomyNet) as there:
        add_user(database, "ana", Role.AGENT)
        yield there


@pytest.fixture
def served(team: Office, database_url: str) -> Iterator[Served]:
    desk = team.front.desk
    with Served(database_url, brand=SHOP, clock=team.front.machine, desks=[desk]) as one:
        yield one


def posts(team: Office) -> None:
    """The reply stage works off what is due."""
    machine = team.front.machine
    machine.passes(timedelta(minutes=1))
    stage = Reply(team.database, [team.front.desk], clock=machine, machine=machine)
    for item in stage.due(team.now):
        stage.handle(item, team.now)
    team.front.settles()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as one:
        yield one


@pytest.mark.needs("chromium")
def test_a_case_answered_on_the_page_is_answered_on_slack_s_card(
    team: Office, served: Served, browser: Browser
) -> None:
    case = team.complains()
    ana = Window(browser, served.url)
    ana.sign_in("ana", f"/cases/{case}")
    page = ana.page
    expect(page.get_by_text("On x, as @shop")).to_be_visible()
    page.get_by_role("button", name="Begin with it").click()
    written = page.get_by_role("textbox", name="Your answer")
    expect(written).to_have_value("Sorry, ana1: it left today.")
    written.fill("Sorry! It left today.")
    page.get_by_role("button", name="Post", exact=True).click()
    expect(page.get_by_text("it is being posted")).to_be_visible()
    assert team.front.net.posted == []
    posts(team)
    page.reload()
    expect(page.get_by_text("Posted on x")).to_be_visible()
    expect(page.get_by_text("Answered by a post of ours")).to_be_visible()
    ana.close()
    shown = team.shows(case)
    assert "✅ Answered after 1 min" in shown
    assert "Sorry! It left today." in shown


@pytest.fixture
def ana(served: Served) -> Iterator[Visitor]:
    one = Visitor(served)
    one.sign_in("ana")
    yield one
    one.client.close()


def test_what_may_not_be_said_is_not_posted_and_not_lost(team: Office, ana: Visitor) -> None:
    case = team.complains()
    for text, why in {
        "It was our fault": "must not be said",
        "Dear {name}": "is not filled in",
        "so " * 30: "too long",
    }.items():
        answer = ana.post(f"/cases/{case}/answer", seen_on=f"/cases/{case}", once="1", text=text)
        assert answer.status_code == 409
        assert why in answer.text
        assert f">{text}</textarea>" in answer.text
    posts(team)
    assert team.front.net.posted == []


def test_an_answer_of_unknown_fate_is_decided_by_a_person(team: Office, ana: Visitor) -> None:
    case = team.complains()
    said = {"once": "1", "text": "It left today."}
    assert ana.post(f"/cases/{case}/answer", seen_on=f"/cases/{case}", **said).status_code == 303
    taken_back = ana.post(f"/cases/{case}/cancel", seen_on=f"/cases/{case}", once="2", answer="1")
    assert taken_back.status_code == 303
    page = ana.get(f"/cases/{case}").text
    assert "it was taken back" in page
    again = ana.post(f"/cases/{case}/resend", seen_on=f"/cases/{case}", once="3", answer="1")
    assert again.status_code == 409
    posts(team)
    assert team.front.net.posted == []


def test_an_answer_that_is_sent_twice_is_posted_once(team: Office, ana: Visitor) -> None:
    case = team.complains()
    for _ in range(2):
        ana.post(f"/cases/{case}/answer", seen_on=f"/cases/{case}", once="1", text="It left.")
    posts(team)
    assert len(team.front.net.posted) == 1

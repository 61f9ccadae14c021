"""The policies on their page: read by all, a text tried by agents, changed ones by managers."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.domain.access import Role
from monitor.web.pages import policies
from tests.store.written import rows
from tests.web.front import Front
from tests.web.visitor import Visitor

HOUR = timedelta(hours=1)
SHORTER = """
[[policies]]
name = "at once"
match = { severities = ["low", "normal", "high", "critical"], networks = ["x"] }
target = "30m"
calendar = "office"
tell = "console:night"
"""
ASLEEP = """
[people.ana]
tell = "console:ana"
quiet = "10:00-12:00"
[[policies]]
name = "at once"
target = "30m"
tell = "console:night"
steps = [{ name = "page", after_due = "0m", tell = "person:ana" }]
"""


@pytest.fixture(scope="module")
def front(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    path = tmp_path_factory.mktemp("shop") / "monitor.db"
    shutil.copyfile(sqlite_template, path)
    one = Front(f"sqlite:///{path}")
    with one.served:
        one.case_of(one.writes("awful", ago=2 * HOUR))
        yield one


@pytest.fixture(scope="module")
def mara(front: Front) -> Iterator[Visitor]:
    with front.visited("mara", Role.MANAGER) as visitor:
        yield visitor


def test_they_stand_there_as_people_read_them(mara: Visitor) -> None:
    page = mara.get("/policies").text
    for said in ("office", "every complaint", "4 h", "Mon-Fri 09:00-18:00", "1 h after the target"):
        assert said in page, said
    mara.client.cookies.set("language", "ro")
    page = mara.get("/policies").text
    mara.client.cookies.delete("language")
    for said in ("Politici", "orice reclamație", "lun.-vin. 09:00-18:00", "1 h după termen"):
        assert said in page, said


def test_the_whole_future_of_a_case_is_told(front: Front, mara: Visitor) -> None:
    page = mara.get("/policies?case=1").text
    assert "case 1: normal, on x, waits since" in page
    assert "to the leads" in page
    assert "1 h after the target" in page
    for odd in ("999", "x", "1%00", "9" * 30, "-1", "%F0%9F%98%80"):
        answer = mara.get(f"/policies?case={odd}")
        assert (answer.status_code, "That cannot be tried" in answer.text) == (409, True), odd
    with front.visited("vera", Role.VIEWER) as viewer:
        page = viewer.get("/policies?case=1").text
        assert "to the leads" in page
        assert "/policies/explain" not in page
        assert "/policies/simulate" not in page


def test_a_text_is_judged_and_followed_and_stands_in_no_address(mara: Visitor) -> None:
    page = mara.post("/policies/explain", text="awful <b>kettle", at="2026-05-05T23:00").text
    assert "judged a complaint" in page
    assert "awful &lt;b&gt;kettle" in page
    assert "the card of the case" in page
    assert "judged no complaint" in mara.post("/policies/explain", text="what a day").text
    grave = mara.post("/policies/explain", severity="critical", network="Reddit").text
    assert "on reddit: critical" in grave
    assert "judged" not in grave


WRONG: tuple[dict[str, str], ...] = (
    {},
    {"text": "a" * 3001},
    {"text": "awful", "brand": "nobodys"},
    {"text": "awful", "severity": "awful"},
    {"text": "awful", "followers": "many"},
    {"text": "awful", "at": "9999-12-31T23:59"},
    {"text": "awful", "at": "yesterday"},
)


def test_what_cannot_be_explained_is_refused_in_words(mara: Visitor) -> None:
    for said in WRONG:
        answer = mara.post("/policies/explain", **said)
        assert (answer.status_code, "That cannot be tried" in answer.text) == (409, True), said


def test_a_changed_policy_is_tried_on_what_was_and_not_adopted(front: Front, mara: Visitor) -> None:
    before = rows(front.database, "SELECT count(*) FROM notice")
    page = mara.post("/policies/simulate", toml=SHORTER, last="7d").text
    assert "Nothing was adopted" in page
    assert "console:night" in page
    assert 'href="/cases/1"' in page
    assert "at once" in page  # what was pasted is still there
    assert "office" in mara.get("/policies").text
    assert rows(front.database, "SELECT count(*) FROM notice") == before
    same = '[calendars.office]\nweekly = { mon-fri = ["09:00-18:00"] }\n'
    assert "No message would change." in mara.post("/policies/simulate", toml=same, last="7d").text


def test_summaries_that_would_change_are_shown_as_at_the_terminal(mara: Visitor) -> None:
    page = mara.post("/policies/simulate", toml=ASLEEP, last="7d").text
    _, _, mornings = page.partition("<caption>Summaries that would change</caption>")
    assert "console:ana" in mornings.partition("</table>")[0]
    assert "<td>–</td><td>1</td>" in mornings.partition("</table>")[0]
    assert "No message would change." not in page


def test_wrong_policies_are_shown_with_their_lines(mara: Visitor) -> None:
    answer = mara.post("/policies/simulate", toml=SHORTER.replace("30m", "<soon>"), last="7d")
    assert answer.status_code == 409
    assert "policies:5: policies[0].target" in answer.text
    assert "<soon>" not in answer.text
    assert mara.post("/policies/simulate", toml="x = " + "[" * 9000).status_code == 409
    assert mara.post("/policies/simulate", toml=SHORTER, last="999d").status_code == 409
    assert mara.post("/policies/simulate", toml=" ").status_code == 409


def test_one_is_tried_at_a_time(front: Front, mara: Visitor) -> None:
    trying = front.served.app.state.trying
    trying._value = 0  # as while somebody else's is played
    answer = mara.post("/policies/simulate", toml=SHORTER, last="7d")
    trying._value = 1
    assert (answer.status_code, "Somebody else tries" in answer.text) == (409, True)
    assert "at once" in answer.text
    assert policies.LISTED > 0

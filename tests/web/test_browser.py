"""The pages in a browser: keys, live lists, phones, dark and light, without scripts, and for everybody."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, StorageState, expect

from monitor.domain.access import Role
from monitor.store import users
from tests.web.browser import PHONE, Window, chromium
from tests.web.front import Front
from tests.web.visitor import add_user

pytestmark = pytest.mark.needs("chromium")
MINUTE = timedelta(minutes=1)
PAGES = (
    "/queue",
    "/cases/1",
    "/review",
    "/numbers",
    "/numbers/waits",
    "/coverage?since=30d",
    "/policies?case=1",
    "/audit",
    "/audit/access",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as one:
        yield one


@pytest.fixture(scope="module")
def front(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """A shop in the middle of a day: late, soon, unsure, and a thread in which it has answered."""
    path = tmp_path_factory.mktemp("shop") / "monitor.db"
    shutil.copyfile(sqlite_template, path)
    one = Front(f"sqlite:///{path}", answers=True)
    with one.served:
        root = one.writes(
            "Three weeks, and still no refund for the awful kettle.\nOrder 4711. Is anybody there?",
            by="dana_m",
            ago=27 * 60 * MINUTE,
        )
        one.case_of(root)
        ion = one.writes("Same here, by the way.", by="ion", to=root, ago=25 * 60 * MINUTE)
        one.writes("@ion, which order is it?", by="acme_help", to=ion, ago=24 * 60 * MINUTE)
        one.writes("awful delivery: the parcel came open", by="mihai.p", ago=190 * MINUTE)
        one.writes("awful app, it asks me to log in at every step", by="ilinca", ago=95 * MINUTE)
        one.writes("hmm, is the shop in Cluj closed?", by="radu", ago=40 * MINUTE)
        one.writes("awful, nobody answers the phone", by="zoe", ago=12 * MINUTE)
        one.writes("what a day for a walk", by="paul", ago=5 * 24 * 60 * MINUTE)
        one.judges()
        one.draws()
        add_user(one.database, "ana", Role.ADMIN)
        yield one


@pytest.fixture(scope="module")
def signed(browser: Browser, front: Front) -> StorageState:
    """What ana's browser keeps once she has signed in: passwords are slow by intent."""
    one = Window(browser, front.served.url)
    one.sign_in("ana")
    kept = one.context.storage_state()
    one.close()
    return kept


@pytest.fixture
def ana(browser: Browser, front: Front, signed: StorageState) -> Iterator[Window]:
    one = Window(browser, front.served.url, storage_state=signed)
    one.page.goto("/queue")
    yield one
    one.close()


@pytest.mark.timeout(300)  # axe-core goes through every element of every page
def test_nobody_is_kept_out_and_nobody_else_is_asked(
    browser: Browser, front: Front, signed: StorageState
) -> None:
    stranger = Window(browser, front.served.url)
    one = Window(browser, front.served.url, storage_state=signed)
    found = []
    for window, path in ((stranger, "/sign-in"), *((one, it) for it in (*PAGES, "/cases/999"))):
        window.turn("light")
        window.page.goto(path)
        assert window.page.url.endswith(path)
        found += window.barriers()
        window.turn("dark")
        found += window.barriers("color-contrast")  # nothing else is different
    stranger.close()
    assert found == []
    assert [it for it in one.asked if not it.startswith((one.url, "data:"))] == []
    # the one page that is not there is told by the browser, too
    assert [it for it in one.complaints if "404" not in it] == []
    one.close()


def test_the_pictures_of_the_docs(browser: Browser, front: Front, signed: StorageState) -> None:
    looks: dict[str, dict[str, Any]] = {
        "light": {},
        "dark": {"color_scheme": "dark"},
        "phone": {"viewport": PHONE},
    }
    for look, options in looks.items():
        one = Window(browser, front.served.url, storage_state=signed, **options)
        one.page.goto("/queue")
        one.picture(f"web-queue-{look}")
        if look == "light":
            for path, name in (
                ("/cases/1", "case"),
                ("/review", "review"),
                ("/numbers", "numbers"),
                ("/policies?case=2", "policies"),
            ):
                one.page.goto(path)
                one.picture(f"web-{name}")
        if look == "phone":
            wide = one.page.evaluate("document.documentElement.scrollWidth")
            assert wide <= PHONE["width"]
        one.close()


def test_the_queue_is_worked_through_by_keys(ana: Window) -> None:
    page = ana.page
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("j")
    second = page.locator("[data-row]").nth(1)
    expect(second.locator("[data-open]")).to_be_focused()
    page.keyboard.press("x")
    expect(second.locator("[data-choose]")).to_be_checked()
    page.keyboard.press("x")
    page.keyboard.press("/")
    page.keyboard.type("kettle")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=kettle**")
    expect(page.locator("[data-row]")).to_have_count(1)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/cases/1")
    page.keyboard.press("u")
    page.wait_for_url("**/queue")


def test_keys_can_be_switched_off(ana: Window) -> None:
    ana.page.locator("#keys summary").click()
    ana.page.get_by_label("Single keys work on this page").uncheck()
    ana.page.reload()
    ana.page.keyboard.press("j")
    expect(ana.page.locator("tr.at")).to_have_count(0)


def test_a_complaint_that_comes_in_is_shown_at_once(ana: Window, front: Front) -> None:
    rows = ana.page.locator("[data-row]")
    before = rows.count()
    ana.page.keyboard.press("j")
    here = ana.page.locator(":focus").inner_text()
    front.writes("awful, and new", by="noua")
    front.judges()
    expect(rows).to_have_count(before + 1)
    expect(ana.page.locator(":focus")).to_have_text(here)
    ana.page.locator("[data-choose]").first.check()
    front.writes("awful, and newer", by="noua2")
    front.judges()
    expect(ana.page.get_by_text("Something has changed.")).to_be_visible()
    assert rows.count() == before + 1
    assert ana.complaints == []


def test_a_case_is_claimed_and_reviewed_with_one_key(ana: Window, front: Front) -> None:
    case = front.case_of(front.writes("awful, claim me", by="vera"))
    ana.page.goto(f"/cases/{case}")
    ana.page.get_by_role("button", name="Claim").click()
    expect(ana.page.get_by_text("ana is answering")).to_be_visible()
    unsure = front.case_of(front.writes("hmm, what is this", by="oana", ago=300 * MINUTE))
    ana.page.goto("/review")
    first = ana.page.locator("[data-row]").first
    expect(first).to_contain_text("what is this")
    ana.page.keyboard.press("y")
    expect(ana.page.get_by_text("what is this")).to_have_count(0)
    ana.page.goto(f"/cases/{unsure}")
    expect(ana.page.get_by_text("Confirmed to be a complaint")).to_be_visible()


def test_without_scripts_a_case_is_found_and_worked_on(browser: Browser, front: Front) -> None:
    case = front.case_of(front.writes("awful, without scripts", by="nona"))
    one = Window(browser, front.served.url, java_script_enabled=False)
    one.sign_in("ana", f"/cases/{case}")  # that, too, without scripts
    one.page.get_by_text("Answered elsewhere", exact=True).click()
    one.page.get_by_label("What was said?").fill("called her back")
    one.page.locator("form[action$='/elsewhere'] button").click()
    expect(one.page.get_by_text("called her back").first).to_be_visible()
    one.close()


def test_a_hostile_post_is_only_text(ana: Window, front: Front) -> None:
    evil = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
    number = front.writes(
        f"awful {evil}\u202eright to left", by=evil, url="javascript:document.title='owned'"
    )
    case = front.case_of(number)
    for path in ("/queue", f"/cases/{case}", "/review"):
        ana.page.goto(path)
        assert "owned" not in ana.page.title()
    ana.page.goto(f"/cases/{case}")
    assert ana.page.locator("article.post script, article.post img").count() == 0
    assert ana.page.locator("a[href^='javascript']").count() == 0
    assert "\u202e" not in ana.page.content()


def test_who_is_disabled_sees_no_more(browser: Browser, front: Front) -> None:
    add_user(front.database, "temp", Role.AGENT)
    one = Window(browser, front.served.url)
    one.sign_in("temp")
    with front.database.writing() as conn:
        users.disable(conn, "temp", by="ana", at=front.machine.at)
    one.page.goto("/cases/1")
    assert "/sign-in" in one.page.url
    one.close()


def test_changed_policies_are_taken_from_a_file_and_tried(ana: Window, tmp_path: Path) -> None:
    changed = tmp_path / "new.toml"
    changed.write_text(
        '[[policies]]\nname = "quick"\ntarget = "30m"\ntell = "console:night"\n', encoding="utf-8"
    )
    ana.page.goto("/policies")
    ana.page.get_by_label("or from a file").set_input_files(changed)
    expect(ana.page.get_by_label("Changed policies (TOML)")).to_have_value(changed.read_text())
    ana.page.get_by_role("button", name="Try them on what was").click()
    expect(ana.page.get_by_text("Nothing was adopted")).to_be_visible()
    expect(ana.page.get_by_role("rowheader", name="console:night")).to_be_visible()
    assert ana.complaints == []

"""The page of numbers: every figure is as long as the list that it leads to."""

from __future__ import annotations

import html
import re
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from monitor.domain.access import Role
from monitor.store import brands
from monitor.web.pages.numbers import BRANDS
from tests.web.front import Front
from tests.web.visitor import Visitor

HOUR = timedelta(hours=1)
LINK = re.compile(r'<a href="(/numbers/waits\?[^"]+)">(\d+)</a>')
ROW = re.compile(r'<th scope="row"><a href="/cases/\d+">(\d+\.\d+)</a>')


@pytest.fixture(scope="module")
def front(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """Three customers wait, one perhaps."""
    path = tmp_path_factory.mktemp("shop") / "monitor.db"
    shutil.copyfile(sqlite_template, path)
    one = Front(f"sqlite:///{path}")
    with one.served:
        for number in range(3):
            one.writes(f"awful, where is parcel {number}", by=f"c{number}", ago=number * 20 * HOUR)
        one.writes("hmm, maybe the shop is closed", by="radu", ago=2 * HOUR)
        one.judges()
        yield one


@pytest.fixture(scope="module")
def eva(front: Front) -> Iterator[Visitor]:
    with front.visited("eva", Role.VIEWER) as visitor:
        yield visitor


def listed(visitor: Visitor, address: str) -> list[str]:
    return ROW.findall(visitor.get(html.unescape(address)).text)


def test_every_number_opens_as_many_waits(eva: Visitor) -> None:
    page = eva.get("/numbers?by=network").text
    found = LINK.findall(page)
    assert len(found) > 15
    for address, number in dict(found).items():
        assert len(listed(eva, address)) == int(number), address


def test_charts_hold_no_style_and_are_told_in_words(eva: Visitor) -> None:
    """The page allows no style but its own file's: whatever else there were would not be seen."""
    page = eva.get("/numbers").text
    assert " style=" not in page
    assert "<style" not in page
    drawn = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(drawn) >= 4
    for one in drawn:
        ET.fromstring(one)
    assert page.count('<figcaption class="seen-only">') == len(drawn)
    assert len(page.encode()) < 400_000


def test_a_period_is_chosen_and_the_one_before_is_a_click_away(eva: Visitor) -> None:
    page = eva.get("/numbers?since=2026-05-05&until=2026-05-06").text
    assert "Waits that began from" in page
    [before] = re.findall(r'<a href="([^"]+)">The period before</a>', page)
    assert "since=2026-05-03T21%3A00%3A00" in before
    assert eva.get(html.unescape(before)).status_code == 200
    assert eva.get("/numbers/waits?last=week").status_code == 200
    assert eva.get("/numbers/waits?last=month").status_code == 200


def test_it_is_romanian_for_who_reads_that(eva: Visitor) -> None:
    page = eva.client.get("/numbers", headers={"accept-language": "ro"}).text
    assert "Față de perioada dinainte" in page
    assert "Când au scris clienții" in page


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("?last=fortnight", 400),
        ("?since=tomorrow", 400),
        ("?since=0001-01-01", 400),
        ("?since=2026-05-05&until=2026-05-05", 400),
        ("?since=1999-01-01", 400),
        ("?brand=rival", 404),
        ("?by=colour", 400),
        ("/waits?of=network%3Dmars", 404),
        ("/waits?of=colour%3Dred", 404),
        ("/waits?state=gone", 400),
        ("/waits?page=99", 200),
        ("/waits?state=unconfirmed", 200),
        ("/waits?state=breached", 200),
        ("/waits?state=pending&of=severity%3Dnormal", 200),
    ],
)
def test_what_cannot_be_read_is_said(eva: Visitor, asked: str, status: int) -> None:
    assert eva.get(f"/numbers{asked}").status_code == status


@pytest.fixture(scope="module")
def group(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """A group of many brands, of which the last one is complained of."""
    path = tmp_path_factory.mktemp("group") / "monitor.db"
    shutil.copyfile(sqlite_template, path)
    names = [f"brand {number:02}" for number in range(BRANDS + 2)]
    config = "".join(f'[[brands]]\nname = "{name}"\n' for name in (*names, "zeta"))
    one = Front(f"sqlite:///{path}", config)
    with one.database.writing() as conn:
        brands.ensure(conn, ["acme", *names, "zeta"])
    zeta = next(its for its in one.served.application.settings.brands if its.name == "zeta")
    with one.served:
        one.writes("awful, where is my parcel", of=zeta.brand())
        one.judges()
        yield one


def test_of_many_brands_those_with_the_most_waits_are_set_beside_each_other(group: Front) -> None:
    with group.visited("eva", Role.VIEWER) as visitor:
        page = visitor.get("/numbers?by=brand").text
        beside = re.findall(r'<th scope="row"><a href="/numbers\?[^"]*">([^<]+)</a>', page)
        assert len(beside) == BRANDS
        assert beside[-1] == "zeta"
        assert "4 more brands, with fewer waits in the period, are left out" in page


def test_a_stranger_is_sent_to_sign_in(front: Front) -> None:
    stranger = Visitor(front.served)
    for path in ("/numbers", "/numbers/waits"):
        answer = stranger.get(path)
        assert (answer.status_code, answer.headers["location"][:8]) == (303, "/sign-in")
    stranger.client.close()

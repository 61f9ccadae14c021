"""Policies at the terminal: who is on call."""

from __future__ import annotations

from datetime import timedelta

import pytest

from monitor.clock import utc_now
from tests.cli.shop import CONFIG, Shop
from tests.rotas.test_shifts import calendar

PEOPLE = """
[people.ana]
tell = "console:ana"
quiet = ["22:00-07:00", "13:00-14:00"]
[rotas.care]
file = "care.ics"
[rotas.night]
file = "none.ics"
"""


def shift(title: str, hours: int) -> str:
    begins, ends = (utc_now() + timedelta(hours=one) for one in (hours, hours + 8))
    return f"UID:{hours}\nSUMMARY:{title}\nDTSTART:{begins:%Y%m%dT%H%M%SZ}\nDTEND:{ends:%Y%m%dT%H%M%SZ}"


@pytest.fixture
def written(shop: Shop) -> Shop:
    shop.configure(CONFIG + PEOPLE)
    return shop


def test_the_rotas_say_who_is_on_call_and_what_is_wrong(written: Shop) -> None:
    (written.folder / "care.ics").write_bytes(calendar(shift("Ana", -1), shift("Zoe", 7)))
    done = written.does("policy", "rota", status=1)
    assert "now" in done.stdout
    assert "nobody whom [people] knows" in done.stdout
    assert "night: none.ics: No such file" in done.stdout
    said = written.data("policy", "rota", "care", status=1)
    assert [one["people"] for one in said[0]["shifts"]] == [["ana"], []]


def test_a_rota_of_people_who_are_known_is_well(written: Shop) -> None:
    (written.folder / "care.ics").write_bytes(calendar(shift("Ana", -1)))
    assert "ana" in written.does("policy", "rota", "care").stdout
    (written.folder / "care.ics").write_bytes(calendar())
    assert "nobody is on call" in written.does("policy", "rota", "care").stdout
    refused = written.refuses("policy", "rota", "cara")
    assert "no rota is called cara; known: care, night" in refused

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


CHAIN = """
[[policies]]
name = "grave"
match = { severities = ["high", "critical"] }
target = "1h"
tell = "console:care"
[[policies]]
name = "rest"
target = "4h"
tell = "console:care"
steps = [
  { name = "due soon", before_due = "1h", tell = ["console:leads", "person:ana"] },
  { name = "overdue", after_due = "0m", tell = "rota:care", repeat = "30m", repeats = 1 },
]
"""
QUIETER = CHAIN.replace('"4h"', '"8h"').replace(
    'tell = "rota:care", repeat = "30m", repeats = 1', 'tell = "console:leads"'
)


@pytest.fixture
def chained(shop: Shop) -> Shop:
    shop.configure(CONFIG + PEOPLE + CHAIN)
    return shop


def test_the_future_of_any_such_post_is_told_without_a_database(chained: Shop) -> None:
    words = ("policy", "explain", "--severity", "normal", "--at", "2026-05-04T18:30")
    said = chained.does(*words).stdout
    assert '"grave" is not for it: the severity is normal' in said
    assert '"rest" holds: an answer within 4 h, due Mon 4 May 2026 22:30' in said
    assert "the card of the case" in said
    found = chained.data(*words)
    assert [(one["step"], one["whom"], one["reason"]) for one in found["ahead"]] == [
        ("alert", "console:care", "opened"),
        ("due soon", "console:leads", "step_due"),
        ("due soon", "console:ana", "step_due"),
        ("overdue", "console:care", "nobody_on_call"),
        ("overdue#1", "console:care", "nobody_on_call"),
    ]
    assert found["ahead"][1]["why"] == "1 h before the target"
    assert found["ahead"][4]["why"].startswith("again, 1 of at most 1, every 30 min")


def test_the_future_is_told_in_romanian_too(chained: Shop) -> None:
    words = ("policy", "explain", "--severity", "normal", "--at", "2026-05-04T18:30")
    said = chained.does(*words, "--language", "ro").stdout
    assert "„grave” nu se aplică: gravitatea e normală" in said
    assert "Se aplică „rest”: un răspuns în 4 h" in said
    assert "cu 1 h înainte de termen" in said
    assert "din nou, 1 din cel mult 1, la fiecare 30 min" in said


def test_a_text_is_judged_and_who_sleeps_is_named(chained: Shop) -> None:
    said = chained.does(
        *("policy", "explain", "--text", "awful", "--at", "2026-05-04T20:00")
    ).stdout
    assert "judged a complaint" in said
    assert "ana sleeps until Tue 5 May 2026 07:00 EEST; then in one summary" in said
    assert "judged no complaint" in chained.does("policy", "explain", "--text", "thanks").stdout


def test_what_cannot_be_explained_is_refused_with_what_to_do(chained: Shop) -> None:
    assert "--severity, for any such post" in chained.refuses("policy", "explain")
    assert "known: acme" in chained.refuses(
        "policy", "explain", "--severity", "low", "--brand", "b"
    )
    chained.does("cases", "open", "awful")
    assert "There is no case 7" in chained.refuses("policy", "explain", "7")
    chained.does("cases", "dismiss", "1")
    assert "nothing of it is ahead" in chained.refuses("policy", "explain", "1")


def test_the_future_of_a_case_says_what_people_did(chained: Shop) -> None:
    chained.post("1", "awful")
    chained.does("run", "--once")
    chained.does("cases", "claim", "1", "--by", "bo")
    chained.does("cases", "snooze", "1", "1h")
    said = chained.does("policy", "explain", "1").stdout
    assert "case 1: normal, on x" in said
    assert "bo is answering: the steps go on" in said
    assert "snoozed until" in said
    ahead = chained.data("policy", "explain", "1")["ahead"]
    assert [one["step"] for one in ahead] == ["due soon", "due soon", "overdue", "overdue#1"]


def test_a_changed_policy_is_tried_on_what_was(chained: Shop) -> None:
    began = utc_now() - timedelta(hours=10)
    for number, hours in (("1", 0), ("2", 1)):
        at = began + timedelta(hours=hours)
        chained.post(number, "awful", author=number, posted_at=at.isoformat())
    chained.post(
        "3",
        "So sorry!",
        author="acme_help",
        thread_id="1",
        reply_to="1",
        posted_at=(began + timedelta(hours=5)).isoformat(),
    )
    chained.does("run", "--once")
    (chained.folder / "new.toml").write_text(CONFIG + PEOPLE + QUIETER)
    same = chained.data("policy", "simulate", "--last", "1d")
    assert sum(same["changes"].values()) == same["changes"]["same"] > 0
    found = chained.data("policy", "simulate", "--last", "1d", "--config", "new.toml")
    assert (found["waits"], found["unanswered"]) == (2, 1)
    assert found["answered_in_time"] == {"before": 0, "after": 1}
    assert found["due"]["later"] == 2
    # of the answered one no step is due any more; of the other all come later, and no repeat
    assert found["changes"]["no longer"] == 3 + 1
    assert found["changes"]["same"] == 2
    said = chained.does("policy", "simulate", "--last", "1d", "--config", "new.toml").stdout
    assert "answered in time  0 before, 1 after; 1 never answered" in said
    assert "overdue#1" in said
    assert "rota:care" in said
    assert "summaries         " in said
    in_romanian = chained.does(
        *("policy", "simulate", "--last", "1d", "--config", "new.toml", "--language", "ro")
    ).stdout
    assert "cu răspuns la timp  0 înainte, 1 după; 1 fără niciun răspuns" in in_romanian
    short = ("policy", "simulate", "--last", "1d", "--config", "new.toml", "--limit", "1")
    assert "more: --limit 0 shows all" in chained.does(*short).stdout


def test_where_only_summaries_change_it_is_not_said_that_nothing_does(shop: Shop) -> None:
    now = utc_now()

    def config(hours: int) -> str:
        """One in which ana slept from 8 hours ago on, until so many hours ago."""
        quiet = "-".join(f"{now - timedelta(hours=one):%H:%M}" for one in (8, hours))
        return CONFIG.replace("Europe/Bucharest", "UTC") + (
            f'[people.ana]\ntell = "console:ana"\nquiet = ["{quiet}"]\n'
            '[[policies]]\nname = "all"\ntarget = "3h"\ntell = "console:care"\n'
            'steps = [{ name = "overdue", after_due = "0m", tell = "person:ana" }]\n'
        )

    shop.configure(config(6))
    (shop.folder / "new.toml").write_text(config(5))
    shop.post("1", "awful", posted_at=(now - timedelta(hours=10)).isoformat())
    shop.does("run", "--once")
    asked = ("policy", "simulate", "--last", "1d", "--config", "new.toml")
    found = shop.data(*asked)
    assert sum(found["changes"].values()) == found["changes"]["same"] == 1
    assert [(one["before"], one["after"]) for one in found["summaries"]] == [([1], []), ([], [1])]
    said = shop.does(*asked).stdout
    assert "no message would change" not in said
    assert "summary of" in said
    assert "no message would change" in shop.does(*asked[:-2]).stdout


def test_an_unsure_case_and_an_acknowledged_one_say_so(chained: Shop) -> None:
    (chained.folder / "care.ics").write_bytes(calendar(shift("Ana", -1)))
    chained.post("1", "hmm")
    chained.post("2", "awful", author="bo")
    chained.does("run", "--once")
    chained.does("cases", "ack", "2", "--by", "bo")
    assert "unconfirmed: nobody is told" in chained.does("policy", "explain", "1").stdout
    assert "acknowledged until" in chained.does("policy", "explain", "2").stdout
    # who is on call is known from the run, within the shift that was read
    by_name = chained.data("policy", "explain", "2")["ahead"]
    assert [one["whom"] for one in by_name if one["step"] == "overdue"] == ["console:ana"]
    one = ("policy", "simulate", "--last", "1d", "--brand")
    assert "no message would change" in chained.does(*one, "acme").stdout
    assert "known: acme" in chained.refuses(*one, "zeta")
    assert (
        "0 waits"
        in chained.does(
            *("policy", "simulate", "--from", "2020-01-01", "--to", "2020-01-02")
        ).stdout
    )


def test_without_a_rota_there_is_nothing_to_show(shop: Shop) -> None:
    assert "there are none" in shop.does("policy", "rota").stdout

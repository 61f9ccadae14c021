"""What people do to cases from the command line."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.cli.shop import CONFIG, Shop, kinds


@pytest.fixture
def case(shop: Shop) -> str:
    """The number of a fresh case."""
    return str(
        shop.data("cases", "open", "Called: awful, charged twice", "--author", "0712")["case"]
    )


def test_a_case_is_opened_by_hand_and_alerts(shop: Shop) -> None:
    shop.does("run", "--once")
    told = shop.does(
        "cases", "open", "Called: charged twice", "--author", "0712", "--severity", "high"
    )
    assert told.stdout == "case 1 is open\n"
    [line] = shop.data("cases", "list")
    assert (line["case"], line["network"], line["severity"]) == (1, "manual", "high")
    assert (line["author"], line["confirmed"], line["topics"]) == ("@0712", True, ["billing"])
    shop.does("run", "--once")
    assert kinds(shop.told()) == ["alert"]
    shop.does("replay", "--check")


def test_what_the_classifier_lets_pass_is_a_case_when_a_person_says_so(shop: Shop) -> None:
    shop.does("cases", "open", "lovely lamp")
    shop.does("run", "--once")
    assert len(shop.data("cases", "list")) == 1


def test_the_same_is_not_opened_twice(shop: Shop, case: str) -> None:
    said = shop.refuses("cases", "open", "Called: awful, charged twice", "--author", "0712")
    assert f"case {case} is about that already" in said


def test_an_address_that_a_source_has_brought_opens_that_post(shop: Shop) -> None:
    shop.post("1", "lovely, is it not", url="https://x.example/1")
    shop.does("run", "--once")
    shop.does("cases", "open", "https://x.example/1")
    [line] = shop.data("cases", "list")
    assert (line["network"], line["text"]) == ("x", "lovely, is it not")
    shop.post("2", "Sorry!", author="acme_help", thread_id="1", reply_to="1")
    shop.runs()
    assert shop.data("cases", "list") == []
    assert shop.data("cases", "show", "1")["card"]["status"] == "answered"


def test_an_unknown_address_is_kept_with_the_case(shop: Shop) -> None:
    shop.does("cases", "open", "https://forum.example/9", "--text", "no parcel", "--author", "ana")
    card = shop.data("cases", "show", "1")["card"]
    assert (card["url"], card["text"]) == ("https://forum.example/9", "no parcel")


def test_a_case_waits_since_the_customer_called(shop: Shop) -> None:
    shop.does("cases", "open", "Called", "--at", "2026-05-04T09:30")
    assert shop.data("cases", "list")[0]["waiting_since"] == "2026-05-04T06:30:00+00:00"
    assert "is no time" in shop.refuses("cases", "open", "x", "--at", "yesterday")


def test_nobody_calls_in_the_future(shop: Shop) -> None:
    later = datetime.now(UTC) + timedelta(days=400)  # noqa: TID251 - the commands take the machine's
    shop.does("cases", "open", "Called", "--at", later.isoformat())
    assert shop.data("cases", "list")[0]["waited"] < 3600


def test_claiming_shows_to_all_who_has_it_and_can_be_undone(shop: Shop, case: str) -> None:
    assert "ana is answering" in shop.does("cases", "claim", case, "--by", "ana").stdout
    assert shop.data("cases", "list")[0]["owner"] == "ana"
    after = shop.data("cases", "undo", case)
    assert (after["owner"], after["claimed"]) == (None, False)


def test_assigning_acknowledging_and_snoozing(shop: Shop, case: str) -> None:
    assert shop.data("cases", "assign", case, "bob")["owner"] == "bob"
    assert shop.data("cases", "ack", case)["acknowledged_until"]
    assert shop.data("cases", "snooze", case, "30m")["snoozed_until"]
    assert "give a reason" in shop.refuses("cases", "snooze", case, "3d")
    assert shop.data("cases", "snooze", case, "3d", "--why", "courier")["snoozed_until"]
    assert "courier" in shop.does("cases", "show", case).stdout
    assert "is no span" in shop.refuses("cases", "snooze", case, "soon")


def test_dismissing_and_taking_it_back(shop: Shop, case: str) -> None:
    assert shop.data("cases", "dismiss", case)["status"] == "dismissed"
    assert shop.data("cases", "list") == []
    assert shop.data("cases", "undo", case)["status"] == "open"
    other = str(shop.data("cases", "open", "the same again")["case"])
    assert shop.data("cases", "dismiss", other, "--duplicate-of", case)["status"] == "dismissed"


def test_an_unsure_case_counts_once_confirmed(shop: Shop) -> None:
    shop.post("1", "hmm")
    shop.does("run", "--once")
    [line] = shop.data("cases", "list")
    assert line["confirmed"] is False
    assert "unconfirmed" in shop.does("cases", "list").stdout
    assert shop.data("cases", "confirm", "1")["confirmed"] is True


def test_answered_in_another_place(shop: Shop, case: str) -> None:
    after = shop.data("cases", "answered", case, "--channel", "chat", "--text", "refunded")
    assert after["status"] == "answered"
    [event] = [
        one
        for one in shop.data("cases", "show", case)["history"]
        if one["kind"] == "AnsweredElsewhere"
    ]
    assert event["event"]["channel"] == "chat"
    assert "chat, refunded" in shop.does("cases", "show", case).stdout
    shop.refuses("cases", "answered", case, "--channel", "told Mrs Pop at the door")
    assert "nobody waits" in shop.refuses("cases", "claim", case)


def test_a_case_shows_all_that_happened(shop: Shop, case: str) -> None:
    shop.does("cases", "claim", case, "--by", "ana")
    shop.does("run", "--once")
    said = shop.does("cases", "show", case).stdout
    for words in (
        "case 1: open",
        "Called: awful, charged twice",
        "Opened",
        "Claimed",
        "ana",
        "told",
    ):
        assert words in said


def test_strangers_words_cannot_move_the_cursor(shop: Shop) -> None:
    shop.does("cases", "open", "awful \x1b[2J \x9b2J \u202e", "--author", "\x1b]0;x\x07")
    for words in (("cases", "list"), ("cases", "show", "1"), ("cases", "list", "--json")):
        assert not set("\x1b\x9b\u202e\x07") & set(shop.does(*words).stdout)


def test_the_list_says_that_there_is_more(shop: Shop) -> None:
    for number in range(3):
        shop.does("cases", "open", f"awful {number}")
    assert "--limit 20 shows them" in shop.does("cases", "list", "--limit", "2").stdout
    assert len(shop.data("cases", "list", "--limit", "2")) == 2
    assert "there are more" not in shop.does("cases", "list").stdout


@pytest.mark.parametrize("words", [("",), (" \t",), ("https://forum.example/9", "--text", " ")])
def test_a_case_about_nothing_is_refused(shop: Shop, words: tuple[str, ...]) -> None:
    shop.does("run", "--once")
    assert "say what the customer said" in shop.refuses("cases", "open", *words)
    assert shop.data("cases", "list") == []


def test_the_history_tells_times_in_the_zone_of_the_config(shop: Shop, case: str) -> None:
    shop.does("cases", "ack", case)
    said = shop.does("cases", "show", case).stdout
    assert re.search(r"Acknowledged \(until .* \d\d:\d\d EES?T", said)
    assert "UTC" not in said


def test_an_empty_list_says_what_it_does_not_know(shop: Shop) -> None:
    shop.configure(CONFIG.replace('Keywords"\n', 'Keywords"\nbroken = true\n'))
    shop.post("1", "awful")
    shop.does("run", "--once", status=1)
    said = shop.does("cases", "list").stdout
    assert said == "nothing is known to wait, 1 post is not judged yet\n"
    assert shop.data("cases", "list") == []


def test_what_is_not_there_is_said(shop: Shop) -> None:
    assert "there is no database yet" in shop.refuses("cases", "list")
    shop.does("run", "--once")
    assert shop.does("cases", "list").stdout == "nobody waits for an answer\n"
    assert "There is no case 7" in shop.refuses("cases", "show", "7")
    assert "There is no case 7" in shop.refuses("cases", "claim", "7")
    assert "no such brand" in shop.refuses("cases", "list", "--brand", "acne")


def test_with_two_brands_it_must_be_said_whom_it_is_about(shop: Shop) -> None:
    shop.configure(
        CONFIG.replace('path = "p', 'brands = "acme"\npath = "p') + '[[brands]]\nname = "b"\n'
    )
    assert "--brand, one of acme, b" in shop.refuses("cases", "open", "x")
    shop.does("cases", "open", "x", "--brand", "b")
    assert [one["brand"] for one in shop.data("cases", "list")] == ["b"]


def test_every_action_prints_the_case_as_data(shop: Shop, case: str) -> None:
    after: dict[str, Any] = shop.data("cases", "claim", case)
    assert set(after) == {
        "case", "status", "severity", "owner", "claimed", "confirmed", "acknowledged_until",
        "snoozed_until", "due_at", "seq",
    }  # fmt: skip


def test_all_that_one_person_has_goes_to_another(shop: Shop) -> None:
    cases = [
        str(shop.data("cases", "open", f"Called: awful, charged twice, {who}")["case"])
        for who in ("one", "two", "three")
    ]
    for case in cases[:2]:
        shop.does("cases", "assign", case, "ana")
    given = shop.data("cases", "handover", "ana", "dan", "--by", "mia")
    assert given == {"from": "ana", "to": "dan", "cases": [1, 2]}
    assert [one["owner"] for one in shop.data("cases", "list")] == ["dan", "dan", None]
    assert "no open case" in shop.refuses("cases", "handover", "ana", "dan")
    assert "say to whom" in shop.refuses("cases", "handover", "dan", " ")
    assert "has them already" in shop.refuses("cases", "handover", "dan", "dan")
    shop.does("cases", "claim", "3", "--by", "ana")
    assert shop.does("cases", "handover", "ana", "dan").stdout == "1 from ana to dan: 3\n"
    shop.does("replay", "--check")


def test_cases_are_found_by_what_was_said(shop: Shop, case: str) -> None:
    shop.does("cases", "open", "Called: the kettle leaks", "--author", "Ștefan")
    assert [one["case"] for one in shop.data("cases", "search", "called")] == [2, 1]
    assert [one["case"] for one in shop.data("cases", "search", "stefan", "kett")] == [2]
    without = shop.does("cases", "search", "--json", "--", "called", "-kettle").stdout
    assert [one["case"] for one in json.loads(without)] == [1]
    told = shop.does("cases", "search", '"charged twice"').stdout
    assert "Called: awful, charged twice" in told
    more = shop.does("cases", "search", "called", "--limit", "1").stdout
    assert "there are more: --before 2 shows them" in more
    assert "charged twice" in shop.does("cases", "search", "called", "--before", "2").stdout
    assert shop.does("cases", "search", "!?").stdout == "nothing was found\n"
    assert "there is no such brand" in shop.refuses("cases", "search", "called", "--brand", "y")

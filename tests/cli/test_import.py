"""`import` stores what it can, says what it can't, and its figures add up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.shop import CONFIG, Shop

ROWS = """\
network,external_id,author,text,posted_at
x,1,ana,awful parcel,2026-05-04T09:00:00Z
x,2,bob,lovely lamp,2026-05-04T09:00:00Z
x,2,bob,lovely lamp,2026-05-04T09:00:00Z
x,3,eve,hmm,2026-05-04T09:00:00Z
x,4,eve,,2026-05-04T09:00:00Z
x,5,eve,no time,
x,6,acme_help,We are awful sorry!,2026-05-04T09:30:00Z
"""
FOUND = {"read": 7, "stored": 4, "duplicate": 1, "rejected": 2, "complaints": 1, "unsure": 1}


@pytest.fixture
def rows(shop: Shop) -> Path:
    path = shop.folder / "rows.csv"
    path.write_text(ROWS)
    return path


def test_what_is_read_is_stored_known_already_or_rejected(shop: Shop, rows: Path) -> None:
    told = shop.data("import", "rows.csv")
    assert {key: told[key] for key in FOUND} == FOUND
    assert [one["where"] for one in told["files"][0]["rows"]] == ["rows.csv:6", "rows.csv:7"]
    assert told["unjudged"] == 0


def test_reading_a_file_again_stores_nothing_twice(shop: Shop, rows: Path) -> None:
    shop.does("import", "rows.csv")
    told = shop.data("import", "rows.csv")
    assert (told["read"], told["stored"], told["duplicate"], told["rejected"]) == (7, 0, 5, 2)
    assert told["complaints"] == 0
    assert len(shop.data("cases", "list")) == 2


def test_for_people_the_same_figures_are_a_sentence(shop: Shop, rows: Path) -> None:
    told = shop.does("import", "rows.csv")
    assert "read 7 = stored 4 + duplicate 1 + rejected 2" in told.stdout
    assert "complaints 1, unsure (for people to confirm) 1, neither 1" in told.stdout
    assert "rows.csv:6: no text" in told.stderr


def test_nobody_is_told(shop: Shop, rows: Path) -> None:
    shop.does("import", "rows.csv")
    assert shop.told() == []


def test_several_files_are_added_up(shop: Shop, rows: Path) -> None:
    line = {"text": "awful", "posted_at": "2026-05-04T09:00:00Z"}
    (shop.folder / "more.jsonl").write_text(json.dumps(line) + "\n")
    told = shop.data("import", "rows.csv", "more.jsonl")
    assert (told["read"], told["stored"], told["complaints"]) == (8, 5, 2)
    assert [one["read"] for one in told["files"]] == [7, 1]


def test_other_headers_are_mapped_and_a_missing_time_assumed(shop: Shop) -> None:
    (shop.folder / "export.csv").write_text("Who,Comment\nana,awful service\n")
    told = shop.data(
        "import", "export.csv", "--map", "text=Comment", "--map", "author=Who", "--assume-now",
        "--network", "Shop",
    )  # fmt: skip
    assert (told["stored"], told["complaints"]) == (1, 1)
    [case] = shop.data("cases", "list")
    assert (case["author"], case["network"], case["text"]) == ("@ana", "shop", "awful service")


def test_a_classifier_that_fails_leaves_the_posts_stored_and_unjudged(
    shop: Shop, rows: Path
) -> None:
    shop.configure(CONFIG.replace('Keywords"\n', 'Keywords"\nbroken = true\n'))
    told = shop.data("import", "rows.csv", status=1)
    assert (told["stored"], told["unjudged"]) == (4, 3)
    assert "the weights are missing" in told["problem"]
    shop.configure(CONFIG)
    shop.does("import", "rows.csv")
    assert len(shop.data("cases", "list")) == 2


def test_a_file_that_is_not_there_is_told_and_the_others_are_read(shop: Shop, rows: Path) -> None:
    told = shop.data("import", "none.csv", "rows.csv", status=1)
    assert told["stored"] == 4
    assert "none.csv" in told["files"][0]["problem"]


def test_with_two_brands_it_must_be_said_whose_posts_they_are(shop: Shop, rows: Path) -> None:
    shop.configure(
        CONFIG.replace('path = "posts', 'brands = ["acme"]\npath = "posts')
        + '[[brands]]\nname = "other"\n'
    )
    assert "--brand, one of acme, other" in shop.refuses("import", "rows.csv")
    assert "no such brand" in shop.refuses("import", "rows.csv", "--brand", "acne")
    assert shop.data("import", "rows.csv", "--brand", "other")["stored"] == 4


@pytest.mark.parametrize("said", ["text", "=x", "text="])
def test_a_mapping_that_is_none_is_refused(shop: Shop, rows: Path, said: str) -> None:
    assert "write FIELD=HEADER" in shop.refuses("import", "rows.csv", "--map", said)


def test_an_unknown_field_is_refused(shop: Shop, rows: Path) -> None:
    assert "mapping" in shop.refuses("import", "rows.csv", "--map", "txt=Comment")


def test_strangers_cannot_move_the_cursor(shop: Shop) -> None:
    (shop.folder / "bad.csv").write_text("text,posted_at\nhello,\x1b[2Jnow\n")
    told = shop.does("import", "bad.csv")
    assert "\x1b" not in told.stderr + told.stdout

"""The texts written for this project: varied, no near-twins, none crossing from training to test."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from random import Random
from statistics import quantiles
from typing import Any

import pytest

DATA = Path(__file__).parents[2] / "models" / "data"
LABELS = {"complaint", "question", "praise", "other"}
LANGUAGES = {"en", "ro", "mixed", "de", "fr", "es", "it", "pt", "hu"}
SOURCES = {"tweet", "reddit", "review", "forum", "mail", "comment"}
TWINS = 0.5
"""Of their word triples two texts may share so much (Jaccard) within a split; across splits, half of it."""

Row = dict[str, Any]


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    lines = (
        line
        for path in sorted(DATA.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    )
    return [json.loads(line) for line in lines]


def triples(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[at : at + 3]) for at in range(len(words) - 2)} or {tuple(words) or (text,)}


def alike(rows: list[Row]) -> Iterator[tuple[float, Row, Row]]:
    """Pairs that share word triples, with the share (exact, where MinHash would estimate)."""
    of = [triples(one["text"]) for one in rows]
    holding: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for number, own in enumerate(of):
        shared = Counter(other for one in own for other in holding[one])
        for other, count in shared.items():
            yield count / len(own | of[other]), rows[number], rows[other]
        for one in own:
            holding[one].append(number)


def test_every_row_is_whole(rows: list[Row]) -> None:
    assert len({one["id"] for one in rows}) == len(rows)
    for one in rows:
        assert one["text"].strip(), one["id"]
        assert one["label"] in LABELS, one["id"]
        assert one["lang"] in LANGUAGES, one["id"]
        assert one["split"] in {"train", "dev", "test"}, one["id"]
        assert one["phenomena"], one["id"]
        assert one.get("source", "tweet") in SOURCES, one["id"]
        assert one.get("rating", 3) in range(1, 6), one["id"]


def test_only_the_first_texts_name_no_situation(rows: list[Row]) -> None:
    """They were numbered with four digits; those in other languages were never trained on."""
    without = {one["id"] for one in rows if "situation" not in one}
    assert [
        one for one in without if not re.fullmatch(r"(en|ro)-(train|dev|test)-\d{4}", one)
    ] == []
    assert not any(
        one["situation"].isspace() or not one["situation"] for one in rows if "situation" in one
    )


def test_every_text_was_labelled_twice(rows: list[Row]) -> None:
    for one in rows:
        assert len(one["labels"]) == 2, one["id"]
        assert {*one["labels"], one["label"]} <= LABELS, one["id"]


def test_they_are_of_many_trades(rows: list[Row]) -> None:
    """A situation that names its trade does so before a stroke."""
    named = [one["situation"].rpartition(":")[2] for one in rows if "/" in one.get("situation", "")]
    trades = Counter(one.partition("/")[0] for one in named)
    del trades["none"]  # addresses nobody
    assert len([trade for trade, texts in trades.items() if texts >= 100]) >= 15


def test_no_two_texts_are_near_twins_and_none_cross_the_splits(rows: list[Row]) -> None:
    for share, one, other in alike(rows):
        most = TWINS if one["split"] == other["split"] else TWINS / 2
        assert share < most, (share, one["text"], other["text"])


def test_no_situation_crosses_the_splits(rows: list[Row]) -> None:
    splits: dict[str, set[str]] = defaultdict(set)
    for one in rows:
        if "situation" in one:
            splits[one["situation"].lower()].add(one["split"])
    assert [name for name, found in splits.items() if len(found) > 1] == []


def test_the_texts_are_no_fill_ins(rows: list[Row]) -> None:
    # of a sample of one size: the longer a corpus, the more of its word triples were there before
    some = Random(1).sample(rows, 4_000)
    counted = Counter(one for row in some for one in triples(row["text"]))
    assert len(counted) / counted.total() > 0.92
    openings = Counter(tuple(row["text"].lower().split()[:2]) for row in rows)
    assert openings.most_common(1)[0][1] < len(rows) / 50


def test_lengths_vary_as_they_do_in_public(rows: list[Row]) -> None:
    words = [len(row["text"].split()) for row in rows]
    tenths = quantiles(words, n=10)
    assert tenths[0] <= 8
    assert 10 <= tenths[4] <= 25
    assert tenths[8] >= 28
    assert all(later > earlier for earlier, later in pairwise(tenths))


def test_the_agreement_of_the_two_labellings_is_the_one_that_the_guide_tells(
    rows: list[Row],
) -> None:
    twice = [one["labels"] for one in rows]
    same = sum(first == second for first, second in twice) / len(twice)
    first, second = Counter(one for one, _ in twice), Counter(one for _, one in twice)
    chance = sum(first[one] * second[one] for one in LABELS) / len(twice) ** 2
    told = (DATA / "GUIDE.md").read_text(encoding="utf-8")
    assert f"{len(twice):,} texts {same:.1%}".replace("%", " %") in told.replace("\n", " ")
    assert f"kappa {(same - chance) / (1 - chance):.3f}" in told

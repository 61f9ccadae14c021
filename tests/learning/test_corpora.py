"""The texts written for the project, and how public corpora become our four classes."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from monitor.classifiers.text import prepared
from monitor.domain.judgement import Label
from monitor.learning import corpora

DATA = Path(__file__).parents[2] / "models" / "data"


@pytest.fixture(scope="module")
def written() -> list[corpora.Example]:
    return list(corpora.project(DATA))


def test_every_id_and_every_text_is_there_once() -> None:
    rows = [
        json.loads(line) for path in DATA.glob("*.jsonl") for line in path.read_text().splitlines()
    ]
    assert not [one for one, count in Counter(row["id"] for row in rows).items() if count > 1]
    texts = Counter((prepared(row["text"]).casefold(), row["lang"]) for row in rows)
    assert not [one for one, count in texts.items() if count > 1]


def test_no_text_stands_in_two_splits(written: list[corpora.Example]) -> None:
    splits: dict[str, set[str]] = {}
    for one in written:
        splits.setdefault(prepared(one.text).casefold(), set()).add(one.split)
    assert not [text for text, where in splits.items() if len(where) > 1]


def test_each_split_has_both_languages_and_all_classes(written: list[corpora.Example]) -> None:
    found = {(one.split, one.lang, one.label) for one in written}
    wanted = {
        (split, lang, label)
        for split in ("train", "dev", "test")
        for lang in ("en", "ro")
        for label in Label
    }
    assert wanted <= found


@pytest.fixture
def public(tmp_path: Path) -> Path:
    """The public corpora in their shapes, with a few invented rows."""
    (tmp_path / "goemotions-labels.txt").write_text("anger\ncuriosity\ngratitude\n")
    rows = ["I hate rain\t0\ta", "Who is she?\t1\tb", "Thanks a lot\t2\tc", "Hm\t0,1\td"]
    for split in ("train", "dev", "test"):
        (tmp_path / f"goemotions-{split}.tsv").write_text("\n".join(rows) + "\n")
    bank = (
        "text,category\nMy card never came,card_arrival\nAny age limit?,age_limit\nEh,pin_blocked\n"
    )
    for split in ("train", "test"):
        (tmp_path / f"banking77-{split}.csv").write_text(bank)
    for name in ("amazon_cells", "yelp"):
        (tmp_path / f"uci-{name}_labelled.txt").write_text("It broke.\t0\nLovely.\t1\n")
    for split in ("train", "val", "test"):
        (tmp_path / f"redv1-{split}.csv").write_text(",Tweet,Emotion\n0,Plouă iar,Furie\n")
    return tmp_path


def test_public_labels_become_ours(public: Path) -> None:
    found = {(one.text, one.label) for one in corpora.public(public)}
    assert found == {
        ("I hate rain", Label.OTHER),
        ("Who is she?", Label.QUESTION),
        ("Thanks a lot", Label.PRAISE),
        ("My card never came", Label.COMPLAINT),
        ("Any age limit?", Label.QUESTION),
        ("It broke.", Label.COMPLAINT),
        ("Lovely.", Label.PRAISE),
        ("Plouă iar", Label.OTHER),
    }


def test_the_order_is_the_seeds_and_doubles_are_gone(public: Path) -> None:
    examples = list(corpora.public(public))
    first = corpora.training_order(examples, 1)
    again = corpora.training_order(reversed(examples), 1)
    assert [one.text for one in first] == [one.text for one in again]
    assert len({prepared(one.text) for one in first}) == len(first)


def test_texts_without_labels_are_the_training_parts_alone(public: Path) -> None:
    rows = "\n".join(f"Nobody labelled number {at}\t0\ta" for at in range(60))
    (public / "goemotions-train.tsv").write_text(rows + "\n")
    (public / "goemotions-test.tsv").write_text("Kept for the test\t0\ta\n")
    found = list(corpora.unlabelled(public))
    assert 0 < len(found) < 60
    assert all("number" in one or one in {"Plouă iar", "Any age limit?", "Eh"} for one in found)


def test_emotions_are_taken_where_one_stands_alone(public: Path) -> None:
    assert corpora.emotions(public, {"anger", "gratitude"}) == {"I hate rain", "Thanks a lot"}

"""Texts to which a model gives a score that is no number: named, counted, and left out of the figures."""

from __future__ import annotations

import json

import pytest

from tests.cli.shop import Shop

KEYWORDS = ("--classifier", "tests.cli.keywords:Keywords")
DEAF = ("--classifier", "tests.cli.keywords:Deaf")


def labelled(shop: Shop, *texts: str) -> tuple[str, ...]:
    """The command that measures on these, each labelled as a complaint."""
    rows = [json.dumps({"text": one, "label": "complaint"}) for one in texts]
    (shop.folder / "ours.jsonl").write_text("\n".join(rows))
    return ("model", "eval", "--texts", "ours.jsonl", *KEYWORDS)


def test_a_text_without_a_score_is_named_and_the_others_are_measured(shop: Shop) -> None:
    asked = labelled(shop, "awful", "gibberish", "awful", "nice")
    told = shop.data(*asked)
    assert told["unscored"] == ["ours.jsonl:2"]
    assert told["figures"] == shop.data(*labelled(shop, "awful", "awful", "nice"))["figures"]
    said = shop.does(*labelled(shop, "awful", "gibberish", "awful", "nice"))
    assert "left out: 1 to which it gives no score that is a number" in said.stdout
    assert "no score: ours.jsonl:2" in said.stderr


def test_where_no_text_has_a_score_there_is_nothing_to_measure(shop: Shop) -> None:
    said = shop.refuses(*labelled(shop, "gibberish", "gibberish"))
    assert "keywords@1 gives none of the 2 texts a score that is a number" in said


@pytest.fixture
def corrected(shop: Shop) -> Shop:
    """Three posts that the classifier in force judged, of which staff said what they are."""
    for number, text in enumerate(["awful lamp", "awful chair", "nice lamp"]):
        shop.post(f"p{number}", text)
    shop.runs()
    for number, said in enumerate(["complaint", "complaint", "praise"], start=1):
        shop.does("model", "correct", str(number), said, "--by", "ana")
    return shop


def test_a_correction_without_a_score_is_named_by_its_post(corrected: Shop) -> None:
    told = corrected.data("model", "eval", *DEAF)
    assert (told["unscored"], told["figures"][0]["n"]) == (["post 2"], 2)


def test_a_post_to_which_one_model_gives_no_score_is_not_compared(corrected: Shop) -> None:
    told = corrected.data("model", "compare", DEAF[1])
    assert (told["unscored"], told["posts"], told["changed"]) == ([2], 2, 0)
    said = corrected.does("model", "compare", DEAF[1]).stdout
    assert "left out: 1 to which one of them gives no score that is a number: 2" in said

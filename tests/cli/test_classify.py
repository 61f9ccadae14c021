"""`classify` judges a text as the monitor would, and says why."""

from __future__ import annotations

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cli.shop import CONFIG, Shop


def test_a_text_is_explained(shop: Shop) -> None:
    said = shop.does("classify", "awful parcel, three weeks late").stdout
    assert said.startswith("alert: a complaint")
    assert "score     0.90   (alert from 0.70, review from 0.30)" in said
    assert "topics    delivery" in said
    assert "model     keywords@1" in said


def test_as_data_it_says_the_same(shop: Shop) -> None:
    told = shop.data("classify", "hmm")
    assert (told["complaint"], told["band"], told["score"]) == (False, "review", 0.5)
    assert (told["severity"], told["model"]) == ("normal", "keywords@1")


def test_lines_are_answered_in_order_and_a_bad_one_costs_the_others_nothing(shop: Shop) -> None:
    lines = [b'{"text": "awful"}', b"{", b'{"text": "fine"}', b'{"txt": "x"}', b'{"text": 5}', b"[1]",
             b"\xff\xfe", b"", b'{"text": "hmm", "more": 1}', b'{"text": "\\ud83d awful"}']  # fmt: skip
    said = shop.does("classify", "--jsonl", "--batch", "3", said=b"\n".join(lines) + b"\n")
    told = [json.loads(one) for one in said.stdout.splitlines()]
    shown = [one.get("band", "error" if "error" in one else None) for one in told]
    assert shown == [
        "alert",
        "error",
        "pass",
        "error",
        "error",
        "error",
        "error",
        "error",
        "review",
        "alert",
    ]
    assert told[0] == {"complaint": True, "score": 0.9, "band": "alert", "model": "keywords@1"}


def test_a_line_whose_score_is_no_number_is_named_and_counted_and_the_others_are_judged(
    shop: Shop,
) -> None:
    texts = ["awful", "gibberish", "fine", "hmm", "gibberish"]
    lines = "".join(json.dumps({"text": one}) + "\n" for one in texts) + "{\n"
    done = shop.does("classify", "--jsonl", said=lines)
    told = [json.loads(one) for one in done.stdout.splitlines()]
    assert [one.get("band") for one in told] == ["alert", None, "pass", "review", None, None]
    assert told[1]["error"].startswith("keywords@1 gave what is no probability (complaint nan")
    assert "db retry" not in told[1]["error"]
    assert "3 of 6 lines have no verdict" in done.stderr


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(
    st.lists(st.sampled_from(["awful", "hmm", "fine", "\U0001f989", "\0", ""])), st.integers(1, 9)
)
def test_there_is_one_answer_a_line_however_they_are_batched(
    shop: Shop, texts: list[str], batch: int
) -> None:
    said = "".join(json.dumps({"text": one}) + "\n" for one in texts)
    out = shop.does("classify", "--jsonl", "--batch", str(batch), said=said).stdout
    bands = {"awful": "alert", "hmm": "review"}
    assert [json.loads(one)["band"] for one in out.splitlines()] == [
        bands.get(one, "pass") for one in texts
    ]


def test_no_config_is_needed(shop: Shop) -> None:
    (shop.folder / "config.toml").unlink()
    told = shop.data("classify", "My parcel never arrived and nobody answers my mails. Refund me!")
    assert told["band"] == "alert"
    assert told["words"]


def test_a_config_that_was_named_must_be_there(shop: Shop) -> None:
    assert "no such file" in shop.refuses("--config", "none.toml", "classify", "x")


def test_a_text_or_lines_one_of_them(shop: Shop) -> None:
    assert "give a text" in shop.refuses("classify")
    assert "give a text" in shop.refuses("classify", "--jsonl", "x")


def test_missing_weights_are_a_clear_error(shop: Shop) -> None:
    shop.configure(CONFIG.replace('Keywords"\n', 'Keywords"\nbroken = true\n'))
    assert shop.refuses("classify", "x") == "complaint-monitor: the weights are missing\n"

"""The labelled texts: public corpora mapped onto our four classes, and those written for us.

Which corpus may shape the shipped weights, and which may only measure them, is decided here and
nowhere else. The public ones are not in the repository; `models/README.md` says where they are from.
"""

from __future__ import annotations

import csv
import json
import random
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.classifiers.text import prepared, starred
from monitor.domain.judgement import Label

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

COMPLAINT, QUESTION, PRAISE, OTHER = Label


@dataclass(frozen=True, slots=True)
class Example:
    """A text and what it is. `split` is train, dev or test; `corpus` names where it is from."""

    text: str
    label: Label
    lang: str
    corpus: str
    split: str
    phenomena: tuple[str, ...] = ()
    rating: int | None = None
    """Stars out of five, where the text is a review that says so."""
    source: str = ""
    """In whose style: tweet, reddit, review, forum, mail, comment; empty where nobody said."""

    @property
    def shown(self) -> str:
        """What a classifier is shown of it: the stars before the words."""
        return starred(self.text, self.rating)


_GO = {
    "curiosity": (QUESTION, 350),
    "confusion": (QUESTION, 100),
    "admiration": (PRAISE, 300),
    "gratitude": (PRAISE, 300),
    "love": (PRAISE, 100),
    "neutral": (OTHER, 700),
    "anger": (OTHER, 250),
    "disgust": (OTHER, 150),
    "sadness": (OTHER, 150),
    "fear": (OTHER, 100),
    "amusement": (OTHER, 150),
    "joy": (OTHER, 100),
    "desire": (OTHER, 80),
    "disappointment": (OTHER, 400),
}
"""GoEmotions: its anger, disgust and disappointment are aimed at anything but a shop (a team, a game,
oneself), so they are *not* complaints."""

_BANK_COMPLAINTS = frozenset(
    """card_arrival card_not_working balance_not_updated_after_bank_transfer
    balance_not_updated_after_cheque_or_cash_deposit cash_withdrawal_not_recognised
    card_payment_not_recognised card_payment_wrong_exchange_rate card_payment_fee_charged
    cash_withdrawal_charge card_swallowed contactless_not_working declined_card_payment
    declined_cash_withdrawal declined_transfer direct_debit_payment_not_recognised
    extra_charge_on_statement failed_transfer Refund_not_showing_up reverted_card_payment?
    top_up_failed top_up_reverted transaction_charged_twice transfer_fee_charged
    transfer_not_received_by_recipient virtual_card_not_working wrong_amount_of_cash_received
    wrong_exchange_rate_for_cash_withdrawal""".split()  # noqa: SIM905 - thirty words read better as words
)
_BANK_UNCLEAR = frozenset(
    """pending_card_payment pending_cash_withdrawal pending_top_up pending_transfer pin_blocked
    compromised_card lost_or_stolen_card lost_or_stolen_phone unable_to_verify_identity
    why_verify_identity beneficiary_not_allowed request_refund cancel_transfer
    top_up_by_card_charge top_up_by_bank_transfer_charge exchange_charge passcode_forgotten
    transfer_timing""".split()  # noqa: SIM905 - thirty words read better as words
)
_PER_BANK_CATEGORY = 16
_SHARE_OF_GOEMOTIONS = 0.2


def _chance(text: str) -> float:
    """A number in [0, 1) that depends on the text alone: splits that never move."""
    return zlib.crc32(text.encode()) / 2**32


def project(folder: Path) -> Iterator[Example]:
    """The texts written for this project: `models/data/*.jsonl`."""
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            yield Example(
                row["text"],
                Label(row["label"]),
                row["lang"],
                "project",
                row["split"],
                tuple(row["phenomena"]),
                row.get("rating"),
                row.get("source", ""),
            )


def public(folder: Path) -> Iterator[Example]:
    """Everything that may train the shipped weights, with the test splits kept apart."""
    yield from _goemotions(folder)
    yield from _banking(folder)
    yield from _uci(folder)
    yield from _red(folder)


def _goemotions(folder: Path) -> Iterator[Example]:
    names = (folder / "goemotions-labels.txt").read_text().split()
    for split in ("train", "dev", "test"):
        taken = dict.fromkeys(_GO, 0)
        part = 1.0 if split == "train" else 0.15
        lines = (folder / f"goemotions-{split}.tsv").read_text(encoding="utf-8").splitlines()
        for line in lines:
            text, labels, _ = line.split("\t")
            emotion = names[int(labels)] if "," not in labels else ""
            label, most = _GO.get(emotion, (OTHER, 0))
            asks = text.rstrip().endswith("?")
            if taken.get(emotion, 0) >= most * part or (label is QUESTION and not asks):
                continue
            taken[emotion] += 1
            yield Example(text, label, "en", "goemotions", split, (emotion,))


def _banking(folder: Path) -> Iterator[Example]:
    for file in ("train", "test"):
        taken: dict[tuple[str, str], int] = {}
        with (folder / f"banking77-{file}.csv").open(encoding="utf-8", newline="") as rows:
            for row in csv.DictReader(rows):
                text, category = row["text"], row["category"]
                dev = file == "train" and _chance(text) < 0.1  # noqa: PLR2004 - a tenth
                split = "dev" if dev else file
                number = taken.get((category, split), 0)
                most = _PER_BANK_CATEGORY if split == "train" else 3
                if category in _BANK_UNCLEAR or number >= most:
                    continue
                taken[category, split] = number + 1
                label = COMPLAINT if category in _BANK_COMPLAINTS else QUESTION
                yield Example(text, label, "en", "banking77", split)


def _uci(folder: Path) -> Iterator[Example]:
    """Products and restaurants; films are left out: a review of a film asks nobody for an answer."""
    for name in ("amazon_cells", "yelp"):
        lines = (folder / f"uci-{name}_labelled.txt").read_text(encoding="utf-8").split("\n")
        for line in filter(None, lines):
            text, _, positive = line.rpartition("\t")
            chance = _chance(text)
            split = "test" if chance < 0.2 else "dev" if chance < 0.3 else "train"  # noqa: PLR2004
            label = PRAISE if positive.strip() == "1" else COMPLAINT
            yield Example(text.strip(), label, "en", "uci", split)


def _red(folder: Path) -> Iterator[Example]:
    """Romanian tweets on news, politics and life: angry, sad or plain, none is to a shop.

    Joy is left out of training: in Romanian the model must not learn that gladness is "other".
    """
    for file, split, most in (("train", "train", 1000), ("val", "dev", 100), ("test", "test", 406)):
        with (folder / f"redv1-{file}.csv").open(encoding="utf-8", newline="") as rows:
            for row in list(csv.DictReader(rows))[:most]:
                emotion = row["Emotion"]
                if split == "test" or emotion != "Bucurie":
                    yield Example(row["Tweet"].strip(), OTHER, "ro", "red", split, (emotion,))


def emotions(folder: Path, wanted: Collection[str]) -> set[str]:
    """GoEmotions' training texts that bear one emotion only, and a wanted one."""
    names = (folder / "goemotions-labels.txt").read_text().split()
    lines = (folder / "goemotions-train.tsv").read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines)
    return {text for text, label, _ in rows if "," not in label and names[int(label)] in wanted}


def unlabelled(folder: Path) -> Iterator[str]:
    """Texts whose answer only the teachers know: the training parts of the same permissive sets."""
    go = (folder / "goemotions-train.tsv").read_text(encoding="utf-8").splitlines()
    yield from (line.split("\t")[0] for line in go if _chance(line) < _SHARE_OF_GOEMOTIONS)
    for name, column in (("banking77-train.csv", "text"), ("redv1-train.csv", "Tweet")):
        with (folder / name).open(encoding="utf-8", newline="") as rows:
            found = (row[column].strip() for row in csv.DictReader(rows))
            yield from (one for one in found if _chance(one) > 0.7)  # noqa: PLR2004 - three tenths


def sentiment(folder: Path, name: str, *, neutral: bool = True) -> list[tuple[str, bool]]:
    """An evaluation-only set: texts and whether they are negative. Never for training (licence)."""
    texts = (folder / f"{name}_text.txt").read_text(encoding="utf-8").split("\n")
    labels = (folder / f"{name}_labels.txt").read_text().split()
    return [
        (text, label == "0")
        for text, label in zip(texts, labels, strict=False)
        if neutral or label != "1"
    ]


def irony(folder: Path) -> list[tuple[str, bool]]:
    """TweetEval irony, test split: texts and whether they are ironic. Evaluation only."""
    return [(text, not negative) for text, negative in sentiment(folder, "tweeteval-irony-test")]


def training_order(examples: Iterable[Example], seed: int = 1) -> list[Example]:
    """Shuffled once, with doubles (same text after preparation) taken out."""
    unique = {prepared(one.text): one for one in examples}
    order = sorted(unique.values(), key=lambda one: _chance(one.text))
    random.Random(seed).shuffle(order)  # noqa: S311 - not for secrets
    return order

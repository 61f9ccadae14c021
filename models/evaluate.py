"""Measure the shipped classifier on texts that it was not trained on, and write the card's table.

    pip install scikit-learn vaderSentiment
    python models/evaluate.py --data ../shared/data --float32 build/training/float32 --write

Every model sees the same rows. Where a public set knows only negative and not negative, "negative"
stands in for complaint, though it is not the same: such rows are marked.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from monitor.classifiers.shipped import Shipped  # noqa: E402 - the checkout's, installed or not
from monitor.classifiers.text import prepared  # noqa: E402
from monitor.domain.judgement import Label  # noqa: E402
from monitor.learning import corpora  # noqa: E402
from monitor.learning.metrics import measured_auc, measured_f1  # noqa: E402
from monitor.learning.scoring import scores  # noqa: E402

Floats = NDArray[np.float64]
folder = click.Path(path_type=Path, file_okay=False)
BEGIN, END = "<!-- figures: begin -->\n", "<!-- figures: end -->\n"


@dataclass(frozen=True, slots=True)
class Rows:
    """A set of texts and which of them are complaints (or stand in for one)."""

    name: str
    texts: list[str]
    complaint: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Model:
    """A name, P(complaint) or the like of a list of texts, and from where it counts as one."""

    name: str
    score: Callable[[list[str]], Floats]
    threshold: float


@click.command()
@click.option("--data", type=folder, required=True, help="The public corpora.")
@click.option("--float32", "full", type=folder, help="The unquantised model that train.py kept.")
@click.option("--write", is_flag=True, help="Put the table into models/README.md.")
def main(data: Path, full: Path | None, write: bool) -> None:  # noqa: FBT001 - a flag of click
    """Print the table."""
    text = "\n".join([*_table(data, full), "", *_false_alarms(data), "", *_kinds(), ""])
    click.echo(text)
    if write:
        card = HERE / "README.md"
        marked = re.escape(BEGIN) + ".*" + re.escape(END)
        new = BEGIN + text + END
        card.write_text(re.sub(marked, lambda _: new, card.read_text(), flags=re.DOTALL))


def _table(data: Path, full: Path | None) -> Iterator[str]:
    models = [_tfidf(data), _shipped("int8 (shipped)", None)]
    if full:
        models.append(_shipped("float32", full))
    yield "| texts | n (complaints) | model | macro-F1 [95 %] | AUC [95 %] |"
    yield "|---|---|---|---|---|"
    for rows in _sets(data):
        english = not rows.name.startswith("project, ro")
        for model in [*([_vader()] if english else []), *models]:
            found = model.score(rows.texts)
            f1 = measured_f1(found >= model.threshold, rows.complaint)
            area = measured_auc(found, rows.complaint)
            count = f"{len(rows.texts)} ({int(rows.complaint.sum())})"
            yield f"| {rows.name} | {count} | {model.name} | {f1} | {area} |"


def _sets(data: Path) -> Iterator[Rows]:
    tests = [
        one
        for one in (*corpora.project(HERE / "data"), *corpora.public(data))
        if one.split == "test"
    ]
    for name, corpus, lang in (
        ("project, en", "project", "en"),
        ("project, ro", "project", "ro"),
        ("UCI products and restaurants, held out, en", "uci", "en"),
        ("Banking77, en", "banking77", "en"),
        ("GoEmotions, en", "goemotions", "en"),
    ):
        chosen = [one for one in tests if one.corpus == corpus and one.lang == lang]
        complaint = np.array([one.label is Label.COMPLAINT for one in chosen])
        yield Rows(name, [one.text for one in chosen], complaint)
    for name, file in (
        ("UMSAB tweets, en: negative*", "umsab-english-test"),
        ("TweetEval sentiment, en: negative*", "tweeteval-sentiment-test"),
        ("TweetEval irony, en: ironic*", ""),
    ):
        pairs = corpora.sentiment(data, file) if file else corpora.irony(data)
        yield Rows(name, [text for text, _ in pairs], np.array([true for _, true in pairs]))


def _false_alarms(data: Path) -> Iterator[str]:
    """What nobody complains about to a shop: how much of it would alert, by emotion."""
    tests = [one for one in corpora.public(data) if one.split == "test" and one.corpus == "red"]
    model = _shipped("", None)
    said = model.score([one.text for one in tests]) >= model.threshold
    yield "| RED test, ro: no post to a shop | n | alerts |"
    yield "|---|---|---|"
    for emotion in sorted({one.phenomena[0] for one in tests}):
        chosen = np.array([one.phenomena[0] == emotion for one in tests])
        yield f"| {emotion} | {int(chosen.sum())} | {said[chosen].mean():.1%} |"


def _kinds() -> Iterator[str]:
    """The project's test texts by what is hard about them: found, or falsely alerted."""
    tests = [one for one in corpora.project(HERE / "data") if one.split == "test"]
    model = _shipped("", None)
    said = model.score([one.text for one in tests]) >= model.threshold
    found: dict[str, list[bool]] = {}
    alarmed: dict[str, list[bool]] = {}
    for one, alert in zip(tests, said, strict=True):
        kinds = found if one.label is Label.COMPLAINT else alarmed
        hard = one.phenomena[0]
        names = {Label.QUESTION: "any question", Label.PRAISE: f"praise, {hard}"}
        name = names.get(one.label, hard)
        kinds.setdefault(name, []).append(bool(alert))
    yield "| complaints of the project's test texts | found | | the rest of them | falsely alerted |"
    yield "|---|---|---|---|---|"
    sides = [
        [f"{name} | {sum(hits)} of {len(hits)}" for name, hits in sorted(kinds.items())]
        for kinds in (found, alarmed)
    ]
    for left, right in zip_longest(*sides, fillvalue=" | "):
        yield f"| {left} | | {right} |"


def _shipped(name: str, place: Path | None) -> Model:
    classifier = Shipped(Shipped.Options(folder=place))
    return Model(name, lambda texts: scores(classifier, texts)[:, 0], classifier.thresholds.alert)


def _vader() -> Model:
    analyser = SentimentIntensityAnalyzer()

    def score(texts: list[str]) -> Floats:
        return np.array([-analyser.polarity_scores(text)["compound"] for text in texts])

    return Model("VADER", score, 0.05)


def _tfidf(data: Path) -> Model:
    """Words and letters, logistic regression, from the very texts that trained the model."""
    lessons = corpora.training_order(
        one
        for one in (*corpora.public(data), *corpora.project(HERE / "data"))
        if one.split == "train"
    )
    pieces = make_union(
        TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=3, sublinear_tf=True),
    )
    model = make_pipeline(pieces, LogisticRegression(C=4, max_iter=2000))
    model.fit(
        [prepared(one.text) for one in lessons], [one.label is Label.COMPLAINT for one in lessons]
    )

    def score(texts: list[str]) -> Floats:
        shown = [prepared(text) for text in texts]
        return model.predict_proba(shown)[:, 1]

    return Model("TF-IDF + LR", score, 0.5)


if __name__ == "__main__":
    main()

"""Measure the shipped classifier on texts that it was not trained on, and write the card's tables.

    pip install -c constraints.txt -e '.[evaluate]'
    python models/evaluate.py --data ../shared/data --also float32=build/training/float32 --write

Every model sees the same rows. Where a public set knows only negative and not negative, "negative"
stands in for complaint, though it is not the same: such rows are marked.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray
from rich.progress import track
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from monitor.classifiers.shipped import Shipped  # noqa: E402 - the checkout's, installed or not
from monitor.classifiers.text import prepared  # noqa: E402
from monitor.domain.chance import Between  # noqa: E402
from monitor.domain.correction import Said  # noqa: E402
from monitor.domain.judgement import Label, Thresholds  # noqa: E402
from monitor.learning import corpora  # noqa: E402
from monitor.learning.evaluation import Figures, evaluate  # noqa: E402
from monitor.learning.scoring import scores  # noqa: E402
from monitor.learning.texts import Labelled  # noqa: E402

Floats = NDArray[np.float64]
folder = click.Path(path_type=Path, file_okay=False)
BEGIN, END = "<!-- figures: begin -->\n", "<!-- figures: end -->\n"
SHIPPED = "int8 (shipped)"
CLAIMED = 300
"""Texts of a kind from which a rate is claimed."""

LANGUAGES = {
    "en": "English",
    "ro": "Romanian",
    "mixed": "both in one post",
    "de": "German",
    "fr": "French",
    "es": "Spanish",
    "it": "Italian",
    "pt": "Portuguese",
    "hu": "Hungarian",
}


@dataclass(frozen=True, slots=True)
class Model:
    """A name, P(complaint) or the like of a list of texts, and from where it counts as one."""

    name: str
    score: Callable[[Sequence[str]], Floats]
    limits: Thresholds


@click.command()
@click.option("--data", type=folder, required=True, help="The public corpora.")
@click.option("--also", multiple=True, metavar="NAME=FOLDER", help="Another model of ours.")
@click.option("--write", is_flag=True, help="Put the tables into models/README.md.")
def main(data: Path, also: tuple[str, ...], write: bool) -> None:  # noqa: FBT001 - a flag of click
    """Print the tables."""
    others = [one.partition("=") for one in also]
    models = [
        _vader(),
        _tfidf(data),
        _ours(SHIPPED, None),
        *(_ours(name, Path(place)) for name, _, place in others),
    ]
    lines = [*_sets_table(data, models), "", *_false_alarms(data, models[2])]
    lines += ["", *_kinds_table(models[2]), "", *_languages_table(models[2]), ""]
    text = "\n".join(lines)
    click.echo(text)
    if write:
        card = HERE / "README.md"
        marked = re.escape(BEGIN) + ".*" + re.escape(END)
        new = BEGIN + text + END
        card.write_text(re.sub(marked, lambda _: new, card.read_text(), flags=re.DOTALL))


def _sets_table(data: Path, models: Sequence[Model]) -> Iterator[str]:
    yield (
        "| texts | n (complaints) | model | precision | recall | F1 | macro-F1 [95 %] "
        "| AUC [95 %] | calibration error |"
    )
    yield "|---|---|---|---|---|---|---|---|---|"
    for name, rows in track(list(_sets(data)), "sets"):
        for model in models:
            if model.name == "VADER" and "ro" in name.split():
                continue
            whole = evaluate(rows, model.score([one.text for one in rows]), model.limits)[0]
            error = "" if model.name == "VADER" else f"{whole.calibration_error:.3f}"
            yield (
                f"| {name} | {whole.n} ({whole.complaints}) | {model.name} "
                f"| {_share(whole.precision)} | {_share(whole.recall)} | {_f1(whole)} "
                f"| {whole.macro_f1} | {whole.auc} | {error} |"
            )


def _sets(data: Path) -> Iterator[tuple[str, list[Labelled]]]:
    tests = [
        one
        for one in (*corpora.project(HERE / "data"), *corpora.public(data))
        if one.split == "test"
    ]
    for name, corpus, langs in (
        ("project, en", "project", {"en"}),
        ("project, ro", "project", {"ro", "mixed"}),
        ("UCI products and restaurants, held out, en", "uci", {"en"}),
        ("Banking77, en", "banking77", {"en"}),
    ):
        chosen = [one for one in tests if one.corpus == corpus and one.lang in langs]
        yield name, [_labelled(one.shown, one.label is Label.COMPLAINT) for one in chosen]
    reviews = [one for one in tests if one.rating is not None and one.lang in {"en", "ro", "mixed"}]
    for name, said in (
        ("reviews with their stars, en and ro", [one.shown for one in reviews]),
        ("the same without stars, en and ro", [one.text for one in reviews]),
    ):
        labels = (one.label is Label.COMPLAINT for one in reviews)
        yield name, [_labelled(text, label) for text, label in zip(said, labels, strict=True)]
    negative = corpora.sentiment(data, "umsab-english-test")
    yield "UMSAB tweets, en: negative against the rest*", [_labelled(*one) for one in negative]
    decided = corpora.sentiment(data, "umsab-english-test", neutral=False)
    yield "UMSAB tweets, en: negative against positive*", [_labelled(*one) for one in decided]
    tweets = corpora.sentiment(data, "tweeteval-sentiment-test")
    yield "TweetEval sentiment, en: negative*", [_labelled(*one) for one in tweets]
    yield "TweetEval irony, en: ironic*", [_labelled(*one) for one in corpora.irony(data)]


def _labelled(text: str, complaint: bool, **groups: str) -> Labelled:  # noqa: FBT001 - a label
    return Labelled(text, Said.COMPLAINT if complaint else Said.NOT_A_COMPLAINT, groups)


def _false_alarms(data: Path, model: Model) -> Iterator[str]:
    """What nobody complains about to a shop: how much of it would alert, by emotion."""
    tests = [one for one in corpora.public(data) if one.split == "test"]
    yield "| test posts of strangers, none to a shop | n | alerts [95 %] |"
    yield "|---|---|---|"
    for corpus, name in (("goemotions", "GoEmotions, en"), ("red", "RED, ro")):
        rows = [
            _labelled(one.text, complaint=False, emotion=one.phenomena[0])
            for one in tests
            if one.corpus == corpus
        ]
        for part in evaluate(rows, model.score([one.text for one in rows]), model.limits):
            yield f"| {name}: {part.name} | {part.n} | {_share(part.false_alerts)} |"


def _kinds_table(model: Model) -> Iterator[str]:
    """The project's English and Romanian test texts by what is hard about them, and by style."""
    tests = [
        one
        for one in corpora.project(HERE / "data")
        if one.split == "test" and one.lang in {"en", "ro", "mixed"}
    ]
    rows = [
        _labelled(
            one.shown,
            one.label is Label.COMPLAINT,
            kind=one.phenomena[0],
            style=one.source or "not said",
            label=one.label.value,
        )
        for one in tests
    ]
    found = evaluate(rows, model.score([one.text for one in rows]), model.limits)
    yield (
        "| project's test texts, en and ro | n (complaints) | complaints that alert "
        "| … or go to review | the rest: false alerts |"
    )
    yield "|---|---|---|---|---|"
    for part in found:
        if part.n >= 10:  # noqa: PLR2004 - below that an interval says nothing
            yield _kind(part)
    yield ""
    yield f"† Fewer than {CLAIMED} texts: an indication, no claim."


def _kind(part: Figures) -> str:
    few = " †" if part.n < CLAIMED else ""
    return (
        f"| {part.by}: {part.name}{few} | {part.n} ({part.complaints}) | {_share(part.recall)} "
        f"| {_share(part.found)} | {_share(part.false_alerts)} |"
    )


def _languages_table(model: Model) -> Iterator[str]:
    tests = [one for one in corpora.project(HERE / "data") if one.split == "test"]
    yield (
        "| project's test texts | n (complaints) | precision | recall | macro-F1 [95 %] "
        "| AUC [95 %] | calibration error |"
    )
    yield "|---|---|---|---|---|---|---|"
    for lang, name in LANGUAGES.items():
        rows = [
            _labelled(one.shown, one.label is Label.COMPLAINT) for one in tests if one.lang == lang
        ]
        whole = evaluate(rows, model.score([one.text for one in rows]), model.limits)[0]
        yield (
            f"| {name} | {whole.n} ({whole.complaints}) | {_share(whole.precision)} "
            f"| {_share(whole.recall)} | {whole.macro_f1} | {whole.auc} "
            f"| {whole.calibration_error:.3f} |"
        )


def _f1(figures: Figures) -> str:
    """Of complaints; without an interval, as precision and recall bear theirs."""
    precision, recall = figures.precision, figures.recall
    if precision is None or recall is None or precision.value + recall.value == 0:
        return ""
    return f"{2 * precision.value * recall.value / (precision.value + recall.value):.3f}"


def _share(share: Between | None) -> str:
    return "" if share is None else f"{share.value:.1%} [{share.low:.1%}, {share.high:.1%}]"


def _ours(name: str, place: Path | None) -> Model:
    classifier = Shipped(Shipped.Options(folder=place))
    return Model(name, lambda texts: scores(classifier, list(texts))[:, 0], classifier.thresholds)


def _vader() -> Model:
    analyser = SentimentIntensityAnalyzer()

    def score(texts: Sequence[str]) -> Floats:
        return np.array([-analyser.polarity_scores(text)["compound"] for text in texts])

    return Model("VADER", score, Thresholds(0.05, 0.05, 1.0))


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
        [prepared(one.shown) for one in lessons], [one.label is Label.COMPLAINT for one in lessons]
    )

    def score(texts: Sequence[str]) -> Floats:
        shown = [prepared(text) for text in texts]
        return model.predict_proba(shown)[:, 1]

    return Model("TF-IDF + LR", score, Thresholds(0.5, 0.5, 1.0))


if __name__ == "__main__":
    main()

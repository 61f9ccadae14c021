"""Try one change at a time on the development texts, and write the card's table of variants.

    pip install torch==2.13.0 nncf==3.4.0
    python models/variants.py --data ../shared/data --write

Each variant is the same short training (twelve layers, the upper six tuned, two epochs, one seed)
with one thing changed. What it finds on the development texts is printed; no test text is read.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click
import numpy as np
import torch
from tokenizers import Tokenizer

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from monitor.domain.judgement import Label  # noqa: E402 - the checkout's, installed or not
from monitor.learning import base, corpora, encoder, lessons, training, vocabulary  # noqa: E402
from monitor.learning.base import Encoder  # noqa: E402
from monitor.learning.calibration import Scores, alert_threshold  # noqa: E402
from monitor.learning.corpora import Example  # noqa: E402
from monitor.learning.metrics import measured_auc, measured_f1  # noqa: E402
from monitor.learning.training import Lesson, Recipe  # noqa: E402

folder = click.Path(path_type=Path, file_okay=False)
SHORT = Recipe(epochs=2, frozen=6)
BEGIN, END = "<!-- variants: begin -->\n", "<!-- variants: end -->\n"
COMPLAINT = list(Label).index(Label.COMPLAINT)


@dataclass(frozen=True, slots=True)
class Bench:
    """What all variants share: the texts, the base model, and where activations are kept."""

    data: Path
    cache: Path
    train: list[Example]
    dev: list[Example]
    small: Encoder
    tokenizer: Tokenizer
    layers: int = 12

    def scored(
        self, taught: Sequence[Lesson], recipe: Recipe = SHORT, classes: int = len(Label)
    ) -> Scores:
        """Train on `taught` and score the development texts."""
        torch.manual_seed(recipe.seed)
        network = encoder.lowest(encoder.build(self.small, classes), self.layers)
        training.train(network, self.tokenizer, taught, recipe, self.cache)
        return training.probabilities(
            network, self.tokenizer, [one.text for one in self.dev], recipe
        )


def plain(bench: Bench) -> Scores:
    """Four classes, all texts, clean mapping, one seed."""
    return bench.scored(lessons.hard(bench.train, own=2))


def two_classes(bench: Bench) -> Scores:
    """Complaint against the rest instead of four classes."""
    taught = [
        replace(one, target=(one.target[COMPLAINT], 1 - one.target[COMPLAINT]))
        for one in lessons.hard(bench.train, own=2)
    ]
    return bench.scored(taught, classes=2)


def public_only(bench: Bench) -> Scores:
    """Without the texts written for this project."""
    return bench.scored(lessons.hard(one for one in bench.train if one.corpus != "project"))


def project_only(bench: Bench) -> Scores:
    """Without the public texts."""
    own = [one for one in bench.train if one.corpus == "project"]
    return bench.scored(lessons.hard(own, own=2))


def angry_complaints(bench: Bench) -> Scores:
    """GoEmotions' anger and disgust as complaints, as the probe had them."""
    angry = corpora.emotions(bench.data, {"anger", "disgust"})
    relabelled = [
        replace(one, label=Label.COMPLAINT) if one.text in angry else one for one in bench.train
    ]
    return bench.scored(lessons.hard(relabelled, own=2))


def misspelt(bench: Bench) -> Scores:
    """Every own text once more, without diacritics and with slips."""
    copies = lessons.hard(lessons.misspelt(bench.train))
    return bench.scored([*lessons.hard(bench.train, own=2), *copies])


def hard_negatives(bench: Bench) -> Scores:
    """Public texts that are no complaints and that the plain variant takes for one, added."""
    torch.manual_seed(SHORT.seed)
    network = encoder.build(bench.small, len(Label))
    known = lessons.hard(bench.train, own=2)
    training.train(network, bench.tokenizer, known, SHORT, bench.cache)
    calm = sorted(corpora.emotions(bench.data, {"neutral", "amusement", "joy", "anger", "sadness"}))
    pool = [text for text in calm if text not in {one.text for one in known}][::3]
    found = training.probabilities(network, bench.tokenizer, pool, SHORT)[:, COMPLAINT]
    taken = [pool[at] for at in np.argsort(-found)[:800]]
    mined = [Example(text, Label.OTHER, "en", "goemotions", "train") for text in taken]
    return bench.scored([*known, *lessons.hard(mined)])


def rating_shown(bench: Bench) -> Scores:
    """A review's rating before its text, in training and here ("2/5. ")."""
    shown = replace(
        bench, train=list(map(_with_rating, bench.train)), dev=list(map(_with_rating, bench.dev))
    )
    return shown.scored(lessons.hard(shown.train, own=2))


def _with_rating(one: Example) -> Example:
    return replace(one, text=f"{one.rating}/5. {one.text}") if one.rating else one


def layerwise(bench: Bench) -> Scores:
    """All twelve layers tuned, each a tenth slower than the one above."""
    return bench.scored(lessons.hard(bench.train, own=2), replace(SHORT, frozen=0, decay=0.9))


def three_seeds(bench: Bench) -> Scores:
    """The mean of three seeds."""
    taught = lessons.hard(bench.train, own=2)
    return np.mean([bench.scored(taught, replace(SHORT, seed=seed)) for seed in (1, 2, 3)], axis=0)


def eight_layers(bench: Bench) -> Scores:
    """The base's lowest eight layers, the upper five of them tuned."""
    return _lowest(bench, 8, frozen=3)


def six_layers(bench: Bench) -> Scores:
    """The base's lowest six layers, all tuned."""
    return _lowest(bench, 6, frozen=0)


def _lowest(bench: Bench, layers: int, frozen: int) -> Scores:
    few = replace(bench, layers=layers)
    return few.scored(lessons.hard(bench.train, own=2), replace(SHORT, frozen=frozen))


def student(bench: Bench) -> Scores:
    """Every other layer of the plain variant, tuned on the labels alone (no teacher)."""
    torch.manual_seed(SHORT.seed)
    network = encoder.build(bench.small, len(Label))
    taught = lessons.hard(bench.train, own=2)
    training.train(network, bench.tokenizer, taught, SHORT, bench.cache)
    return _six_layers(bench, network, taught)


def distilled(bench: Bench) -> Scores:
    """Every other layer, tuned on labels and on what three seeds of twelve layers think of more texts."""
    taught = lessons.hard(bench.train, own=2)
    texts = list(dict.fromkeys([*(one.text for one in taught), *corpora.unlabelled(bench.data)]))
    networks = []
    for seed in (1, 2, 3):
        torch.manual_seed(seed)
        networks.append(encoder.build(bench.small, len(Label)))
        training.train(
            networks[-1], bench.tokenizer, taught, replace(SHORT, seed=seed), bench.cache
        )
    found = [training.probabilities(one, bench.tokenizer, texts, SHORT) for one in networks]
    return _six_layers(bench, networks[0], lessons.distilled(texts, np.mean(found, axis=0), taught))


def _six_layers(bench: Bench, network: encoder.Network, taught: Sequence[Lesson]) -> Scores:
    few = encoder.thinned(network, encoder.spread(6, bench.small.shape.layers))
    recipe = Recipe(epochs=3, frozen=0, rate=1e-4, decay=0.9)
    training.train(few, bench.tokenizer, taught, recipe, bench.cache)
    return training.probabilities(few, bench.tokenizer, [one.text for one in bench.dev], recipe)


VARIANTS: tuple[Callable[[Bench], Scores], ...] = (
    plain,
    two_classes,
    public_only,
    project_only,
    angry_complaints,
    misspelt,
    hard_negatives,
    rating_shown,
    layerwise,
    three_seeds,
    eight_layers,
    six_layers,
    student,
    distilled,
)


@click.command()
@click.option("--data", type=folder, required=True, help="The public corpora.")
@click.option("--base", "origin", type=folder, help="The base model in Hugging Face layout.")
@click.option("--cache", type=folder, default=Path("build/training"), show_default=True)
@click.option("--only", multiple=True, help="The name of a variant; may be repeated.")
@click.option("--threads", default=2, show_default=True)
@click.option("--write", is_flag=True, help="Put the table into models/README.md.")
def main(
    data: Path,
    origin: Path | None,
    cache: Path,
    only: tuple[str, ...],
    threads: int,
    write: bool,  # noqa: FBT001 - a flag of click
) -> None:
    """Train and measure every variant."""
    torch.set_num_threads(threads)
    cache.mkdir(parents=True, exist_ok=True)
    examples = [
        one
        for one in (*corpora.public(data), *corpora.project(HERE / "data"))
        if one.split != "test"
    ]
    whole = base.from_folder(origin) if origin else base.from_wheels(cache)
    small, tokenizer = vocabulary.fitted(whole, [one.text for one in examples])
    taught = corpora.training_order(one for one in examples if one.split == "train")
    dev = [one for one in examples if one.split == "dev"]
    bench = Bench(data, cache, taught, dev, small, tokenizer)
    lines = [
        (
            "| one thing changed | macro-F1 own, en | macro-F1 own, ro | AUC own | sarcasm found "
            "| off-target alerts | questions alert | macro-F1 public |"
        ),
        "|---|---|---|---|---|---|---|---|",
    ]
    for variant in VARIANTS:
        if not only or variant.__name__ in only:
            lines.append(row(variant, bench))
            click.echo(lines[-1])
    if write:
        card = HERE / "README.md"
        marked = re.escape(BEGIN) + ".*" + re.escape(END)
        new = BEGIN + "\n".join(lines) + "\n\n" + END
        card.write_text(re.sub(marked, lambda _: new, card.read_text(), flags=re.DOTALL))


def row(variant: Callable[[Bench], Scores], bench: Bench) -> str:
    """What a variant finds, at its own alert threshold."""
    kept = bench.cache / f"variant-{variant.__name__}.json"
    if not kept.exists():
        kept.write_text(json.dumps(variant(bench)[:, COMPLAINT].tolist()))
    score = np.array(json.loads(kept.read_text()))
    truth = np.array([one.label is Label.COMPLAINT for one in bench.dev])
    said = score >= alert_threshold(score, truth)
    own = np.array([one.corpus == "project" for one in bench.dev])
    english = np.array([one.lang == "en" for one in bench.dev])

    def among(phenomenon: str, complaint: bool) -> str:  # noqa: FBT001 - which side is asked
        hard = np.array([phenomenon in one.phenomena for one in bench.dev])
        rows = own & hard & (truth == complaint)
        return f"{int(said[rows].sum())} of {int(rows.sum())}"

    cells = (
        (variant.__doc__ or "").rstrip("."),
        str(measured_f1(said[own & english], truth[own & english])),
        str(measured_f1(said[own & ~english], truth[own & ~english])),
        str(measured_auc(score[own], truth[own])),
        among("sarcasm", complaint=True),
        among("off_target", complaint=False),
        among("plain_question", complaint=False),
        str(measured_f1(said[~own], truth[~own])),
    )
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()

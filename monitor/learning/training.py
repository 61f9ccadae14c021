"""Tune the upper layers and the head; the lower layers run once a text and are cached on disk."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from rich.progress import track
from torch import Tensor, nn

from monitor.classifiers.text import prepared
from monitor.domain.judgement import Label

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tokenizers import Tokenizer

    from monitor.learning.corpora import Example
    from monitor.learning.encoder import Network

_CHUNK = 256
_POOL = 24
"""Batches that are cut from one length-sorted pool: little padding, still shuffled."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What training is told. `repeats` says how often an epoch shows the project's own texts."""

    epochs: int = 2
    batch: int = 16
    rate: float = 6e-5
    head_rate: float = 2e-3
    frozen: int = 6
    tokens: int = 96
    repeats: int = 2
    smoothing: float = 0.1
    seed: int = 1


def train(
    network: Network,
    tokenizer: Tokenizer,
    examples: Sequence[Example],
    recipe: Recipe,
    cache: Path,
) -> Network:
    """Train in place, from the last finished epoch in `cache` on; the same seed gives the same way.

    Activations and epochs are kept under a hash of texts, labels and recipe, so that a run that
    was stopped goes on, and one with other data starts anew.
    """
    torch.manual_seed(recipe.seed)
    cache.mkdir(parents=True, exist_ok=True)
    states = lower(network, tokenizer, [one.text for one in examples], recipe, cache)
    targets = torch.tensor([list(Label).index(one.label) for one in examples])
    order = [
        index
        for index, one in enumerate(examples)
        for _ in range(recipe.repeats if one.corpus == "project" else 1)
    ]
    steps = recipe.epochs * -(-len(order) // recipe.batch)
    optimiser, schedule = _optimiser(network, recipe, steps)
    name = _fingerprint([repr(recipe), *(f"{one.label}{one.text}" for one in examples)])
    for epoch in range(recipe.epochs):
        checkpoint = cache / f"epoch-{name}-{epoch + 1}.pt"
        if checkpoint.exists():
            saved = torch.load(checkpoint)
            network.load_state_dict(saved["network"])
            optimiser.load_state_dict(saved["optimiser"])
            schedule.load_state_dict(saved["schedule"])
            continue
        torch.manual_seed(recipe.seed + epoch)
        batches = list(_batches(order, states, recipe, recipe.seed + epoch))
        network.train()
        for batch in track(batches, f"epoch {epoch + 1} of {recipe.epochs}"):
            _step(network, states, targets, batch, recipe, optimiser)
            schedule.step()
        parts = {"network": network, "optimiser": optimiser, "schedule": schedule}
        torch.save({key: part.state_dict() for key, part in parts.items()}, checkpoint)
    return network.eval()


def lower(
    network: Network, tokenizer: Tokenizer, texts: Sequence[str], recipe: Recipe, cache: Path
) -> list[Tensor]:
    """Each text's activations after the frozen layers (half precision, as long as the text).

    Kept by text, so that a corpus that grows costs only what is new.
    """
    shown = [prepared(text) for text in texts]
    ids = [encoding.ids[: recipe.tokens] for encoding in tokenizer.encode_batch(shown)]
    base = _fingerprint([str(network.layers[0].q.weight.sum().item()), str(recipe.frozen)])
    names = [_fingerprint([base, str(recipe.tokens), text]) for text in shown]
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
        torch.save(new, cache / f"lower-{base}-{_fingerprint(list(new))}.pt")
        known.update(new)
    return [known[name] for name in names]


def pad(rows: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Rows of one length, and the mask that says which positions are real."""
    mask = nn.utils.rnn.pad_sequence([torch.ones(len(row)) for row in rows], batch_first=True)
    return nn.utils.rnn.pad_sequence(list(rows), batch_first=True), mask


def _step(
    network: Network,
    states: Sequence[Tensor],
    targets: Tensor,
    batch: Sequence[int],
    recipe: Recipe,
    optimiser: torch.optim.Optimizer,
) -> None:
    padded, mask = pad([states[index].float() for index in batch])
    with torch.autocast("cpu", torch.bfloat16):  # three times as fast, the weights stay float32
        logits = network.upper(padded, mask, recipe.frozen)
    loss = nn.functional.cross_entropy(
        logits.float(), targets[list(batch)], label_smoothing=recipe.smoothing
    )
    optimiser.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimiser.step()


def _optimiser(
    network: Network, recipe: Recipe, steps: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LambdaLR]:
    network.requires_grad_(requires_grad=False)
    upper = network.layers[recipe.frozen :]
    upper.requires_grad_()
    network.head.requires_grad_()
    groups = [
        {"params": list(upper.parameters()), "lr": recipe.rate},
        {"params": list(network.head.parameters()), "lr": recipe.head_rate},
    ]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.01, fused=True)
    warm = max(1, steps // 20)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min((step + 1) / warm, max(0.0, (steps - step) / steps))
    )
    return optimiser, schedule


def _batches(
    order: Sequence[int], states: Sequence[Tensor], recipe: Recipe, seed: int
) -> Iterator[list[int]]:
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    shuffled = list(order)
    chance.shuffle(shuffled)
    wide = recipe.batch * _POOL
    batches = []
    for at in range(0, len(shuffled), wide):
        pool = sorted(shuffled[at : at + wide], key=lambda index: len(states[index]))
        batches += [pool[i : i + recipe.batch] for i in range(0, len(pool), recipe.batch)]
    chance.shuffle(batches)
    yield from batches


def _fingerprint(parts: Sequence[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]

"""The encoder and its head in torch: BERT's arithmetic, nothing else.

Written out so that the lower layers can run once and be cached, the export sees plain operations,
and a mask is a mask: what a text scores must not depend on the padding beside it.
"""

from __future__ import annotations

import math
from copy import deepcopy
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.learning.base import Encoder, Shape

_MASKED = -1e4


class Layer(nn.Module):
    """Self-attention and feed-forward, each with its residual and norm after it."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        wide, deep = shape.hidden, shape.feed_forward
        self.heads = shape.heads
        self.q, self.k, self.v = nn.Linear(wide, wide), nn.Linear(wide, wide), nn.Linear(wide, wide)
        self.ao = nn.Linear(wide, wide)
        self.fi, self.fo = nn.Linear(wide, deep), nn.Linear(deep, wide)
        self.aln = nn.LayerNorm(wide, shape.epsilon)
        self.oln = nn.LayerNorm(wide, shape.epsilon)
        self.drop = nn.Dropout(0.1)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        batch, length, wide = x.shape
        q, k, v = (
            part(x).view(batch, length, self.heads, -1).transpose(1, 2)
            for part in (self.q, self.k, self.v)
        )
        scores = q @ k.transpose(-1, -2) / math.sqrt(wide // self.heads) + bias
        mixed = (scores.softmax(-1) @ v).transpose(1, 2).reshape(batch, length, wide)
        x = self.aln(x + self.drop(self.ao(mixed)))
        return self.oln(x + self.drop(self.fo(nn.functional.gelu(self.fi(x)))))


class Network(nn.Module):
    """Embeddings, layers, mean over the real tokens, a linear head. Input: ids and a 0/1 mask."""

    def __init__(self, shape: Shape, classes: int) -> None:
        super().__init__()
        self.word = nn.Embedding(shape.vocabulary, shape.hidden)
        self.place = nn.Embedding(shape.positions, shape.hidden)
        self.ln = nn.LayerNorm(shape.hidden, shape.epsilon)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.head = nn.Linear(shape.hidden, classes)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        return self.upper(self.lower(ids, mask, len(self.layers)), mask, len(self.layers))

    def lower(self, ids: Tensor, mask: Tensor, upto: int) -> Tensor:
        """The embeddings and the first `upto` layers: what training freezes and caches."""
        x = self.ln(self.word(ids) + self.place.weight[: ids.shape[1]])
        return self._through(x, mask, 0, upto)

    def upper(self, x: Tensor, mask: Tensor, since: int) -> Tensor:
        """The layers from `since` on, pooling and head: four logits a text."""
        x = self._through(x, mask, since, len(self.layers))
        weight = mask.to(x.dtype).unsqueeze(-1)
        return self.head((x * weight).sum(1) / weight.sum(1))

    def _through(self, x: Tensor, mask: Tensor, since: int, upto: int) -> Tensor:
        bias = (1 - mask.to(x.dtype))[:, None, None, :] * _MASKED
        for layer in self.layers[since:upto]:
            x = layer(x, bias)
        return x


def build(encoder: Encoder, classes: int) -> Network:
    """The network with the base model's tensors and a fresh head."""
    network = Network(encoder.shape, classes)
    wide, tensors = encoder.shape.hidden, encoder.tensors

    def put(parameter: Tensor, name: str) -> None:
        parameter.data.copy_(torch.from_numpy(tensors[name]).view_as(parameter))

    put(network.word.weight, "emb.word")
    # Every token is of type 0: its embedding joins the positions', one addition less at run time.
    put(network.place.weight, "emb.pos")
    network.place.weight.data += torch.from_numpy(tensors["emb.type"])[:wide]
    put(network.ln.weight, "emb.ln.w")
    put(network.ln.bias, "emb.ln.b")
    for i, layer in enumerate(network.layers):
        for part in ("q", "k", "v", "ao", "fi", "fo", "aln", "oln"):
            module = getattr(layer, part)
            put(module.weight, f"l{i}.{part}.w")
            put(module.bias, f"l{i}.{part}.b")
    return network


def lowest(network: Network, layers: int) -> Network:
    """The network without the layers above the lowest so many."""
    return thinned(network, range(layers))


def thinned(network: Network, kept: Sequence[int]) -> Network:
    """A network of some of the layers, embeddings and head as they are: where a student starts.

    Source: Sanh et al. 2019, DistilBERT (every other layer of the teacher).
    """
    student = deepcopy(network)
    student.layers = nn.ModuleList(student.layers[at] for at in kept)
    return student


def spread(few: int, many: int) -> list[int]:
    """Which of `many` layers `few` stand for: evenly apart, the last one among them."""
    return [round((at + 1) * many / few) - 1 for at in range(few)]

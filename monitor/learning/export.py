"""From the trained network to what ships: OpenVINO, static int8, with its tokenizer and card."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nncf
import numpy as np
import openvino
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from monitor.classifiers import weights
from monitor.classifiers.text import prepared
from monitor.domain.judgement import Label
from monitor.learning.encoder import Network

NAME = "complaint-e5-small"
_PAD = 1
_CALIBRATION = 300
"""Texts that set the int8 ranges; unpadded and one by one, so that padding does not widen them."""


class _Whole(nn.Module):
    """One input, the token ids: the mask follows from the padding."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, ids: Tensor) -> Tensor:
        return self.network(ids.long(), (ids != _PAD).float())


def convert(network: Network) -> openvino.Model:
    """The network in float32, for any number of texts of any length."""
    example = torch.tensor([[0, 5, 2], [0, 2, _PAD]], dtype=torch.int32)
    with torch.inference_mode():
        model = openvino.convert_model(_Whole(network.eval()), example_input=example)
    model.reshape(openvino.PartialShape([-1, -1]))
    return model


def quantise(model: openvino.Model, tokenizer: Tokenizer, texts: Sequence[str]) -> openvino.Model:
    """Static int8 of weights, embeddings and activations, its ranges taken from `texts`."""
    shown = [one for one in map(prepared, texts) if one][:_CALIBRATION]
    inputs = [np.array([one.ids[:128]], dtype=np.int32) for one in tokenizer.encode_batch(shown)]
    return nncf.quantize(
        model,
        nncf.Dataset(inputs),
        model_type=nncf.ModelType.TRANSFORMER,
        preset=nncf.QuantizationPreset.MIXED,
        subset_size=len(inputs),
    )


def save(folder: Path, model: openvino.Model, tokenizer: dict[str, Any], max_tokens: int) -> None:
    """Write model, tokenizer and a card that is not calibrated yet."""
    folder.mkdir(parents=True, exist_ok=True)
    openvino.save_model(model, folder / weights.MODEL)
    compact = json.dumps(tokenizer, ensure_ascii=False, separators=(",", ":"))
    (folder / weights.TOKENIZER).write_text(compact, encoding="utf-8")
    files = (weights.MODEL, weights.MODEL.replace(".xml", ".bin"), weights.TOKENIZER)
    hashes = {name: weights.sha256(folder / name) for name in files}
    write_card(
        folder,
        weights.Card(
            name=NAME,
            revision=hashes["model.bin"][:8],
            labels=tuple(Label),
            max_tokens=max_tokens,
            temperature=1.0,
            alert=0.5,
            review=0.5,
            question=0.5,
            sha256=hashes,
        ),
    )


def write_card(folder: Path, card: weights.Card) -> None:
    """Write `model.json`."""
    (folder / weights.CARD).write_text(card.model_dump_json(indent=2) + "\n", encoding="utf-8")

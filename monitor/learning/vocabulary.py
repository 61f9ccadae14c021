"""Cut the base model's vocabulary of 250,002 pieces down to what our languages use.

Half of a small multilingual model is the embedding of scripts that this monitor will not meet.
A piece stays if a training text uses it, or if it is among the commoner half and made of Latin
letters, digits, signs or emoji only: the languages of Europe that are written so are cut as before.
"""

from __future__ import annotations

import json
import re
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tokenizers import Tokenizer

from monitor.classifiers.text import prepared
from monitor.learning.base import Encoder

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

_SPECIAL = 4
_COMMON = 120_000
"""Pieces are ordered by frequency; beyond this they are other languages' rare words."""
_WANTED = re.compile(
    r"[\u2581\x20-\x7e\u00a0-\u024f\u1e00-\u1eff“”„‘’«»…–—€™"
    r"\u2190-\u21ff\u2600-\u27bf\ufe0f\u200d\U0001f000-\U0001faff]+"
)
_SINGLE = re.compile(r"\u2581?[\u00a1-\u024f\u1e00-\u1eff]")


def keep(pieces: Iterable[str], used: Collection[str]) -> list[int]:
    """Ids of the pieces to keep: the special ones, wanted letters, single Latin letters, `used`."""
    return [
        index
        for index, piece in enumerate(pieces)
        if index < _SPECIAL
        or piece == "<mask>"
        or piece in used
        or (index < _COMMON and _WANTED.fullmatch(piece))
        or _SINGLE.fullmatch(piece)
    ]


def fitted(whole: Encoder, texts: Iterable[str]) -> tuple[Encoder, Tokenizer]:
    """The base model cut down to what the texts and our languages use, and its tokenizer."""
    everything = Tokenizer.from_str(json.dumps(whole.tokenizer))
    read = everything.encode_batch([prepared(one) for one in texts])
    small = trim(whole, {piece for one in read for piece in one.tokens})
    return small, Tokenizer.from_str(json.dumps(small.tokenizer))


def trim(encoder: Encoder, used: Collection[str]) -> Encoder:
    """Keep only some pieces, in the tokenizer and in the embedding, in the same order."""
    vocabulary = encoder.tokenizer["model"]["vocab"]
    kept = keep((piece for piece, _ in vocabulary), used)
    width = encoder.shape.hidden
    rows = encoder.tensors["emb.word"].reshape(-1, width)
    return Encoder(
        replace(encoder.shape, vocabulary=len(kept)),
        encoder.tensors | {"emb.word": rows[kept].reshape(-1)},
        _trimmed_tokenizer(encoder.tokenizer, kept),
    )


def _trimmed_tokenizer(tokenizer: dict[str, Any], kept: list[int]) -> dict[str, Any]:
    new_ids = {old: new for new, old in enumerate(kept)}
    trimmed = deepcopy({key: value for key, value in tokenizer.items() if key != "model"})
    trimmed["model"] = tokenizer["model"] | {
        "vocab": [tokenizer["model"]["vocab"][index] for index in kept]
    }
    for token in trimmed["added_tokens"]:
        token["id"] = new_ids[token["id"]]
    return trimmed

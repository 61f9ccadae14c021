"""A tiny model in the Hugging Face layout, for whoever tries another model in the shipped one's place."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any


def sentiment(
    folder: Path,
    labels: Sequence[str] = ("NEGATIVE", "POSITIVE"),
    *,
    kind: str = "bert",
    seed: int = 1,
    words: Sequence[str] = (),
    **config: Any,
) -> Path:
    """A sentiment model of two classes and eight words, untrained; needs torch.

    `kind` is the architecture, `words` are more of them, `config` what its configuration says else.
    """
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import (
        AutoConfig,
        AutoModelForSequenceClassification,
        PreTrainedTokenizerFast,
    )

    known = ["[PAD]", "[UNK]", "late", "parcel", "thanks", "great", "no", "refund", *words]
    tokenizer = Tokenizer(
        models.WordLevel({word: at for at, word in enumerate(known)}, unk_token="[UNK]")
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="[UNK]", pad_token="[PAD]"
    ).save_pretrained(folder)
    torch.manual_seed(seed)
    made = AutoConfig.for_model(
        kind,
        vocab_size=len(known),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        id2label=dict(enumerate(labels)),
        label2id={label: at for at, label in enumerate(labels)},
        **{"pad_token_id": 0, **config},
    )
    AutoModelForSequenceClassification.from_config(made).save_pretrained(folder)
    return folder

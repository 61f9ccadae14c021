"""Texts a second of the shipped classifier against the transformers pipeline of the same size.

Both run in the same process on the same texts, so the ratio means something on a busy machine.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.classifiers import weights
from monitor.classifiers.shipped import Shipped
from monitor.classifiers.text import prepared
from monitor.domain.judgement import Label
from monitor.domain.post import Post, PostKey

DATA = Path(__file__).parents[2] / "models" / "data"
AT = datetime(2026, 5, 4, 9, tzinfo=UTC)


def _texts() -> list[str]:
    lines = [
        line for path in sorted(DATA.glob("*.jsonl")) for line in path.read_text().splitlines()
    ]
    return [prepared(json.loads(line)["text"]) for line in lines]


def _rate(work: Callable[[Sequence[str]], object], texts: Sequence[str]) -> float:
    """Texts a second, the better of two."""
    spans = []
    for _ in range(2):
        started = time.perf_counter()
        work(texts)
        spans.append(time.perf_counter() - started)
    return len(texts) / min(spans)


@pytest.mark.bench
@pytest.mark.needs("torch")
@pytest.mark.timeout(900)
def test_texts_a_second_against_the_pipeline() -> None:
    import torch
    from transformers import (
        BertConfig,
        BertForSequenceClassification,
        PreTrainedTokenizerFast,
        pipeline,
    )

    torch.set_num_threads(2)
    texts = _texts()[::3]
    place = weights.find(weights.installed())
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(place / weights.TOKENIZER), pad_token="<pad>", unk_token="<unk>"
    )
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=384,
        num_hidden_layers=12,
        num_attention_heads=12,
        intermediate_size=1536,
        num_labels=len(Label),
    )
    torch.manual_seed(1)
    network = BertForSequenceClassification(config).eval()
    chain = pipeline("text-classification", model=network, tokenizer=tokenizer, device="cpu")
    shipped = Shipped()

    def judge(some: Sequence[str]) -> object:
        return shipped.classify(
            [
                Post(key=PostKey("bench", str(at)), thread=str(at), text=one, posted_at=AT)
                for at, one in enumerate(some)
            ]
        )

    judge(texts)
    alone = texts[::8]
    figures = {
        "pipeline, one by one": _rate(lambda some: chain(list(some), batch_size=1), alone),
        "pipeline, batches of 32": _rate(lambda some: chain(list(some), batch_size=32), texts),
        "pipeline, 32, sorted": _rate(
            lambda some: chain(sorted(some, key=len), batch_size=32), texts
        ),
        "shipped, one by one": _rate(lambda some: [judge([one]) for one in some], alone),
        "shipped": _rate(judge, texts),
    }
    for name, rate in figures.items():
        print(
            f"{name:26} {rate:7.0f} texts/s, shipped is {figures['shipped'] / rate:5.1f} times that"
        )
    assert figures["shipped"] > 2 * figures["pipeline, batches of 32"]

"""How fast the shipped classifier is: against the transformers pipeline, and against the processor.

All rates are taken in one process on the same texts, so the ratios mean something on a busy machine.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from monitor.classifiers import weights
from monitor.classifiers.shipped import Shipped
from monitor.classifiers.text import prepared
from monitor.domain.judgement import Label
from monitor.domain.post import Post, PostKey

ROOT = Path(__file__).parents[2]
AT = datetime(2026, 5, 4, 9, tzinfo=UTC)
HIDDEN, FEED_FORWARD = 384, 1536
TEXTS = 3_600
PER_LAYER = 4 * HIDDEN * HIDDEN + 2 * HIDDEN * FEED_FORWARD
"""Multiplications of a token by a layer's weights."""


def _tweets() -> list[str]:
    """Some of the project's English and Romanian texts that would fit into a tweet, of all files alike."""
    paths = [
        path for lang in ("en", "ro") for path in (ROOT / "models/data").glob(f"*.{lang}.jsonl")
    ]
    lines = [line for path in sorted(paths) for line in path.read_text().splitlines()]
    shown = [prepared(json.loads(line)["text"]) for line in lines]
    fit = [one for one in shown if len(one) <= 140]
    return fit[:: max(1, len(fit) // TEXTS)]


def _posts(texts: Sequence[str]) -> list[Post]:
    return [
        Post(key=PostKey("bench", str(at)), thread=str(at), text=one, posted_at=AT)
        for at, one in enumerate(texts)
    ]


def _rate(work: Callable[[Sequence[str]], object], texts: Sequence[str], runs: int = 3) -> float:
    """Texts a second, the best of some runs."""
    spans = []
    for _ in range(runs):
        started = time.perf_counter()
        work(texts)
        spans.append(time.perf_counter() - started)
    return len(texts) / min(spans)


def _pipeline() -> Any:
    """transformers' own, around a network of the shape of the original multilingual-e5-small."""
    import torch
    from transformers import (
        BertConfig,
        BertForSequenceClassification,
        PreTrainedTokenizerFast,
        pipeline,
    )

    torch.set_num_threads(2)
    torch.manual_seed(1)
    place = weights.find(weights.installed())
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(place / weights.TOKENIZER), pad_token="<pad>", unk_token="<unk>"
    )
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=HIDDEN,
        num_hidden_layers=12,
        num_attention_heads=12,
        intermediate_size=FEED_FORWARD,
        num_labels=len(Label),
    )
    network = BertForSequenceClassification(config).eval()
    return pipeline("text-classification", model=network, tokenizer=tokenizer, device="cpu")


@pytest.mark.bench
@pytest.mark.needs("torch")
@pytest.mark.timeout(1800)
def test_texts_a_second_against_the_pipeline() -> None:
    """Targets: 600 texts/s; 10 times the pipeline in batches of 32, 5 times of it sorted."""
    texts = _tweets()
    chain, shipped = _pipeline(), Shipped()
    shipped.classify(_posts(texts))
    some = texts[::4]
    figures = {
        "pipeline, one by one": _rate(lambda few: chain(list(few), batch_size=1), some[::4], 2),
        "pipeline, batches of 32": _rate(lambda few: chain(list(few), batch_size=32), some, 2),
        "pipeline, 32, sorted": _rate(
            lambda few: chain(sorted(few, key=len), batch_size=32), some, 2
        ),
        "shipped": _rate(lambda few: shipped.classify(_posts(few)), texts),
    }
    for name, rate in figures.items():
        ratio = figures["shipped"] / rate
        print(f"{name:26} {rate:7.0f} texts/s, shipped is {ratio:5.1f} times that")


@pytest.mark.bench
@pytest.mark.timeout(600)
def test_share_of_a_plain_int8_product() -> None:
    """What part of the processor's own int8 rate the whole way of a text reaches."""
    from tokenizers import Tokenizer

    texts, shipped = _tweets(), Shipped()
    shipped.classify(_posts(texts))
    place = weights.find(weights.installed())
    tokenizer = Tokenizer.from_file(str(place / weights.TOKENIZER))
    tokens = float(np.mean([len(one.ids) for one in tokenizer.encode_batch_fast(texts)]))
    layers = (place / weights.MODEL).read_text().count('type="SoftMax"')
    rate = _rate(lambda few: shipped.classify(_posts(few)), texts)
    used = rate * tokens * layers * PER_LAYER
    plain = _products_a_second()
    print(
        f"{rate:.0f} texts/s of {tokens:.1f} tokens on average through {layers} layers: "
        f"{used / 1e9:.1f} G multiplications/s; a plain int8 product {plain / 1e9:.1f}; "
        f"share {used / plain:.2f}"
    )


def _products_a_second() -> float:
    """Multiplications a second of int8 matrices of the model's own sizes, nothing between them."""
    import openvino
    from openvino import opset13 as ops

    rows, repeats = 16 * 24, 12
    chance = np.random.default_rng(1)
    first = given = ops.parameter([rows, HIDDEN], np.float32)
    for _ in range(repeats):
        for wide, narrow in ((HIDDEN, FEED_FORWARD), (FEED_FORWARD, HIDDEN)):
            bounds = [ops.constant(np.float32(one)) for one in (-4, 4, -4, 4)]
            rounded = ops.fake_quantize(given, *bounds, 256)
            matrix = chance.integers(-127, 128, (narrow, wide), dtype=np.int8)
            scale = ops.constant(np.full((narrow, 1), 1e-4, dtype=np.float32))
            weight = ops.multiply(ops.convert(ops.constant(matrix), np.float32), scale)
            given = ops.matmul(rounded, weight, transpose_a=False, transpose_b=True)
    model = openvino.Model([given], [first], "products")
    compiled = openvino.Core().compile_model(
        model,
        "CPU",
        {"PERFORMANCE_HINT": "THROUGHPUT", "NUM_STREAMS": 2, "INFERENCE_NUM_THREADS": 2},
    )
    queue = openvino.AsyncInferQueue(compiled, 2)
    row = chance.normal(size=(rows, HIDDEN)).astype(np.float32)

    def work(times: Sequence[int]) -> None:
        for _ in times:
            queue.start_async([row])
        queue.wait_all()

    work(range(10))
    return _rate(work, range(60)) * rows * repeats * 2 * HIDDEN * FEED_FORWARD  # type: ignore[arg-type]


@pytest.mark.bench
@pytest.mark.timeout(600)
def test_one_text_alone() -> None:
    """Target: p95 of one text within 12 ms."""
    shipped, spans = Shipped(), []
    posts = _posts(_tweets()[::4])
    for post in posts:
        shipped.classify([post])
    for post in posts:
        started = time.perf_counter()
        shipped.classify([post])
        spans.append(1000 * (time.perf_counter() - started))
    middle, high = np.percentile(spans, [50, 95])
    print(f"one text of {len(spans)}: p50 {middle:.1f} ms, p95 {high:.1f} ms")


_COLD = """
import time
started = time.perf_counter()
from tests.bench.bench_classifier import _posts
from monitor.classifiers.shipped import Shipped
shipped = Shipped()
shipped.classify(_posts(["Where is my parcel? It was due on Monday."]))
print(f"cold start {time.perf_counter() - started:.2f} s", flush=True)
for words in range(1, 400, 3):
    shipped.classify(_posts(["parcel " * words] * (1 + words % 20)))
# not ru_maxrss: a process inherits it from the one that started it
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(f"resident at most {int(status['VmHWM'].split()[0]) / 1024:.0f} MB")
"""


@pytest.mark.bench
@pytest.mark.timeout(600)
def test_cold_start_and_memory() -> None:
    """Targets: the first score within 1.5 s of a new process; 500 MB resident whatever the lengths."""
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", _COLD], cwd=ROOT, check=True, capture_output=True, text=True
        )
        print(done.stdout.replace("\n", "; "))

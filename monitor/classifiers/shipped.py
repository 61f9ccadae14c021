"""The default classifier: the small model that comes with the program, int8, on OpenVINO."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from monitor.classifiers import language, text, weights
from monitor.classifiers.halving import in_halves
from monitor.classifiers.soundness import refuse_no_numbers
from monitor.domain.errors import ClassifierError
from monitor.domain.judgement import Judgement, Thresholds
from monitor.domain.post import Post
from monitor.domain.quoting import quoted

if TYPE_CHECKING:  # numpy costs 80 ms, more than half of what `--help` may take
    import numpy as np
    from numpy.typing import NDArray

_BATCH = 16
_LENGTHS = (8, 16, 24, 32, 48, 64, 96, 128)
"""Tokens: texts are padded to one of these. Each shape costs the runtime some 7 MB, so few exist."""

_ALONE = 3
"""Up to so many texts left over run one by one: cheaper than a batch that is mostly padding."""

_EXPLAINED = 40
"""Words whose weight `explain` measures: each costs one run of the model."""


class Shipped:
    """Judges posts with the weights in the package (or the checkout's `models/weights`).

    Nothing is read before the first use. Safe to share between threads, which take turns.
    """

    class Options(BaseModel):
        """`threads`: of the processor. `folder`: other weights made by `models/train.py`."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        threads: int = Field(default=2, ge=1, le=64)
        folder: Path | None = None

    def __init__(self, options: Options | None = None) -> None:
        self._options = options or self.Options()
        self._lock = threading.Lock()
        self._card: weights.Card | None = None
        self._network: _Network | None = None

    @property
    def model(self) -> str:
        return self._read_card().model

    @property
    def thresholds(self) -> Thresholds:
        """Where alert, review and question begin, chosen on the development texts."""
        return self._read_card().thresholds

    def classify(self, posts: Sequence[Post], /) -> Sequence[Judgement]:
        texts = [text.of_post(post) for post in posts]
        scores = self._scores(texts)
        return [
            self._judgement(post, shown, score)
            for post, shown, score in zip(posts, texts, scores, strict=True)
        ]

    def explain(self, post: Post, /) -> list[tuple[str, float]]:
        """The words that moved the score, strongest first, each with what P(complaint) owes to it.

        Measured by leaving out one word at a time: positive where the word speaks for a complaint.
        Only the first words of a long text are measured.
        """
        words = text.of_post(post).split()
        without = [" ".join(words[:at] + words[at + 1 :]) for at in range(len(words[:_EXPLAINED]))]
        whole, *parts = (score[0] for score in self._scores([" ".join(words), *without]))
        owed = [(word, whole - part) for word, part in zip(words, parts, strict=False)]
        return sorted(owed, key=lambda one: -abs(one[1]))

    def _judgement(self, post: Post, shown: str, score: Sequence[float]) -> Judgement:
        complaint, question, praise, other = score
        return Judgement(
            complaint, question, praise, other, language.of_post(post.lang, shown), self.model
        )

    def _scores(self, texts: Sequence[str]) -> list[list[float]]:
        """Four probabilities a text. A text without a word is certainly nothing to answer.

        Raises:
            ClassifierError: none can be had.
            JudgementError: of one of these texts alone.

        """
        real = [index for index, one in enumerate(texts) if one]
        scores = [[0.0, 0.0, 0.0, 1.0] for _ in texts]
        if real:
            network = self._loaded()

            def judge(some: Sequence[str]) -> list[list[float]]:
                return in_halves(lambda few: network.probabilities(few).tolist(), some)

            found = judge([texts[index] for index in real])
            refuse_no_numbers(self.model, found, judge)
            for index, row in zip(real, found, strict=True):
                scores[index] = row
        return scores

    def _folder(self) -> Path:
        own = self._options.folder
        return weights.find([own] if own else weights.installed())

    def _read_card(self) -> weights.Card:
        if self._card is None:
            self._card = weights.read_card(self._folder())
        return self._card

    def _loaded(self) -> _Network:
        with self._lock:
            if self._network is None:
                card, folder = self._read_card(), self._folder()
                weights.verify(folder, card)
                self._network = _Network(folder, card, self._options.threads)
            return self._network


class _Network:
    """Tokenizer and compiled model: texts in, calibrated probabilities out."""

    def __init__(self, folder: Path, card: weights.Card, threads: int) -> None:
        from tokenizers import Tokenizer

        self._card = card
        self._model, self._threads = folder / weights.MODEL, threads
        self._turn = threading.Lock()
        self._lengths = [length for length in _LENGTHS if length < card.max_tokens]
        self._lengths.append(card.max_tokens)
        try:
            self._tokenizer = Tokenizer.from_file(str(folder / weights.TOKENIZER))
        except RuntimeError as error:
            raise _unloadable(error) from error
        self._tokenizer.enable_truncation(card.max_tokens)
        # A post that says "</s>" means these four characters.
        self._tokenizer.encode_special_tokens = True
        self._pad = self._tokenizer.token_to_id("<pad>") or 0
        self._requests: list[Any] | None = self._compiled()

    def _compiled(self) -> list[Any]:
        """Requests to the model, one a thread, which alone hold it and its memory."""
        import openvino

        try:
            compiled = openvino.Core().compile_model(
                self._model,
                "CPU",
                {
                    "PERFORMANCE_HINT": "THROUGHPUT",
                    "NUM_STREAMS": self._threads,
                    "INFERENCE_NUM_THREADS": self._threads,
                    # The same scores on every processor; int8 gains nothing from bfloat16.
                    "INFERENCE_PRECISION_HINT": "f32",
                },
            )
            return [compiled.create_infer_request() for _ in range(self._threads)]
        except RuntimeError as error:
            raise _unloadable(error) from error

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """One row of four a text, in the order of the texts; NaN where the network gives no number.

        After an error the model is dropped, and loaded anew at the next call: a request that failed
        tells its error for ever, and where memory ran out the model's own store of shapes is torn.

        Raises:
            ClassifierError: the runtime failed, or the weights can't be loaded again.

        """
        import numpy as np

        ids = [one.ids for one in self._tokenizer.encode_batch_fast(list(texts))]
        logits = np.full((len(ids), len(self._card.labels)), np.nan)
        with self._turn:
            requests, self._requests = self._requests or self._compiled(), None
            try:
                self._run(requests, ids, logits)
            except RuntimeError as error:
                # One stream may only tell that another, whose error comes later, left it waiting.
                told = dict.fromkeys([str(error), *_waited_for(requests)])
                said = f"{type(error).__name__} {quoted('; '.join(told))}"
                raise ClassifierError(f"the classifier failed: {said}") from error
            self._requests = requests
        logits[~np.isfinite(logits).all(axis=1)] = np.nan
        scaled = logits / self._card.temperature
        raised = np.exp(scaled - scaled.max(axis=1, keepdims=True))
        return raised / raised.sum(axis=1, keepdims=True)  # type: ignore[no-any-return]

    def _run(
        self, requests: Sequence[Any], ids: Sequence[Sequence[int]], logits: NDArray[np.float64]
    ) -> None:
        """Fill in the logits: as many batches under way as there are requests, each taking its turn."""
        under_way: deque[tuple[Any, list[int]]] = deque()

        def finish() -> None:
            request, rows = under_way.popleft()
            request.wait()
            logits[rows] = request.get_output_tensor(0).data[: len(rows)]

        free = cycle(requests)
        for rows in _batches([len(one) for one in ids]):
            if len(under_way) == len(requests):
                finish()
            request = next(free)
            request.start_async([self._padded([ids[row] for row in rows])])
            under_way.append((request, rows))
        while under_way:
            finish()

    def _padded(self, rows: Sequence[Sequence[int]]) -> NDArray[np.int32]:
        import numpy as np

        longest = max(len(row) for row in rows)
        length = next(one for one in self._lengths if one >= longest)
        padded = np.full((1 if len(rows) == 1 else _BATCH, length), self._pad, dtype=np.int32)
        padded[:, 0] = 0  # a row without any token would divide by zero
        for index, row in enumerate(rows):
            padded[index, : len(row)] = row
        return padded


def _waited_for(requests: Sequence[Any]) -> Iterator[str]:
    """The errors of what still ran, once all of it is done."""
    for request in requests:
        try:
            request.wait()
        except RuntimeError as error:
            yield str(error)


def _unloadable(error: RuntimeError) -> ClassifierError:
    return ClassifierError(f"the classifier's weights can't be loaded: {error}")


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Indices in batches of like length: one text or up to sixteen, so that few shapes arise."""
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    for at in range(0, len(order), _BATCH):
        batch = order[at : at + _BATCH]
        if len(batch) <= _ALONE:
            yield from ([one] for one in batch)
        else:
            yield batch

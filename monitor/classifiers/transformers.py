"""Any text classification model in the Hugging Face layout, from a local folder or a hub."""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from monitor.classifiers import language, text
from monitor.classifiers.halving import in_halves
from monitor.classifiers.soundness import refuse_no_numbers
from monitor.domain.errors import ClassifierError
from monitor.domain.judgement import Judgement, Label, Thresholds
from monitor.domain.post import Post


class Transformers:
    """Judges posts with a model of your choice; needs the extra `torch`.

    The model is loaded (from a hub: fetched) at the first use.
    """

    extra: ClassVar[str | None] = "torch"

    class Options(BaseModel):
        """`name`: a folder, or a name on the hub; `labels`: the model's labels as our classes.

        Labels that bear our names (in any case) need no mapping; the others must be named, several
        may share a class: `labels = { NEGATIVE = "complaint", POSITIVE = "praise" }`.
        """

        model_config = ConfigDict(extra="forbid", frozen=True)

        name: str = Field(min_length=1)
        revision: str | None = None
        labels: Mapping[str, Label] = Field(default_factory=dict)
        max_tokens: int = Field(default=128, ge=8, le=8192)
        batch: int = Field(default=16, ge=1, le=512)
        alert: float = Field(default=0.5, gt=0, lt=1)
        review: float = Field(default=0.2, gt=0, lt=1)
        question: float = Field(default=0.5, gt=0, lt=1)

    def __init__(self, options: Options) -> None:
        if importlib.util.find_spec("torch") is None:
            remedy = "pip install complaint-monitor[torch]"
            raise ModuleNotFoundError(
                f"the classifier “transformers” needs torch: {remedy}", name="torch"
            )
        self._options = options
        self._lock = threading.Lock()
        self._loaded: tuple[Any, Any, list[Label]] | None = None

    @property
    def model(self) -> str:
        return f"{self._options.name}@{self._options.revision or 'local'}"

    @property
    def thresholds(self) -> Thresholds:
        """Where alert, review and question begin: as configured, nothing is known of the model."""
        return Thresholds(self._options.alert, self._options.review, self._options.question)

    def classify(self, posts: Sequence[Post], /) -> Sequence[Judgement]:
        texts = [text.of_post(post) for post in posts]
        scores = [[float(label is Label.OTHER) for label in Label] for _ in posts]
        real = sorted((at for at, one in enumerate(texts) if one), key=lambda at: len(texts[at]))
        with self._lock:
            for start in range(0, len(real), self._options.batch):
                batch = real[start : start + self._options.batch]
                judged = in_halves(self._batch, [texts[at] for at in batch])
                refuse_no_numbers(self.model, judged, self._batch)
                for at, score in zip(batch, judged, strict=True):
                    scores[at] = score
        return [
            self._judgement(post, shown, score)
            for post, shown, score in zip(posts, texts, scores, strict=True)
        ]

    def _judgement(self, post: Post, shown: str, score: Sequence[float]) -> Judgement:
        complaint, question, praise, other = score
        return Judgement(
            complaint, question, praise, other, language.of_post(post.lang, shown), self.model
        )

    def _batch(self, texts: Sequence[str]) -> list[list[float]]:
        """Four probabilities a text, in the order of `Label`."""
        import torch

        tokenizer, network, labels = self._ready()
        shown = tokenizer(
            list(texts),
            padding=True,
            truncation=True,
            max_length=self._options.max_tokens,
            return_tensors="pt",
        )
        with torch.inference_mode():
            rows = network(**shown).logits.float().softmax(-1).tolist()
        scores = []
        for row in rows:
            score = dict.fromkeys(Label, 0.0)
            for label, part in zip(labels, row, strict=True):
                score[label] += part
            scores.append(list(score.values()))
        return scores

    def _ready(self) -> tuple[Any, Any, list[Label]]:
        if self._loaded is None:
            from transformers import AutoModelForSequenceClassification, AutoTokenizer

            name, revision = self._options.name, self._options.revision or "main"
            try:
                tokenizer = AutoTokenizer.from_pretrained(name, revision=revision)
                network = AutoModelForSequenceClassification.from_pretrained(
                    name, revision=revision
                )
            except (OSError, ValueError) as error:
                raise ClassifierError(f"the model {name} can't be loaded: {error}") from error
            names = [network.config.id2label[at] for at in range(network.config.num_labels)]
            self._loaded = tokenizer, network.eval(), self._classes(names)
        return self._loaded

    def _classes(self, names: Sequence[str]) -> list[Label]:
        """Our class for each of the model's labels, in its order."""
        own = {label.value: label for label in Label}
        mapped = {name: self._options.labels.get(name) or own.get(name.lower()) for name in names}
        unknown = [name for name, label in mapped.items() if label is None]
        if unknown:
            raise ClassifierError(
                f"the model {self._options.name} has labels that mean nothing here: "
                f"{', '.join(unknown)}. Say what they are, for example "
                f'labels = {{ {unknown[0]} = "complaint" }} (complaint, question, praise, other)'
            )
        return [label for label in mapped.values() if label is not None]

"""Any text classification model in the Hugging Face layout, from a local folder or a hub."""

from __future__ import annotations

import hashlib
import importlib.util
import math
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import httpx
from pydantic import BaseModel, ConfigDict, Field

from monitor.classifiers import language, text
from monitor.classifiers.halving import in_halves
from monitor.classifiers.soundness import refuse_no_numbers
from monitor.domain.errors import ClassifierError
from monitor.domain.judgement import Judgement, Label, Thresholds
from monitor.domain.post import Post
from monitor.domain.quoting import quoted

_MATTER = {".safetensors", ".bin", ".json", ".txt", ".model"}
"""Files of a folder by which its model judges: weights, configuration, vocabulary."""
_DIGITS = 8
"""Of a commit or a hash: enough to tell revisions apart."""
_BROKEN = (
    OSError,
    ValueError,
    RuntimeError,
    LookupError,
    TypeError,
    AttributeError,
    ImportError,
    AssertionError,
    httpx.HTTPError,
)
"""What libraries raise over a model that is damaged, unknown, not made for this, or out of reach."""


class Transformers:
    """Judges posts with a model of your choice; needs the extra `torch`.

    The model is loaded (from a hub: fetched) at the first use. Its logits are read as the pipeline of
    transformers reads them: by softmax, or each by itself (sigmoid) where labels are no alternatives
    (`multi_label_classification`, or a single label).

    Raises ClassifierError, from the first use on: it can't be loaded, is none that classifies, its
    labels mean nothing here, or it can't judge a text.
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
        self._revision: str | None = None

    @property
    def model(self) -> str:
        """Name and revision: the commit on a hub, a hash of a folder's files."""
        return f"{self._options.name}@{self._identified()[:_DIGITS]}"

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
        try:
            shown = tokenizer(
                list(texts),
                padding=True,
                truncation=True,
                max_length=min(self._options.max_tokens, _longest(tokenizer, network)),
                return_tensors="pt",
            )
            with torch.inference_mode():
                logits = network(**shown).logits.float()
        except _BROKEN as error:
            raise ClassifierError(
                f"the model {self._options.name} can't judge ({type(error).__name__}: {quoted(error)}); name "
                "another one under [classifier], or mend its files"
            ) from error
        if _apart(network.config):
            return [_first_that_holds(row, labels) for row in logits.sigmoid().tolist()]
        return [_summed(row, labels) for row in logits.softmax(-1).tolist()]

    def _identified(self) -> str:
        """The commit of a hub's model, or a hash of a folder's files.

        Raises:
            ClassifierError: there is no such model.

        """
        if self._revision is None:
            folder = Path(self._options.name)
            try:
                self._revision = _hash_of(folder) if folder.is_dir() else self._commit()
            except _BROKEN as error:
                raise self._unloadable(error) from error
        return self._revision

    def _commit(self) -> str:
        from transformers.utils import cached_file, extract_commit_hash

        revision = self._options.revision or "main"
        found = cached_file(self._options.name, "config.json", revision=revision)
        return extract_commit_hash(found, None) or revision

    def _ready(self) -> tuple[Any, Any, list[Label]]:
        if self._loaded is None:
            from safetensors import SafetensorError
            from transformers import AutoModelForSequenceClassification, AutoTokenizer

            name, revision = self._options.name, self._identified()
            try:
                tokenizer = AutoTokenizer.from_pretrained(name, revision=revision)
                network = AutoModelForSequenceClassification.from_pretrained(
                    name, revision=revision
                )
            except (*_BROKEN, SafetensorError) as error:
                raise self._unloadable(error) from error
            if network.config.problem_type == "regression":
                raise ClassifierError(
                    f"the model {name} gives a number (problem_type regression), no probabilities: "
                    "name one that classifies"
                )
            names = [network.config.id2label[at] for at in range(network.config.num_labels)]
            self._loaded = tokenizer, network.eval(), self._classes(names)
        return self._loaded

    def _unloadable(self, error: Exception) -> ClassifierError:
        return ClassifierError(
            f"the model {self._options.name} can't be loaded: is `name` under [classifier] a whole folder, "
            f"or a name on a hub that can be reached from here? ({type(error).__name__}: {quoted(error)})"
        )

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


def _apart(config: Any) -> bool:
    """Whether each label is a question of its own."""
    return bool(config.num_labels == 1 or config.problem_type == "multi_label_classification")


def _summed(row: Sequence[float], labels: Sequence[Label]) -> list[float]:
    """Four probabilities of labels that are alternatives: those of one class add up."""
    score = dict.fromkeys(Label, 0.0)
    for label, part in zip(labels, row, strict=True):
        score[label] += part
    return list(score.values())


def _first_that_holds(row: Sequence[float], labels: Sequence[Label]) -> list[float]:
    """Four probabilities of labels that may hold together: ours exclude each other, the first counts.

    Of the labels of one class the likeliest speaks; where none holds, it is something other.
    """
    if not all(map(math.isfinite, row)):
        return [math.nan] * len(Label)
    likely = dict.fromkeys(Label, 0.0)
    for label, part in zip(labels, row, strict=True):
        likely[label] = max(likely[label], part)
    score, left = dict.fromkeys(Label, 0.0), 1.0
    for label in (Label.COMPLAINT, Label.QUESTION, Label.PRAISE):
        score[label] = left * likely[label]
        left -= score[label]
    score[Label.OTHER] = left
    return list(score.values())


def _longest(tokenizer: Any, network: Any) -> int:
    """How many tokens the model has positions for."""
    longest = [int(tokenizer.model_max_length)]
    if places := getattr(network.config, "max_position_embeddings", None):
        longest.append(places)
    for name, part in network.named_modules():
        # RoBERTa and its kin begin to count behind the padding's number.
        if name.endswith("position_embeddings") and getattr(part, "padding_idx", None) is not None:
            longest.append(part.num_embeddings - part.padding_idx - 1)
    return min(longest)


def _hash_of(folder: Path) -> str:
    found = hashlib.sha256()
    for path in sorted(path for path in folder.iterdir() if path.suffix in _MATTER):
        with path.open("rb") as file:
            found.update(path.name.encode() + hashlib.file_digest(file, "sha256").digest())
    return found.hexdigest()

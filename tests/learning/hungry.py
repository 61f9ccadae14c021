"""A process whose memory runs out while the network without its head is asked, and comes back: run by a test.

As `tests.classifiers.hungry`, for what a head is trained on.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from monitor.domain.errors import ClassifierError
from monitor.learning.pooled import Floats, Pooled
from tests.classifiers.hungry import LONG, SHORT, TEXTS, little_room


def seen(pooled: Pooled, texts: Sequence[str]) -> Floats:
    """What the head sees, a row a text."""
    found = np.zeros((len(texts), pooled.head[0].shape[1]))
    for which, rows in pooled.vectors(texts):
        found[which] = rows
    return found


def together(pooled: Pooled) -> str:
    """What comes of all texts at once, which are not judged in halves."""
    ids = [one.ids for one in pooled._tokenizer.encode_batch_fast(TEXTS)]
    try:
        pooled._seen_of(ids)
    except ClassifierError as error:
        return str(error)
    return "judged"


def main() -> None:
    pooled = Pooled(Path(sys.argv[1]))
    short, long = seen(pooled, [SHORT]), seen(pooled, [LONG])
    alone = np.concatenate([short] * TEXTS.count(SHORT) + [long] * TEXTS.count(LONG))
    with little_room():
        first, halves = together(pooled), seen(pooled, TEXTS)
    off = float(np.abs(halves - alone).max())
    print(json.dumps({"first": first, "off": off, "later": together(pooled)}))


if __name__ == "__main__":
    main()

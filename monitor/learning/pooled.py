"""The shipped network without its head: what it makes of a text, and the same network with another head.

The head is the last product of the network (hidden × 4), found from its output back: so a model
needs no second output, and one with another head is an ordinary model folder.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openvino
from numpy.typing import NDArray
from openvino import opset13 as ops
from tokenizers import Tokenizer

from monitor.classifiers import weights
from monitor.classifiers.halving import in_halves
from monitor.classifiers.text import prepared
from monitor.domain.errors import ClassifierError
from monitor.domain.judgement import Label
from monitor.domain.quoting import class_and_words

Floats = NDArray[np.float64]

_BATCH = 32
_STEP = 16
"""Tokens: lengths are rounded up to a multiple, as each shape costs the runtime memory."""
_FAKE = "FakeQuantize"


class Pooled:
    """Texts in, one vector each out: what the head of the model in `folder` sees."""

    def __init__(self, folder: Path, *, threads: int = 2) -> None:
        card = weights.read_card(folder)
        weights.verify(folder, card)
        self.card = card
        self._folder = folder
        self._threads = threads
        try:
            self._tokenizer = Tokenizer.from_file(str(folder / weights.TOKENIZER))
            model = openvino.Core().read_model(folder / weights.MODEL)
            head = _head(model)
            self.head = _values(head)
            model.add_outputs(_seen(head))
            self._model = model
            self._compiled: Any = self._made()
        except RuntimeError as error:
            raise ClassifierError(f"{folder} can't be loaded: {error}") from error
        self._tokenizer.enable_truncation(card.max_tokens)
        self._tokenizer.encode_special_tokens = True
        self._pad = self._tokenizer.token_to_id("<pad>") or 0

    def _made(self) -> Any:
        how = {"INFERENCE_NUM_THREADS": self._threads, "INFERENCE_PRECISION_HINT": "f32"}
        return openvino.Core().compile_model(self._model, "CPU", how)

    def vectors(self, texts: Sequence[str]) -> Iterator[tuple[list[int], Floats]]:
        """Indices of some texts and a row for each of them, until all had their turn.

        Raises:
            ClassifierError: the runtime failed, or there is not enough memory for a single text.

        """
        ids = [
            one.ids for one in self._tokenizer.encode_batch_fast([prepared(one) for one in texts])
        ]
        order = sorted(range(len(ids)), key=lambda at: len(ids[at]))
        for start in range(0, len(order), _BATCH):
            rows = order[start : start + _BATCH]
            yield rows, np.stack(in_halves(self._seen_of, [ids[row] for row in rows]))

    def _seen_of(self, some: Sequence[Sequence[int]]) -> Sequence[Floats]:
        """What the head sees of some texts' tokens.

        After an error the network is dropped, and made anew at the next call: where memory ran out, what
        it keeps of shapes is torn (as in `classifiers.shipped`).
        """
        longest = max(map(len, some))
        length = min(-(-longest // _STEP) * _STEP, max(self.card.max_tokens, longest))
        padded = np.full((len(some), length), self._pad, dtype=np.int32)
        padded[:, 0] = 0
        for at, one in enumerate(some):
            padded[at, : len(one)] = one
        compiled, self._compiled = self._compiled, None
        try:
            compiled = self._made() if compiled is None else compiled
            found = list(np.asarray(compiled([padded])[1], dtype=np.float64))
        except RuntimeError as error:
            said = class_and_words(error)
            raise ClassifierError(f"the classifier failed: {said}") from error
        self._compiled = compiled
        return found

    def write(self, folder: Path, head: tuple[Floats, Floats]) -> None:
        """The same network with another head (weights 4 × hidden, and four biases), and its tokenizer."""
        model = openvino.Core().read_model(self._folder / weights.MODEL)
        seen = _seen(_head(model))
        matrix, bias = (np.asarray(one, dtype=np.float32) for one in head)
        logits = ops.add(
            ops.matmul(seen, ops.constant(matrix), transpose_a=False, transpose_b=True),
            ops.constant(bias.reshape(1, -1)),
        )
        made = openvino.Model([logits.output(0)], model.get_parameters(), "head")
        folder.mkdir(parents=True)
        openvino.save_model(made, folder / weights.MODEL)
        (folder / weights.TOKENIZER).write_bytes((self._folder / weights.TOKENIZER).read_bytes())


def _head(model: Any) -> Any:
    """The last product, whose rows are our classes."""
    node = model.get_results()[0].input_value(0).get_node()
    while node.get_type_name() != "MatMul":
        wide = [one for one in node.inputs() if one.get_source_output().get_node().inputs()]
        if not wide:
            raise ClassifierError("the model has no head that could be trained anew")
        node = wide[0].get_source_output().get_node()
    if node.get_output_partial_shape(0)[-1].get_length() != len(Label):
        raise ClassifierError("the model's head has other classes than ours")
    return node


def _seen(head: Any) -> Any:
    """What goes into the head, before it is rounded to eight bits."""
    output = head.input_value(0)
    while output.get_node().get_type_name() == _FAKE:
        output = output.get_node().input_value(0)
    return output


def _values(head: Any) -> tuple[Floats, Floats]:
    """The head's own weights (4 × hidden) and biases, as the constants of the graph give them."""
    by = head.input_value(1)
    after = next(iter(head.output(0).get_target_inputs())).get_node()
    outputs = [by]
    if after.get_type_name() == "Add":
        outputs.append(after.input_value(1))
    found = openvino.Core().compile_model(openvino.Model(outputs, [], "constants"), "CPU")([])
    matrix = np.asarray(found[0], dtype=np.float64)
    if not head.get_attributes()["transpose_b"]:
        matrix = matrix.T
    bias = np.asarray(found[1], dtype=np.float64) if len(outputs) > 1 else np.zeros(len(Label))
    return matrix, bias.reshape(-1)

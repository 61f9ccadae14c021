"""What nobody would write, and what goes wrong below: a clear answer or a clear error, never a wrong one."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import openvino
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openvino import opset13 as ops
from tokenizers import Tokenizer

from monitor.classifiers import weights
from monitor.classifiers.halving import in_halves
from monitor.classifiers.shipped import Shipped
from monitor.classifiers.transformers import Transformers
from monitor.domain.errors import ClassifierError
from monitor.domain.judgement import Judgement, Label
from monitor.domain.post import Post, PostKey
from monitor.domain.quoting import unquoted
from monitor.learning.pooled import Pooled
from monitor.ports import Classifier
from monitor.runner import Runner
from monitor.stages.classify import Classify
from monitor.store.engine import Database
from tests.classifiers.tiny import sentiment
from tests.store.written import SHOP, TEN, Bringing, rows, written

AT = datetime(2026, 5, 4, 9, tzinfo=UTC)


def post(text: str) -> Post:
    return Post(key=PostKey("forum", "1"), thread="1", text=text, posted_at=AT)


@pytest.fixture(scope="module")
def shipped() -> Shipped:
    return Shipped()


@pytest.mark.parametrize(
    "text", ["", " \t\r\n", "\u00a0\u2003", "\x00\x07\x1b", "\ud83d\udc00"[:1]]
)
def test_nothing_is_nothing_to_answer(shipped: Shipped, text: str) -> None:
    [judged] = shipped.classify([post(text)])
    assert (judged.label, judged.complaint, judged.language) == (Label.OTHER, 0.0, None)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("😡" * 3, None),
        ("https://a.example/x https://b.example/y", None),
        ("@shop @shop @shop", None),
        ("\x1b[31m still no refund, where are they?\x07", "en"),
        ("still \udc00 no refund", "en"),
        ("Paczka jeszcze nie dotarła", None),
        ("где моя посылка", None),
        ("x" * 100_000, None),
        ("still no refund " * 6_250, "en"),
    ],
    ids=[
        *("emoji", "links", "handles", "controls", "surrogate", "polish", "russian"),
        *("100 kB of one word", "100 kB"),
    ],
)
def test_odd_posts_get_an_ordinary_judgement_and_a_language_only_where_it_can_be_told(
    shipped: Shipped, text: str, language: str | None
) -> None:
    [judged] = shipped.classify([post(text)])
    assert sum(getattr(judged, one.value) for one in Label) == pytest.approx(1)
    assert judged.language == language


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(st.characters(codec=None), max_size=300), min_size=1, max_size=20))
def test_whatever_is_written_is_judged(shipped: Shipped, texts: list[str]) -> None:
    judged = shipped.classify([post(text) for text in texts])
    assert len(judged) == len(texts)


def test_scores_that_are_no_numbers_are_an_error_that_says_so(tmp_path: Path) -> None:
    pooled = Pooled(weights.find(weights.installed()))
    matrix, bias = pooled.head
    pooled.write(tmp_path / "nan", (matrix, bias * np.nan))
    names = pooled.card.sha256
    card = pooled.card.model_copy(
        update={"sha256": {name: weights.sha256(tmp_path / "nan" / name) for name in names}}
    )
    (tmp_path / "nan" / weights.CARD).write_text(card.model_dump_json())
    broken = Shipped(Shipped.Options(folder=tmp_path / "nan"))
    with pytest.raises(ClassifierError, match="not numbers: are its weights whole"):
        broken.classify([post("still no refund")])


@pytest.mark.needs("torch")
def test_another_models_weights_that_are_no_numbers_are_an_error_that_says_so(
    tmp_path: Path,
) -> None:
    from transformers import AutoModelForSequenceClassification

    network = AutoModelForSequenceClassification.from_pretrained(sentiment(tmp_path))
    network.classifier.bias.data[:] = float("nan")
    network.save_pretrained(tmp_path)
    labels = {"NEGATIVE": Label.COMPLAINT, "POSITIVE": Label.PRAISE}
    broken = Transformers(Transformers.Options(name=str(tmp_path), labels=labels))
    with pytest.raises(ClassifierError, match="not numbers: are its weights whole"):
        broken.classify([post("late parcel")])


def test_weights_that_are_whole_and_no_model_are_an_error(tmp_path: Path) -> None:
    pooled = Pooled(weights.find(weights.installed()))
    folder = tmp_path / "cut"
    folder.mkdir()
    names = pooled.card.sha256
    for name in names:
        (folder / name).write_bytes(b"<net>")
    tokenizer = weights.find(weights.installed()) / weights.TOKENIZER
    (folder / weights.TOKENIZER).write_bytes(tokenizer.read_bytes())
    card = pooled.card.model_copy(
        update={"sha256": {name: weights.sha256(folder / name) for name in names}}
    )
    (folder / weights.CARD).write_text(card.model_dump_json())
    with pytest.raises(ClassifierError, match="can't be loaded"):
        Shipped(Shipped.Options(folder=folder)).classify([post("hello")])
    with pytest.raises(ClassifierError, match="can't be loaded"):
        Pooled(folder)


class Wrong:
    """Says of one post what is no probability."""

    model = "wrong@1"

    def classify(self, posts: Sequence[Post], /) -> Sequence[Judgement]:
        return [self._judge(float("nan") if one.text == "odd" else 0.1) for one in posts]

    def _judge(self, score: float) -> Judgement:
        return Judgement(score, 0.0, 0.0, 0.9, "en", self.model)


def plug_in(_: Path) -> Classifier:
    """Of a stranger's making."""
    return Wrong()


def ours(folder: Path) -> Classifier:
    """The shipped network, but for one piece of a word, which spoils the text that it stands in."""
    source = weights.find(weights.installed())
    tokenizer = Tokenizer.from_file(str(source / weights.TOKENIZER))
    [_, piece, *_] = tokenizer.encode("odd").ids
    model = openvino.Core().read_model(source / weights.MODEL)
    [pieces] = model.get_parameters()
    spoilt = ops.reduce_logical_or(ops.equal(pieces, ops.constant(piece, np.int32)), 1, True)
    logits = model.get_results()[0].input_value(0)
    nothing = ops.constant(np.full((1, len(Label)), np.nan, dtype=np.float32))
    written_to(folder, openvino.Model([ops.select(spoilt, nothing, logits)], [pieces], "spoilt"))
    return Shipped(Shipped.Options(folder=folder))


def written_to(folder: Path, model: openvino.Model) -> None:
    """Make it a model folder, with the shipped tokenizer and a card."""
    source = weights.find(weights.installed())
    openvino.save_model(model, folder / weights.MODEL)
    (folder / weights.TOKENIZER).write_bytes((source / weights.TOKENIZER).read_bytes())
    card = weights.read_card(source)
    hashes = {name: weights.sha256(folder / name) for name in card.sha256}
    (folder / weights.CARD).write_text(card.model_copy(update={"sha256": hashes}).model_dump_json())


def hugging_face(folder: Path) -> Classifier:
    """A model to which one word means nothing that can be reckoned with."""
    from transformers import AutoModelForSequenceClassification

    network = AutoModelForSequenceClassification.from_pretrained(sentiment(folder, words=["odd"]))
    network.get_input_embeddings().weight.data[-1] = float("nan")
    network.save_pretrained(folder)
    labels = {"NEGATIVE": Label.COMPLAINT, "POSITIVE": Label.PRAISE}
    return Transformers(Transformers.Options(name=str(folder), labels=labels))


@pytest.mark.parametrize(
    "broken", [plug_in, ours, pytest.param(hugging_face, marks=pytest.mark.needs("torch"))]
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_one_post_with_a_score_that_is_none_never_stops_the_others(
    database_url: str, tmp_path: Path, broken: Callable[[Path], Classifier]
) -> None:
    database = Database(database_url)
    texts = ["a", "odd", "b", "c"]
    posts = [written(str(number), text=text) for number, text in enumerate(texts)]
    Bringing(database, SHOP).brings(*posts)
    stage = Classify(database, broken(tmp_path))
    for _ in range(4):
        Runner([stage], database, clock=lambda: TEN).until_idle()
    judged = rows(database, "SELECT text FROM judgement JOIN post ON post.id = post_id ORDER BY 1")
    assert judged == [("a",), ("b",), ("c",)]
    [(reason,)] = rows(database, "SELECT reason FROM failure WHERE item = '2'")
    assert "gave what is no probability" in reason
    assert "let people judge this text" in reason
    database.close()


# -------------------------------------------------------------------------------- out of memory


def judging(room: int, error: Exception) -> Callable[[Sequence[int]], list[int]]:
    """Doubles numbers, of which only so many fit into memory."""

    def judge(items: Sequence[int]) -> list[int]:
        if len(items) > room:
            raise error
        return [2 * one for one in items]

    return judge


SHORT = [
    MemoryError(),
    RuntimeError("Exception from src/inference: std::bad_alloc"),
    RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
    ClassifierError("the classifier failed: could not allocate memory"),
]


@pytest.mark.parametrize("error", SHORT, ids=str)
@given(items=st.lists(st.integers(), min_size=1, max_size=40), room=st.integers(1, 40))
def test_a_batch_that_does_not_fit_is_judged_in_halves(
    error: Exception, items: list[int], room: int
) -> None:
    assert in_halves(judging(room, error), items) == [2 * one for one in items]


def hungry(folder: Path) -> None:
    """The shipped network, which takes 40 MB more for each text of 128 tokens, and scores as before."""
    model = openvino.Core().read_model(weights.find(weights.installed()) / weights.MODEL)
    [pieces] = model.get_parameters()
    wide = ops.constant(np.full((1, 40_000_000 // 4 // 128), 1e-3, dtype=np.float32))
    taken = ops.relu(ops.matmul(ops.unsqueeze(ops.convert(pieces, "f32"), 2), wide, False, False))
    nearly_nothing = ops.multiply(ops.reduce_mean(taken, [1, 2], False), np.float32(1e-20))
    logits = model.get_results()[0].input_value(0)
    scored = ops.add(logits, ops.unsqueeze(nearly_nothing, 1))
    written_to(folder, openvino.Model([scored], [pieces], "hungry"))


@pytest.mark.timeout(300)
def test_where_memory_runs_out_the_rest_is_judged_and_once_it_is_back_all_is(
    tmp_path: Path,
) -> None:
    hungry(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "tests.classifiers.hungry", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert "alloc" in told["first"]
    assert np.abs(np.array(told["halves"]) - np.array(told["alone"])).max() <= 1e-3
    assert told["later"] == "judged"


def test_where_not_even_one_fits_the_remedy_is_named() -> None:
    with pytest.raises(ClassifierError, match="not enough memory to judge a single text"):
        in_halves(judging(0, MemoryError()), [1, 2, 3])


def test_what_a_runtime_says_of_memory_is_marked_as_its_own() -> None:
    with pytest.raises(ClassifierError) as told:
        in_halves(judging(0, RuntimeError("can't allocate for: my parcel")), [1])
    assert unquoted(str(told.value)).endswith("(RuntimeError “…”)")


def test_other_errors_are_not_tried_in_halves() -> None:
    with pytest.raises(RuntimeError, match="broken model"):
        in_halves(judging(0, RuntimeError("broken model")), [1, 2])

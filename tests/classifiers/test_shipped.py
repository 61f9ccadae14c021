"""The model that comes with the program, as its users meet it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.classifiers import weights
from monitor.classifiers.shipped import Shipped
from monitor.domain.errors import ClassifierError
from monitor.domain.judgement import Judgement, Label
from monitor.domain.post import Post, PostKey

NEAR = 1e-3


def post(text: str, title: str | None = None, lang: str | None = None) -> Post:
    at = datetime(2026, 5, 4, 9, tzinfo=UTC)
    return Post(
        key=PostKey("forum", "1"), thread="1", text=text, title=title, lang=lang, posted_at=at
    )


def parts(judgement: Judgement) -> list[float]:
    return [getattr(judgement, label.value) for label in Label]


@pytest.fixture(scope="module")
def shipped() -> Shipped:
    return Shipped(Shipped.Options())


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("My parcel is three weeks late and nobody answers my e-mails.", Label.COMPLAINT),
        ("Aștept banii înapoi de o lună și nu îmi răspunde nimeni.", Label.COMPLAINT),
        ("Am platit de doua ori aceeasi factura, rezolvati va rog", Label.COMPLAINT),
        ("What time do you open on Saturday?", Label.QUESTION),
        ("Livrați și în Brașov?", Label.QUESTION),
        ("Thank you, the new one arrived and it works great!", Label.PRAISE),
        ("Mulțumesc, totul a fost perfect!", Label.PRAISE),
        ("The match last night ended two all.", Label.OTHER),
        ("Vremea rea continuă și mâine în toată țara.", Label.OTHER),
    ],
)
def test_plain_posts_are_told_apart(shipped: Shipped, text: str, label: Label) -> None:
    (judged,) = shipped.classify([post(text)])
    assert judged.label is label


def test_a_judgement_is_a_distribution_with_language_and_model(shipped: Shipped) -> None:
    english, stated = shipped.classify([post("where is my refund?"), post("ok", lang="ro")])
    assert sum(parts(english)) == pytest.approx(1)
    assert (english.language, stated.language) == ("en", "ro")
    name, _, revision = english.model.partition("@")
    assert name
    assert revision
    assert shipped.model == english.model


@pytest.mark.parametrize(
    ("stated", "language"), [("en-US", "en"), ("pt_BR", "pt"), ("RO", "ro"), ("-", "en")]
)
def test_of_a_stated_language_the_primary_tag_counts(
    shipped: Shipped, stated: str, language: str
) -> None:
    [judged] = shipped.classify([post("where is my refund?", lang=stated)])
    assert judged.language == language


def test_the_title_counts(shipped: Shipped) -> None:
    bare, titled = shipped.classify(
        [post("Bought in May."), post("Bought in May.", title="Broken after a week, no refund")]
    )
    assert titled.complaint > bare.complaint


def test_no_posts_no_judgements(shipped: Shipped) -> None:
    assert list(shipped.classify([])) == []


@pytest.mark.parametrize("text", ["", "   \n", "\x00", "\ud83d"])
def test_a_post_without_a_word_is_nothing_to_answer(shipped: Shipped, text: str) -> None:
    (judged,) = shipped.classify([post(text)])
    assert judged.label is Label.OTHER
    assert judged.complaint == 0


@pytest.mark.parametrize(
    "text",
    [
        "nan",
        "NaN",
        "😡😡😡",
        "</s> <pad> <pad> still no refund",
        "\u202eخدمة سيئة\u202c",
        "lone \udc00 surrogate, parcel lost",
        "late " * 20_000,
        "x" * 100_000,
    ],
)
def test_odd_texts_get_ordinary_judgements(shipped: Shipped, text: str) -> None:
    (judged,) = shipped.classify([post(text)])
    assert sum(parts(judged)) == pytest.approx(1)


TEXTS = [
    "no",
    "Where is my order?",
    "Not impressed: the zip broke on the first evening and nobody wants to hear about it.",
    "Bună ziua, mai aveți mărimea 39?",
    "Superb, mulțumesc!",
    "I have been a customer for years " * 12,
    "word " * 300,
    "",
]


@pytest.fixture(scope="module")
def alone(shipped: Shipped) -> dict[str, list[float]]:
    """What each text scores when nothing else is judged with it."""
    return {text: parts(shipped.classify([post(text)])[0]) for text in TEXTS}


@settings(max_examples=12)
@given(texts=st.lists(st.sampled_from(TEXTS), min_size=1, max_size=40))
def test_a_score_is_the_same_alone_and_in_company(
    shipped: Shipped, alone: dict[str, list[float]], texts: list[str]
) -> None:
    together = shipped.classify([post(text) for text in texts])
    for text, judged in zip(texts, together, strict=True):
        assert parts(judged) == pytest.approx(alone[text], abs=NEAR)


def test_the_words_that_moved_the_score_are_told(shipped: Shipped) -> None:
    reasons = shipped.explain(post("Hello there, my parcel never arrived"))
    words = [word for word, _ in reasons]
    assert set(words) == {"Hello", "there,", "my", "parcel", "never", "arrived"}
    assert {"never", "parcel", "arrived"} & set(words[:2])
    assert reasons[0][1] > 0


def test_explaining_is_bounded_and_nothing_needs_no_explanation(shipped: Shipped) -> None:
    assert len(shipped.explain(post("late again " * 500))) <= 40
    assert shipped.explain(post("")) == []


def test_thresholds_are_in_order(shipped: Shipped) -> None:
    limits = shipped.thresholds
    assert 0 < limits.review <= limits.alert < 1


def test_the_constructor_reads_nothing(tmp_path: Path) -> None:
    nowhere = Shipped(Shipped.Options(folder=tmp_path / "absent"))
    with pytest.raises(ClassifierError, match="missing"):
        nowhere.classify([post("hello")])


def test_a_corrupt_model_is_an_error_and_not_a_judgement(tmp_path: Path) -> None:
    shutil.copytree(weights.find(weights.installed()), tmp_path / "weights")
    model = tmp_path / "weights" / "model.bin"
    with model.open("r+b") as file:
        file.seek(1_000)
        file.write(b"\xff\x00\xff")
    broken = Shipped(Shipped.Options(folder=tmp_path / "weights"))
    with pytest.raises(ClassifierError, match="corrupt"):
        broken.classify([post("hello")])


def test_the_weights_in_the_package_are_used_where_there_is_no_checkout(tmp_path: Path) -> None:
    package = tmp_path / "site" / "monitor"
    source = Path(weights.__file__).parents[1]
    for part in ("classifiers", "domain"):
        shutil.copytree(source / part, package / part)
    for name in ("__init__.py", "ports.py"):
        shutil.copy(source / name, package / name)
    shutil.copytree(weights.find(weights.installed()), package / "weights")
    program = (
        "from monitor.classifiers import weights;"
        "from monitor.classifiers.shipped import Shipped;"
        "print(weights.find(weights.installed()), Shipped().model)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=package.parent,
        env={"PYTHONPATH": str(package.parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    place, model = done.stdout.split()
    assert Path(place) == package / "weights"
    assert model == Shipped().model


def test_importing_the_plug_in_loads_no_runtime() -> None:
    program = (
        "import sys, monitor.classifiers.shipped;"
        "print(*{'numpy', 'openvino', 'tokenizers'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []

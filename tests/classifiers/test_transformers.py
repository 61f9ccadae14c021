"""Any other model in the shipped one's place."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from monitor.classifiers.transformers import Transformers
from monitor.domain.errors import ClassifierError
from monitor.domain.judgement import Label
from monitor.domain.post import Post, PostKey
from monitor.domain.quoting import unquoted
from tests.classifiers.hub import COMMIT, NAME, hub
from tests.classifiers.tiny import sentiment

pytestmark = pytest.mark.timeout(600)
"""To load torch alone takes minutes where many programs share a processor."""


def post(text: str) -> Post:
    at = datetime(2026, 5, 4, 9, tzinfo=UTC)
    return Post(key=PostKey("forum", "1"), thread="1", text=text, posted_at=at)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return sentiment(tmp_path)


LABELS = {"NEGATIVE": Label.COMPLAINT, "POSITIVE": Label.PRAISE}


@pytest.mark.needs("torch")
def test_a_local_model_judges_in_order_and_alone_as_in_company(folder: Path) -> None:
    classifier = Transformers(Transformers.Options(name=str(folder), labels=LABELS, batch=2))
    posts = [post("no refund"), post(""), post("great thanks"), post("late parcel no refund")]
    judged = classifier.classify(posts)
    assert [one.label for one in judged][1] is Label.OTHER
    for one, alone in zip(judged, posts, strict=True):
        assert one.complaint + one.praise + one.other == pytest.approx(1)
        assert one.complaint == pytest.approx(classifier.classify([alone])[0].complaint, abs=1e-5)


@pytest.mark.needs("torch")
def test_labels_that_mean_nothing_here_are_named(folder: Path) -> None:
    classifier = Transformers(Transformers.Options(name=str(folder)))
    with pytest.raises(ClassifierError, match=r"NEGATIVE, POSITIVE.*labels = "):
        classifier.classify([post("late parcel")])


@pytest.mark.needs("torch")
def test_a_model_that_is_not_there_is_an_error_with_its_name(tmp_path: Path) -> None:
    classifier = Transformers(Transformers.Options(name=str(tmp_path / "absent")))
    with pytest.raises(ClassifierError, match="absent can't be loaded"):
        classifier.classify([post("late parcel")])


def odds(folder: Path, text: str) -> list[float]:
    """What each label's logit is by itself, by transformers alone."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    shown = AutoTokenizer.from_pretrained(folder)(text, return_tensors="pt")
    network = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    with torch.inference_mode():
        found: list[float] = network(**shown).logits[0].sigmoid().tolist()
    return found


@pytest.mark.needs("torch")
def test_a_single_label_is_a_yes_or_no_and_not_always_a_yes(tmp_path: Path) -> None:
    folder = sentiment(tmp_path, ["TOXIC"])
    classifier = Transformers(
        Transformers.Options(name=str(folder), labels={"TOXIC": Label.COMPLAINT})
    )
    judged = classifier.classify([post("late parcel")])[0]
    (expected,) = odds(folder, "late parcel")
    assert 0.1 < expected < 0.9
    assert judged.complaint == pytest.approx(expected, abs=1e-5)
    assert judged.other == pytest.approx(1 - expected, abs=1e-5)


@pytest.mark.needs("torch")
def test_labels_that_may_hold_together_are_asked_one_by_one(tmp_path: Path) -> None:
    names = ["anger", "annoyance", "gratitude", "curiosity", "neutral"]
    ours = [Label.COMPLAINT, Label.COMPLAINT, Label.PRAISE, Label.QUESTION, Label.OTHER]
    folder = sentiment(tmp_path, names, problem_type="multi_label_classification")
    mapped = dict(zip(names, ours, strict=True))
    classifier = Transformers(Transformers.Options(name=str(folder), labels=mapped))
    judged = classifier.classify([post("late parcel")])[0]
    anger, annoyance, gratitude, curiosity, _ = odds(folder, "late parcel")
    complaint = max(anger, annoyance)
    assert judged.complaint == pytest.approx(complaint, abs=1e-5)
    assert judged.question == pytest.approx((1 - complaint) * curiosity, abs=1e-5)
    praise = (1 - complaint) * (1 - curiosity) * gratitude
    assert judged.praise == pytest.approx(praise, abs=1e-5)
    whole = judged.complaint + judged.question + judged.praise + judged.other
    assert whole == pytest.approx(1)


@pytest.mark.needs("torch")
def test_a_model_that_gives_a_number_and_no_probability_is_refused(tmp_path: Path) -> None:
    folder = sentiment(tmp_path, ["STARS"], problem_type="regression")
    classifier = Transformers(
        Transformers.Options(name=str(folder), labels={"STARS": Label.PRAISE})
    )
    with pytest.raises(ClassifierError, match=r"gives a number .*name one that classifies"):
        classifier.classify([post("late parcel")])


@pytest.mark.needs("torch")
@pytest.mark.parametrize(
    "shape",
    [
        {"kind": "bert", "max_position_embeddings": 32},
        {"kind": "roberta", "max_position_embeddings": 32, "pad_token_id": 1},
    ],
    ids=["bert", "roberta"],
)
def test_a_long_text_is_cut_to_what_the_model_has_places_for(
    tmp_path: Path, shape: dict[str, Any]
) -> None:
    folder = sentiment(tmp_path, **shape)
    classifier = Transformers(Transformers.Options(name=str(folder), labels=LABELS))
    long, cut = (classifier.classify([post("late " * n)])[0] for n in (500, 32 - 2))
    assert 0 < long.complaint < 1
    if shape["kind"] == "roberta":
        assert long.complaint == pytest.approx(cut.complaint, abs=1e-6)


@pytest.mark.needs("torch")
def test_what_a_model_breaks_on_is_told_with_its_name(tmp_path: Path) -> None:
    folder = sentiment(tmp_path)
    settings = folder / "tokenizer_config.json"
    said = json.loads(settings.read_text())
    del said["pad_token"]
    settings.write_text(json.dumps(said))
    classifier = Transformers(Transformers.Options(name=str(folder), labels=LABELS))
    with pytest.raises(ClassifierError, match=rf"the model {folder} can't judge .*pad") as told:
        classifier.classify([post("late parcel"), post("no")])
    assert "can't judge (ValueError: “…”); name" in unquoted(str(told.value))


@pytest.mark.needs("torch")
@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
def test_a_damaged_file_is_an_error_with_the_models_name(folder: Path, name: str) -> None:
    (folder / name).write_text("version https://git-lfs")
    classifier = Transformers(Transformers.Options(name=str(folder), labels=LABELS))
    with pytest.raises(ClassifierError, match=f"the model {folder} can't be loaded"):
        classifier.classify([post("late parcel")])


@pytest.mark.needs("torch")
def test_a_folder_is_another_revision_when_its_weights_are(tmp_path: Path) -> None:
    def revision(of: Path) -> str:
        found = Transformers(Transformers.Options(name=str(of), labels=LABELS))
        (judged,) = found.classify([post("late parcel")])
        name, _, said = judged.model.partition("@")
        assert (name, judged.model) == (str(of), found.model)
        return said

    one, other = sentiment(tmp_path / "one"), sentiment(tmp_path / "other", seed=2)
    copy = Path(shutil.copytree(one, tmp_path / "copy"))
    assert revision(one) == revision(copy)
    assert len(revision(one)) == 8
    assert revision(one) != revision(other)


FROM_A_HUB = """
import sys
from monitor.classifiers.transformers import Transformers
from monitor.domain.errors import ClassifierError
from tests.classifiers.test_transformers import LABELS, post

judges, *names = sys.argv[1:]
for name in names:
    made = Transformers(Transformers.Options(name=name, labels=LABELS))
    try:
        print(made.classify([post("late parcel")])[0].model if judges == "judge" else made.model)
    except ClassifierError as error:
        print(str(error).partition("?")[0])
"""


@pytest.mark.needs("torch")
def test_a_model_of_a_hub_bears_the_commit_it_came_from(folder: Path, tmp_path: Path) -> None:
    """Also later, when nothing can be fetched and what is kept is used. One that it has not is named."""
    found = f"{NAME}@{COMMIT[:8]}"
    absent = "the model shop/none can't be loaded: is `name` under [classifier] a whole folder"
    with hub(folder) as address:
        around = {**os.environ, "HF_ENDPOINT": address, "HF_HOME": str(tmp_path / "cache")}
        # this hub is on this machine, whatever the surroundings say of others
        first, second = run({**around, "HF_HUB_OFFLINE": "0"}, "judge", NAME, "shop/none")
    assert (first, second[: len(absent)]) == (found, absent)
    first, second = run({**around, "HF_HUB_OFFLINE": "1"}, "name", NAME, "shop/none")
    assert (first, second[: len(absent)]) == (found, absent)


def run(around: dict[str, str], *arguments: str) -> list[str]:
    """What the program prints, a line a name: of what judged, or only of what would (quick)."""
    done = subprocess.run(
        [sys.executable, "-c", FROM_A_HUB, *arguments],
        env=around,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


WITHOUT_TORCH = """
import sys


class Without:
    def __init__(self, finder): self.finder = finder
    def find_spec(self, name, *more):
        return None if name == "torch" else self.finder.find_spec(name, *more)


sys.meta_path[:] = [Without(finder) for finder in sys.meta_path]
from monitor.classifiers.transformers import Transformers
Transformers(Transformers.Options(name="anything"))
"""


def test_without_torch_the_extra_is_named() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "pip install complaint-monitor[torch]" in done.stderr


def test_unknown_options_and_classes_are_refused() -> None:
    with pytest.raises(ValidationError):
        Transformers.Options.model_validate({"name": "x", "labels": {"LABEL_0": "angry"}})
    with pytest.raises(ValidationError):
        Transformers.Options.model_validate({"name": "x", "colour": "red"})


def test_labels_can_be_said_in_the_config() -> None:
    read = Transformers.Options.model_validate(
        json.loads('{"name": "x", "labels": {"A": "praise"}}')
    )
    assert read.labels == {"A": Label.PRAISE}

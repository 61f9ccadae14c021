"""Any other model in the shipped one's place."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from monitor.classifiers.transformers import Transformers
from monitor.domain.errors import ClassifierError
from monitor.domain.judgement import Label
from monitor.domain.post import Post, PostKey
from tests.classifiers.tiny import sentiment


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

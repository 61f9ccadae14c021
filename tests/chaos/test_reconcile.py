"""The first of the posts that `tests/chaos/reconcile.py` takes the whole way."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.installation import WORDS
from tests.chaos.reconcile import POSTS, reconcile

MADE_UP = (
    "still no parcel",
    "lovely lamp",
    "hmm, odd colour",
    "do you open on Sundays?",
    "lovely lamp",
    "my lamp arrived broken 😡",
)


@pytest.mark.timeout(600)
def test_every_count_has_its_equal_in_the_next_stage(tmp_path: Path) -> None:
    assert_reconciled(list(MADE_UP), tmp_path, cases=3)


@pytest.mark.timeout(600)
@pytest.mark.needs("shared")
def test_so_have_the_counts_of_real_posts(tmp_path: Path, shared_data: Path) -> None:
    texts = (shared_data / POSTS).read_text(encoding="utf-8").splitlines()[:500]
    assert_reconciled(texts, tmp_path, cases=None)


def assert_reconciled(texts: list[str], folder: Path, cases: int | None) -> None:
    found = reconcile(texts, folder, WORDS)
    differing = [one for one in found.equations if one[2] != one[3]]
    assert differing == []
    assert len(found.equations) > 20
    if cases is not None:
        assert {words: left for _, words, left, _ in found.equations}[
            "alert + review = cases"
        ] == cases

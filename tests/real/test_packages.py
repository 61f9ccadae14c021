"""The job against the real Bluesky starts with all of its packages, or installs them anew."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.real.bluesky import PACKAGES, is_whole


def lock(versions: dict[str, str]) -> str:
    """What npm writes at the end of an installation."""
    packages = {f"node_modules/{name}": {"version": one} for name, one in versions.items()}
    return json.dumps({"lockfileVersion": 3, "packages": packages})


@pytest.mark.parametrize(
    ("said", "whole"),
    [
        (None, False),
        (lock(PACKAGES)[:-9], False),
        (lock({}), False),
        (lock(dict.fromkeys(PACKAGES, "0.0.1")), False),
        (lock(PACKAGES | {"another": "1.0.0"}), True),
    ],
    ids=["broken off", "half written", "another's", "another version", "whole"],
)
def test_packages_count_as_there_only_once_npm_has_said_so(
    tmp_path: Path, said: str | None, whole: bool
) -> None:
    for name in PACKAGES:
        (tmp_path / "node_modules" / name).mkdir(parents=True)
    if said is not None:
        (tmp_path / "node_modules" / ".package-lock.json").write_text(said)
    assert is_whole(tmp_path) is whole

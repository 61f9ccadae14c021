"""What names a thing is never empty: two things without a name would be taken for one."""

from __future__ import annotations

import pytest

from monitor.fetching import fields


def test_an_empty_name_is_no_name() -> None:
    assert fields.key({"id": "7"}, "id") == "7"
    with pytest.raises(ValueError, match="id is empty"):
        fields.key({"id": ""}, "id")
    assert ValueError in fields.UNREADABLE

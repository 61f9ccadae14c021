"""A cursor that is none of the source's own is told as such, whatever it is."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.cursor import held
from monitor.domain.errors import SourceError


def read(said: Any) -> int:
    return int(said.pop("page"))


def test_what_it_holds_is_read() -> None:
    assert held('{"page": "7"}', "the source x", read) == 7


@pytest.mark.parametrize(
    "cursor",
    [
        *["", "{}", "[]", "7", "null", '{"page": "none"}', '{"page": []}'],
        pytest.param("[" * 100_000, id="deep"),
        '{"page": "7", "next": "\\ud800"}',
    ],
)
def test_another_s_cursor_is_none(cursor: str) -> None:
    with pytest.raises(SourceError, match="this is no cursor of the source x: ") as raised:
        held(cursor, "the source x", read)
    assert raised.value.permanent
    assert len(str(raised.value)) < 130


@given(st.text())
def test_any_text_is_a_cursor_or_an_error(cursor: str) -> None:
    with suppress(SourceError):
        held(cursor, "the source x", read)

"""What others said can be told from what we say, and left out of it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.quoting import quoted, unquoted


@given(st.text(), st.text())
def test_of_what_is_quoted_nothing_is_left(words: str, more: str) -> None:
    said = f"X refuses (403): {quoted(words)}; look at {quoted(more)}"
    assert unquoted(said) == "X refuses (403): “…”; look at “…”"
    assert unquoted(unquoted(said)) == unquoted(said)


@given(st.text(alphabet="ab“”\n", max_size=8), st.integers(0, 30))
def test_nor_where_it_is_quoted_again_or_cut_off(words: str, end: int) -> None:
    told = f"log-in: {quoted(quoted(f'zz{words}zz'))}"[:end]
    assert "z" not in unquoted(told)


def test_our_own_words_stay() -> None:
    assert unquoted("the key is wrong: check the secret") == "the key is wrong: check the secret"

"""What may be wrong with a payload: fields dropped, of another type, or absurdly large, anywhere in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=10**15),
    st.floats(allow_nan=True),
    st.text(max_size=20),
    st.just("x" * 5000),
    st.just("\ud800\x00"),
    st.builds(list),
    st.builds(dict),
    st.builds(lambda: [{}]),
    st.just("9999-12-31T23:59:59-14:00"),
)


def mutate(body: Any, data: st.DataObject) -> None:
    """Change up to four places, at any depth."""
    for _ in range(data.draw(st.integers(1, 4), label="changes")):
        _mutate_one(body, data)


def _mutate_one(body: Any, data: st.DataObject) -> None:
    places = list(_places(body))
    if not places:
        return
    holder, name = data.draw(st.sampled_from(places), label="place")
    if data.draw(st.booleans(), label="drop"):
        del holder[name]
    else:
        holder[name] = data.draw(ODD, label="instead")


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    names = value if isinstance(value, dict) else range(len(value))
    for name in list(names):
        yield value, name
        if isinstance(value[name], dict | list):
            yield from _places(value[name])

"""Words of our own that are not put in a language yet: who shows them says in which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

LISTED = "; "
"""Between phrases that stand one after the other."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """`text` is English, as the translations know it; `{name}` in it stands for the value of that name.

    A value that is a phrase itself, or a member of an enum, is translated with it; a tuple is a list of
    them; all others stay.
    """

    text: str
    values: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        if not self.values:
            return self.text
        return self.text.format(**{name: _plainly(one) for name, one in self.values.items()})


def _plainly(one: object) -> object:
    return LISTED.join(map(str, one)) if isinstance(one, tuple) else one


def phrase(text: str, /, **values: object) -> Phrase:
    """`phrase("{name} has it", name="ana")`."""
    return Phrase(text, values)


def as_data(said: Phrase | str) -> Any:
    """The phrase as JSON can keep it; of its values other phrases stay phrases, all else is text."""
    if isinstance(said, str):
        return said
    values = {
        name: as_data(one) if isinstance(one, Phrase) else str(one)
        for name, one in said.values.items()
    }
    return {"say": said.text, "with": values}


def from_data(kept: Any) -> Phrase | str:
    """What `as_data` made; plain text stays as it is, in whatever language it is."""
    if isinstance(kept, str):
        return kept
    return Phrase(kept["say"], {name: from_data(one) for name, one in kept["with"].items()})

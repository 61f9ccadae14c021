"""The word rules: those that come with the program, and what the config adds to them or takes away."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from monitor.domain.lexicon import Lexicon, lexicon_from
from monitor.settings.policies import SeverityWord

Words = Annotated[
    list[str], BeforeValidator(lambda said: [said] if isinstance(said, str) else said)
]


class RuleTable(BaseModel):
    """`[rules.NAME]`: words with a topic, a severity or both. A shipped rule's name changes that rule."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    topic: str | None = Field(default=None, description="What a text with these words is about.")
    severity: SeverityWord | None = Field(default=None, description="How grave they are.")
    words: Words = Field(default=[], description="Words, stems (`refund*`) and phrases.")
    without: Words = Field(default=[], description="Words of the shipped rule to leave out.")

    @property
    def plain(self) -> dict[str, Any]:
        """What was said, as the lexicon reads it."""
        return self.model_dump(exclude_unset=True)


@cache
def shipped_rules() -> Mapping[str, Any]:
    """The rules that come with the program."""
    return tomllib.loads((files("monitor") / "rules.toml").read_text(encoding="utf-8"))


def lexicon_of(rules: Mapping[str, RuleTable]) -> Lexicon:
    """All rules in force. Raises ConfigError."""
    return lexicon_from(shipped_rules(), {name: one.plain for name, one in rules.items()})

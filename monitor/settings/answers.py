"""`[answers]`: the one store of approved answers, and the words that none may hold."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from monitor.domain.template import Approved, Template
from monitor.settings.policies import Names


def _words(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty: write the answer")
    return text.strip()


class TemplateTable(BaseModel):
    """`[[answers.templates]]`: an approved answer for one topic in one language."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=60, description="Unique.")
    topic: str = Field(
        min_length=1, max_length=60, description="As in the rules: delivery, refund."
    )
    language: str = Field(pattern=r"^[a-z]{2}$", description="Two letters: en, ro, de.")
    text: Annotated[str, AfterValidator(_words)] = Field(
        max_length=3000, description="May hold {name}, {order} and {link}."
    )


class AnswersTable(BaseModel):
    """`[answers]`: what may be said, and what not."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    forbidden: Names = Field(default=(), description="Words that no answer may hold.")
    templates: tuple[TemplateTable, ...] = ()

    def approved(self) -> Approved:
        """The domain's store."""
        made = (Template(one.name, one.topic, one.language, one.text) for one in self.templates)
        return Approved(tuple(made), self.forbidden)

"""`[keep]`: how long words and names are kept, and how often networks are asked about them."""

from __future__ import annotations

from datetime import timedelta
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from monitor.domain.keeping import Keep
from monitor.settings.spans import PositiveSpan


class KeepTable(BaseModel):
    """What is purged when."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    without_case: PositiveSpan = Field(
        default=timedelta(days=7), description="Posts without a case, from when they came."
    )
    after_case: PositiveSpan = Field(
        default=timedelta(days=30), description="Posts and notes of a case that ended."
    )
    look_up_every: PositiveSpan = Field(
        default=timedelta(days=1), description="Does a post still stand?"
    )
    without_look_up: PositiveSpan = Field(
        default=timedelta(days=2), description="What its network does not confirm."
    )
    corrected: PositiveSpan = Field(
        default=timedelta(days=30), description="Posts of which staff said what they are."
    )
    sampled: PositiveSpan = Field(
        default=timedelta(days=7), description="Posts of the weekly sample, until looked at."
    )

    @model_validator(mode="after")
    def _time_to_ask(self) -> Self:
        if self.without_look_up <= self.look_up_every:
            raise ValueError(
                "without_look_up must be longer than look_up_every: "
                "else words are purged before their network is asked"
            )
        return self

    def keep(self) -> Keep:
        """The spans as the stages take them."""
        return Keep(
            without_case=self.without_case,
            after_case=self.after_case,
            look_up_every=self.look_up_every,
            without_look_up=self.without_look_up,
            corrected=self.corrected,
            sampled=self.sampled,
        )

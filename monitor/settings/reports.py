"""`[[reports]]` and `[numbers]`: the manager's report by schedule, and what its figures stand beside."""

from __future__ import annotations

from datetime import time
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from monitor.domain.reporting import Every, Plan
from monitor.settings.policies import Names
from monitor.settings.spans import TimeOfDay


class NumbersTable(BaseModel):
    """`[numbers]`: what the figures stand beside."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    staffed: str | None = Field(
        default=None, description="When somebody is there: a calendar. Default: the digest's."
    )


class ReportsTable(BaseModel):
    """A report by schedule: to whom, how often, of which brands."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    every: Literal["week", "month"] = Field(
        default="week", description="On Mondays, or on the first, of what ended then."
    )
    at: TimeOfDay = Field(default=time(8), description="Local time.")
    tell: Names = Field(default=(), description="Whom; default: the first notifier.")
    brands: Names = Field(default=(), description="Each has its own report. Default: all.")
    language: Literal["en", "ro"] | None = Field(
        default=None, description="Default: that of the channel, else English."
    )
    attach: tuple[Literal["pdf", "csv", "json"], ...] = Field(
        default=(), description="Beside the page; pdf needs the extra `pdf`."
    )

    def plan(self, brands: tuple[str, ...], zone: str, audience: str) -> Plan:
        """The domain's schedule; `brands` and `audience` hold where the table names none."""
        return Plan(
            every=Every(self.every),
            at=self.at,
            zone=zone,
            brands=self.brands or brands,
            audiences=self.tell or (audience,),
            language=self.language,
            attached=self.attach,
        )

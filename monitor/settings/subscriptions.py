"""`[[subscriptions]]`: programs that hear of every case, whatever the policies tell people."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from monitor.settings.policies import Names


class SubscriptionTable(BaseModel):
    """Who hears of each case's opening, escalations, answer and breach."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tell: str = Field(description="A webhook, or one of its targets.")
    brands: Names = Field(default=(), description="Of which brands. Default: all.")

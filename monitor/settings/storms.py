"""`[storms]`: how many alarms at once are told together."""

from __future__ import annotations

from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field

from monitor.domain.storm import Limits
from monitor.settings.spans import PositiveSpan


class StormsTable(BaseModel):
    """So many alarms of one topic, thread or step within a window are one message and a list."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    alarms: int = Field(default=20, ge=2, description="Within the window, for one audience.")
    window: PositiveSpan = timedelta(minutes=10)

    tell: str | None = Field(
        default=None,
        description="Who hears that a topic is above its own past; default: the first notifier.",
    )

    def limits(self) -> Limits:
        """The domain's limits."""
        return Limits(self.alarms, self.window)

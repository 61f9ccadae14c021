"""What a config says of every source of reviews."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from monitor.settings.spans import PositiveSpan, span


def _address(url: str) -> str:
    """An address that can be called: what is wrong with it shows now, not at the first call."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
        raise ValueError("it has to be an address, http://… or https://…")
    return url.rstrip("/")


Address = Annotated[str, AfterValidator(_address)]


class ReviewOptions(BaseModel):
    """What all have: how far a look goes back, how much it may take, and where it asks."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    look_back: PositiveSpan = Field(span("7d"), description="Of the first look.")
    max_pages: int = Field(100, ge=1, le=1000, description="Of one look; what is cut off is told.")
    timeout: float = Field(30.0, gt=0, le=300, allow_inf_nan=False, description="Seconds.")
    base_url: Address | None = Field(
        default=None, description="A gateway in front of the site's API."
    )

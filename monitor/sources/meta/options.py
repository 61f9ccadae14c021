"""What the tables of `facebook` and `instagram` have in common."""

from __future__ import annotations

from datetime import timedelta
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from monitor.settings.secret_names import SecretName
from monitor.settings.spans import PositiveSpan

BASE_URL = "https://graph.facebook.com/v26.0"
"""The version of the Graph API that this was written for."""


class MetaOptions(BaseModel):
    """The keys of both tables."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    token: SecretName = Field(description="A secret's name.")
    app_secret: SecretName | None = Field(
        default=None, description="A secret's name: signs our calls, and checks Meta's."
    )
    verify_token: SecretName | None = Field(
        default=None, description="A secret's name: the word by which Meta asks for /intake/NAME."
    )
    comments_on: PositiveSpan = Field(
        default=timedelta(days=30), description="Comments under posts of this age are looked for."
    )
    overlap: PositiveSpan = Field(default=timedelta(days=1), description="Looked at again.")
    look_back: PositiveSpan = Field(default=timedelta(days=7), description="At the first look.")
    calls_per_hour: int = Field(default=200, ge=1, description="All calls together.")
    usage_limit: int = Field(
        default=80, ge=1, le=100, description="Per cent of what Meta allows, as it says itself."
    )
    page_size: int = Field(default=25, ge=1, le=100, description="Things in one call.")
    base_url: str = Field(default=BASE_URL, pattern=r"^https?://[^?#@]+$")
    timeout: float = Field(default=16, gt=0, le=120, description="Seconds of silence.")

    @model_validator(mode="after")
    def _a_hook_is_signed(self) -> Self:
        if self.verify_token and not self.app_secret:
            raise ValueError("verify_token needs app_secret: what Meta sends is signed with it")
        return self

"""What a config says of a source `use = "bluesky"`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from monitor.settings.secret_names import SecretName
from monitor.settings.spans import PositiveSpan

_PART = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HANDLE = re.compile(rf"@?((?:{_PART}\.)+[a-z][a-z0-9-]*)")


def _handle(name: str) -> str:
    """A handle as people write it, with or without its sign."""
    found = _HANDLE.fullmatch(name.strip().lower())
    if found is None:
        raise ValueError(f"{name!r} is no handle: write it whole, like shop.bsky.social")
    return found[1]


Handle = Annotated[str, AfterValidator(_handle)]
Query = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]


class Options(BaseModel):
    """The table of a source `use = "bluesky"`: one account."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    account: Handle = Field(description="Whose app password it is.")
    password: SecretName = Field("bluesky_password", description="A secret's name.")
    base_url: str = Field(
        "https://bsky.social",
        pattern=r"^https?://[^/?#]",
        description="The account's own server, if it is another, or a gateway in front of it.",
    )
    answers: bool = Field(default=True, description="Answers may be written from here.")
    accounts: tuple[Handle, ...] = Field(default=(), description="Others that answer for you.")
    search: tuple[Query, ...] = Field(default=(), description="Each is a stream of its own.")
    overlap: PositiveSpan = Field(
        timedelta(hours=6),
        description="So late may a post come that was dated when it was written.",
    )
    look_back: PositiveSpan = Field(timedelta(days=7), description="Of the first look.")
    page_size: int = Field(default=100, ge=1, le=100, description="Posts asked for at once.")
    calls_per_minute: int = Field(default=200, ge=1, description="All calls together.")
    timeout: float = Field(16.0, gt=0, le=120, allow_inf_nan=False, description="Seconds.")

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        for given in ((self.account, *self.accounts), self.search):
            if len({one.casefold() for one in given}) < len(given):
                raise ValueError("each account and each search is named once")
        return self

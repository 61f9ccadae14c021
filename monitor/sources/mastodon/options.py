"""What a config says of a source `use = "mastodon"`."""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from monitor.settings.spans import PositiveSpan, span

_ACCOUNT = re.compile(r"@?([\w.-]+(?:@[\w.:-]+)?)")
_TAG = re.compile(r"#?(\w+)")


def _account(name: str) -> str:
    """An account as people write it: @help@shop.example, or without the first sign."""
    found = _ACCOUNT.fullmatch(name.strip())
    if found is None:
        raise ValueError(f"{name!r} is no account's name")
    return found[1]


def _full_account(name: str) -> str:
    """The same, its host with it."""
    plain = _account(name)
    if "@" not in plain:
        raise ValueError(f"{name!r} lacks the server: @name@shop.example")
    return plain


def _tag(name: str) -> str:
    """A hashtag with or without its sign."""
    found = _TAG.fullmatch(name.strip())
    if found is None:
        raise ValueError(f"{name!r} is no hashtag")
    return found[1].lower()


Account = Annotated[str, AfterValidator(_account)]
FullAccount = Annotated[str, AfterValidator(_full_account)]
Tag = Annotated[str, AfterValidator(_tag)]
Query = Annotated[str, Field(min_length=1, max_length=200)]


class Options(BaseModel):
    """The table of a source `use = "mastodon"`: one account on one server."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str = Field(
        pattern=r"^https?://[^/?#]",
        description="The account's server, or a gateway in front of it.",
    )
    account: FullAccount = Field(description="Whose token it is: @name@host.")
    token: str = Field("mastodon_token", min_length=1, description="A secret's name.")
    answers: bool = Field(default=True, description="The token may write, too.")
    longest_answer: int = Field(500, ge=50, le=100_000, description="What the server takes.")
    accounts: tuple[Account, ...] = Field(default=(), description="Others that answer for you.")
    hashtags: tuple[Tag, ...] = Field(default=(), description="Each is a stream of its own.")
    search: tuple[Query, ...] = Field(default=(), description="Each is a stream of its own.")
    quotes: bool = Field(
        default=True, description="Who quotes the account is read, too (Mastodon 4.5 and later)."
    )
    overlap: PositiveSpan = Field(span("2h"), description="So late may another server deliver.")
    look_back: PositiveSpan = Field(span("7d"), description="Of the first look.")
    page_size: int = Field(default=40, ge=1, le=40, description="Posts asked for at once.")
    max_pages: int = Field(250, ge=1, le=1000, description="Of one look; what is cut off is told.")
    timeout: float = Field(15.0, gt=0, le=120, allow_inf_nan=False, description="Seconds.")

    @model_validator(mode="after")
    def _looks_back_far_enough(self) -> Self:
        if self.overlap >= self.look_back:
            raise ValueError("overlap must be shorter than look_back")
        return self

    @property
    def host(self) -> str:
        """Of the account's server, as it stands in handles."""
        return self.account.partition("@")[2]

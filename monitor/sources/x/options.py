"""What a config says of a source `use = "x"`."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from monitor.settings.spans import PositiveSpan, Span, span

LONGEST_QUERY = 512


class Options(BaseModel):
    """The table of a source `use = "x"`: one account, and perhaps a search."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    account: str = Field(pattern=r"^[0-9]{1,19}$", description="The brand's account: its id.")
    handle: str = Field(pattern=r"^@?[A-Za-z0-9_]{1,15}$", description="… and its handle.")
    query: str | None = Field(
        default=None, min_length=1, description="X's search language; without it nothing is sought."
    )
    token: str = Field("x_token", min_length=1, description="Name of the bearer token's secret.")
    answer_keys: str | None = Field(
        default=None, min_length=1, description="Beginning of the names of four secrets."
    )
    longest_answer: int = Field(
        280, ge=1, le=25_000, description="Characters; X takes more of accounts that pay for it."
    )
    owned: bool = Field(
        default=False, description="The account owns the app: reading what is its own costs less."
    )
    authors: bool = Field(
        default=True, description="Ask for names and followers of authors, which X charges for."
    )
    budget_usd_per_day: float | None = Field(5.0, ge=0, allow_inf_nan=False)
    budget_calls_per_day: int | None = Field(default=None, ge=0)
    own_by_search: bool = Field(
        default=False,
        description="Seek own posts where the timeline is refused, five times as dear.",
    )
    look_back: PositiveSpan = Field(span("6d 23h"), description="Of the first look.")
    overlap: Span = Field(span("10m"), description="So late may X index a post.")
    page_size: int = Field(100, ge=10, le=100)
    max_pages: int = Field(50, ge=1, le=1000, description="Of one look; what is cut off is told.")
    timeout: float = Field(30.0, gt=0, le=300, allow_inf_nan=False, description="Seconds.")
    base_url: str | None = Field(
        default=None, pattern=r"^https?://", description="A gateway in front of X's API."
    )

    @field_validator("handle")
    @classmethod
    def _without_at(cls, handle: str) -> str:
        return handle.removeprefix("@")

    @model_validator(mode="after")
    def _short_enough(self) -> Self:
        said = self.search
        if said is not None and len(said) > LONGEST_QUERY:
            spare = LONGEST_QUERY - (len(said) - len(self.query or ""))
            raise ValueError(
                f"query: X takes {LONGEST_QUERY} characters, of which {spare} are yours"
            )
        return self

    @property
    def search(self) -> str | None:
        """What is sought: neither reposts, in which nobody says anything, nor the account's own posts."""
        if self.query is None:
            return None
        return f"({self.query}) -is:retweet -from:{self.handle}"

    @property
    def search_of_own(self) -> str:
        """What the account wrote, its answers in whatever conversation."""
        return f"from:{self.handle} -is:retweet"

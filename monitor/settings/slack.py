"""`[slack_app]`: what people may do in Slack, and how their pressing comes in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from monitor.settings.policies import Names
from monitor.settings.secret_names import SecretName

AN_ID = re.compile(r"[UWS][A-Z0-9]{8,17}")
"""A member's id in Slack, or a user group's."""


class Right(StrEnum):
    """What needs to be allowed. To take something back takes the right that it took to do it."""

    WORK = "work"
    """Claim, acknowledge, assign, snooze, note a contact."""
    ANSWER = "answer"
    """Answer in the brand's name; say that it was answered elsewhere."""
    DISMISS = "dismiss"
    """Say what is a complaint, what none, what a duplicate; open a case."""
    POLICY = "policy"
    """Change targets and steps."""


class RightsTable(BaseModel):
    """`[slack_app.rights]`: who may do what, by names of `people`, members' ids or user groups' ids."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    work: Names = Field(default=(), description="Claim, assign, snooze … Default: everybody.")
    answer: Names = Field(default=(), description="Answer in your name. Default: everybody.")
    dismiss: Names = Field(default=(), description="Take out of the figures. Default: everybody.")
    policy: Names = Field(default=(), description="Change targets. Default: nobody.")

    @property
    def by_right(self) -> Mapping[Right, tuple[str, ...]]:
        """Whom each right names."""
        return {one: getattr(self, one.value) for one in Right}


class SlackAppTable(BaseModel):
    """`[slack_app]`: buttons, modals, a command and a Home tab."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    notifier: str = Field(
        default="slack",
        description="Whose token, channels and people: the `[[notifiers]]` called so.",
    )
    mode: Literal["socket", "http"] = "socket"
    app_token: SecretName = Field(
        default="slack_app", description="Of Socket Mode (xapp-…): the secret's name."
    )
    signing_secret: SecretName = Field(
        default="slack_signing", description="Of HTTP: the secret's name."
    )
    host: str = Field(default="127.0.0.1", description="Of HTTP: where it listens, …")
    port: int = Field(default=3000, ge=0, le=65535, description="… behind your own TLS.")
    command: str = Field(
        default="/complaints", pattern=r"^/[a-z0-9_-]{1,31}$", description="As Slack knows it."
    )
    with_run: bool = Field(
        default=True, description="`run` serves it; false: `slack serve`, a process of its own."
    )
    rights: RightsTable = RightsTable()
    brands: dict[str, Names] = Field(
        default_factory=dict,
        description="Whose a brand's cases are alone: by its name, people or groups as in `rights`.",
    )

"""The names of secrets, as a config writes them. The secrets themselves never stand in a config."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator

_NAME = re.compile(r"[a-z][a-z0-9_.-]{0,40}")
_SLACK_S_OWN = "xox"
"""Whatever begins like that is a token of Slack's."""


def secret_name(value: object) -> str:
    """The name. What else stands there may be the secret: it is not repeated, whatever it is."""
    if not isinstance(value, str) or not _NAME.fullmatch(value) or value.startswith(_SLACK_S_OWN):
        raise ValueError(
            "this is the secret itself, not its name: write a name here, such as "
            '"my_secret" (small letters, digits, "_"), and the secret into the environment '
            "variable COMPLAINT_MONITOR_MY_SECRET"
        )
    return value


SecretName = Annotated[str, BeforeValidator(secret_name)]
"""The name of a secret, or the beginning of several names."""

"""What Google's interfaces have in common: the log-in by OAuth, and how they say that it was too much."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from monitor.fetching.budget import Budget
from monitor.fetching.client import Client
from monitor.fetching.oauth import Login
from monitor.ports import Secrets

TOKENS = "https://oauth2.googleapis.com"
_PATH = "token"
_LIMITS = frozenset(
    {"ratelimitexceeded", "userratelimitexceeded", "quotaexceeded", "resource_exhausted"}
)


def login(
    secrets: Secrets, *, client_id: str, names: tuple[str, str], base_url: str, timeout: float
) -> Login:
    """The log-in by a refresh token. `names`: of the client's secret, and of the refresh token."""

    def form() -> dict[str, str]:
        client_secret, refresh_token = (secrets.get(name).strip() for name in names)
        return {
            "grant_type": "refresh_token",
            "client_id": client_id,
            "client_secret": client_secret,
            "refresh_token": refresh_token,
        }

    budget = Budget(60, timedelta(minutes=1))
    client = Client("Google's log-in", base_url, budget=budget, timeout=timeout)
    mend = (
        f'look at client_id and the secrets "{names[0]}" and "{names[1]}": whether they belong '
        "together, and whether the permission was taken back or ran out"
    )
    return Login(client, _PATH, form, mend=mend)


def is_limit(said: Any) -> bool:
    """Whether a refusal is for too many calls, which Google says with 403 as well."""
    return not _LIMITS.isdisjoint(one.casefold() for one in reasons(said))


def reasons(said: Any) -> Iterator[str]:
    """Why Google refuses, in its own words for programs."""
    error = said.get("error") if isinstance(said, dict) else None
    if not isinstance(error, dict):
        return
    listed = error.get("errors")
    for one in [error, *(listed if isinstance(listed, list) else [])]:
        told = one.get("reason") or one.get("status") if isinstance(one, dict) else None
        if isinstance(told, str):
            yield told

"""Where access tokens are had, in exchange for something that lasts; as Google and Trustpilot do it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_LIFE = 3600


class Tokens:
    """Gives tokens to whoever sends `form`, perhaps with `authorization` in the header."""

    def __init__(self, form: Mapping[str, str], authorization: str | None = None) -> None:
        self.form = dict(form)
        self.authorization = authorization
        self.life: int | str = _LIFE
        """Seconds, as they are told."""
        self.given = 0
        self._good: set[str] = set()

    def answer(
        self, said: Mapping[str, Any], headers: Mapping[str, str]
    ) -> tuple[int, dict[str, Any]]:
        """Status and JSON to a log-in."""
        if self.form != said or headers.get("authorization") != self.authorization:
            told = "Token has been expired or revoked."
            return 400, {"error": "invalid_grant", "error_description": told}
        self.given += 1
        token = f"t0ken-{self.given}"
        self._good.add(token)
        return 200, {"access_token": token, "expires_in": self.life, "token_type": "Bearer"}

    def revoke(self) -> None:
        """No token that was given is good any more."""
        self._good.clear()

    def lets_in(self, headers: Mapping[str, str]) -> bool:
        """Whether a call has a good token."""
        return headers.get("authorization", "").removeprefix("Bearer ") in self._good

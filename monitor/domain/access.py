"""Who may use page and API, and for what."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from monitor.domain.errors import MonitorError


class Role(IntEnum):
    """What a person may do, each role all that the ones before it may."""

    VIEWER = 1
    """Look."""
    AGENT = 2
    """Work on cases and answer, say what is a complaint."""
    MANAGER = 3
    """See who did what."""
    ADMIN = 4
    """Everything. Access itself is given at the terminal."""

    @property
    def word(self) -> str:
        return self.name.lower()


class Scope(StrEnum):
    """What a token is for."""

    READ = "read"
    """Look at cases, posts, figures and coverage."""
    ACT = "act"
    """Do what people do to cases."""
    INTAKE = "intake"
    """Send posts."""
    METRICS = "metrics"
    """Read what operators watch."""


class Via(StrEnum):
    """How somebody came in."""

    SESSION = "session"
    TOKEN = "token"  # noqa: S105 - the word


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who was let in. `name` is what stands in histories."""

    name: str
    role: Role
    via: Via
    scopes: frozenset[Scope] = frozenset(Scope)
    brands: frozenset[str] | None = None
    """Whom it is let in for; None: all brands. Others are not there for it."""


class AccessError(MonitorError):
    """That access cannot be given, changed or taken; the text says why."""


class Change(StrEnum):
    """What is kept of who was given access, and used it."""

    USER_ADDED = "user_added"
    ROLE_CHANGED = "role_changed"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - the word
    BRANDS_CHANGED = "brands_changed"
    USER_DISABLED = "user_disabled"
    USER_ENABLED = "user_enabled"
    TOKEN_ADDED = "token_added"  # noqa: S105 - as above
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 - as above
    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"
    SIGN_IN_REFUSED = "sign_in_refused"

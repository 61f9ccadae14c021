"""Tokens by which programs come in. Only a token's hash is kept. Times are transport time."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.access import AccessError, Change, Role, Scope
from monitor.store import access_events
from monitor.store.schema import token
from monitor.store.sessions import digest
from monitor.store.users import of_brands

PREFIX = "cmt_"
"""Tokens are known by it, also to programs that look for leaked ones."""
TOUCHED = timedelta(minutes=5)
"""Its use is written down so often."""

_OF = sa.select(token).where(
    token.c.digest == sa.bindparam("digest"),
    token.c.revoked_at.is_(None),
    token.c.ends_at.is_(None) | (token.c.ends_at > sa.bindparam("now")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token, without its secret."""

    name: str
    role: Role
    scopes: frozenset[Scope]
    brands: frozenset[str] | None
    """Of which alone it sees anything; None: of all."""
    made_at: datetime
    ends_at: datetime | None
    used_at: datetime | None
    revoked_at: datetime | None


def add(
    conn: Connection,
    name: str,
    role: Role,
    scopes: Collection[Scope],
    *,
    ends_at: datetime | None,
    brands: Collection[str] | None = None,
    by: str,
    at: datetime,
) -> str:
    """A new token; its secret is returned once, and kept nowhere. Raises AccessError."""
    if conn.scalar(sa.select(token.c.id).where(token.c.name == name)) is not None:
        raise AccessError(f"there is, or was, a token {name!r}: choose another name")
    secret = PREFIX + secrets.token_urlsafe(32)
    said = ",".join(sorted(scopes))
    row = {"name": name, "digest": digest(secret), "role": role.value, "scopes": said}
    only = None if brands is None else sorted(brands)
    conn.execute(token.insert().values(**row, made_at=at, ends_at=ends_at, brands=only))
    told = {"role": role.word, "scopes": said, **of_brands(brands)}
    access_events.note(conn, Change.TOKEN_ADDED, name, by=by, at=at, **told)
    return secret


def every(conn: Connection) -> list[Token]:
    """All of them, by name; revoked ones, too."""
    return [_token(row) for row in conn.execute(sa.select(token).order_by(token.c.name))]


def of(conn: Connection, secret: str, at: datetime) -> Token | None:
    """The token with that secret, if it holds."""
    row = conn.execute(_OF, {"digest": digest(secret), "now": at}).one_or_none()
    return None if row is None else _token(row)


def touch(conn: Connection, name: str, at: datetime) -> None:
    """It is in use."""
    conn.execute(token.update().where(token.c.name == name).values(used_at=at))


def revoke(conn: Connection, name: str, *, by: str, at: datetime) -> None:
    """It lets nobody in from now on. Raises AccessError: there is none of that name that does."""
    live = (token.c.name == name) & token.c.revoked_at.is_(None)
    if conn.execute(token.update().where(live).values(revoked_at=at)).rowcount != 1:
        raise AccessError(
            f"no token {name!r} is in force; `complaint-monitor token list` shows them"
        )
    access_events.note(conn, Change.TOKEN_REVOKED, name, by=by, at=at)


def _token(row: Any) -> Token:
    return Token(
        name=row.name,
        role=Role(row.role),
        scopes=frozenset(Scope(one) for one in row.scopes.split(",") if one),
        brands=None if row.brands is None else frozenset(row.brands),
        made_at=row.made_at,
        ends_at=row.ends_at,
        used_at=row.used_at,
        revoked_at=row.revoked_at,
    )

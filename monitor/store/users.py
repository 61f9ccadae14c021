"""People who may use the page: names, roles, and what proves their passwords."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.access import AccessError, Change, Role
from monitor.store import access_events, sessions
from monitor.store.engine import new_id
from monitor.store.schema import account

_NAMES = (
    sa.select(account.c.name)
    .where(account.c.disabled_at.is_(None), account.c.role >= Role.AGENT.value)
    .order_by(account.c.name)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody who may sign in."""

    id: int
    name: str
    role: Role
    brands: frozenset[str] | None
    """Of which alone the user sees anything; None: of all."""
    password: str | None
    """Its argon2 hash."""
    made_at: datetime
    disabled_at: datetime | None


def add(
    conn: Connection,
    name: str,
    role: Role,
    password: str | None,
    *,
    brands: Collection[str] | None = None,
    by: str,
    at: datetime,
) -> int:
    """A new user; `password` is a hash; `brands`: for these alone. Raises AccessError: the name is taken."""
    if _found(conn, name) is not None:
        raise AccessError(f"there is a user {name!r} already")
    only = None if brands is None else sorted(brands)
    row = {"name": name, "role": role.value, "password": password, "made_at": at, "brands": only}
    made = conn.execute(account.insert().values(row))
    access_events.note(
        conn, Change.USER_ADDED, name, by=by, at=at, role=role.word, **of_brands(brands)
    )
    return new_id(made)


def every(conn: Connection) -> list[User]:
    """All of them, by name."""
    return [_user(row) for row in conn.execute(sa.select(account).order_by(account.c.name))]


def are_there(conn: Connection) -> bool:
    """Whether anybody may sign in."""
    anybody = sa.select(account.c.id).where(account.c.disabled_at.is_(None)).limit(1)
    return conn.scalar(anybody) is not None


def named(conn: Connection, name: str, *, hold: bool = False) -> User | None:
    """The user of that name who is not disabled; `hold`: nobody changes it until the transaction ends."""
    found = _found(conn, name, hold=hold)
    return found if found and found.disabled_at is None else None


def names(conn: Connection) -> list[str]:
    """Those to whom a case can be given."""
    return list(conn.scalars(_NAMES))


def change_role(conn: Connection, name: str, role: Role, *, by: str, at: datetime) -> None:
    """Raises AccessError: there is no such user."""
    _set(conn, name, role=role.value)
    access_events.note(conn, Change.ROLE_CHANGED, name, by=by, at=at, role=role.word)


def change_brands(
    conn: Connection, name: str, brands: Collection[str] | None, *, by: str, at: datetime
) -> None:
    """From the next click on the user sees these alone; None: all. Raises AccessError: no such user."""
    _set(conn, name, brands=None if brands is None else sorted(brands))
    said = of_brands(brands) or {"brands": "all"}
    access_events.note(conn, Change.BRANDS_CHANGED, name, by=by, at=at, **said)


def of_brands(brands: Collection[str] | None) -> dict[str, str]:
    """What is kept of the brands for which somebody is let in; nothing, if for all."""
    return {} if brands is None else {"brands": ", ".join(sorted(brands))}


def change_password(conn: Connection, name: str, password: str, *, by: str, at: datetime) -> None:
    """`password` is a hash. Whoever is signed in as the user is no longer. Raises AccessError."""
    sessions.end_all(conn, _set(conn, name, password=password))
    access_events.note(conn, Change.PASSWORD_CHANGED, name, by=by, at=at)


def disable(conn: Connection, name: str, *, by: str, at: datetime) -> None:
    """The user comes in no more, from now on. The name stays in histories. Raises AccessError."""
    sessions.end_all(conn, _set(conn, name, disabled_at=at))
    access_events.note(conn, Change.USER_DISABLED, name, by=by, at=at)


def enable(conn: Connection, name: str, *, by: str, at: datetime) -> None:
    """Raises AccessError: there is no such user."""
    _set(conn, name, disabled_at=None)
    access_events.note(conn, Change.USER_ENABLED, name, by=by, at=at)


def rehash(conn: Connection, number: int, kept: str, password: str) -> None:
    """The same password as in the hash `kept`, hashed by today's measure; another one stays."""
    its = (account.c.id == number) & (account.c.password == kept)
    conn.execute(account.update().where(its).values(password=password))


def _set(conn: Connection, name: str, **values: Any) -> int:
    found = _found(conn, name)
    if found is None:
        raise AccessError(f"there is no user {name!r}; `complaint-monitor user list` shows them")
    conn.execute(account.update().where(account.c.id == found.id).values(values))
    return found.id


def _found(conn: Connection, name: str, *, hold: bool = False) -> User | None:
    query = sa.select(account).where(account.c.name == name)
    row = conn.execute(query.with_for_update() if hold else query).one_or_none()
    return None if row is None else _user(row)


def _user(row: Any) -> User:
    return User(
        id=row.id,
        name=row.name,
        role=Role(row.role),
        brands=None if row.brands is None else frozenset(row.brands),
        password=row.password,
        made_at=row.made_at,
        disabled_at=row.disabled_at,
    )

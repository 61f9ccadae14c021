"""Who is signed in. Of a session only the hash of its secret is kept. Times are transport time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.access import Role
from monitor.store.schema import account, refused_sign_in, session

IDLE = timedelta(hours=12)
"""Unused for so long, a session ends …"""
LONGEST = timedelta(days=7)
"""… and at the latest after so long."""
TOUCHED = timedelta(minutes=5)
"""Its use is written down so often."""
_COUNTING = 0x7369676E2D696E  # "sign-in": the advisory locks of a PostgreSQL database are numbers

_AHEAD: sa.BindParameter[datetime] = sa.bindparam("ahead")
_HOLDS = session.c.seen_at.between(sa.bindparam("unused"), _AHEAD) & session.c.made_at.between(
    sa.bindparam("old"), _AHEAD
)
"""Neither unused nor old."""
_OF = (  # said once: every page asks for it
    sa.select(account.c.name, account.c.role, session.c.seen_at, account.c.brands)
    .join(account, account.c.id == session.c.account_id)
    .where(session.c.digest == sa.bindparam("digest"), account.c.disabled_at.is_(None), _HOLDS)
)


class SignedIn(NamedTuple):
    """Whose session it is, and when its use was written down last."""

    name: str
    role: Role
    seen_at: datetime
    brands: frozenset[str] | None


def digest(secret: str) -> str:
    """What is kept of a secret of 256 random bits: no salt is needed."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def begin(conn: Connection, secret: str, account_id: int, at: datetime) -> None:
    """Sign the user in; sessions that have ended are swept out."""
    conn.execute(session.delete().where(~_HOLDS), _bounds(at))
    row = {"digest": digest(secret), "account_id": account_id, "made_at": at, "seen_at": at}
    conn.execute(session.insert().values(row))


def of(conn: Connection, secret: str, at: datetime) -> SignedIn | None:
    """Whose session it is, if it holds and the user is not disabled."""
    row = conn.execute(_OF, {"digest": digest(secret), **_bounds(at)}).one_or_none()
    if row is None:
        return None
    brands = None if row.brands is None else frozenset(row.brands)
    return SignedIn(row.name, Role(row.role), row.seen_at, brands)


def touch(conn: Connection, secret: str, at: datetime) -> None:
    """It is in use."""
    conn.execute(session.update().where(session.c.digest == digest(secret)).values(seen_at=at))


def end(conn: Connection, secret: str) -> None:
    """Sign out."""
    conn.execute(session.delete().where(session.c.digest == digest(secret)))


def end_all(conn: Connection, account_id: int) -> None:
    """Sign a user out everywhere."""
    conn.execute(session.delete().where(session.c.account_id == account_id))


def refusals(conn: Connection, key: str, since: datetime) -> int:
    """How many sign-ins with that key were refused since then."""
    query = sa.select(sa.func.count()).where(
        refused_sign_in.c.key == digest(key), refused_sign_in.c.at > since
    )
    return int(conn.scalar(query) or 0)


def count(conn: Connection, limits: Mapping[str, int], at: datetime, since: datetime) -> bool:
    """Count a sign-in as refused before its password is looked at: it is forgiven if that is right.

    So of many that come at once no more go on than `limits` says of each key. False: it has to wait.
    """
    if conn.dialect.name == "postgresql":  # in SQLite one writes at a time anyhow
        conn.execute(sa.select(sa.func.pg_advisory_xact_lock(_COUNTING)))
    if any(refusals(conn, key, since) >= most for key, most in limits.items()):
        return False
    refuse(conn, list(limits), at, since)
    return True


def refuse(conn: Connection, keys: list[str], at: datetime, forget: datetime) -> None:
    """One more with each key. What is older than `forget` holds nobody up any more."""
    conn.execute(refused_sign_in.delete().where(refused_sign_in.c.at < forget))
    conn.execute(refused_sign_in.insert(), [{"key": digest(key), "at": at} for key in keys])


def forgive(conn: Connection, key: str, others: Iterable[str], at: datetime) -> None:
    """The right password was given: of `key` nothing counts any more, of the others what was counted `at`."""
    its = refused_sign_in.c.key == digest(key)
    this_one = refused_sign_in.c.key.in_(map(digest, others)) & (refused_sign_in.c.at == at)
    conn.execute(refused_sign_in.delete().where(its | this_one))


def _bounds(at: datetime) -> dict[str, datetime]:
    """What `_HOLDS` asks for; what lies in the future was written by a clock since set back."""
    return {"unused": at - IDLE, "old": at - LONGEST, "ahead": at + IDLE}

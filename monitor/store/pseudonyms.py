"""What stands in place of a name or a key that was purged: a keyed hash, by which it is known again.

The key is made with the first post that is stored and lies in the same database, so that a copy that was
moved or restored knows the same people. Without it nobody can tell by trying who a hash stands for.
"""

from __future__ import annotations

import hashlib
import secrets

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.store.bulk import insert_missing
from monitor.store.schema import installation

_BYTES = 32


def key_of(conn: Connection) -> bytes:
    """The installation's key, which is made if there is none yet: for a transaction that may write."""
    found = known_key(conn)
    if found is None:
        made = {"number": 1, "pseudonym_key": secrets.token_hex(_BYTES)}
        insert_missing(conn, installation, [made])  # another one may have been faster
        found = known_key(conn)
    assert found is not None  # noqa: S101 - the row is there now
    return found


def known_key(conn: Connection) -> bytes | None:
    """The same; None if nothing was ever stored."""
    found = conn.scalar(sa.select(installation.c.pseudonym_key))
    return None if found is None else bytes.fromhex(found)


def hashed(key: bytes, said: str) -> str:
    """In hex. The same for the same words, in one installation."""
    return hashlib.blake2b(
        said.encode("utf-8", "surrogatepass"), key=key, digest_size=16
    ).hexdigest()

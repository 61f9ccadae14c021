"""What networks said against our calls: for some days kept beside what failed, for staff to look up.

It may repeat a post, and nobody can tell whose: so it goes as a whole (`monitor.domain.quoting` marks it).
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.quoting import LEFT_OUT, OPENING, unquoted
from monitor.store.cross_brand import Why, across
from monitor.store.schema import failure, notice, outage, reject, reply, rota, stream

_WHERE: tuple[tuple[sa.Column[str], sa.Column[datetime]], ...] = (
    (stream.c.problem, stream.c.failing_since),
    (outage.c.problem, outage.c.began_at),
    (notice.c.problem, notice.c.written_at),
    (reply.c.problem, reply.c.written_at),
    (rota.c.problem, rota.c.tried_at),
    (failure.c.reason, failure.c.first_at),
    (reject.c.reason, reject.c.at),
)
"""The columns that hold such words, and since when."""


def leave_out(conn: Connection, before: datetime | None = None) -> int:
    """Leave out what was said before then (None: all of it). Returns in how many rows something was."""
    return sum(_in_column(conn, said, at, before) for said, at in _WHERE)


def _in_column(
    conn: Connection, said: sa.Column[str], at: sa.Column[datetime], before: datetime | None
) -> int:
    table = said.table
    assert isinstance(table, sa.Table)  # noqa: S101 - it is the column of one
    here = sa.func.replace(said, LEFT_OUT, "").contains(OPENING)
    if before is not None:
        here &= at < before
    keys = list(table.primary_key.columns)
    rows = conn.execute(across(sa.select(*keys, said).where(here), Why.TOO_OLD)).all()
    its = sa.and_(*(one == sa.bindparam(f"its_{one.name}") for one in keys))
    change = table.update().where(its).values({said.name: sa.bindparam("now")})
    changed = [
        {f"its_{one.name}": value for one, value in zip(keys, row, strict=False)}
        | {"now": unquoted(row[-1])}
        for row in rows
    ]
    if changed:
        conn.execute(across(change, Why.TOO_OLD), changed)
    return len(changed)

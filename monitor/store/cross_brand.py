"""The few questions that are asked across brands: a post is judged once, whoever is named in it."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.store.schema import post


def to_judge(conn: Connection, limit: int) -> list[int]:
    """Posts that wait for the classifier, in the order of their coming."""
    # the partial index's own words: with other ones no database would use it
    waiting = sa.text("to_judge")
    return list(conn.scalars(sa.select(post.c.id).where(waiting).order_by(post.c.id).limit(limit)))

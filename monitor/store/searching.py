"""Finding cases by what was said in them, and by whom. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.store.bulk import among
from monitor.store.schema import author, case_post, cases, post


def cases_with(
    conn: Connection, brand_ids: Collection[int], words: Sequence[str], limit: int
) -> list[int]:
    """The cases in which one post holds all the words, the newest first.

    A word is looked for in text, title, address and the author's names, without regard to case (of
    letters beyond ASCII only PostgreSQL knows both).
    """
    query = (
        sa.select(cases.c.id)
        .join(case_post, case_post.c.case_id == cases.c.id)
        .join(post, post.c.id == case_post.c.post_id)
        .outerjoin(author, author.c.id == post.c.author_id)
        .where(among(conn, cases.c.brand_id, brand_ids), cases.c.merged_into.is_(None))
        .where(*_hold(words))
        .distinct()
        .order_by(cases.c.id.desc())
        .limit(limit)
    )
    return list(conn.scalars(query))


def said_in(case_id: sa.ColumnElement[int], words: Sequence[str]) -> sa.ColumnElement[bool]:
    """Whether one post of the case holds all the words. To be asked of few cases: each one's are read."""
    its = (
        sa.select(case_post.c.post_id)
        .join(post, post.c.id == case_post.c.post_id)
        .outerjoin(author, author.c.id == post.c.author_id)
        .where(case_post.c.case_id == case_id, *_hold(words))
    )
    return sa.exists(its)


def _hold(words: Sequence[str]) -> list[sa.ColumnElement[bool]]:
    places = (post.c.text, post.c.title, post.c.url, author.c.handle, author.c.name)
    return [sa.or_(*(place.icontains(word, autoescape=True) for place in places)) for word in words]

"""Finding cases by what was said in them, and by whom. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.case import Status
from monitor.store.bulk import among
from monitor.store.schema import author, case_post, cases, post


def cases_with(
    conn: Connection,
    brand_ids: Collection[int],
    words: Sequence[str],
    limit: int,
    *,
    is_open: bool = False,
) -> list[int]:
    """The cases in which one post holds all the words, the newest first; `is_open`: of open ones.

    A word is looked for in text, title, address and the author's names, without regard to case (of
    letters beyond ASCII only PostgreSQL knows both).
    """
    places = (post.c.text, post.c.title, post.c.url, author.c.handle, author.c.name)
    holds = [
        sa.or_(*(place.icontains(word, autoescape=True) for place in places)) for word in words
    ]
    query = (
        sa.select(cases.c.id)
        .join(case_post, case_post.c.case_id == cases.c.id)
        .join(post, post.c.id == case_post.c.post_id)
        .outerjoin(author, author.c.id == post.c.author_id)
        .where(among(conn, cases.c.brand_id, brand_ids), cases.c.merged_into.is_(None), *holds)
        .distinct()
        .order_by(cases.c.id.desc())
        .limit(limit)
    )
    if is_open:
        query = query.where(cases.c.status == Status.OPEN.value)
    return list(conn.scalars(query))

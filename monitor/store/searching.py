"""Finding posts and cases by what was said in them, and by whom. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Connection

from monitor.domain.search import Search, Term
from monitor.store import sight
from monitor.store.bulk import among
from monitor.store.said import key
from monitor.store.schema import case_post, cases, post, said


def cases_with(
    conn: Connection,
    brand_ids: Collection[int],
    wanted: Search,
    limit: int,
    *,
    before: int | None = None,
) -> list[int]:
    """The newest cases (numbered below `before`) in which is said what is searched for."""
    query = (
        sa.select(cases.c.id)
        .where(among(conn, cases.c.brand_id, brand_ids), cases.c.merged_into.is_(None))
        .where(in_case(conn, cases.c.id, wanted))
        .order_by(cases.c.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(cases.c.id < before)
    return list(conn.scalars(query))


def in_case(
    conn: Connection, case_id: sa.ColumnElement[int], wanted: Search
) -> sa.ColumnElement[bool]:
    """Whether one post of the case holds all that is wanted, and none of them what is not."""
    number = key(conn)
    its = sa.select(case_post.c.case_id).join(said, number == case_post.c.post_id)
    held: list[sa.ColumnElement[bool]] = [sa.false() if wanted.is_empty else sa.true()]
    if wanted.wanted:
        held = [case_id.in_(its.where(_matches(conn, wanted.wanted)))]
    if wanted.unwanted:
        its = its.where(_matches(conn, wanted.unwanted, all_of=False))
        held.append(_is_not_in(conn, case_id, its))
    return sa.and_(*held)


class Newest(NamedTuple):
    """Numbers of posts, and the one below which to go on looking; None: there are no more."""

    ids: Sequence[int]
    before: int | None


def newest_posts(conn: Connection, wanted: Search, *, before: int, limit: int) -> Newest:
    """The newest posts, numbered below `before`, that hold all that is wanted and nothing that is not.

    Where only is said what is not wanted, no index leads to them: `limit` numbers are looked through.
    """
    number = key(conn)
    if wanted.is_empty:
        return Newest([], None)
    query = sa.select(number).order_by(number.desc()).limit(limit)
    if (
        sight.names() is not None
    ):  # the index knows no brands: how far it led would tell of others' posts
        query = query.where(sa.exists().where(post.c.id == number))
    if wanted.wanted:
        its = _matches(conn, wanted.wanted, wanted.unwanted)
        ids = list(conn.scalars(query.where(number < before, its)))
        return Newest(ids, ids[-1] if len(ids) == limit else None)
    within = number.between(before - limit, before - 1)
    not_these = sa.select(number).where(within, _matches(conn, wanted.unwanted, all_of=False))
    ids = list(conn.scalars(query.where(within, number.not_in(not_these))))
    return Newest(ids, before - limit if before - limit > 1 else None)


def _is_not_in(
    conn: Connection, number: sa.ColumnElement[int], its: sa.Select[tuple[int]]
) -> sa.ColumnElement[bool]:
    """Each database is quick with one of these two, and slow with the other."""
    if conn.dialect.name == "postgresql":
        (column,) = its.selected_columns
        return ~sa.exists(its.where(column == number).correlate_except(said, case_post))
    return number.not_in(its)


def _matches(
    conn: Connection, terms: Sequence[Term], but: Sequence[Term] = (), *, all_of: bool = True
) -> sa.ColumnElement[bool]:
    """Whether the index has all of the terms, or one of them, of a post, `but` none of those."""
    found: sa.ColumnElement[bool]
    if conn.dialect.name == "postgresql":
        asked = (" & " if all_of else " | ").join(map(_to_postgresql, terms))
        if but:
            asked = f"({asked}) & !({' | '.join(map(_to_postgresql, but))})"
        query = sa.cast(asked, postgresql.TSQUERY)
        found = said.c.words.op("@@", is_comparison=True)(query)
        return found
    asked = (" AND " if all_of else " OR ").join(map(_to_sqlite, terms))
    if but:
        asked = f"({asked}) NOT ({' OR '.join(map(_to_sqlite, but))})"
    found = said.c.said.op("MATCH", is_comparison=True)(asked)
    return found


def _to_sqlite(term: Term) -> str:
    return f'"{" ".join(term.words)}"{" *" if term.is_beginning else ""}'


def _to_postgresql(term: Term) -> str:
    # words are letters and digits: nothing in them could be taken for a sign of the language
    row = " <-> ".join(f"'{one}'" for one in term.words)
    return f"({row}{':*' if term.is_beginning else ''})"

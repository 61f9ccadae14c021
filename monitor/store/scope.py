"""By what a query chooses its rows: which columns are equal to something given, and which to each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import ColumnClause, Grouping, Tuple
from sqlalchemy.sql.selectable import FromClauseAlias

_Equal: TypeAlias = tuple[Any, frozenset[Any]]
"""A column, and those of which that is made to which it is equal: none, if it is given."""

_UNKNOWN = object()


@dataclass
class Scope:
    """What one SELECT, UPDATE or DELETE reads, and what is equal in all rows of it."""

    outer: Sequence[Any] = ()
    """What the queries around it read: for itself to answer for."""
    reads: list[Any] = field(default_factory=list)
    equal: list[_Equal] = field(default_factory=list)

    def untied(self, keys: Mapping[str, Sequence[tuple[str, ...]]]) -> set[str]:
        """The tables of which no key is given, directly or by way of others of which one is."""
        tied = {id(one) for one in (*self.reads, *self.outer) if table_name(one) is None}
        tied |= {id(one) for one in self.outer}
        waiting = [one for one in self.reads if id(one) not in tied]
        while True:
            fixed = {
                (id(column.table), column.name)
                for column, sources in self.equal
                if all(one is not _UNKNOWN and id(one.table) in tied for one in sources)
            }
            found = {
                id(one)
                for one in waiting
                if any(
                    all((id(one), column) in fixed for column in key)
                    for key in keys.get(table_name(one) or "", ())
                )
            }
            if not found:
                return {table_name(one) or "" for one in waiting}
            tied |= found
            waiting = [one for one in waiting if id(one) not in tied]

    def add_from(self, one: Any) -> list[Any]:
        """A table that is read, or a join of some. Returns the tables in it."""
        if not isinstance(one, sa.Join):
            self.reads.append(one)
            return [one]
        left, right = self.add_from(one.left), self.add_from(one.right)
        if not one.full:
            # of an outer join the rows on the left are there whatever it says
            said = _equal(one.onclause)
            self.equal += [pair for pair in said if not one.isouter or pair[0].table in right]
        return [*left, *right]

    def add_where(self, clause: Any) -> None:
        """A condition that holds for all rows."""
        self.equal += _equal(clause)
        for one in _all_of(clause):
            if isinstance(one, sa.Exists):  # a join that doubles no row
                for select in _selects(one.element):
                    self._join(_of_select(select, [*self.outer, *self.reads]))
            elif isinstance(one, sa.BinaryExpression) and one.operator in _SAME:
                self._add_queries(one.left, one.right)
                if one.operator is operators.eq:
                    self._add_queries(one.right, one.left)

    def _add_queries(self, left: Any, right: Any) -> None:
        """`left IN (SELECT …)`, or `=` to what queries choose: of several, each has to be tied by itself."""
        whole, selects = list(_selects(right)), list(_queries_in(right))
        for select in selects:
            self._join(_of_select(select, [*self.outer, *self.reads]))
        for place, column in enumerate(_columns(left) if selects else []):
            chosen = [list(one.selected_columns)[place if whole else 0] for one in selects]
            sources = {its for one in (*chosen, *_outside(right)) for its in _made_of(one)}
            self.equal.append((column, frozenset(sources)))
            if len(whole) == 1:
                self.equal += [(its, frozenset([column])) for its in _columns(chosen[0])]

    def _join(self, inner: Scope) -> None:
        self.reads += inner.reads
        self.equal += inner.equal


_SAME = (operators.eq, operators.in_op)
_COMPARED = (*_SAME, operators.not_in_op)
"""Of what these choose on the right, only rows that are equal to the left change anything."""


def scopes(statement: Any) -> Iterator[Scope | str]:
    """Of a statement and of each query in it; of what is written as text, the text."""
    yield from _walk(statement, [], [])


def _walk(one: Any, outer: Sequence[Any], given: Sequence[_Equal]) -> Iterator[Scope | str]:
    """`given`: what the query around it says of what this one chooses."""
    if isinstance(one, sa.TextClause):
        yield one.text
    if isinstance(one, ColumnClause):
        if one.is_literal:
            yield one.name
        return
    if isinstance(one, sa.Alias | sa.Subquery | sa.CTE):
        outer = ()  # a table made in place knows nothing of its neighbours
    if isinstance(one, sa.Select | sa.Update | sa.Delete):
        found = _of_select(one, outer) if isinstance(one, sa.Select) else _of_change(one)
        found.equal += given
        yield found
        outer = [*outer, *found.reads]
    if isinstance(one, sa.BinaryExpression) and one.operator in _COMPARED:
        for select in _selects(one.right):
            pairs = zip(_columns(one.left), select.selected_columns, strict=False)
            its = [(mine, frozenset([c])) for c, other in pairs for mine in _columns(other)]
            yield from _walk(select, outer, its)
        yield from _walk(one.left, outer, ())
        if not list(_selects(one.right)):
            yield from _walk(one.right, outer, ())
        return
    for child in one.get_children():
        yield from _walk(child, outer, ())


def table_name(one: Any) -> str | None:
    """Of the table that it is, by whatever alias; None: it is made of what is looked at by itself."""
    while isinstance(one, FromClauseAlias):
        one = one.element
    return one.name if isinstance(one, sa.TableClause) else None


def _of_select(select: sa.Select[Any], outer: Sequence[Any]) -> Scope:
    made = Scope(outer)
    froms = select.get_final_froms()
    own = [one for one in froms if not any(one is other for other in outer)]
    for one in own if len(froms) > 1 else froms:  # as SQLAlchemy: the last one stays
        made.add_from(one)
    made.add_where(select.whereclause)
    return made


def _of_change(change: sa.Update | sa.Delete) -> Scope:
    made = Scope()
    made.add_from(change.table)
    made.add_where(change.whereclause)
    return made


def _all_of(clause: Any) -> Iterator[Any]:
    """Its parts, each of which must be true."""
    clause = _bare(clause)
    if isinstance(clause, sa.BooleanClauseList) and clause.operator is operators.and_:
        for one in clause.clauses:
            yield from _all_of(one)
    elif clause is not None:
        yield clause


def _equal(clause: Any) -> list[_Equal]:
    found: list[_Equal] = []
    for one in _all_of(clause):
        if isinstance(one, sa.BooleanClauseList):  # OR: what each branch says in its own way
            branches = [dict(_equal(branch)) for branch in one.clauses]
            both = set[Any].intersection(*map(set, branches))
            found += [(c, frozenset().union(*(its[c] for its in branches))) for c in both]
        elif isinstance(one, sa.BinaryExpression) and one.operator in _SAME:
            sides = [(one.left, one.right), (one.right, one.left)]
            for column, other in sides if one.operator is operators.eq else sides[:1]:
                found += [(its, frozenset(_made_of(other))) for its in _columns(column)]
    return found


def _columns(side: Any) -> list[Any]:
    """The columns that a comparison is about: `+ 0`, which keeps a planner off an index, changes nothing."""
    side = _bare(side)
    if isinstance(side, sa.BinaryExpression) and side.operator is operators.add:
        return _columns(side.left)
    if isinstance(side, Tuple):
        return [column for one in side.clauses for column in _columns(one)]
    return [side] if isinstance(side, ColumnClause) and side.table is not None else []


def _made_of(side: Any) -> Iterator[Any]:
    """The columns in it; of a query in it nothing is known here."""
    waiting = [side]
    while waiting:
        one = waiting.pop()
        if isinstance(one, ColumnClause) and one.table is not None:
            yield one
        elif isinstance(one, sa.SelectBase | sa.ScalarSelect):
            yield _UNKNOWN
        else:
            waiting.extend(one.get_children())


def _queries_in(side: Any) -> Iterator[sa.Select[Any]]:
    if list(_selects(side)):
        yield from _selects(side)
        return
    for one in side.get_children():
        yield from _queries_in(one)


def _outside(side: Any) -> Iterator[Any]:
    """The columns in it that stand in none of its queries."""
    if isinstance(side, ColumnClause):
        yield side
    elif not list(_selects(side)):
        for one in side.get_children():
            yield from _outside(one)


def _selects(one: Any) -> Iterator[sa.Select[Any]]:
    """What is chosen from, if it is a query: itself, or the parts of a union."""
    one = _bare(one)
    if isinstance(one, sa.ScalarSelect):
        one = one.element
    if isinstance(one, sa.Select):
        yield one
    elif isinstance(one, sa.CompoundSelect):
        for part in one.selects:
            yield from _selects(part)


def _bare(one: Any) -> Any:
    while isinstance(one, Grouping) or type(one).__name__ == "SelectStatementGrouping":
        one = one.element
    return one

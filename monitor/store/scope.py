"""By what a query chooses its rows: which columns are equal to something given, and which to each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

import sqlalchemy as sa
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import ColumnClause, Grouping, Tuple
from sqlalchemy.sql.selectable import FromClauseAlias

_Equal: TypeAlias = tuple[Any, frozenset[Any]]
"""A column, and those of which that is made to which it is equal: none, if it is given."""

_UNKNOWN = object()


@dataclass(eq=False)
class _Anew:
    """A table as a query in a condition reads it: other rows of it than those that are read around it."""

    element: Any


class _Column(NamedTuple):
    """A column of such a table."""

    table: _Anew
    name: str


@dataclass
class Scope:
    """What one SELECT, UPDATE or DELETE reads, and what is equal in all rows of it."""

    outer: Sequence[Any] = ()
    """What the queries around it read: for those to answer for."""
    reads: list[Any] = field(default_factory=list)
    lent: list[Any] = field(default_factory=list)
    """What queries in its conditions read. Those answer for it; here it tells what else is equal."""
    equal: list[_Equal] = field(default_factory=list)

    @property
    def names(self) -> set[str | None]:
        """Of the tables that it reads."""
        return {table_name(one) for one in self.reads}

    def untied(self, keys: Mapping[str, Sequence[tuple[str, ...]]]) -> set[str]:
        """The tables of which no key is given, directly or by way of others of which one is."""
        own = {id(one) for one in self.reads}  # a table that is read anew hides the one around it
        tied = {id(one) for one in self.outer} - own
        tied |= {id(one) for one in (*self.reads, *self.lent) if table_name(one) is None}
        waiting = [one for one in (*self.reads, *self.lent) if id(one) not in tied]
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
                return {table_name(one) or "" for one in waiting if id(one) in own}
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
                selects = list(_selects(one.element))
                if len(selects) == 1:
                    self._lend(selects[0], holds=True)
            elif isinstance(one, sa.BinaryExpression) and one.operator in _SAME:
                self._add_queries(one.left, one.right)
                if one.operator is operators.eq:
                    self._add_queries(one.right, one.left)

    def _add_queries(self, left: Any, right: Any) -> None:
        """`left IN (SELECT …)`, or `=` to what queries choose: each of several has to be tied by itself."""
        whole, columns = list(_selects(right)), _columns(left)
        if whole:
            chosen = [self._lend(select, holds=len(whole) == 1) for select in whole]
        elif any(True for _ in _queries_in(right)):
            chosen = [[self.sources(right)] * len(columns)]
        else:
            return
        for place, column in enumerate(columns):
            sources = frozenset[Any]().union(*(one[place] for one in chosen))
            self.equal.append((column, sources))
            if len(whole) == 1 and _columns(list(whole[0].selected_columns)[place]):
                self.equal += [(its, frozenset([column])) for its in sources]

    def sources(self, side: Any) -> frozenset[Any]:
        """The columns of which it is made, also by way of what queries in it choose."""
        found = {its for one in _outside(side) for its in _made_of(one)}
        for select in _queries_in(side):
            found |= self._lend(select, holds=False)[0]
        return frozenset(found)

    def _lend(self, select: sa.Select[Any], *, holds: bool) -> list[frozenset[Any]]:
        """Take up what is equal in a query. Returns of what each column that it chooses is made.

        `holds`: what it says of the rows around it is so for all of them.
        """
        inner = _of_select(select, self.reads)
        chosen = [inner.sources(one) for one in select.selected_columns]
        anew = {id(one): _Anew(one) for one in inner.reads}
        theirs = {*anew, *map(id, inner.lent)}

        def its(column: Any) -> Any:
            is_own = column is not _UNKNOWN and id(column.table) in anew
            return _Column(anew[id(column.table)], column.name) if is_own else column

        self.lent += [*anew.values(), *inner.lent]
        self.equal += [
            (its(column), frozenset(map(its, sources)))
            for column, sources in inner.equal
            if holds or id(column.table) in theirs
        ]
        return [frozenset(map(its, sources)) for sources in chosen]


_SAME = (operators.eq, operators.in_op)
_COMPARED = (*_SAME, operators.not_in_op)
"""Where a query may stand on the right."""


def scopes(statement: Any) -> Iterator[Scope | str]:
    """Of a statement and of each query in it; of what is written as text, the text."""
    yield from _walk(statement, _Around())


class _Around(NamedTuple):
    """Where a query stands."""

    outer: Sequence[Any] = ()
    """What the queries around it read."""
    near: Sequence[Any] = ()
    """What the next of them reads: what it names of that stands for the same row."""
    given: Sequence[_Equal] = ()
    """What it chooses that is given."""


def _walk(one: Any, around: _Around) -> Iterator[Scope | str]:
    if isinstance(one, sa.TextClause):
        yield one.text
    if isinstance(one, ColumnClause):
        if one.is_literal:
            yield one.name
        return
    if isinstance(one, sa.Alias | sa.Subquery | sa.CTE):
        around = _Around()  # a table made in place knows nothing of its neighbours
    if isinstance(one, sa.BinaryExpression) and one.operator in _COMPARED:
        yield from _walk_comparison(one, around)
        return
    children = list(one.get_children())
    if isinstance(one, sa.Select | sa.Update | sa.Delete):
        found = _of_select(one, around.near) if isinstance(one, sa.Select) else _of_change(one)
        found.outer = around.outer
        found.equal += around.given
        yield found
        around = _Around([*around.outer, *found.reads], found.reads)
        if not isinstance(one, sa.Select):
            children += found.reads
    for child in children:
        yield from _walk(child, around._replace(given=()))


def _walk_comparison(one: Any, around: _Around) -> Iterator[Scope | str]:
    """What a query on the right chooses is given by the left: other rows of it change nothing."""
    selects = list(_selects(one.right))
    for select in selects:
        its: list[_Equal] = []
        if not _takes_some(one.right) and not _takes_some(select):
            pairs = zip(_columns(one.left), select.selected_columns, strict=False)
            its = [(mine, frozenset()) for _, other in pairs for mine in _columns(other)]
        yield from _walk(select, around._replace(given=its))
    for side in (one.left,) if selects else (one.left, one.right):
        yield from _walk(side, around._replace(given=()))


def table_name(one: Any) -> str | None:
    """Of the table that it is, by whatever alias; None: it is made of what is looked at by itself."""
    while isinstance(one, FromClauseAlias | _Anew):
        one = one.element
    return one.name if isinstance(one, sa.TableClause) else None


def _of_select(select: sa.Select[Any], near: Sequence[Any]) -> Scope:
    made = Scope()
    froms = select.get_final_froms()
    own = [one for one in froms if not any(one is other for other in near)]
    for one in own if len(froms) > 1 else froms:  # as SQLAlchemy: the last one stays
        made.add_from(one)
    made.add_where(select.whereclause)
    return made


def _of_change(change: sa.Update | sa.Delete) -> Scope:
    made = Scope()
    made.add_from(change.table)
    for child in change.get_children():  # UPDATE … FROM, DELETE … USING
        for column in _outside(child):
            table = getattr(column, "table", None)
            if table is not None and not any(table is one for one in made.reads):
                made.reads.append(table)
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
        return [] if list(_made_of(side.right)) else _columns(side.left)
    if isinstance(side, Tuple):
        return [column for one in side.clauses for column in _columns(one)]
    return [side] if isinstance(side, ColumnClause) and side.table is not None else []


def _made_of(side: Any) -> Iterator[Any]:
    """The columns in it; of text and of a query in it nothing is known here."""
    waiting = [side]
    while waiting:
        one = waiting.pop()
        if isinstance(one, ColumnClause) and one.table is not None:
            yield one
        elif isinstance(one, sa.SelectBase | sa.ScalarSelect | sa.TextClause | ColumnClause):
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
    """The columns in it, and the text, that stand in none of its queries."""
    if isinstance(side, ColumnClause | sa.TextClause):
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


def _takes_some(one: Any) -> bool:
    """Whether a query takes a number of its rows: which, depends on all that there are."""
    one = _bare(one)
    if isinstance(one, sa.ScalarSelect):
        one = _bare(one.element)
    return bool(one._has_row_limiting_clause)  # noqa: SLF001 - SQLAlchemy asks its own so


def _bare(one: Any) -> Any:
    while isinstance(one, Grouping) or type(one).__name__ == "SelectStatementGrouping":
        one = one.element
    return one

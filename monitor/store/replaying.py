"""Whether the stored pictures of cases are what their histories tell (`replay --check`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.store import cases, schema
from monitor.store.cross_brand import Why, across


def differences(conn: Connection, batch: int = 500) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The cases whose picture differs from the fold of their history (`replay --check`): none, ever."""
    last = 0
    while ids := list(
        conn.scalars(
            across(
                sa.select(schema.cases.c.id)
                .where(schema.cases.c.id > last)
                .order_by(schema.cases.c.id)
                .limit(batch),
                Why.OPERATION,
            )
        )
    ):
        for case_id in ids:
            wrong = _difference(conn, case_id)
            if wrong:
                yield case_id, wrong
        last = ids[-1]


def _difference(conn: Connection, case_id: int) -> dict[str, Any]:
    case = cases.load(conn, case_id)
    stored = cases.row(conn, case_id)
    told = cases.case_row(case)
    wrong: dict[str, Any] = {
        name: (value, getattr(stored, name))
        for name, value in told.items()
        if getattr(stored, name) != value
    }
    rows = conn.execute(
        sa.select(schema.wait)
        .where(schema.wait.c.case_id == case_id)
        .order_by(schema.wait.c.number)
    )
    pictured = [{name: getattr(one, name) for name in _WAIT_COLUMNS} for one in rows]
    expected = sorted(
        (cases.wait_row(case, one) for one in case.waits), key=lambda one: int(one["number"])
    )
    if pictured != expected:
        wrong["waits"] = (expected, pictured)
    return wrong


_WAIT_COLUMNS = [
    one.name for one in schema.wait.columns if one.name not in ("case_id", "brand_id", "network")
]

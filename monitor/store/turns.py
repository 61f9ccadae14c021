"""In which order what waits is done: brands take turns, so one that has a storm stands before nobody else."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

SEEN = 20_000
"""So many of the oldest that wait are put in order: more would cost more than it brings."""


def turn_of(brand_id: sa.ColumnElement[int], *order: sa.ColumnElement[Any]) -> sa.Label[int]:
    """Which of its brand's rows a row is, as `turn`: the first of each comes before any second."""
    return sa.func.row_number().over(partition_by=brand_id, order_by=order).label("turn")

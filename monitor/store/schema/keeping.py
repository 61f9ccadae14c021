"""What was purged, and how looking posts up again went: numbers a day, for people to look at."""

from __future__ import annotations

import sqlalchemy as sa

from monitor.store.schema.parts import metadata

purged = sa.Table(
    "purged",
    metadata,
    sa.Column("day", sa.Date, primary_key=True),  # UTC
    sa.Column("reason", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, nullable=False),
)

look_up = sa.Table(
    "look_up",
    metadata,
    sa.Column("day", sa.Date, primary_key=True),  # UTC
    sa.Column("source", sa.Text, primary_key=True),  # empty: no source serves them
    sa.Column("outcome", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, nullable=False),
)

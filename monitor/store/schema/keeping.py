"""What was purged, how looking posts up again went, and the key by which the erased are known again."""

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

# one row: what this installation alone knows
installation = sa.Table(
    "installation",
    metadata,
    sa.Column("number", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column(
        "pseudonym_key", sa.Text, nullable=False
    ),  # in hex: of the hashes that stand for people
)

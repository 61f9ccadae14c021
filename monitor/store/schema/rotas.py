"""Who is on call when, as calendars elsewhere said it last."""

from __future__ import annotations

import sqlalchemy as sa

from monitor.store.columns import UtcDateTime
from monitor.store.schema.parts import id_, metadata

rota = sa.Table(
    "rota",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("read_at", UtcDateTime),  # None: never yet
    sa.Column("tried_at", UtcDateTime, nullable=False),
    sa.Column("problem", sa.Text),  # of the last try, if it failed
)

shift = sa.Table(
    "shift",
    metadata,
    id_(),
    sa.Column("rota", sa.Text, nullable=False),
    sa.Column("begins_at", UtcDateTime, nullable=False),
    sa.Column("ends_at", UtcDateTime, nullable=False),
    sa.Column("person", sa.Text, nullable=False),
    sa.Index("ix_shift_rota_ends", "rota", "ends_at"),
)

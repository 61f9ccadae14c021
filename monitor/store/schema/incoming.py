"""What is sent to us, until the source that it is for has read it, and how that goes."""

from __future__ import annotations

import sqlalchemy as sa

from monitor.store.columns import UtcDateTime
from monitor.store.schema.parts import id_, metadata, where

letter = sa.Table(
    "letter",
    metadata,
    id_(),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),  # a hash: what comes twice is one letter
    sa.Column("said", sa.Text),  # NULL: read, and purged
    sa.Column("came_at", UtcDateTime, nullable=False),
    sa.UniqueConstraint("source", "key"),
    sa.Index("ix_letter_unread", "source", "id", **where("said IS NOT NULL")),
    sa.Index("ix_letter_read", "source", "came_at", **where("said IS NULL")),
    sqlite_autoincrement=True,  # the source's cursor is a number, which must only rise
)

# when somebody last listened at a source's address
listening = sa.Table(
    "listening",
    metadata,
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("at", UtcDateTime, nullable=False),
)

refused = sa.Table(
    "refused",
    metadata,
    sa.Column("day", sa.Date, primary_key=True),  # UTC
    sa.Column("source", sa.Text, primary_key=True),  # empty: there is none of the name
    sa.Column("reason", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, nullable=False),
)

"""Who may use page and API, at first (see `0001_first`)."""

from __future__ import annotations

import sqlalchemy as sa

from monitor.store.columns import UtcDateTime
from monitor.store.migrations.first_parts import id_, ref


def tables(metadata: sa.MetaData) -> None:
    """Put the tables into `metadata`."""
    sa.Table(
        "account",
        metadata,
        id_(),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        sa.Column("role", sa.SmallInteger, nullable=False),
        sa.Column("password", sa.Text),
        sa.Column("brands", sa.JSON(none_as_null=True)),
        sa.Column("made_at", UtcDateTime, nullable=False),
        sa.Column("disabled_at", UtcDateTime),
    )
    sa.Table(
        "session",
        metadata,
        sa.Column("digest", sa.Text, primary_key=True),
        ref("account_id", "account", nullable=False),
        sa.Column("made_at", UtcDateTime, nullable=False),
        sa.Column("seen_at", UtcDateTime, nullable=False),
        sa.Index("ix_session_account", "account_id"),
    )
    sa.Table(
        "token",
        metadata,
        id_(),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        sa.Column("digest", sa.Text, nullable=False, unique=True),
        sa.Column("role", sa.SmallInteger, nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("brands", sa.JSON(none_as_null=True)),
        sa.Column("made_at", UtcDateTime, nullable=False),
        sa.Column("ends_at", UtcDateTime),
        sa.Column("used_at", UtcDateTime),
        sa.Column("revoked_at", UtcDateTime),
    )
    sa.Table(
        "refused_sign_in",
        metadata,
        id_(),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Index("ix_refused_sign_in_key_at", "key", "at"),
        sa.Index("ix_refused_sign_in_at", "at"),
    )
    sa.Table(
        "access_event",
        metadata,
        id_(),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("about", sa.Text, nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
        sa.Index("ix_access_event_at", "at"),
    )

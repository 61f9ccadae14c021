"""What people say of verdicts, the sample, calibrations and adoptions, at first (see `0001_first`)."""

from __future__ import annotations

import sqlalchemy as sa

from monitor.store.columns import UtcDateTime
from monitor.store.migrations.first_parts import id_, ref


def tables(metadata: sa.MetaData) -> None:
    """Put the tables into `metadata`."""
    sa.Table(
        "correction",
        metadata,
        id_(),
        ref("brand_id", "brand", nullable=False),
        ref("post_id", "post", nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("said", sa.Text, nullable=False),
        sa.Column("reviewed", sa.Boolean, nullable=False),
        sa.Index("ix_correction_post", "post_id"),
    )
    sa.Table(
        "sample",
        metadata,
        ref("brand_id", "brand", primary_key=True),
        ref("post_id", "post", primary_key=True),
        sa.Column("week", sa.Text, nullable=False),
        sa.Column("near", sa.Boolean, nullable=False),
        sa.Index("ix_sample_week", "brand_id", "week"),
        sa.Index("ix_sample_post", "post_id"),
    )
    sa.Table(
        "sample_week",
        metadata,
        ref("brand_id", "brand", primary_key=True),
        sa.Column("week", sa.Text, primary_key=True),
        sa.Column("near", sa.Boolean, primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("closed_at", UtcDateTime),
    )
    sa.Table(
        "calibration",
        metadata,
        id_(),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("alert", sa.Float),
        sa.Column("review", sa.Float),
        sa.Column("figures", sa.JSON, nullable=False),
        sa.Index("ix_calibration_source", "source", "model"),
    )
    sa.Table(
        "adoption",
        metadata,
        id_(),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("folder", sa.Text),
    )

"""What people say of verdicts, the sample they are asked about, and which model judges how."""

from __future__ import annotations

import sqlalchemy as sa

from monitor.store.columns import UtcDateTime
from monitor.store.schema.parts import id_, metadata, ref

# Said outright; what follows from what was done to cases is read from their history.
correction = sa.Table(
    "correction",
    metadata,
    id_(),
    ref("brand_id", "brand", nullable=False),
    ref("post_id", "post", nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("said", sa.Text, nullable=False),
    sa.Column("reviewed", sa.Boolean, nullable=False),  # of the weekly sample
    sa.Index("ix_correction_post", "post_id"),
)

sample = sa.Table(
    "sample",
    metadata,
    ref("brand_id", "brand", primary_key=True),
    ref("post_id", "post", primary_key=True),
    sa.Column("week", sa.Text, nullable=False),
    sa.Column("near", sa.Boolean, nullable=False),
    sa.Index("ix_sample_week", "brand_id", "week"),
    sa.Index("ix_sample_post", "post_id"),
)

# how many posts were let pass in a week, by part
sample_week = sa.Table(
    "sample_week",
    metadata,
    ref("brand_id", "brand", primary_key=True),
    sa.Column("week", sa.Text, primary_key=True),
    sa.Column("near", sa.Boolean, primary_key=True),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("closed_at", UtcDateTime),  # drawn for good
)

# the last one of a source and a model counts; without thresholds: the model's own again
calibration = sa.Table(
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

# the last one counts; without a folder: the model that the config names
adoption = sa.Table(
    "adoption",
    metadata,
    id_(),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("folder", sa.Text),
)

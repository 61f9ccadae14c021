"""What complaints say, as signatures that are kept for some days, and which posts are copies of which."""

from __future__ import annotations

import sqlalchemy as sa

from monitor.store.columns import UtcDateTime
from monitor.store.schema.parts import metadata, ref

likeness = sa.Table(
    "likeness",
    metadata,
    ref("brand_id", "brand", primary_key=True),
    ref("post_id", "post", primary_key=True),
    sa.Column("posted_at", UtcDateTime, nullable=False),
    sa.Column("customer", sa.Text, nullable=False),
    sa.Column("numbers", sa.Text, nullable=False),
    sa.Column("signature", sa.Text, nullable=False),
    sa.Index("ix_likeness_post", "post_id"),
    sa.Index("ix_likeness_posted", "posted_at"),
)

likeness_band = sa.Table(
    "likeness_band",
    metadata,
    ref("brand_id", "brand", primary_key=True),
    sa.Column("band", sa.BigInteger, primary_key=True, autoincrement=False),
    ref("post_id", "post", primary_key=True),
    sa.Index("ix_likeness_band_post", "post_id"),
)

alike = sa.Table(
    "alike",
    metadata,
    ref("brand_id", "brand", primary_key=True),
    ref("post_id", "post", primary_key=True),
    ref("first_id", "post", nullable=False),
    sa.Index("ix_alike_post", "post_id"),
    sa.Index("ix_alike_first", "first_id"),
)

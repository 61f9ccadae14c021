"""What leaves: notices to the staff, answers to the customers."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from monitor.store.columns import Id, UtcDateTime
from monitor.store.schema.parts import id_, metadata, ref, where


def leased() -> tuple[sa.Column[Any], ...]:
    """The columns by which `store.leases` sees to it that one at a time sends a row."""
    return (
        sa.Column("not_before", UtcDateTime),  # transport time: retry-after, back-off
        sa.Column("leased_until", UtcDateTime),  # transport time
        sa.Column("lease", sa.Text),
        sa.Column("attempted_at", UtcDateTime),  # transport time; set without receipt: fate unknown
        sa.Column("attempts", sa.Integer, nullable=False, default=0),
    )


notice = sa.Table(
    "notice",
    metadata,
    id_(),
    sa.Column("key", sa.Text, nullable=False, unique=True),
    ref("brand_id", "brand"),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("audience", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    ref("case_id", "cases"),
    sa.Column("wait", sa.SmallInteger),
    sa.Column("step", sa.Text),
    ref("under", "notice"),  # what it edits or belongs under, if that is not its case's card
    sa.Column("payload", sa.JSON),  # ids and dates only: texts are rendered when sent
    sa.Column("due_at", UtcDateTime, nullable=False),
    sa.Column("written_at", UtcDateTime, nullable=False),
    *leased(),
    sa.Column("possibly_repeated", sa.Boolean, nullable=False, default=False),
    sa.Column("sent_at", UtcDateTime),
    sa.Column("place", sa.Text),
    sa.Column("name", sa.Text),
    sa.Column("problem", sa.Text),
    sa.Index("ix_notice_case", "case_id"),
    sa.Index("ix_notice_under", "under", **where("under IS NOT NULL")),
    sa.Index("ix_notice_written", "brand_id", "audience", "written_at"),
    sa.Index("ix_notice_pending", "id", **where("state = 'pending'")),
    # what `/metrics` counts, without reading the rows
    sa.Index("ix_notice_outcome", "state", "reason"),
    sa.Index("ix_notice_held", "audience", **where("reason = 'quiet_hours'")),
)

storm = sa.Table(
    "storm",
    metadata,
    ref("notice_id", "notice", primary_key=True),  # the message that stands for all
    ref("brand_id", "brand", nullable=False),
    sa.Column("audience", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),  # of its alarms
    sa.Column("common", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("alone", sa.Integer, nullable=False),
    sa.Column("opened_at", UtcDateTime, nullable=False),
    sa.Column("last_at", UtcDateTime, nullable=False),
    sa.Index("ix_storm_last", "brand_id", "last_at"),
)

subscription = sa.Table(
    "subscription",
    metadata,
    sa.Column("audience", sa.Text, primary_key=True),
    ref("brand_id", "brand", primary_key=True),
    sa.Column("since", UtcDateTime, nullable=False),
)

reply = sa.Table(
    "reply",
    metadata,
    id_(),
    sa.Column("key", sa.Text, nullable=False, unique=True),  # for networks that keep one
    ref("brand_id", "brand", nullable=False),
    ref("case_id", "cases", nullable=False),
    sa.Column("wait", sa.SmallInteger, nullable=False),
    ref("post_id", "post", nullable=False),  # what it answers
    sa.Column("source", sa.Text, nullable=False),  # who posts it
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("note", Id, nullable=False),  # the row of `note` with its text, unless erased
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("reason", sa.Text),  # why it was cancelled
    sa.Column("written_at", UtcDateTime, nullable=False),
    sa.Column("tried_at", UtcDateTime),  # the first attempt, in networks' time
    *leased(),
    sa.Column("sent_at", UtcDateTime),
    sa.Column("sent_post_id", Id),
    sa.Column("problem", sa.Text),
    sa.Index("ix_reply_case", "case_id"),
    sa.Index("ix_reply_state", "state"),
)

"""What waits for too long, whichever worker should have done it: then not all is well."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.store import leaving
from monitor.store.cross_brand import Why, across
from monitor.store.failures import resting
from monitor.store.mentions import SETTLE, TRIAGE
from monitor.store.schema import cases, mention, post

LATE = timedelta(minutes=10)
"""Longer than it takes to take over what a dead worker had."""
_MINUTES = f"{LATE.total_seconds() / 60:g} minutes"


def late(conn: Connection, *, now: datetime, at: datetime) -> str | None:
    """What nobody does, in words; None: nothing waits for longer than `LATE`. `at` is transport time.

    What failed and rests, or was set aside, is not late: somebody tries it, or the operators heard of it.
    """
    by_what = (
        ("posts wait to be judged", _unjudged(now)),
        ("posts wait to be decided on", _undecided(TRIAGE, now)),
        ("posts wait to be decided on", _undecided(SETTLE, now)),
        ("cases wait for their next step", _unescalated(now)),
    )
    for what, query in by_what:
        if conn.scalar(across(query.limit(1), Why.OPERATION)) is not None:
            return f"{what} for more than {_MINUTES}"
    if leaving.is_left_lying(conn, now=now, at=at, patience=LATE):
        return f"notices wait to be told for more than {_MINUTES}"
    return None


def _unjudged(now: datetime) -> sa.Select[tuple[int]]:
    rests = resting("classify", sa.cast(post.c.id, sa.Text), now)
    # the partial index's own words, as in `cross_brand.to_judge`
    return sa.select(post.c.id).where(
        sa.text("to_judge"), post.c.first_seen_at < now - LATE, ~rests
    )


def _undecided(stage: str, now: datetime) -> sa.Select[tuple[int]]:
    key = sa.cast(mention.c.brand_id, sa.Text) + ":" + sa.cast(mention.c.post_id, sa.Text)
    return (
        sa.select(mention.c.post_id)
        .join(post, post.c.id == mention.c.post_id)
        .where(mention.c.next == stage, ~post.c.to_judge, ~resting(stage, key, now))
        .where(post.c.first_seen_at < now - LATE)
    )


def _unescalated(now: datetime) -> sa.Select[tuple[int]]:
    fell_due = cases.c.next_action_at.is_not(None) & (cases.c.next_action_at < now - LATE)
    return sa.select(cases.c.id).where(
        fell_due, ~resting("escalate", sa.cast(cases.c.id, sa.Text), now)
    )

"""The first tables, as they were then (a copy of `store.schema`: migrations never change)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from monitor.store.columns import Id, UtcDateTime
from monitor.store.migrations import (
    first_access,
    first_doing,
    first_incoming,
    first_keeping,
    first_learning,
    first_likeness,
    first_outgoing,
    first_parts,
    first_rotas,
    first_said,
    first_watching,
)
from monitor.store.migrations.first_parts import id_ as _id
from monitor.store.migrations.first_parts import ref as _ref
from monitor.store.migrations.first_parts import where as _where

revision = "0001"
down_revision = None
metadata = first_parts.metadata()

brand = sa.Table(
    "brand",
    metadata,
    _id(),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("first_run_at", UtcDateTime),
    sa.Column("shadowed_since", UtcDateTime),
)

author = sa.Table(
    "author",
    metadata,
    _id(),
    sa.Column("network", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("external_id", sa.Text),
    sa.Column("handle", sa.Text),
    sa.Column("name", sa.Text),
    sa.Column("followers", sa.BigInteger),
    sa.UniqueConstraint("network", "key"),
    sqlite_autoincrement=True,  # the number of an erased row is never given out again
)

post = sa.Table(
    "post",
    metadata,
    _id(),
    sa.Column("network", sa.Text, nullable=False),
    sa.Column("external_id", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("thread", sa.Text, nullable=False),
    sa.Column("reply_to", sa.Text),
    sa.Column("quotes", sa.JSON, nullable=False),
    sa.Column("title", sa.Text),
    sa.Column("text", sa.Text),  # NULL: purged
    sa.Column("lang", sa.Text),
    sa.Column("rating", sa.Float),
    _ref("author_id", "author"),
    sa.Column("via", sa.Text),
    sa.Column("visibility", sa.Text),
    sa.Column("reply_token", sa.Text),
    sa.Column("url", sa.Text),
    sa.Column("posted_at", UtcDateTime, nullable=False),
    sa.Column("claimed_at", UtcDateTime),  # what a client declared, where it was in the future
    sa.Column("indexed_at", UtcDateTime),
    sa.Column("edited_at", UtcDateTime),
    sa.Column("past", sa.Text),  # hashes of what it said before; purged with the text
    sa.Column("first_seen_at", UtcDateTime, nullable=False),
    sa.Column("last_seen_at", UtcDateTime, nullable=False),
    sa.Column("gone_at", UtcDateTime),
    sa.Column("gone_after", UtcDateTime),
    sa.Column("looked_up_at", UtcDateTime),
    sa.Column("asking_until", UtcDateTime),
    sa.Column("look_again_at", UtcDateTime),
    sa.Column("in_vain_since", UtcDateTime),
    sa.Column("purged_at", UtcDateTime),
    sa.Column("reach", sa.BigInteger),
    sa.Column("can_reply", sa.Boolean),
    sa.Column("cannot_reply_because", sa.Text),
    sa.Column("to_judge", sa.Boolean, nullable=False, default=False),
    sa.UniqueConstraint("network", "external_id"),
    sa.Index("ix_post_thread", "network", "thread"),
    sa.Index("ix_post_author", "author_id"),
    sa.Index("ix_post_to_judge", "id", **_where("to_judge")),
    sa.Index("ix_post_looked_up", "looked_up_at", **_where("looked_up_at IS NOT NULL")),
    sa.Index("ix_post_kept", "first_seen_at", **_where("text IS NOT NULL")),
    sa.Index("ix_post_address", "id", **_where("text IS NULL AND url IS NOT NULL")),
    sqlite_autoincrement=True,  # as above: the history of cases names posts by number
)

stream = sa.Table(
    "stream",
    metadata,
    _id(),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("network", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("cursor", sa.Text),
    sa.Column("added_at", UtcDateTime),
    sa.Column("polled_at", UtcDateTime),  # the last look that came to its end
    sa.Column("next_poll_at", UtcDateTime),
    sa.Column("planned_at", UtcDateTime),  # when next_poll_at was set, by the clock of then
    sa.Column("failing_since", UtcDateTime),
    sa.Column("failures", sa.Integer, nullable=False, default=0),
    sa.Column("problem", sa.Text),
    sa.Column("permanent", sa.Boolean, nullable=False, default=False),
    sa.Column("rests_until", UtcDateTime),
    sa.Column("options", sa.Text),
    sa.UniqueConstraint("source", "name"),
    sa.Index("ix_stream_next_poll", "next_poll_at"),
    sa.Index("ix_stream_planned", "planned_at"),
)

stream_brand = sa.Table(
    "stream_brand",
    metadata,
    _ref("stream_id", "stream", primary_key=True),
    _ref("brand_id", "brand", primary_key=True),
)

stream_network = sa.Table(
    "stream_network",
    metadata,
    _ref("stream_id", "stream", primary_key=True),
    sa.Column("network", sa.Text, primary_key=True),
)

coverage = sa.Table(
    "coverage",
    metadata,
    _id(),
    _ref("stream_id", "stream", nullable=False),
    sa.Column("began_at", UtcDateTime, nullable=False),
    sa.Column("ended_at", UtcDateTime, nullable=False),
    sa.Column("read", sa.Integer, nullable=False),
    sa.Column("stored", sa.Integer, nullable=False),
    sa.Column("duplicate", sa.Integer, nullable=False),
    sa.Column("rejected", sa.Integer, nullable=False),
    sa.Column("edited", sa.Integer, nullable=False),
    sa.Column("deleted", sa.Integer, nullable=False),
    sa.Column("unnamed", sa.Integer, nullable=False),  # named none of the stream's brands
    sa.Column("calls", sa.Integer, nullable=False),
    sa.Column("micros", sa.BigInteger, nullable=False),
    sa.Column("gap", sa.Text),
    sa.Column("gap_from", sa.Text),
    sa.Column("gap_to", sa.Text),
    sa.Index("ix_coverage_stream_ended", "stream_id", "ended_at"),
    sa.Index("ix_coverage_news", "stream_id", "ended_at", **_where("stored > 0")),
)

reject = sa.Table(
    "reject",
    metadata,
    _id(),
    _ref("stream_id", "stream", nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("place", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("sample", sa.Text, nullable=False),
    sa.UniqueConstraint("stream_id", "place", "reason"),
    sa.Index("ix_reject_stream_at", "stream_id", "at"),
)

sighting = sa.Table(
    "sighting",
    metadata,
    _ref("brand_id", "brand", primary_key=True),
    _ref("post_id", "post", primary_key=True),
    _ref("stream_id", "stream", primary_key=True),
)

mention = sa.Table(
    "mention",
    metadata,
    _ref("brand_id", "brand", primary_key=True),
    _ref("post_id", "post", primary_key=True),
    sa.Column("own", sa.Boolean, nullable=False),
    sa.Column("automatic", sa.Boolean, nullable=False, default=False),
    sa.Column("next", sa.Text),
    sa.Column("band", sa.Text),
    sa.Column("severity", sa.SmallInteger),
    sa.Column("topics", sa.JSON),
    sa.Column("asks", sa.Text),  # complaint | question | NULL
    sa.Column("reason", sa.Text),
    sa.Column("due_at", UtcDateTime),
    sa.Column("rule", sa.Text),
    sa.Column("filtered", sa.Text),
    sa.Column("would_be", sa.Text),
    sa.Index("ix_mention_filtered", "post_id", **_where("filtered IS NOT NULL")),
    sa.Index("ix_mention_next", "next", "post_id", **_where("next IS NOT NULL")),
    sa.Index("ix_mention_post", "post_id"),
)

unnamed = sa.Table(
    "unnamed",
    metadata,
    _ref("post_id", "post", primary_key=True),
    _ref("stream_id", "stream", primary_key=True),
)

gone = sa.Table(
    "gone",
    metadata,
    sa.Column("network", sa.Text, primary_key=True),
    sa.Column("external_id", sa.Text, primary_key=True),
    sa.Column("gone_at", UtcDateTime, nullable=False),
    sa.Column("gone_after", UtcDateTime),
)

quote = sa.Table(
    "quote",
    metadata,
    _ref("brand_id", "brand", primary_key=True),
    sa.Column("network", sa.Text, primary_key=True),
    sa.Column("external_id", sa.Text, primary_key=True),
    _ref("post_id", "post", primary_key=True),
)

judgement = sa.Table(
    "judgement",
    metadata,
    _ref("post_id", "post", primary_key=True),
    sa.Column("complaint", sa.Float, nullable=False),
    sa.Column("question", sa.Float, nullable=False),
    sa.Column("praise", sa.Float, nullable=False),
    sa.Column("other", sa.Float, nullable=False),
    sa.Column("language", sa.Text),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("judged_at", UtcDateTime, nullable=False),
    sa.Index("ix_judgement_judged", "judged_at"),
)

rule = sa.Table(
    "rule",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("snapshot", sa.Text, nullable=False),
)

cases = sa.Table(
    "cases",
    metadata,
    _id(),
    _ref("brand_id", "brand", nullable=False),
    sa.Column("network", sa.Text, nullable=False),
    sa.Column("thread", sa.Text, nullable=False),
    sa.Column("customer", sa.Text, nullable=False),
    _ref("root_post_id", "post", nullable=False),
    sa.Column("opened_at", UtcDateTime, nullable=False),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("confirmed", sa.Boolean, nullable=False),
    sa.Column("severity", sa.SmallInteger, nullable=False),
    sa.Column("level", sa.SmallInteger, nullable=False),
    sa.Column("owner", sa.Text),
    sa.Column("claimed", sa.Boolean, nullable=False),
    sa.Column("acknowledged_until", UtcDateTime),
    sa.Column("snoozed_until", UtcDateTime),
    sa.Column("merged_into", Id),
    sa.Column("next_action_at", UtcDateTime),
    sa.UniqueConstraint("brand_id", "network", "thread", "customer"),
    sa.Index("ix_cases_customer", "brand_id", "customer"),
    sa.Index("ix_cases_next_action", "next_action_at", **_where("next_action_at IS NOT NULL")),
)

case_event = sa.Table(
    "case_event",
    metadata,
    _ref("case_id", "cases", primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("recorded_at", UtcDateTime, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("data", sa.JSON, nullable=False),
    sa.Index("ix_case_event_at", "at"),
    sa.Index("ix_case_event_recorded_at", "recorded_at"),
)

case_post = sa.Table(
    "case_post",
    metadata,
    _ref("post_id", "post", primary_key=True),
    _ref("case_id", "cases", primary_key=True),
    sa.Index("ix_case_post_case", "case_id"),
)

wait = sa.Table(
    "wait",
    metadata,
    _ref("case_id", "cases", primary_key=True),
    sa.Column("number", sa.SmallInteger, primary_key=True, autoincrement=False),
    _ref("brand_id", "brand", nullable=False),
    sa.Column("network", sa.Text, nullable=False),
    sa.Column("started_at", UtcDateTime, nullable=False),
    sa.Column("first_seen_at", UtcDateTime, nullable=False),
    sa.Column("due_at", UtcDateTime, nullable=False),
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("severity", sa.SmallInteger, nullable=False),
    sa.Column("topics", sa.Text, nullable=False),  # comma-separated: topic names hold no comma
    sa.Column("confirmed", sa.Boolean, nullable=False),
    sa.Column("owner", sa.Text),
    sa.Column("first_post_id", Id, nullable=False),
    sa.Column("ended_at", UtcDateTime),
    sa.Column("ended_after", UtcDateTime),
    sa.Column("outcome", sa.Text),
    sa.Column("answer_post_id", Id),
    sa.Column("channel", sa.Text),
    sa.Column("dismissed", sa.Text),
    sa.Column("dismissed_at", UtcDateTime),
    sa.Index("ix_wait_started", "brand_id", "started_at"),
    sa.Index("ix_wait_open", "brand_id", "due_at", **_where("ended_at IS NULL")),
)

note = sa.Table(
    "note",
    metadata,
    _id(),
    _ref("case_id", "cases", nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("text", sa.Text),  # NULL: purged
)

first_outgoing.notice(metadata)
first_outgoing.storm(metadata)
first_outgoing.subscription(metadata)
first_outgoing.reply(metadata)

failure = sa.Table(
    "failure",
    metadata,
    sa.Column("stage", sa.Text, primary_key=True),
    sa.Column("item", sa.Text, primary_key=True),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("first_at", UtcDateTime, nullable=False),
    sa.Column("retry_at", UtcDateTime),
    sa.Column("quarantined_at", UtcDateTime),
    sa.Column("reason", sa.Text, nullable=False),
)

first_incoming.letter(metadata)
first_incoming.listening(metadata)
first_incoming.refused(metadata)
first_keeping.tables(metadata)
first_doing.done(metadata)
first_doing.api_call(metadata)
first_access.tables(metadata)
first_likeness.tables(metadata)
first_rotas.rota(metadata)
first_rotas.shift(metadata)
first_watching.watch(metadata)
first_watching.outage(metadata)
first_learning.tables(metadata)

tombstone = sa.Table(
    "tombstone",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),  # keyed hash of an erased post's key
    sa.Column("at", UtcDateTime, nullable=False),
)


def upgrade() -> None:
    metadata.create_all(op.get_bind())
    dialect = op.get_bind().dialect.name
    for statement in (*first_said.MAKE[dialect], *APPEND_ONLY[dialect]):
        op.execute(statement)


APPEND_ONLY = {
    "sqlite": [
        f"""
        CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table}
        BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END
        """
        for table in ("case_event", "access_event")
        for event in ("UPDATE", "DELETE")
    ],
    "postgresql": [
        """CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$""",
        *(
            f"""CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"""
            for table in ("case_event", "access_event")
        ),
    ],
}

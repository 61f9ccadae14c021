"""The first index of what was said (a copy of `store.schema.said`: migrations never change)."""

from __future__ import annotations

MAKE = {
    "sqlite": (
        """
        CREATE VIRTUAL TABLE IF NOT EXISTS said
        USING fts5(text, title, others, columnsize = 0, tokenize = 'ascii')
        """,
    ),
    "postgresql": (
        "CREATE TABLE IF NOT EXISTS said (post_id bigint PRIMARY KEY, words tsvector NOT NULL)",
        "CREATE INDEX IF NOT EXISTS ix_said_words ON said USING gin (words)",
    ),
}

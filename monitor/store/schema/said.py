"""The index of what was said, for full-text search: FTS5 on SQLite, a `tsvector` on PostgreSQL.

No table of the metadata: the two are made unlike, and a move makes it anew instead of copying it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from monitor.store.schema.parts import metadata

MAKE: Mapping[str, Sequence[str]] = {
    "sqlite": (
        # `words` of the domain has cut them: what is left to do is to split at the spaces. With its
        # content: a row goes without knowing what it said. Without sizes: nothing is ranked.
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

said = sa.table(
    "said",
    sa.column("rowid", sa.BigInteger),  # SQLite's: the post's number
    sa.column("said", sa.Text),  # … what is asked: the table's name stands for all its columns
    sa.column("post_id", sa.BigInteger),  # PostgreSQL's
    sa.column("words"),
)


@sa.event.listens_for(metadata, "after_create")
def _make(_metadata: object, conn: sa.Connection, **_: object) -> None:
    for statement in MAKE[conn.dialect.name]:
        conn.exec_driver_sql(statement)


@sa.event.listens_for(metadata, "before_drop")
def _drop(_metadata: object, conn: sa.Connection, **_: object) -> None:
    conn.exec_driver_sql("DROP TABLE IF EXISTS said")

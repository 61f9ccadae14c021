"""What the first tables were made of (a copy of `store.schema.parts`: migrations never change)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from monitor.store.columns import Id


def metadata() -> sa.MetaData:
    """New for each upgrade: Alembic reads the file with the tables anew."""
    return sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )


def id_() -> sa.Column[int]:
    return sa.Column("id", Id, primary_key=True, autoincrement=True)


def ref(name: str, to: str, **options: Any) -> sa.Column[int]:
    return sa.Column(name, Id, sa.ForeignKey(f"{to}.id"), **options)


def where(rows: str) -> dict[str, Any]:
    """Makes an index partial. Queries repeat `rows` literally, or no planner uses it."""
    return {"sqlite_where": sa.text(rows), "postgresql_where": sa.text(rows)}

"""Alembic's way in: `monitor.store.maintenance` hands over the connection and its transaction."""

from alembic import context

from monitor.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()

"""Alembic environment: revisions run on the connection that recsys.store.migrations gives."""

from __future__ import annotations

from alembic import context

from recsys.store.schema import VERSION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,  # SQLite alters little: tables are copied where it cannot
)
with context.begin_transaction():
    context.run_migrations()

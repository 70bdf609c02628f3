"""Alembic's entry: migrations run on the connection that the store has opened."""

from __future__ import annotations

from alembic import context

from shadow.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table="shadow_version",
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()

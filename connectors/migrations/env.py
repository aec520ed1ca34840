"""Alembic の環境: runs on the connection that `migrate` hands over, in its transaction."""

from __future__ import annotations

from alembic import context

from connectors.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"], target_metadata=METADATA, compare_type=True
)
context.run_migrations()

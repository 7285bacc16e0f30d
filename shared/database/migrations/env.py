"""What Alembic runs: the revisions, inside the transaction that `shared.database.migration` has."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()

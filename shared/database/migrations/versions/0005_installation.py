"""The database's own name, by which processes see whether they use the same one."""

from __future__ import annotations

from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Give it one. A copy or a backup of the database keeps it."""
    table = op.create_table("installation", sa.Column("id", sa.Text, primary_key=True))
    op.bulk_insert(table, [{"id": uuid4().hex}])

"""Conversations can be pinned: they are listed first."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the column; earlier gateways go on without it."""
    column = sa.Column("pinned", sa.SmallInteger, nullable=False, server_default="0")
    op.add_column("conversations", column)

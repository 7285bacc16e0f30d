"""An owner's files are counted: those without bytes are rows too."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

_COUNT = """
UPDATE artifact_storage SET files =
  (SELECT count(*) FROM artifacts WHERE artifacts.owner = artifact_storage.owner)
"""


def upgrade() -> None:
    """Add the column, and what is there; earlier processes go on without it."""
    column = sa.Column("files", sa.BigInteger, nullable=False, server_default="0")
    op.add_column("artifact_storage", column)
    op.execute(_COUNT)

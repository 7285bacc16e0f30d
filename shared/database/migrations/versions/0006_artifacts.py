"""Files: what there is of whom, where its bytes are, who needs it, and how much each owner has."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "artifacts",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("blob", sa.String(64), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("purpose", sa.String(64), nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.Column("expires_ms", sa.BigInteger),
        sa.Column("deleted", sa.Integer, nullable=False),
        sa.Column("extra", sa.Text, nullable=False),
    )
    op.create_index("artifacts_by_owner", "artifacts", ["owner", "created_us", "id"])
    op.create_index("artifacts_by_blob", "artifacts", ["blob"])
    _make_index_of_those_that_expire()
    op.create_table(
        "artifact_blobs",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("sha256", sa.String(64)),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("until_ms", sa.BigInteger, nullable=False),
    )
    op.create_index("artifact_blobs_by_content", "artifact_blobs", ["sha256"])
    op.create_index("artifact_blobs_by_state", "artifact_blobs", ["state", "until_ms"])
    op.create_table(
        "artifact_holds",
        sa.Column("artifact", sa.String(64), primary_key=True),
        sa.Column("job", sa.String(64), primary_key=True),
        sa.Column("until_ms", sa.BigInteger, nullable=False),
    )
    op.create_index("artifact_holds_by_job", "artifact_holds", ["job"])
    op.create_index("artifact_holds_by_until", "artifact_holds", ["until_ms"])
    op.create_table(
        "artifact_storage",
        sa.Column("owner", sa.Text, primary_key=True),
        sa.Column("bytes", sa.BigInteger, nullable=False),
    )


def _make_index_of_those_that_expire() -> None:
    expires = sa.text("expires_ms IS NOT NULL")
    op.create_index(
        "artifacts_by_expiry",
        "artifacts",
        ["expires_ms"],
        sqlite_where=expires,
        postgresql_where=expires,
    )

"""API keys with their secrets' digests, and the audit log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_KEY_TEXTS = (
    *("name", "owner", "user_id", "user_name", "notes", "ref_id"),
    *("scopes", "models", "limits", "meta"),
)
_KEY_TIMES = ("created_ms", "expires_ms", "cancelled_ms", "last_used_ms", "revision")
_AUDIT_TEXTS = ("actor", "action", "target", "changes", "request_id", "address")


def upgrade() -> None:
    """Make the tables and their indices."""
    op.create_table(
        "api_keys",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        *map(_text, _KEY_TEXTS),
        *map(_number, _KEY_TIMES),
    )
    op.create_index("api_keys_by_revision", "api_keys", ["revision"])
    op.create_index("api_keys_by_user", "api_keys", ["user_id"])
    op.create_table(
        "api_key_secrets",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("key_id", sa.BigInteger, nullable=False),
        _text("visible"),
        *map(_number, ("created_ms", "expires_ms")),
    )
    op.create_index("api_key_secrets_by_key", "api_key_secrets", ["key_id"])
    op.create_table(
        "audit",
        # SQLite numbers rows by itself only in a column of exactly this type.
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        *map(_text, _AUDIT_TEXTS),
    )
    op.create_index("audit_by_time", "audit", ["at_ms", "id"])
    op.create_index("audit_by_target", "audit", ["target", "at_ms"])


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default="")


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default="0")

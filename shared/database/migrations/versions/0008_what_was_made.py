"""What was made beside tokens: pictures, characters that were spoken, sound in milliseconds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_TABLES = ("jobs", "usage_daily", "usage_key_daily", "usage_tag_daily")
_NAMES = ("images", "characters", "audio_ms")


def upgrade() -> None:
    """Add the columns; what was before counts as nothing."""
    for table in _TABLES:
        for name in _NAMES:
            op.add_column(table, sa.Column(name, sa.BigInteger, nullable=False, server_default="0"))

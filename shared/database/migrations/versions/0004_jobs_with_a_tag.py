"""The indices by tag hold the jobs that have one: the others cost them nothing any more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_INDICES = {
    "jobs_by_owner_tag": ("owner", "tag", "created_ms", "id"),
    "jobs_by_tag": ("tag", "created_ms", "id"),
}
_HAS_TAG = sa.text("tag <> ''")


def upgrade() -> None:
    """Make them anew."""
    for name, columns in _INDICES.items():
        op.drop_index(name, "jobs")
        op.create_index(
            name, "jobs", list(columns), sqlite_where=_HAS_TAG, postgresql_where=_HAS_TAG
        )

"""The history: jobs that ended, their bodies, and the sums of a day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_BOUNDS_MS = (
    *(50, 100, 200, 350, 500, 750, 1_000, 1_500, 2_000, 3_000, 5_000, 7_500, 10_000, 15_000),
    *(20_000, 30_000, 60_000, 120_000, 300_000, 600_000),
)
_LATENCIES = (*(f"within_{bound}_ms" for bound in _BOUNDS_MS), "slower")
_SUMS = (
    *("total", "completed", "failed", "cancelled"),
    *("prompt_tokens", "completion_tokens", "total_tokens", "cached_tokens"),
    *("cost_nanos", "duration_ms", "waited_ms"),
)
_TEXTS = (
    *("ref_id", "owner", "tag", "model", "operation", "provider", "pinned_provider"),
    *("error_code", "error_message", "attempts", "worker", "reply_to", "request_id"),
)
_NUMBERS = (
    *("deadline_ms", "started_ms", "executed_ms", "completed_ms"),
    *("waited_ms", "duration_ms", "attempt", "priority", "streamed"),
    *("prompt_tokens", "completion_tokens", "total_tokens", "cached_tokens", "cost_nanos"),
)
_INDICES = {
    "jobs_by_created": ("created_ms", "id"),
    "jobs_by_owner": ("owner", "created_ms", "id"),
    "jobs_by_owner_tag": ("owner", "tag", "created_ms", "id"),
    "jobs_by_ref_id": ("owner", "ref_id", "created_ms", "id"),
    "jobs_by_tag": ("tag", "created_ms", "id"),
    "jobs_by_model": ("model", "created_ms", "id"),
    "jobs_by_provider": ("provider", "created_ms", "id"),
    "jobs_by_state": ("state", "created_ms", "id"),
}


def upgrade() -> None:
    """Make the tables and their indices."""
    op.create_table(
        "jobs",
        *_job_key(),
        sa.Column("generation", sa.SmallInteger, nullable=False, server_default="0"),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("status", sa.Integer, nullable=False, server_default="0"),
        *(sa.Column(name, sa.Text, nullable=False, server_default="") for name in _TEXTS),
        *_numbers(_NUMBERS),
    )
    for name, columns in _INDICES.items():
        op.create_index(name, "jobs", list(columns))
    op.create_table(
        "job_bodies",
        *_job_key(),
        *(sa.Column(name, sa.LargeBinary) for name in ("request", "response", "error")),
    )
    _create_sums("usage_daily", ("model", "provider"), (*_SUMS, *_LATENCIES))
    _create_sums("usage_key_daily", ("owner", "model", "provider"), (*_SUMS, *_LATENCIES))
    _create_sums("usage_tag_daily", ("owner", "tag"), _SUMS)


def _create_sums(table: str, key: tuple[str, ...], numbers: tuple[str, ...]) -> None:
    op.create_table(
        table,
        sa.Column("day", sa.Integer, primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.Text, primary_key=True) for name in key),
        *_numbers(numbers),
        # In SQLite rows stand in the order of their key: a span of days is read from one place.
        sqlite_with_rowid=False,
    )
    if "owner" in key:
        op.create_index(f"{table}_by_owner", table, ["owner", "day"])


def _job_key() -> list[sa.Column[int]]:
    return [
        sa.Column(name, sa.BigInteger, primary_key=True, autoincrement=False)
        for name in ("id", "created_ms")
    ]


def _numbers(names: tuple[str, ...]) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger, nullable=False, server_default="0") for name in names]

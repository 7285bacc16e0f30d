"""The tables of the history. `shared/database/migrations` makes them; a test compares the two.

Times are unix milliseconds, days are days since 1970-01-01 in UTC.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    literal_column,
)

metadata: Final = MetaData()

#: Upper bounds of the latency counts (milliseconds); what is slower is counted in `slower`.
LATENCY_BOUNDS_MS: Final = (
    *(50, 100, 200, 350, 500, 750, 1_000, 1_500, 2_000, 3_000, 5_000, 7_500, 10_000, 15_000),
    *(20_000, 30_000, 60_000, 120_000, 300_000, 600_000),
)
LATENCY_COLUMNS: Final = (*(f"within_{bound}_ms" for bound in LATENCY_BOUNDS_MS), "slower")

#: What is summed up, in all tables of sums.
SUMS: Final = (
    *("total", "completed", "failed", "cancelled"),
    *("prompt_tokens", "completion_tokens", "total_tokens", "cached_tokens"),
    *("cost_nanos", "duration_ms", "waited_ms"),
    *("images", "characters", "audio_ms"),
)


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="")


def _number(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default="0")


#: Which rows the indices by tag hold: most jobs have none, and shall not pay for them. A query by
#: tag states it too, or it would not be answered by them.
HAS_TAG: Final[ColumnElement[bool]] = literal_column("jobs.tag <> ''")


def _tag_index(name: str, *columns: str) -> Index:
    return Index(name, *columns, sqlite_where=HAS_TAG, postgresql_where=HAS_TAG)


#: One row a job that ended. Ids begin again in a Redis that was emptied: only with the time of its
#: creation does an id name one job for ever. `generation` counts how often the job was queued again
#: after its end.
jobs: Final = Table(
    "jobs",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("created_ms", BigInteger, primary_key=True, autoincrement=False),
    Column("generation", SmallInteger, nullable=False, server_default="0"),
    *map(_text, ("ref_id", "owner", "tag", "model", "operation", "provider", "pinned_provider")),
    Column("state", String(16), nullable=False),
    Column("status", Integer, nullable=False, server_default="0"),
    *map(_text, ("error_code", "error_message", "attempts", "worker", "reply_to", "request_id")),
    *map(_number, ("deadline_ms", "started_ms", "executed_ms", "completed_ms")),
    *map(_number, ("waited_ms", "duration_ms", "attempt", "priority", "streamed")),
    *map(_number, ("prompt_tokens", "completion_tokens", "total_tokens", "cached_tokens")),
    _number("cost_nanos"),
    *map(_number, ("images", "characters", "audio_ms")),
    Index("jobs_by_created", "created_ms", "id"),
    Index("jobs_by_owner", "owner", "created_ms", "id"),
    _tag_index("jobs_by_owner_tag", "owner", "tag", "created_ms", "id"),
    Index("jobs_by_ref_id", "owner", "ref_id", "created_ms", "id"),
    _tag_index("jobs_by_tag", "tag", "created_ms", "id"),
    Index("jobs_by_model", "model", "created_ms", "id"),
    Index("jobs_by_provider", "provider", "created_ms", "id"),
    Index("jobs_by_state", "state", "created_ms", "id"),
)

#: What a job asked and got, apart from its row: rows stay small, bodies can be left out.
job_bodies: Final = Table(
    "job_bodies",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("created_ms", BigInteger, primary_key=True, autoincrement=False),
    Column("request", LargeBinary),
    Column("response", LargeBinary),
    Column("error", LargeBinary),
)

#: Sums a day, model and provider: exactly those of the rows that were ever in `jobs`.
usage_daily: Final = Table(
    "usage_daily",
    metadata,
    Column("day", Integer, primary_key=True, autoincrement=False),
    *(Column(name, Text, primary_key=True) for name in ("model", "provider")),
    *map(_number, SUMS),
    *map(_number, LATENCY_COLUMNS),
    sqlite_with_rowid=False,
)

#: The same for each key.
usage_key_daily: Final = Table(
    "usage_key_daily",
    metadata,
    Column("day", Integer, primary_key=True, autoincrement=False),
    *(Column(name, Text, primary_key=True) for name in ("owner", "model", "provider")),
    *map(_number, SUMS),
    *map(_number, LATENCY_COLUMNS),
    Index("usage_key_daily_by_owner", "owner", "day"),
    sqlite_with_rowid=False,
)

#: The same a day, key and tag, without latencies.
usage_tag_daily: Final = Table(
    "usage_tag_daily",
    metadata,
    Column("day", Integer, primary_key=True, autoincrement=False),
    *(Column(name, Text, primary_key=True) for name in ("owner", "tag")),
    *map(_number, SUMS),
    Index("usage_tag_daily_by_owner", "owner", "day"),
    sqlite_with_rowid=False,
)

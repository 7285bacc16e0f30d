"""The table of schedules, as its statements see it; the migrations make it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, Text

metadata: Final = MetaData()

schedules: Final = Table(
    "schedules",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("owner", Text, nullable=False),
    #: When it is due next (unix ms); NULL while it is paused.
    Column("next_ms", BigInteger),
    Column("version", Integer, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("document", Text, nullable=False),
    Index("schedules_by_owner", "owner", "created_ms", "id"),
    Index("schedules_by_time", "next_ms"),
)

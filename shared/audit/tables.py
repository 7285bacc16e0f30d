"""The table of the audit log. `shared/database/migrations` makes it; a test compares the two."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, Table, Text

metadata: Final = MetaData()

#: One row an action of an admin. `at_ms` is unix milliseconds, `changes` JSON without secrets.
audit: Final = Table(
    "audit",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    *(
        Column(name, Text, nullable=False, server_default="")
        for name in ("actor", "action", "target", "changes", "request_id", "address")
    ),
    Index("audit_by_time", "at_ms", "id"),
    Index("audit_by_target", "target", "at_ms"),
)

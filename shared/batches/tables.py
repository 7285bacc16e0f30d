"""The tables of batches, as their statements see them; the migrations make them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
)

metadata: Final = MetaData()

#: The states of a line: it has no job yet, has one, was answered, was not.
WAITING: Final = 0
RUNNING: Final = 1
ANSWERED: Final = 2
FAILED: Final = 3
#: Counted apart from those that run: lines that are in a provider's own batch.
AWAY: Final = 4
#: The job of a line that is to have one of its own, and has none yet.
SINGLE: Final = 0

batches: Final = Table(
    "batches",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("owner", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("created_us", BigInteger, nullable=False),
    #: Counts the changes: who changes it must have seen it as it is.
    Column("version", Integer, nullable=False),
    Column("document", Text, nullable=False),
    Index("batches_by_owner", "owner", "created_us", "id"),
    Index("batches_by_status", "status"),
)
lines: Final = Table(
    "batch_lines",
    metadata,
    Column("batch", String(64), primary_key=True),
    Column("number", Integer, primary_key=True),
    #: Where the line is in the input file (bytes).
    Column("start", BigInteger, nullable=False),
    Column("size", Integer, nullable=False),
    Column("custom_id", Text, nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("job", BigInteger),
    #: The line of the output or error file.
    Column("answer", LargeBinary),
    Index("batch_lines_by_state", "batch", "state", "number"),
)
#: What providers' own batches have of it; the lines of part 3 have the job -3 while they are there.
parts: Final = Table(
    "batch_parts",
    metadata,
    Column("batch", String(64), primary_key=True),
    Column("number", Integer, primary_key=True),
    #: Counts the changes: who changes it must have seen it as it is.
    Column("version", Integer, nullable=False),
    Column("document", Text, nullable=False),
)

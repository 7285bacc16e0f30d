"""The tables of artifacts, which the migrations make, and the statements that each file needs."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    bindparam,
    insert,
    select,
    text,
    update,
)

metadata: Final = MetaData()

#: The states of a blob.
WRITING: Final = "writing"
KEPT: Final = "kept"
DOOMED: Final = "doomed"

artifacts: Final = Table(
    "artifacts",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("owner", Text, nullable=False),
    Column("blob", String(64), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("purpose", String(64), nullable=False),
    #: Unix microseconds: files made one after another are listed so.
    Column("created_us", BigInteger, nullable=False),
    #: Unix milliseconds; none for one that does not expire.
    Column("expires_ms", BigInteger),
    #: 1 from the moment that its owner deleted it; those who hold it may read it still.
    Column("deleted", Integer, nullable=False),
    Column("extra", Text, nullable=False),
    Index("artifacts_by_owner", "owner", "created_us", "id"),
    Index("artifacts_by_blob", "blob"),
    Index(
        "artifacts_by_expiry",
        "expires_ms",
        sqlite_where=text("expires_ms IS NOT NULL"),
        postgresql_where=text("expires_ms IS NOT NULL"),
    ),
)
blobs: Final = Table(
    "artifact_blobs",
    metadata,
    Column("name", String(64), primary_key=True),
    #: Whose storage `size` is counted to while it is written; afterwards each artifact counts.
    Column("owner", Text, nullable=False),
    Column("sha256", String(64)),
    Column("size", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    #: Until when its writer has it, or until when its row stays after it was removed (unix ms).
    Column("until_ms", BigInteger, nullable=False),
    Index("artifact_blobs_by_content", "sha256"),
    Index("artifact_blobs_by_state", "state", "until_ms"),
)
holds: Final = Table(
    "artifact_holds",
    metadata,
    Column("artifact", String(64), primary_key=True),
    Column("job", String(64), primary_key=True),
    Column("until_ms", BigInteger, nullable=False),
    Index("artifact_holds_by_job", "job"),
    Index("artifact_holds_by_until", "until_ms"),
)
storage: Final = Table(
    "artifact_storage",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("bytes", BigInteger, nullable=False),
    #: How many artifacts there are: one without bytes is a row and a name on the disk.
    Column("files", BigInteger, nullable=False, server_default="0"),
)

# Put together once: that takes longer than to have them done.
#: Makes the row of an owner's sum, in both dialects.
MAKE_SUM: Final = text(
    "INSERT INTO artifact_storage (owner, bytes) VALUES (:owner, 0) ON CONFLICT DO NOTHING"
)
#: Counts bytes to an owner, `more`, where there is room for `asked` up to `most`; so with files.
CHARGE: Final = (
    update(storage)
    .where(
        storage.c.owner == bindparam("of"),
        storage.c.bytes + bindparam("asked") <= bindparam("most"),
        storage.c.files + bindparam("asked_files") <= bindparam("most_files"),
    )
    .values(
        bytes=storage.c.bytes + bindparam("more"),
        files=storage.c.files + bindparam("more_files"),
    )
)
BEGIN_BLOB: Final = insert(blobs)
RESERVE: Final = (
    update(blobs)
    .where(blobs.c.name == bindparam("blob"), blobs.c.state == WRITING)
    .values(size=blobs.c.size + bindparam("more"), until_ms=bindparam("until"))
)
FIND_SAME: Final = (
    select(blobs.c.name)
    .where(
        blobs.c.sha256 == bindparam("digest"),
        blobs.c.state == KEPT,
        blobs.c.size == bindparam("bytes"),
    )
    .limit(1)
    .with_for_update()
)
END_BLOB: Final = (
    update(blobs)
    .where(blobs.c.name == bindparam("blob"), blobs.c.state == WRITING)
    .values(
        state=bindparam("becomes"),
        sha256=bindparam("digest"),
        size=bindparam("bytes"),
        until_ms=bindparam("now"),
    )
)
SHOW: Final = insert(artifacts)
FIND_ONE: Final = select(artifacts).where(artifacts.c.id == bindparam("wanted"))

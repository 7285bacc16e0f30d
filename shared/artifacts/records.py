"""The rows of artifacts: what is visible, who needs it, what may be removed.

A blob is noted before its first byte is written, and an artifact appears in the transaction that
notes its blob as whole: so whatever dies, each blob in the store has a row that says what is to
become of it. See docs/adr/0043-artifacts.md.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection, and_, delete, insert, or_, select, update

from shared.artifacts import tables
from shared.artifacts.artifact import HIDDEN, Artifact
from shared.artifacts.leftovers import give_up
from shared.artifacts.tables import DOOMED, KEPT, WRITING, artifacts, blobs, holds, storage
from shared.database.database import Database
from shared.errors import StorageQuotaExceeded, StorageUnavailable

_a: Final = artifacts.c
_b: Final = blobs.c

#: More than any owner can have: where there is no quota.
_NO_QUOTA: Final = 2**62
#: Of a quota there may be one file for so many bytes; so many files at least, and without one.
_BYTES_A_FILE: Final = 10_240
_LEAST_FILES: Final = 10_000
_FILES_WITHOUT_QUOTA: Final = 10_000_000


class Records:
    """Reads and writes of the rows. All raise DatabaseUnavailable."""

    def __init__(self, database: Database, quota_bytes: int) -> None:
        self._database = database
        self._quota_bytes = quota_bytes
        self._most_files = _most_files(quota_bytes)

    # --- making one -------------------------------------------------------------------------

    def begin(self, blob: str, owner: str, until_ms: int) -> None:
        """Note that somebody writes this blob until then. Raises StorageQuotaExceeded."""
        row = {"name": blob, "owner": owner, "size": 0, "state": WRITING, "until_ms": until_ms}

        def write(connection: Connection) -> None:
            if not self._is_charged(connection, owner, 1, files=1, take=False):
                connection.execute(tables.MAKE_SUM, {"owner": owner})
                self._charge(connection, owner, 1, files=1, take=False)
            connection.execute(tables.BEGIN_BLOB, row)

        # A machine that loses its power here may lose this row and keep some bytes of the file.
        self._database.write(write, soon=True)

    def reserve(self, blob: str, owner: str, more: int, until_ms: int) -> None:
        """Take so many bytes more of the owner's storage, and go on until then.

        Raises StorageQuotaExceeded; StorageUnavailable when the blob was given up meanwhile.
        """

        def write(connection: Connection) -> None:
            self._charge(connection, owner, more)
            _require(connection, tables.RESERVE, {"blob": blob, "more": more, "until": until_ms})

        self._database.write(write)

    def finish(self, made: Artifact, reserved: int, now_ms: int) -> Artifact:
        """Make an artifact visible; return it with the blob that it shares, if one is the same.

        Raises StorageQuotaExceeded; StorageUnavailable when the blob was given up meanwhile;
        sqlalchemy.exc.IntegrityError when there is one of this id.
        """

        def write(connection: Connection) -> Artifact:
            content = {"digest": made.sha256, "bytes": made.size}
            same = connection.scalar(tables.FIND_SAME, content)
            state = DOOMED if same else KEPT
            settled = {**content, "blob": made.blob, "becomes": state, "now": now_ms}
            _require(connection, tables.END_BLOB, settled)
            self._charge(connection, made.owner, made.size - reserved, files=1)
            kept = replace(made, blob=same or made.blob)
            connection.execute(tables.SHOW, _values(kept))
            return kept

        return self._database.write(write)

    def give_up(self, blob: str, until_ms: int) -> None:
        """Doom a blob that is not finished; its row stays until then, for a writer that sleeps."""

        def write(connection: Connection) -> None:
            give_up(connection, _own(blob), until_ms, 1)

        self._database.write(write)

    # --- reading ----------------------------------------------------------------------------

    def find(self, artifact_id: str, owner: str | None, now_ms: int) -> Artifact | None:
        """Return one that is there; of one that is deleted or expired only whom no owner asks."""
        values = {"wanted": artifact_id}
        row = self._database.read(
            lambda connection: connection.execute(tables.FIND_ONE, values).first()
        )
        if row is None or (owner is not None and not _is_seen(row, owner, now_ms)):
            return None
        return _artifact(row)

    def page(
        self,
        owner: str,
        purpose: str | None,
        after: str | None,
        limit: int,
        now_ms: int,
        *,
        ascending: bool = False,
    ) -> list[Artifact]:
        """Return an owner's artifacts, the latest first unless ascending, behind the one named."""
        wanted = [_a.owner == owner, *_is_there(now_ms)]
        wanted.append(_a.purpose == purpose if purpose else _a.purpose.not_in(HIDDEN))
        ways = (_a.created_us, _a.id)
        order = ways if ascending else [way.desc() for way in ways]

        def read(connection: Connection) -> list[Artifact]:
            query = select(artifacts).where(*wanted)
            if after:
                one = (_a.id == after, _a.owner == owner)
                place = connection.execute(select(*ways).where(*one)).first()
                if place is None:
                    return []
                query = query.where(_behind(place, ascending=ascending))
            rows = connection.execute(query.order_by(*order).limit(limit))
            return [_artifact(row) for row in rows]

        return self._database.read(read)

    def used_bytes(self, owner: str) -> int:
        """Return how many bytes an owner's files have, those under way included."""
        query = select(storage.c.bytes).where(storage.c.owner == owner)
        return self._database.read(lambda connection: connection.scalar(query)) or 0

    # --- changing ---------------------------------------------------------------------------

    def amend(self, artifact: Artifact, known: Artifact | None) -> bool:
        """Change name, purpose, expiry and extra; False when it is gone, or not as `known`."""
        wanted = [_a.id == artifact.id, _a.deleted == 0]
        if known is not None:
            wanted += [_a.extra == _extra(known), _a.purpose == known.purpose]
        values = {
            key: value
            for key, value in _values(artifact).items()
            if key in ("name", "purpose", "expires_ms", "extra", "media_type")
        }
        statement = update(artifacts).where(*wanted).values(values)
        return bool(self._database.write(lambda connection: connection.execute(statement).rowcount))

    def delete(self, artifact_id: str, owner: str | None, now_ms: int) -> bool:
        """Take one from its owner's sight; False when there is none. The sweep does the rest."""
        wanted = [_a.id == artifact_id, *_is_there(now_ms)]
        if owner is not None:
            wanted.append(_a.owner == owner)
        # Else an expiry that is none keeps it from the sweep's index.
        gone = update(artifacts).where(*wanted).values(deleted=1, expires_ms=now_ms)
        return bool(self._database.write(lambda connection: connection.execute(gone).rowcount))

    def hold(self, artifact_id: str, job: str, until_ms: int) -> bool:
        """Keep an artifact for a job until it is released, or until then; False when it is gone."""

        def write(connection: Connection) -> bool:
            row = select(_a.id).where(_a.id == artifact_id).with_for_update()
            if connection.scalar(row) is None:
                return False
            this = (holds.c.artifact == artifact_id, holds.c.job == job)
            if not connection.execute(
                update(holds).where(*this).values(until_ms=until_ms)
            ).rowcount:
                new = {"artifact": artifact_id, "job": job, "until_ms": until_ms}
                connection.execute(insert(holds).values(new))
            return True

        return self._database.write(write)

    def release(self, job: str) -> None:
        """Let go of all that is kept for a job."""
        statement = delete(holds).where(holds.c.job == job)
        self._database.write(lambda connection: connection.execute(statement))

    def _charge(
        self, connection: Connection, owner: str, more: int, *, files: int = 0, take: bool = True
    ) -> None:
        """Count bytes and files to an owner, if there is room. Raises StorageQuotaExceeded."""
        if not self._is_charged(connection, owner, more, files=files, take=take):
            raise StorageQuotaExceeded(
                f"This key would have more than {self._most_files} files, or more bytes in them "
                f"than {self._quota_bytes or 'there is room for'}; delete some."
            )

    def _is_charged(
        self, connection: Connection, owner: str, more: int, *, files: int, take: bool
    ) -> bool:
        """Count bytes and files to an owner, if there is room, and a row for it."""
        is_limited = more > 0 and self._quota_bytes
        values = {
            "of": owner,
            "asked": more,
            "most": self._quota_bytes if is_limited else _NO_QUOTA,
            "more": more if take else 0,
            "asked_files": files,
            "most_files": self._most_files if files else _NO_QUOTA,
            "more_files": files if take else 0,
        }
        return bool(connection.execute(tables.CHARGE, values).rowcount)


def _most_files(quota_bytes: int) -> int:
    """Return how many files an owner may have, for those that have next to no bytes."""
    if not quota_bytes:
        return _FILES_WITHOUT_QUOTA
    return max(_LEAST_FILES, quota_bytes // _BYTES_A_FILE)


def _own(blob: str) -> tuple[Any, ...]:
    return _b.name == blob, _b.state == WRITING


def _require(connection: Connection, statement: Any, values: dict[str, Any]) -> None:
    if not connection.execute(statement, values).rowcount:
        raise StorageUnavailable("The file was given up because it came too slowly; send it again.")


def _is_there(now_ms: int) -> tuple[Any, ...]:
    return _a.deleted == 0, or_(_a.expires_ms.is_(None), _a.expires_ms > now_ms)


def _is_seen(row: Any, owner: str, now_ms: int) -> bool:
    is_there = not row.deleted and (row.expires_ms is None or row.expires_ms > now_ms)
    return is_there and row.owner == owner


def _behind(place: Any, *, ascending: bool) -> Any:
    if ascending:
        later, then = _a.created_us > place.created_us, _a.id > place.id
    else:
        later, then = _a.created_us < place.created_us, _a.id < place.id
    return or_(later, and_(_a.created_us == place.created_us, then))


def _values(artifact: Artifact) -> dict[str, Any]:
    expires = artifact.expires
    return {
        "id": artifact.id,
        "owner": artifact.owner,
        "blob": artifact.blob,
        "sha256": artifact.sha256,
        "size": artifact.size,
        "media_type": artifact.media_type,
        "name": artifact.name,
        "purpose": artifact.purpose,
        "created_us": round(artifact.created * 1_000_000),
        "expires_ms": None if expires is None else round(expires * 1000),
        "deleted": 0,
        "extra": _extra(artifact),
    }


def _extra(artifact: Artifact) -> str:
    return json.dumps(artifact.extra, sort_keys=True)


def _artifact(row: Any) -> Artifact:
    return Artifact(
        id=row.id,
        owner=row.owner,
        sha256=row.sha256,
        size=row.size,
        media_type=row.media_type,
        name=row.name,
        purpose=row.purpose,
        created=row.created_us / 1_000_000,
        expires=None if row.expires_ms is None else row.expires_ms / 1000,
        extra=json.loads(row.extra),
        blob=row.blob,
    )

"""Files without bytes have a bound too: each is a row, and a name on the disk."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text

from shared.artifacts import records
from shared.artifacts.artifacts import Artifacts
from shared.database.database import Database
from shared.errors import StorageQuotaExceeded
from tests.support.factories import new_settings


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "_LEAST_FILES", 3)


def store(database: Database, tmp_path: Path, quota_bytes: int = 40_960) -> Artifacts:
    settings = new_settings(
        artifacts=str(tmp_path / "files"), storage_quota_bytes=quota_bytes, storage_free_bytes=0
    )
    return Artifacts(database, settings)


def keep(artifacts: Artifacts, owner: str = "a", purpose: str = "user_data") -> str:
    return artifacts.receive([], owner=owner, name="n", purpose=purpose).id


def files_counted(database: Database) -> int:
    found = database.read(lambda c: c.scalar(text("SELECT files FROM artifact_storage")))
    return int(found or 0)


@pytest.mark.parametrize("purpose", ["user_data", "upload", "variant"])
def test_empty_files_of_a_key_are_bounded(database: Database, tmp_path: Path, purpose: str) -> None:
    artifacts = store(database, tmp_path)
    made = [keep(artifacts, purpose=purpose) for _ in range(4)]
    with pytest.raises(StorageQuotaExceeded, match="more than 4 files"):
        keep(artifacts, purpose=purpose)
    assert keep(artifacts, owner="b")
    artifacts.delete(made[0])
    artifacts.sweep()
    assert keep(artifacts, purpose=purpose)


def test_small_quota_takes_some_files_and_none_takes_many(
    database: Database, tmp_path: Path
) -> None:
    small = store(database, tmp_path, quota_bytes=10)
    for _ in range(3):
        keep(small)
    with pytest.raises(StorageQuotaExceeded):
        keep(small)
    assert keep(store(database, tmp_path, quota_bytes=0))


def test_what_was_given_up_counts_no_more(database: Database, tmp_path: Path) -> None:
    artifacts = store(database, tmp_path)
    for _ in range(9):
        with pytest.raises(ZeroDivisionError):
            artifacts.receive(
                (b"" for _ in range(1 // 0)), owner="a", name="n", purpose="user_data"
            )
    assert files_counted(database) == 0
    assert keep(artifacts)
    assert files_counted(database) == 1


def test_files_of_before_are_counted_by_the_migration(database: Database, tmp_path: Path) -> None:
    artifacts = store(database, tmp_path)
    for _ in range(3):
        keep(artifacts)

    def back(connection: object) -> None:
        connection.execute(text("ALTER TABLE artifact_storage DROP COLUMN files"))  # type: ignore[attr-defined]
        connection.execute(text("UPDATE alembic_version SET version_num = '0013'"))  # type: ignore[attr-defined]

    database.write(back)
    later = Database(database.url.text)
    assert files_counted(later) == 3
    later.close()


def test_bound_holds_where_many_gateways_take_files_at_once(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some of the uploads break off, and some files are deleted meanwhile."""
    monkeypatch.setattr(records, "_LEAST_FILES", 20)
    whole = Database(database_url)
    whole.migrate()

    def gateway(number: int) -> int:
        database, refused = Database(database_url), 0
        artifacts = store(database, tmp_path)
        for turn in range(12):
            try:
                made = keep(artifacts)
                if turn % 4 == number % 4:
                    artifacts.delete(made)
                with pytest.raises(ZeroDivisionError):
                    artifacts.receive(
                        (bytes(1 // (2 - n)) for n in range(3)),
                        owner="a",
                        name="n",
                        purpose="user_data",
                    )
            except StorageQuotaExceeded:
                refused += 1
        database.close()
        return refused

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(gateway, range(6))) > 0
    rows = "SELECT count(*) FROM artifacts WHERE owner = 'a'"
    kept = whole.read(lambda connection: connection.scalar(text(rows)))
    assert kept == files_counted(whole) <= 20
    whole.close()

"""The store of artifacts: whole or nothing, shared, held, counted, swept; on both databases."""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from shared.artifacts import folder, links, receiving
from shared.artifacts.artifacts import Artifacts
from shared.database.database import Database
from shared.errors import (
    ArtifactTooLarge,
    DatabaseUnavailable,
    StorageFull,
    StorageQuotaExceeded,
    StorageUnavailable,
)
from shared.settings import Settings
from tests.support.factories import new_settings

PNG = b"\x89PNG\r\n\x1a\n" + b"picture" * 100
HOUR = 3600.0


class Clock:
    now = 1_700_000_000.0

    def __call__(self) -> float:
        self.now += 0.001
        return self.now


@pytest.fixture(autouse=True)
def _steps_are_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "_STEP_BYTES", 1_000_000)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return new_settings(
        artifacts=str(tmp_path / "files"),
        max_file_bytes=5_000_000,
        storage_quota_bytes=6_000_000,
        storage_free_bytes=0,
    )


@pytest.fixture
def artifacts(database: Database, settings: Settings, clock: Clock) -> Artifacts:
    return Artifacts(database, settings, clock=clock)


def files(settings: Settings) -> list[Path]:
    return [path for path in Path(settings.artifacts).rglob("*") if path.is_file()]


def rows(database: Database, table: str) -> int:
    return int(database.read(lambda c: c.scalar(text(f"SELECT count(*) FROM {table}"))) or 0)


def kept(artifacts: Artifacts, content: bytes = PNG, owner: str = "a", **more: Any) -> Any:
    given = {"name": "p.png", "purpose": "user_data", **more}
    return artifacts.receive([content[:10], content[10:]], owner=owner, **given)


def test_what_was_received_is_found_listed_and_read(artifacts: Artifacts) -> None:
    made = kept(artifacts, name="../../etc/p\x00.png", media_type="text/html", extra={"k": 1})
    assert (made.name, made.media_type, made.size) == ("p.png", "image/png", len(PNG))
    assert made.sha256 == hashlib.sha256(PNG).hexdigest()
    assert artifacts.find(made.id, "a") == artifacts.find(made.id) == made
    assert artifacts.list("a", "user_data") == artifacts.list("a") == [made]
    assert b"".join(artifacts.read(made)) == PNG
    assert b"".join(artifacts.read(made, 3, 20)) == PNG[3:20]
    assert b"".join(artifacts.read(made, len(PNG))) == b""


def test_others_see_nothing_of_it(artifacts: Artifacts) -> None:
    made = kept(artifacts)
    assert artifacts.find(made.id, "b") is None
    assert artifacts.list("b") == []
    assert not artifacts.delete(made.id, "b")


@pytest.mark.parametrize("ascending", [False, True])
def test_lists_are_paged(artifacts: Artifacts, ascending: bool) -> None:
    made = [kept(artifacts, purpose=purpose) for purpose in ("batch", "vision", "batch", "batch")]
    kept(artifacts, purpose="upload_part")
    wanted = [one.id for one in (made if ascending else made[::-1])]
    first = artifacts.list("a", limit=3, ascending=ascending)
    rest = artifacts.list("a", after=first[-1].id, ascending=ascending)
    assert [one.id for one in first + rest] == wanted
    assert len(artifacts.list("a", "batch")) == 3
    assert artifacts.list("a", after="file-none") == []


def broken(content: bytes) -> Iterator[bytes]:
    yield content
    raise ConnectionResetError("gone")


def test_what_breaks_off_leaves_nothing(
    artifacts: Artifacts, settings: Settings, database: Database, clock: Clock
) -> None:
    with pytest.raises(ConnectionResetError):
        artifacts.receive(broken(b"x" * 200_000), owner="a", name="n", purpose="batch")
    assert (artifacts.list("a"), files(settings), artifacts.used_bytes("a")) == ([], [], 0)
    clock.now += 2 * HOUR
    artifacts.sweep()
    assert rows(database, "artifact_blobs") == 0


def test_writer_that_died_is_swept_and_cannot_come_back(
    artifacts: Artifacts, settings: Settings, database: Database, clock: Clock
) -> None:
    def sleeps() -> Iterator[bytes]:
        yield b"x" * 2_000_000
        assert artifacts.used_bytes("a") == 2_000_000
        # All this while it says nothing: to the others it has died.
        clock.now += HOUR
        artifacts.sweep()
        assert (files(settings), artifacts.used_bytes("a")) == ([], 0)
        yield b"y" * 200_000

    with pytest.raises(StorageUnavailable, match="given up"):
        artifacts.receive(sleeps(), owner="a", name="n", purpose="batch")
    assert rows(database, "artifact_blobs") == 1
    clock.now += 2 * HOUR
    artifacts.sweep()
    assert rows(database, "artifact_blobs") == rows(database, "artifacts") == 0


def test_same_content_is_kept_once_and_goes_with_its_last_artifact(
    artifacts: Artifacts, settings: Settings, clock: Clock
) -> None:
    one, other = kept(artifacts), kept(artifacts, owner="b")
    artifacts.sweep()
    assert (one.blob, len(files(settings))) == (other.blob, 1)
    assert artifacts.used_bytes("a") == artifacts.used_bytes("b") == len(PNG)
    assert artifacts.delete(one.id, "a")
    artifacts.sweep()
    assert artifacts.find(one.id) is None
    assert b"".join(artifacts.read(other)) == PNG
    artifacts.delete(other.id, "b")
    assert artifacts.sweep() == 1
    assert (files(settings), artifacts.used_bytes("b")) == ([], 0)
    assert b"".join(artifacts.read(kept(artifacts))) == PNG


def test_what_a_job_holds_stays_until_it_lets_go(
    artifacts: Artifacts, settings: Settings, clock: Clock
) -> None:
    made = kept(artifacts, expires_s=HOUR)
    assert artifacts.hold(made.id, "job:1")
    assert artifacts.hold(made.id, "job:1")
    assert artifacts.hold(made.id, "job:2", lasts_s=2 * HOUR)
    clock.now += 1.5 * HOUR
    artifacts.sweep()
    assert artifacts.find(made.id, "a") is None
    assert artifacts.find(made.id) == made
    assert b"".join(artifacts.read(made)) == PNG
    artifacts.release("job:1")
    artifacts.sweep()
    assert artifacts.find(made.id) == made
    clock.now += HOUR
    artifacts.sweep()
    assert artifacts.find(made.id) is None
    assert files(settings) == []
    assert not artifacts.hold(made.id, "job:3")


def test_size_and_quota_hold(artifacts: Artifacts, settings: Settings) -> None:
    with pytest.raises(ArtifactTooLarge):
        kept(artifacts, b"x" * 5_000_001)
    with pytest.raises(ArtifactTooLarge):
        kept(artifacts, b"x" * 101, most_bytes=100)
    kept(artifacts, b"x" * 5_000_000)
    for size in (1_000_001, 4_000_000):
        with pytest.raises(StorageQuotaExceeded):
            kept(artifacts, b"y" * size)
    assert kept(artifacts, b"z" * 1_000_000).size == 1_000_000
    with pytest.raises(StorageQuotaExceeded):
        kept(artifacts, b"1")
    assert kept(artifacts, b"1", owner="b").size == 1
    assert artifacts.used_bytes("a") == 6_000_000
    artifacts.sweep()
    assert len(files(settings)) == 3


def test_amending_may_want_nobody_else_to_have(artifacts: Artifacts) -> None:
    made = kept(artifacts, purpose="upload", extra={"status": "pending"}, expires_s=HOUR)
    done = artifacts.amend(made, extra={"status": "completed"}, only_if_unchanged=True)
    assert done is not None
    assert (done.expires, done.extra) == (made.expires, {"status": "completed"})
    assert artifacts.amend(made, extra={"status": "cancelled"}, only_if_unchanged=True) is None
    never = artifacts.amend(done, purpose="batch", expires_s=None)
    assert artifacts.find(made.id, "a") == never
    assert never is not None
    assert (never.expires, never.purpose) == (None, "batch")
    artifacts.delete(made.id)
    assert artifacts.amend(made, purpose="vision") is None


def test_full_disk_is_said_so_and_leaves_nothing(
    artifacts: Artifacts, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(folder.os, "fsync", full)
    with pytest.raises(StorageFull):
        kept(artifacts)
    monkeypatch.undo()
    assert (artifacts.list("a"), files(settings), artifacts.used_bytes("a")) == ([], [], 0)


def test_nearly_full_disk_takes_nothing_more(database: Database, settings: Settings) -> None:
    careful = settings.model_copy(update={"storage_free_bytes": 10**18})
    with pytest.raises(StorageFull):
        kept(Artifacts(database, careful))


def test_folder_that_is_none_is_an_outage(database: Database, settings: Settings) -> None:
    Path(settings.artifacts).write_text("a file")
    with pytest.raises(StorageUnavailable):
        kept(Artifacts(database, settings))


def test_bytes_that_are_gone_are_an_outage_and_no_empty_file(
    artifacts: Artifacts, settings: Settings
) -> None:
    made = kept(artifacts)
    files(settings)[0].write_bytes(PNG[:50])
    with pytest.raises(StorageUnavailable):
        list(artifacts.read(made))
    files(settings)[0].unlink()
    with pytest.raises(StorageUnavailable):
        artifacts.read(made)


def test_database_that_is_away_leaves_nothing(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "not a folder").write_text("")
    away = Database(f"sqlite:///{tmp_path}/not a folder/history.db")
    with pytest.raises(DatabaseUnavailable):
        kept(Artifacts(away, settings))
    assert files(settings) == []


def test_links_are_signed_for_one_file_and_one_time(
    artifacts: Artifacts, settings: Settings, clock: Clock
) -> None:
    one, other = kept(artifacts), kept(artifacts, b"other")
    path, _, query = artifacts.link(one, 60).partition("?")
    values = dict(part.split("=") for part in query.split("&"))
    expires = int(values["expires"])
    assert path == f"/artifacts/2023/11/14/{one.id}/{one.sha256}.png"
    assert links.id_of(path.removeprefix(links.PREFIX)) == one.id
    assert expires == pytest.approx(clock.now + 60, abs=2)
    assert links.is_genuine(settings, one, expires, values["signature"])
    assert not links.is_genuine(settings, one, expires + 1, values["signature"])
    assert not links.is_genuine(settings, other, expires, values["signature"])

"""Where SQLite's file may be: what cannot work is told at start, and nothing is made for it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from shared.database.file_place import folder_problem, problem_of
from shared.settings import SettingsError, load_settings

_NOBODY = 65534


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root may write everywhere: be somebody else for a while."""
    if os.geteuid() == 0:
        os.seteuid(_NOBODY)
        try:
            yield
        finally:
            os.seteuid(0)
    else:
        yield


def test_file_that_is_not_there_yet_is_fine_and_is_not_made(tmp_path: Path) -> None:
    assert problem_of(tmp_path / "new" / "er" / "history.db") == ""
    assert list(tmp_path.iterdir()) == []


def test_relative_file_is_looked_for_where_the_process_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    assert problem_of(Path("history.db")) == ""
    assert "file is no folder: name another" in problem_of(Path("file/history.db"))


def test_folder_is_no_file(tmp_path: Path) -> None:
    assert problem_of(tmp_path) == (
        f"{tmp_path} is a folder: name a file, such as sqlite:///{tmp_path}/history.db"
    )


@pytest.mark.parametrize("closed", ["folder", "file"])
def test_what_this_user_may_not_write_is_named(closed: str) -> None:
    # Beside pytest's own folders, which only their owner may enter.
    folder = Path("/tmp") / f"replyto-{os.getpid()}-{closed}"
    folder.mkdir()
    try:
        file = folder / "history.db"
        file.touch()
        file.chmod(0o444 if closed == "file" else 0o666)
        folder.chmod(0o555 if closed == "folder" else 0o777)
        with as_nobody():
            told = problem_of(file)
        assert told.startswith(f"{folder if closed == 'folder' else file} cannot be written")
    finally:
        folder.chmod(0o700)
        file.unlink()
        folder.rmdir()


def test_folder_need_not_be_there_and_a_file_is_none(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert folder_problem(tmp_path / "new" / "er") == ""
    assert (
        folder_problem(file)
        == folder_problem(file / "deep")
        == f"{file} is no folder: name another"
    )


def test_start_ends_with_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPLYTO_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("REPLYTO_DATABASE_URL", f"sqlite:///{tmp_path}")
    with pytest.raises(SettingsError, match=r"^REPLYTO_DATABASE_URL: .* is a folder"):
        load_settings()


def test_place_that_cannot_even_be_looked_at_is_named(tmp_path: Path) -> None:
    long = tmp_path / ("x" * 300)
    assert folder_problem(long) == f"{long} cannot be used: File name too long"
    closed = Path("/tmp") / f"replyto-{os.getpid()}-closed"
    closed.mkdir(mode=0)
    try:
        with as_nobody():
            told = problem_of(closed / "in" / "history.db")
        assert told.startswith(f"{closed / 'in'}")
        assert told.endswith(" cannot be used: Permission denied")
    finally:
        closed.rmdir()

"""Whether SQLite can work with a file where its operator wants it: known at start, and why not."""

from __future__ import annotations

import os
from pathlib import Path

from shared.database.network_disk import network_file_system


def problem_of(path: Path) -> str:
    """Return why a database in this file could not be written, and the cure; else nothing.

    Nothing is made: folders that are not there yet are, when the database is first used.
    """
    try:
        return _problem_of(path)
    except OSError as exc:
        return _unseen(path, exc)


def _problem_of(path: Path) -> str:
    if kind := network_file_system(path):
        return (
            f"SQLite's file {path} would be on {kind}, where it breaks: name one on a local disk "
            "(sqlite:////path/history.db), or a PostgreSQL"
        )
    if path.is_dir():
        return f"{path} is a folder: name a file, such as sqlite:///{path / 'history.db'}"
    # SQLite's log and locks are files beside it.
    return folder_problem(path.absolute().parent) or (
        f"{path} cannot be written by this user: let it, or name another"
        if _is_there(path) and not _may_write(path)
        else ""
    )


def folder_problem(folder: Path) -> str:
    """Return why nothing can be written into a folder, which need not be there; else nothing."""
    try:
        place = next(one for one in (folder, *folder.absolute().parents) if _is_there(one))
    except OSError as exc:
        return _unseen(folder, exc)
    if not place.is_dir():
        return f"{place} is no folder: name another"
    if not _may_write(place):
        return f"{place} cannot be written by this user: let it, or name another"
    return ""


def _is_there(place: Path) -> bool:
    """Whether it is there. Raises OSError when that cannot be seen: pathlib's own differ in it."""
    try:
        place.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _unseen(path: Path, error: OSError) -> str:
    """Say why nobody can even look: a folder that this user may not enter, a name too long."""
    return f"{path} cannot be used: {error.strerror}"


def _may_write(place: Path) -> bool:
    mode = os.W_OK | (os.X_OK if place.is_dir() else os.R_OK)
    return os.access(place, mode, effective_ids=os.access in os.supports_effective_ids)

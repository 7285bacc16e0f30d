"""Whether SQLite can work with a file where its operator wants it: known at start, and why not."""

from __future__ import annotations

import os
from pathlib import Path

from shared.database.network_disk import network_file_system


def problem_of(path: Path) -> str:
    """Return why a database in this file could not be written, and the cure; else nothing.

    Nothing is made: folders that are not there yet are, when the database is first used.
    """
    if kind := network_file_system(path):
        return (
            f"SQLite's file {path} would be on {kind}, where it breaks: name one on a local disk "
            "(sqlite:////path/history.db), or a PostgreSQL"
        )
    if path.is_dir():
        return f"{path} is a folder: name a file, such as sqlite:///{path / 'history.db'}"
    folder = next(place for place in path.absolute().parents if place.exists())
    if not folder.is_dir():
        return f"{folder} is no folder, so {path} cannot be in it"
    # SQLite's log and locks are files beside it.
    for place in (folder, path):
        if place.exists() and not _may_write(place):
            return f"{place} cannot be written by this user: let it, or name another file"
    return ""


def _may_write(place: Path) -> bool:
    mode = os.W_OK | (os.X_OK if place.is_dir() else os.R_OK)
    return os.access(place, mode, effective_ids=os.access in os.supports_effective_ids)

"""Paths as operators write them: whose home `~` is, and what is wrong with one that was named."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

#: How much of a path that nobody can use is shown.
_SHOWN: Final = 60
_CURE: Final = "name one that is there, or leave the setting out"
#: Blanks and a byte order mark: a file that has nothing else says nothing.
_NOTHING: Final = b"\xef\xbb\xbf \t\r\n"


def at_home(text: str) -> str:
    """Return the path with the home that `~` or `~user` at its start stands for.

    Environment files and compose files hand on what a shell would have replaced. Raises ValueError.
    """
    found = os.path.expanduser(text)  # noqa: PTH111 - pathlib would read `./~` as `~`
    if found.startswith("~"):
        raise ValueError(
            f"{text[:_SHOWN]!r} begins with ~ and a user whom this machine does not know: write "
            "the whole path, or ./~… for a folder of that name"
        )
    return found


def file_problem(path: Path) -> str:
    """Return why a file that was named says nothing to anybody, and the cure; else nothing."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            return (
                f"{path} is a folder (Docker makes one where a file to be mounted is missing): "
                "name a file"
            )
        if stat.S_ISFIFO(mode):
            return f"{path} is a pipe, which can be read once: name a file, which is read again"
        if stat.S_ISREG(mode) and not path.read_bytes().strip(_NOTHING):
            return f"{path} is empty: {_CURE}"
    except OSError as exc:
        return _unread(path, exc)
    return ""


def folder_problem(path: Path) -> str:
    """Return why nobody can look into a folder that was named, and the cure; else nothing."""
    try:
        next(path.iterdir(), None)
    except OSError as exc:
        return _unread(path, exc)
    return ""


def _unread(path: Path, error: OSError) -> str:
    return f"cannot read {path} ({error.strerror}): {_CURE}"

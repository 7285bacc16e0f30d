"""Files that commands read and write: what is wrong with one is told in a line."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import click

from cli.text import printable

#: What a disk says, which names no file while one is written.
_OF_DISKS: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO)


def problem(exc: OSError) -> str | None:
    """Return what a file, or its disk, does not let be done; None for what is no file's matter."""
    why = exc.strerror or type(exc).__name__
    if isinstance(exc.filename, (str, bytes, os.PathLike)):
        return f"{printable(os.fsdecode(exc.filename))}: {why}"
    return why if exc.errno in _OF_DISKS else None


def read_bytes(path: Path) -> bytes:
    """Return what is in a file. Raises click.ClickException."""
    with _told("read", path):
        return path.read_bytes()


def read_text(path: Path) -> str:
    """Return a file's text. Raises click.ClickException."""
    try:
        return read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise click.ClickException(f"{path} is not UTF-8") from None


def write_whole(path: Path, pieces: Iterable[bytes]) -> None:
    """Write a file whole or not at all. Raises click.ClickException, and what `pieces` does."""
    with _told("write", path):
        target = path.resolve()
        if target.exists() and not target.is_file():
            # A pipe, or a terminal: nothing can take its place.
            with target.open("wb") as there:
                there.writelines(pieces)
        else:
            _replace(target, pieces)


def remove(path: Path) -> None:
    """Remove a file that may be there. Raises click.ClickException."""
    with _told("remove", path):
        path.unlink(missing_ok=True)


@contextmanager
def _told(what: str, path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise click.ClickException(f"cannot {what} {path}: {exc.strerror or exc}") from None


def _replace(target: Path, pieces: Iterable[bytes]) -> None:
    draft = target.with_name(target.name + ".part")
    try:
        with draft.open("wb") as file:
            file.writelines(pieces)
        draft.replace(target)
    except BaseException:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise

"""Reads and writes the files of a run; what the disk refuses is one line for the user."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click


def read_file(place: Path) -> bytes:
    """Return what is in a file. Raises click.ClickException."""
    with _told(place):
        return place.read_bytes()


def write_whole(place: Path, pieces: Iterable[bytes]) -> None:
    """Write a file whole or not at all. Raises click.ClickException, and what the pieces raise."""
    draft = place.with_name(place.name + ".part")
    with _told(place):
        try:
            with draft.open("wb") as file:
                file.writelines(pieces)
            draft.replace(place)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise


def remove(place: Path) -> None:
    """Remove a file that may be there. Raises click.ClickException."""
    with _told(place):
        place.unlink(missing_ok=True)


@contextmanager
def _told(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise click.ClickException(f"{place}: {exc.strerror or exc}") from exc

"""What is remembered beside the output of a run: who is interrupted, or killed, goes on with it."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from cli.files import remove, write_whole


@dataclass(slots=True)
class Note:
    """A run: the digest of its input, its own name, and the id of its batch once that is known."""

    place: Path
    input: str
    run: str
    batch: str = ""
    is_new: bool = False

    @classmethod
    def of(cls, out: Path, digest: str) -> Note:
        """Return the note of a run with this input; one of another input is replaced.

        It is written before anything is begun: who dies behind it finds the batch by its name.
        Raises click.ClickException.
        """
        place = out.with_name(out.name + ".batch")
        noted = _read(place)
        if noted.get("input") == digest and isinstance(noted.get("run"), str):
            return cls(place, digest, noted["run"], str(noted.get("batch", "")))
        if noted.get("batch"):
            told = f"the input is another than before: {noted['batch']} of the earlier one runs on"
            click.echo(told, err=True)
        note = cls(place, digest, secrets.token_hex(8), is_new=True)
        note.write()
        return note

    def keep(self, batch_id: str) -> None:
        """Remember the id of its batch. Raises click.ClickException."""
        if self.batch != batch_id:
            self.batch = batch_id
            self.write()

    def forget(self) -> None:
        """Remove the note: the run is over. Raises click.ClickException."""
        remove(self.place)

    def write(self) -> None:
        """Write it down. Raises click.ClickException."""
        known = {"input": self.input, "run": self.run, "batch": self.batch}
        write_whole(self.place, [json.dumps(known).encode()])


def _read(place: Path) -> dict[str, Any]:
    try:
        found = json.loads(place.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}

"""Runs a file as a batch, and goes on with one that it has begun: whatever died in between."""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from cli.api.gateway import GatewayApi, NoAnswer, NotThere
from cli.batch.lines import to_lines
from cli.batch.note import Note
from cli.files import read_bytes, remove, write_whole

T = TypeVar("T")

_ENDED: Final = ("completed", "failed", "expired", "cancelled")
#: How often it is asked how far a batch is (seconds); after a failure less and less often, and for
#: so long, for a gateway that is gone may come back.
_LOOK_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 30.0
_PATIENCE_S: Final = 900.0
#: The name in a batch's metadata by which its run finds it again.
_RUN: Final = "replyto_run"
_PAGE: Final = 100


def run_file(
    gateway: GatewayApi, source: Path, out: Path, *, endpoint: str, model: str | None, window: str
) -> dict[str, Any]:
    """Run the file, and write the answers; return the batch. Raises click.ClickException."""
    errors = out.with_name(out.name + ".errors")
    if source.resolve() in (out.resolve(), errors.resolve()):
        raise click.UsageError("answers would be written over the requests: name another --out")
    content = b"".join(to_lines(read_bytes(source).splitlines(), endpoint, model))
    note = Note.of(out, hashlib.sha256(content).hexdigest())
    batch = _found(gateway, note) or _started(gateway, content, note, endpoint, window)
    try:
        batch = _ended(gateway, batch)
        if batch["status"] == "failed":
            note.forget()
            raise click.ClickException(_why(batch))
        _fetch(gateway, batch.get("output_file_id"), out, "csv" if out.suffix == ".csv" else "")
        if batch.get("error_file_id"):
            _fetch(gateway, batch["error_file_id"], errors)
        else:
            remove(errors)
    except NotThere as exc:
        note.forget()
        raise click.ClickException(f"{exc.message}\nIt is gone; run again to begin anew.") from exc
    note.forget()
    return batch


def _found(gateway: GatewayApi, note: Note) -> dict[str, Any] | None:
    """Return the batch that this run has begun before, if it is there."""
    batch = _noted(gateway, note) or _listed(gateway, note)
    if batch is None or batch["status"] == "failed":
        return None
    note.keep(batch["id"])
    click.echo(f"going on with {batch['id']}", err=True)
    return batch


def _noted(gateway: GatewayApi, note: Note) -> dict[str, Any] | None:
    if not note.batch:
        return None
    try:
        return gateway.ask("GET", f"/v1/batches/{note.batch}")
    except NotThere:
        return None


def _listed(gateway: GatewayApi, note: Note) -> dict[str, Any] | None:
    """Look for it by the name of the run: who made it died before its id was noted."""
    if note.is_new:
        return None
    after: dict[str, str] = {}
    while True:
        page = gateway.ask("GET", "/v1/batches", params={"limit": _PAGE, **after})
        for batch in page["data"]:
            if (batch.get("metadata") or {}).get(_RUN) == note.run:
                return dict(batch)
        if not page.get("has_more") or not page["data"]:
            return None
        after = {"after": page["data"][-1]["id"]}


def _started(
    gateway: GatewayApi, content: bytes, note: Note, endpoint: str, window: str
) -> dict[str, Any]:
    form = {"purpose": "batch"}
    file = gateway.ask("POST", "/v1/files", data=form, files={"file": ("input.jsonl", content)})
    asked = {"input_file_id": file["id"], "endpoint": endpoint, "completion_window": window}
    batch = gateway.ask("POST", "/v1/batches", json={**asked, "metadata": {_RUN: note.run}})
    note.keep(batch["id"])
    click.echo(f"started {batch['id']}", err=True)
    return batch


def _ended(gateway: GatewayApi, batch: dict[str, Any]) -> dict[str, Any]:
    """Wait for the end, and show how far it is."""
    path = f"/v1/batches/{batch['id']}"
    with click.progressbar(length=1, label=batch["id"], show_pos=True, file=sys.stderr) as bar:
        while batch["status"] not in _ENDED:
            time.sleep(_LOOK_S)
            batch = _patient(lambda: gateway.ask("GET", path))
            counts = batch["request_counts"]
            bar.length = max(1, counts["total"])
            bar.update(counts["completed"] + counts["failed"] - bar.pos)
    return batch


def _patient(call: Callable[[], T]) -> T:
    """Make a call again while nobody answers: what it asks for is safe where it is."""
    until_s, pause_s = time.monotonic() + _PATIENCE_S, _LOOK_S
    while True:
        try:
            return call()
        except NotThere:
            raise
        except click.ClickException as exc:
            if not isinstance(exc, NoAnswer) or time.monotonic() >= until_s:
                told = f"{exc.message}\nNothing is lost: the same command goes on with it."
                raise click.ClickException(told) from exc
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)


def _fetch(gateway: GatewayApi, file_id: str | None, place: Path, form: str = "") -> None:
    """Write a file of the batch, as a table where its form is `csv`; an empty one for no answers.

    What an earlier run has left there would be taken for this one's.
    """
    if not file_id:
        write_whole(place, [])
        return
    query = f"?format={form}" if form else ""
    path = f"/v1/files/{file_id}/content{query}"
    _patient(lambda: write_whole(place, gateway.download(path)))


def _why(batch: dict[str, Any]) -> str:
    rows = (batch.get("errors") or {}).get("data") or []
    told = [f"line {row.get('line')}: {row.get('message')}" for row in rows[:10]]
    return "\n".join([f"{batch['id']} failed", *told])

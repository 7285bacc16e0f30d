"""Runs a file as a batch, and goes on with one that it has begun: whatever died in between."""

from __future__ import annotations

import hashlib
import json
import secrets
import sys
import time
from pathlib import Path
from typing import Any, Final

import click

from cli.api.gateway import GatewayApi
from cli.batch.lines import to_lines
from cli.files import write_whole

_ENDED: Final = ("completed", "failed", "expired", "cancelled")
#: How often it is asked how far a batch is (seconds).
_LOOK_S: Final = 1.0
#: The name in a batch's metadata by which its run finds it again.
_RUN: Final = "replyto_run"


def run_file(
    gateway: GatewayApi, source: Path, out: Path, *, endpoint: str, model: str | None, window: str
) -> dict[str, Any]:
    """Run the file, and write the answers; return the batch. Raises click.ClickException."""
    if out.exists() and out.samefile(source):
        raise click.ClickException(f"the answers would take the place of {source}: name another")
    note = out.with_name(out.name + ".batch")
    content = b"".join(to_lines(source.read_bytes().splitlines(), endpoint, model))
    token = _token(note, hashlib.sha256(content).hexdigest())
    batch = _found(gateway, token) or _started(gateway, content, token, endpoint, window)
    batch = _ended(gateway, batch)
    if batch["status"] == "failed":
        note.unlink(missing_ok=True)
        raise click.ClickException(_why(batch))
    _fetch(gateway, batch.get("output_file_id"), out, "csv" if out.suffix == ".csv" else "")
    _fetch(gateway, batch.get("error_file_id"), out.with_name(out.name + ".errors"))
    note.unlink(missing_ok=True)
    return batch


def _token(note: Path, digest: str) -> str:
    """Return the name of this run: the one that is noted beside the output, if it is this run's."""
    try:
        noted = json.loads(note.read_text("utf-8"))
    except (OSError, ValueError):
        noted = None
    if isinstance(noted, dict) and noted.get("input") == digest and "run" in noted:
        return str(noted["run"])
    token = secrets.token_hex(8)
    # Before anything is begun: who dies behind it finds the batch by this name.
    write_whole(note, [json.dumps({"input": digest, "run": token}).encode()])
    return token


def _found(gateway: GatewayApi, token: str) -> dict[str, Any] | None:
    page = gateway.ask("GET", "/v1/batches", params={"limit": 100})
    for batch in page["data"]:
        if (batch.get("metadata") or {}).get(_RUN) == token and batch["status"] != "failed":
            click.echo(f"going on with {batch['id']}", err=True)
            return dict(batch)
    return None


def _started(
    gateway: GatewayApi, content: bytes, token: str, endpoint: str, window: str
) -> dict[str, Any]:
    form = {"purpose": "batch"}
    file = gateway.ask("POST", "/v1/files", data=form, files={"file": ("input.jsonl", content)})
    asked = {"input_file_id": file["id"], "endpoint": endpoint, "completion_window": window}
    batch = gateway.ask("POST", "/v1/batches", json={**asked, "metadata": {_RUN: token}})
    click.echo(f"started {batch['id']}", err=True)
    return batch


def _ended(gateway: GatewayApi, batch: dict[str, Any]) -> dict[str, Any]:
    """Wait for the end, and show how far it is."""
    with click.progressbar(length=1, label=batch["id"], show_pos=True, file=sys.stderr) as bar:
        while batch["status"] not in _ENDED:
            time.sleep(_LOOK_S)
            batch = gateway.ask("GET", f"/v1/batches/{batch['id']}")
            counts = batch["request_counts"]
            bar.length = max(1, counts["total"])
            bar.update(counts["completed"] + counts["failed"] - bar.pos)
    return batch


def _fetch(gateway: GatewayApi, file_id: str | None, place: Path, form: str = "") -> None:
    """Write a file of the batch, as a table where its form is `csv`."""
    if file_id:
        query = f"?format={form}" if form else ""
        write_whole(place, gateway.download(f"/v1/files/{file_id}/content{query}"))


def _why(batch: dict[str, Any]) -> str:
    rows = (batch.get("errors") or {}).get("data") or []
    told = [f"line {row.get('line')}: {row.get('message')}" for row in rows[:10]]
    return "\n".join([f"{batch['id']} failed", *told])

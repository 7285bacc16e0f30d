"""`replyto batch`: run a file of requests; look at batches, and cancel them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from cli.api.gateway import connect
from cli.api.options import at_gateway, take
from cli.batch.run import run_file
from cli.table import table
from cli.text import printable

_file = click.Path(path_type=Path, dir_okay=False)


@click.group()
def batch() -> None:
    """Run files of requests, with any model, when there is room."""


@batch.command("run")
@click.argument("source", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--out", type=_file, required=True, help="Where the answers go; a table as *.csv.")
@click.option("--model", help="The model of all lines. Default: the one that each names.")
@click.option("--endpoint", default="/v1/chat/completions", show_default=True)
@click.option("--window", default="24h", show_default=True, help="How long it may take.")
@at_gateway
def run_batch(
    *,
    source: Path,
    out: Path,
    model: str | None,
    endpoint: str,
    window: str,
    url: str | None,
    key: str | None,
) -> None:
    """Run SOURCE, a file of JSON lines, and write its answers. Run again, it goes on.

    A line is one of OpenAI's batch files, a request, {"prompt": …} or a JSON text. What was not
    answered is in OUT.errors.
    """
    try:
        done = run_file(
            connect(url, key), source, out, endpoint=endpoint, model=model, window=window
        )
    except KeyboardInterrupt:
        raise click.ClickException("it runs on; the same command goes on with it") from None
    counts = done["request_counts"]
    told = f"{done['status']}: {counts['completed']} of {counts['total']} answered"
    click.echo(f"{told}, {counts['failed']} failed; {out}")
    if done["status"] != "completed" or counts["failed"]:
        raise SystemExit(1)


@batch.command("status")
@click.argument("batch_id")
@at_gateway
def status(batch_id: str, url: str | None, key: str | None) -> None:
    """Say how far a batch is."""
    _show([connect(url, key).ask("GET", f"/v1/batches/{batch_id}")])


@batch.command("cancel")
@click.argument("batch_id")
@at_gateway
def cancel(batch_id: str, url: str | None, key: str | None) -> None:
    """Let no more of a batch begin; what was answered is kept."""
    _show([connect(url, key).ask("POST", f"/v1/batches/{batch_id}/cancel", json={})])


@batch.command("list")
@take(20)
@at_gateway
def list_batches(take: int, url: str | None, key: str | None) -> None:
    """List your batches, the latest first."""
    most = min(take, 100)
    _show(connect(url, key).ask("GET", "/v1/batches", params={"limit": most})["data"])


def _show(batches: list[dict[str, Any]]) -> None:
    rows = [["BATCH", "STATUS", "DONE", "FAILED", "OF", "CREATED"]]
    for one in batches:
        counts = one["request_counts"]
        created = datetime.fromtimestamp(one["created_at"], UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        numbers = [str(counts[name]) for name in ("completed", "failed", "total")]
        rows.append([one["id"], printable(one["status"]), *numbers, created])
    for line in table(rows):
        click.echo(line)

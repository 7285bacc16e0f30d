"""`replyto jobs list, show, cancel, retry, tail`: jobs through the gateway's API."""

from __future__ import annotations

import time
from typing import Any, Final

import click

from cli.api.gateway import GatewayApi, connect
from cli.api.listing import Listing, shortened
from cli.api.options import at_gateway, created_between, options, take, which
from cli.console import Console
from cli.text import printable, readable

_COLOURS: Final = {
    "Queued": "cyan",
    "Started": "yellow",
    "Executed": "yellow",
    "Completed": "green",
    "Failed": "red",
    "Cancelled": "magenta",
}
_STATES: Final = click.Choice(list(_COLOURS), case_sensitive=False)
#: Characters shown of a text in a list.
_SHORT: Final = 40
#: How often `tail` looks (seconds), and how many of the newest jobs it looks at.
_EVERY_S: Final = 1.0
_NEWEST: Final = 200


@click.group()
def jobs() -> None:
    """List jobs, read one, cancel, retry, watch them."""


_filters: Final = options(
    click.option("--state", type=_STATES),
    click.option("--model", help="Of this model."),
    click.option("--provider", help="Of this provider."),
    click.option("--tag", help="With this Tag."),
    click.option("--owner", help="Of this API key; the admin's to choose."),
    created_between,
    click.option("--error", help="With this text in the error."),
)


@jobs.command("list")
@_filters
@take(50)
@click.option("--skip", default=0, type=click.IntRange(0))
@at_gateway
def list_(url: str | None, key: str | None, from_: str | None, **wanted: Any) -> None:
    """List jobs, the newest first."""
    page = connect(url, key).call("QueryJobs", {**wanted, "from": from_, "include": "total"})
    _LISTING.show(page, "--take and --skip")


@jobs.command()
@click.argument("job")
@at_gateway
def show(job: str, url: str | None, key: str | None) -> None:
    """Show a job, by id or RefId, with what was asked and answered."""
    row = connect(url, key).call("GetOpenAiChat", which(job))["result"]
    console = Console()
    for name, value in row.items():
        if not isinstance(value, dict) and name not in ("requestBody", "responseBody"):
            console.say(f"{console.style(f'{name:<17}', dim=True)} {printable(str(value))}")
    for name in ("requestBody", "responseBody"):
        if name in row:
            console.say(f"{console.style(name, bold=True)}\n{readable(row[name])}")


@jobs.command()
@click.argument("job")
@at_gateway
def cancel(job: str, url: str | None, key: str | None) -> None:
    """Cancel a job that waits, abort one that runs."""
    answer = connect(url, key).call("CancelJob", which(job))
    Console().say(f"job {answer['id']}: {answer['status']}")


@jobs.command()
@click.argument("job", required=False)
@_filters
@take(1000)
@click.option("--after", help="Go on where an earlier call stopped.")
@click.option("--dry-run", "dryRun", is_flag=True, help="Only say how many there would be.")
@at_gateway
def retry(
    job: str | None, url: str | None, key: str | None, from_: str | None, **wanted: Any
) -> None:
    """Queue a job again that failed, by id or RefId; or all that match the options."""
    api, console = connect(url, key), Console()
    if job is not None:
        answer = api.call("RetryJob", which(job))
        console.say(f"job {answer['id']}: {answer['jobState']}")
        return
    answer = api.call("RetryJobs", {**wanted, "from": from_})
    done = "would be retried" if answer["dryRun"] else f"matched, {answer['retried']} retried"
    jobs = "job" if answer["matched"] == 1 else "jobs"
    console.say(f"{answer['matched']} {jobs} {done}")
    if answer.get("after"):
        console.say(f"There may be more: --after {answer['after']}")


@jobs.command()
@_filters
@at_gateway
def tail(url: str | None, key: str | None, from_: str | None, **wanted: Any) -> None:
    """Print jobs as they come and as they move, until Ctrl-C."""
    api, console = connect(url, key), Console()
    values = {**wanted, "from": from_, "take": _NEWEST}
    seen: dict[int, str] = {}
    while True:
        for row in moved(api, values, seen):
            line = "  ".join(cell for cell in _cells(row) if cell)
            console.say(_LISTING.coloured(console, row, line))
        time.sleep(_EVERY_S)


def moved(api: GatewayApi, values: dict[str, Any], seen: dict[int, str]) -> list[dict[str, Any]]:
    """Return the jobs whose state is not the one seen before, the oldest first; note it."""
    rows = [
        row
        for row in reversed(api.call("QueryJobs", values)["results"])
        if seen.get(row["id"]) != row["state"]
    ]
    seen.update({row["id"]: row["state"] for row in rows})
    return rows


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    return (
        str(row["id"]),
        _short(row["refId"]),
        row["state"],
        _short(row["model"]),
        _short(row.get("tag", "")),
        row["createdDate"],
        str(row.get("durationMs") or ""),
        str(row.get("totalTokens") or ""),
        _short(row.get("errorMessage", "")),
    )


def _short(text: str) -> str:
    return shortened(text, _SHORT)


_LISTING: Final = Listing(
    ("JOB", "REFID", "STATE", "MODEL", "TAG", "CREATED", "MS", "TOKENS", "ERROR"),
    _cells,
    "No jobs.",
    _COLOURS,
)

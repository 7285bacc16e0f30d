"""`replyto jobs list, show, cancel, retry, tail`: jobs through the gateway's API."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

import click

from cli.console import Console
from cli.gateway_api import GatewayApi, connect
from cli.table import table
from cli.text import printable

F = TypeVar("F", bound=Callable[..., Any])

_COLOURS: Final = {
    "Queued": "cyan",
    "Started": "yellow",
    "Executed": "yellow",
    "Completed": "green",
    "Failed": "red",
    "Cancelled": "magenta",
}
_STATES: Final = click.Choice(list(_COLOURS), case_sensitive=False)
_HEAD: Final = ("JOB", "REFID", "STATE", "MODEL", "TAG", "CREATED", "MS", "TOKENS", "ERROR")
#: Characters shown of a text in a list.
_SHORT: Final = 40
#: How often `tail` looks (seconds), and how many of the newest jobs it looks at.
_EVERY_S: Final = 1.0
_NEWEST: Final = 200


@click.group()
def jobs() -> None:
    """List jobs, read one, cancel, retry, watch them."""


def _gateway_options(command: F) -> F:
    command = click.option("--url", help="The gateway. Default: the one of this machine.")(command)
    return click.option("--key", help="An API key. Default: the one in the data directory.")(
        command
    )


def _filters(command: F) -> F:
    for option in (
        click.option("--error", help="With this text in the error."),
        click.option("--to", help="Created then or earlier."),
        click.option("--from", "from_", help="Created then or later: 2026-01-31T08:00:00Z."),
        click.option("--owner", help="Of this API key; the admin's to choose."),
        click.option("--tag", help="With this Tag."),
        click.option("--provider", help="Of this provider."),
        click.option("--model", help="Of this model."),
        click.option("--state", type=_STATES),
    ):
        command = option(command)
    return command


@jobs.command("list")
@_filters
@click.option("--take", default=50, show_default=True, type=click.IntRange(1, 1000))
@click.option("--skip", default=0, type=click.IntRange(0))
@_gateway_options
def list_(url: str | None, key: str | None, from_: str | None, **wanted: Any) -> None:
    """List jobs, the newest first."""
    page = connect(url, key).call("QueryJobs", {**wanted, "from": from_, "include": "total"})
    console, rows = Console(), page["results"]
    if not rows:
        console.say("No jobs.")
        return
    lines = table([_HEAD, *map(_cells, rows)])
    console.say(console.style(lines[0], bold=True))
    for row, line in zip(rows, lines[1:], strict=True):
        console.say(_coloured(console, row, line))
    if page.get("total", 0) > len(rows):
        console.say(f"… {len(rows)} of {page['total']}; see --take and --skip")


@jobs.command()
@click.argument("job")
@_gateway_options
def show(job: str, url: str | None, key: str | None) -> None:
    """Show a job, by id or RefId, with what was asked and answered."""
    row = connect(url, key).call("GetOpenAiChat", which(job))["result"]
    console = Console()
    for name, value in row.items():
        if not isinstance(value, dict) and name not in ("requestBody", "responseBody"):
            console.say(f"{console.style(f'{name:<17}', dim=True)} {printable(str(value))}")
    for name in ("requestBody", "responseBody"):
        if name in row:
            console.say(f"{console.style(name, bold=True)}\n{printable(row[name])}")


@jobs.command()
@click.argument("job")
@_gateway_options
def cancel(job: str, url: str | None, key: str | None) -> None:
    """Cancel a job that waits, abort one that runs."""
    answer = connect(url, key).call("CancelJob", which(job))
    Console().say(f"job {answer['id']}: {answer['status']}")


@jobs.command()
@click.argument("job", required=False)
@_filters
@click.option("--take", default=1000, show_default=True, type=click.IntRange(1, 1000))
@click.option("--dry-run", "dryRun", is_flag=True, help="Only say how many it would be.")
@_gateway_options
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


@jobs.command()
@_filters
@_gateway_options
def tail(url: str | None, key: str | None, from_: str | None, **wanted: Any) -> None:
    """Print jobs as they come and as they move, until Ctrl-C."""
    api, console = connect(url, key), Console()
    values = {**wanted, "from": from_, "take": _NEWEST}
    seen: dict[int, str] = {}
    while True:
        for row in moved(api, values, seen):
            line = "  ".join(cell for cell in _cells(row) if cell)
            console.say(_coloured(console, row, line))
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


def which(job: str) -> dict[str, Any]:
    """Return how a DTO names this job: a number is its id, anything else its RefId."""
    return {"id": int(job)} if job.isascii() and job.isdecimal() else {"refId": job}


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
    safe = printable(text)
    return safe if len(safe) <= _SHORT else f"{safe[: _SHORT - 1]}…"


def _coloured(console: Console, row: dict[str, Any], line: str) -> str:
    state = row["state"]
    return line.replace(state, console.style(state, fg=_COLOURS.get(state, "white")), 1)

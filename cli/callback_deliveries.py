"""`replyto callbacks list, show, replay, cancel, test`: deliveries through the gateway's API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

import click

from cli.console import Console
from cli.gateway_api import GatewayApi, connect
from cli.table import table
from cli.text import printable

F = TypeVar("F", bound=Callable[..., Any])

_COLOURS: Final = {
    "Delivered": "green",
    "Pending": "yellow",
    "Exhausted": "red",
    "Stopped": "red",
    "Cancelled": "magenta",
}
_STATES: Final = click.Choice(list(_COLOURS), case_sensitive=False)
#: Characters shown of a URL or a reason in a list.
_SHORT: Final = 60


def _gateway_options(command: F) -> F:
    command = click.option("--url", help="The gateway. Default: the one of this machine.")(command)
    return click.option("--key", help="An API key. Default: the one in the data directory.")(
        command
    )


def _filters(command: F) -> F:
    for option in (
        click.option("--to", help="Created then or earlier."),
        click.option("--from", "from_", help="Created then or later: 2026-01-31T08:00:00Z."),
        click.option("--tag", help="Of jobs with this Tag."),
        click.option("--host", help="To this host."),
        click.option("--state", type=_STATES),
    ):
        command = option(command)
    return command


@click.command("list")
@_filters
@click.option("--take", default=50, show_default=True, type=click.IntRange(1, 1000))
@_gateway_options
def list_(url: str | None, key: str | None, take: int, from_: str | None, **filters: Any) -> None:
    """List deliveries, the newest first."""
    page = connect(url, key).call("GetDeliveries", {**filters, "from": from_, "take": take})
    console = Console()
    if not page["results"]:
        console.say("No deliveries.")
        return
    head = ("JOB", "REFID", "STATE", "ATTEMPTS", "CREATED", "URL", "REASON")
    lines = table([head, *map(_list_row, page["results"])])
    console.say(console.style(lines[0], bold=True))
    for row, line in zip(page["results"], lines[1:], strict=True):
        console.say(line.replace(row["state"], _state(console, row["state"]), 1))
    if page["total"] > len(page["results"]):
        console.say(f"… {len(page['results'])} of {page['total']}; see --take")


@click.command()
@click.argument("job")
@_gateway_options
def show(job: str, url: str | None, key: str | None) -> None:
    """Show a delivery, by job id or RefId, with every attempt at it."""
    answer = connect(url, key).call("GetDelivery", which(job))
    console, row = Console(), answer["result"]
    facts = [
        ("job", f"{row['id']}, RefId {row['refId']}"),
        ("to", row["url"]),
        ("webhook-id", row["webhookId"]),
        ("state", row["state"] + (f": {row['reason']}" if row.get("reason") else "")),
        ("created", row["createdDate"]),
        ("next attempt", row.get("nextAttemptDate", "")),
        ("ended", row.get("endedDate", "")),
    ]
    for name, value in facts:
        if value:
            console.say(f"{name:<13} {printable(value)}")
    for attempt in answer["log"]:
        console.say()
        for line in attempt_lines(attempt):
            console.say(line)


@click.command()
@click.argument("job", required=False)
@_filters
@click.option("--dry-run", is_flag=True, help="Only say how many it would be.")
@_gateway_options
def replay(
    job: str | None,
    url: str | None,
    key: str | None,
    from_: str | None,
    *,
    dry_run: bool,
    **filters: Any,
) -> None:
    """Send a callback again, by job id or RefId, or all that the options name.

    Without --state these are the ones that are Exhausted or Stopped.
    """
    named = any(value is not None for value in (*filters.values(), from_))
    if (job is None) != named:
        raise click.UsageError("name one job, or say which deliveries: --state, --host, --from, …")
    api = connect(url, key)
    if job is not None:
        if dry_run:
            raise click.UsageError("--dry-run is for many, not for one job")
        became = api.call("ReplayDelivery", which(job))["status"]
        text = {"queued": "is sent again", "in_flight": "is being sent right now"}[became]
        Console().say(f"The callback of job {job} {text}.")
        return
    _replay_many(api, {**filters, "from": from_, "dryRun": dry_run})


def _replay_many(api: GatewayApi, wanted: dict[str, Any]) -> None:
    answer = api.call("ReplayDeliveries", wanted)
    if wanted["dryRun"]:
        Console().say(f"{answer['total']} deliveries would be sent again.")
        return
    Console().say(f"{answer['replayed']} deliveries are sent again.")
    if answer["inFlight"]:
        Console().say(f"{answer['inFlight']} are being sent right now.")
    if answer["remaining"]:
        Console().say(f"{answer['remaining']} are left: run the command again.")


@click.command()
@click.argument("job")
@_gateway_options
def cancel(job: str, url: str | None, key: str | None) -> None:
    """Make no more attempts at a callback, by job id or RefId."""
    answer = connect(url, key).call("CancelDelivery", which(job))
    Console().say(f"The callback of job {answer['id']}: {answer['status']} ({answer['state']}).")


@click.command()
@click.argument("target")
@_gateway_options
def test(target: str, url: str | None, key: str | None) -> None:
    """Send a signed sample to a URL now and show what came of it. Status 1 if it was not taken."""
    answer = connect(url, key).call("TestCallback", {"url": target})
    console = Console()
    for line in attempt_lines(answer["result"]):
        console.say(line)
    if not answer["delivered"]:
        raise click.ClickException(f"not delivered: {printable(answer['reason'])}")
    console.say(console.style("delivered", fg="green"))


def which(job: str) -> dict[str, Any]:
    """Return how a DTO names this job: a number is its id, anything else its RefId."""
    return {"id": int(job)} if job.isascii() and job.isdecimal() else {"refId": job}


def attempt_lines(attempt: dict[str, Any]) -> list[str]:
    """Return the lines that show one attempt."""
    came = str(attempt.get("status") or attempt.get("error") or "no answer")
    title = f"attempt {attempt['number']} ({attempt['trigger']}) {attempt['startedDate']}"
    facts = [
        ("answer", f"{came} in {attempt['durationMs']} ms"),
        ("detail", attempt.get("detail", "")),
        ("address", attempt.get("ip", "")),
        ("head", attempt.get("responseHead", "")),
        ("signed by", ", ".join(attempt.get("keyIds", []))),
        ("body SHA-256", attempt["bodySha256"]),
        ("next after", _seconds(attempt.get("nextAttemptSecs"))),
    ]
    return [title, *(f"  {name:<12} {printable(text)}" for name, text in facts if text)]


def _list_row(row: dict[str, Any]) -> tuple[str, ...]:
    return (
        str(row["id"]),
        _short(row["refId"]),
        row["state"],
        str(row["attempts"]),
        row["createdDate"],
        _short(row["url"]),
        _short(row.get("reason", "")),
    )


def _short(text: str) -> str:
    clean = printable(text)
    return clean if len(clean) <= _SHORT else f"{clean[: _SHORT - 1]}…"


def _state(console: Console, state: str) -> str:
    return console.style(state, fg=_COLOURS.get(state, "white"))


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.0f} s"

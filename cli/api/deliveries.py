"""`replyto callbacks list, show, replay, cancel, test`: deliveries through the gateway's API."""

from __future__ import annotations

from typing import Any, Final

import click

from cli.api.gateway import GatewayApi, connect
from cli.api.listing import Listing, shortened
from cli.api.options import at_gateway, created_between, options, take, which
from cli.console import Console
from cli.text import printable

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


_filters: Final = options(
    click.option("--state", type=_STATES),
    click.option("--host", help="To this host."),
    click.option("--tag", help="Of jobs with this Tag."),
    created_between,
)


@click.command("list")
@_filters
@take(50)
@at_gateway
def list_(url: str | None, key: str | None, from_: str | None, **wanted: Any) -> None:
    """List deliveries, the newest first."""
    _LISTING.show(connect(url, key).call("GetDeliveries", {**wanted, "from": from_}))


@click.command()
@click.argument("job")
@at_gateway
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
@click.option("--dry-run", is_flag=True, help="Only say how many there would be.")
@at_gateway
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
    if wanted["dryRun"]:
        total = api.call("ReplayDeliveries", wanted)["total"]
        Console().say(f"{total} deliveries would be sent again.")
        return
    replayed = in_flight = 0
    for answer in api.in_parts("ReplayDeliveries", wanted):
        replayed += answer["replayed"]
        in_flight += answer["inFlight"]
    Console().say(f"{replayed} deliveries are sent again.")
    if in_flight:
        Console().say(f"{in_flight} are being sent right now.")


@click.command()
@click.argument("job")
@at_gateway
def cancel(job: str, url: str | None, key: str | None) -> None:
    """Make no more attempts at a callback, by job id or RefId."""
    answer = connect(url, key).call("CancelDelivery", which(job))
    Console().say(f"The callback of job {answer['id']}: {answer['status']} ({answer['state']}).")


@click.command()
@click.argument("target")
@at_gateway
def test(target: str, url: str | None, key: str | None) -> None:
    """Send a signed sample to a URL now and show what came of it. Status 1 if it was not taken."""
    answer = connect(url, key).call("TestCallback", {"url": target})
    console = Console()
    for line in attempt_lines(answer["result"]):
        console.say(line)
    if not answer["delivered"]:
        raise click.ClickException(f"not delivered: {printable(answer['reason'])}")
    console.say(console.style("delivered", fg="green"))


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
    return shortened(text, _SHORT)


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.0f} s"


_LISTING: Final = Listing(
    ("JOB", "REFID", "STATE", "ATTEMPTS", "CREATED", "URL", "REASON"),
    _list_row,
    "No deliveries.",
    _COLOURS,
)

"""`replyto stats`: what jobs took, through the gateway's API."""

from __future__ import annotations

from typing import Any, Final

import click

from cli.console import Console
from cli.gateway_api import connect
from cli.table import table
from cli.text import printable

_GROUPS: Final = click.Choice(["model", "provider", "tag", "key", "day", "month"])
_HEAD: Final = (
    *("NAME", "JOBS", "FAILED", "PROMPT", "COMPLETION", "COST", "MINUTES", "TOKENS/S"),
    *("P50 MS", "P95 MS", "P99 MS"),
)


@click.command()
@click.option("--by", "group", type=_GROUPS, default="model", show_default=True)
@click.option("--from", "from_", help="Created on that day (UTC) or later: 2026-01-31.")
@click.option("--to", help="Created on that day (UTC) or earlier.")
@click.option("--url", help="The gateway. Default: the one of this machine.")
@click.option("--key", help="An API key; the admin secret sums up everybody's jobs.")
def stats(group: str, from_: str | None, to: str | None, url: str | None, key: str | None) -> None:
    """Sum up jobs, tokens, cost and latencies."""
    answer = connect(url, key).call("GetUsage", {"groupBy": group, "from": from_, "to": to})
    console = Console()
    if not answer["results"]:
        console.say("No jobs have ended in that time.")
        return
    lines = table([_HEAD, *map(_cells, answer["results"])])
    console.say(console.style(lines[0], bold=True))
    for line in lines[1:]:
        console.say(line)


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    return (
        printable(row["name"]) or "-",
        f"{row['total']:,}",
        f"{row['failed']:,}",
        f"{row['totalPromptTokens']:,}",
        f"{row['totalCompletionTokens']:,}",
        f"{row['cost']:,.4f}",
        f"{row['totalMinutes']:,.1f}",
        f"{row['tokensPerSecond']:,.1f}",
        *(str(row.get(name, "-")) for name in ("p50Ms", "p95Ms", "p99Ms")),
    )

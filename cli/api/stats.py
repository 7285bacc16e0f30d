"""`replyto stats`: what jobs took, through the gateway's API."""

from __future__ import annotations

from typing import Any, Final

import click

from cli.api.gateway import connect
from cli.api.listing import Listing
from cli.api.options import at_url
from cli.text import printable

_GROUPS: Final = click.Choice(["model", "provider", "tag", "key", "day", "month"])
_HEAD: Final = (
    *("NAME", "JOBS", "FAILED", "PROMPT", "COMPLETION", "COST", "MINUTES", "TOKENS/S"),
    *("P50 MS", "P95 MS", "P99 MS"),
)


@click.command()
@click.option("--by", "group", type=_GROUPS, default="model", show_default=True)
@click.option("--from", "from_", help="Created on or after this day (UTC): 2026-01-31.")
@click.option("--to", help="Created on or before this day (UTC).")
@at_url
@click.option("--key", help="An API key; the admin secret sums up everybody's jobs.")
def stats(group: str, from_: str | None, to: str | None, url: str | None, key: str | None) -> None:
    """Sum up jobs, tokens, cost and latencies."""
    answer = connect(url, key).call("GetUsage", {"groupBy": group, "from": from_, "to": to})
    _LISTING.show(answer)


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


_LISTING: Final = Listing(_HEAD, _cells, "No jobs have ended in that time.")

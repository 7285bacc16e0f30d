"""`replyto keys`: issue, list, show, change, rotate and revoke API keys, through the gateway."""

from __future__ import annotations

from typing import Any, Final

import click

from cli.api.gateway import connect_as_admin
from cli.api.listing import Listing
from cli.api.options import at_url, options, take
from cli.console import Console
from cli.text import printable
from shared.api_keys.scopes import Scope
from shared.wire.queueing.tier import Tier

#: What of a key is shown, in this order, and what it is called.
_SHOWN: Final = {
    "id": "id",
    "key": "key",
    "visibleKey": "begins with",
    "name": "name",
    "owner": "owner of jobs",
    "userName": "user",
    "scopes": "scopes",
    "models": "models",
    "requestsPerMinute": "requests/min",
    "tokensPerMinute": "tokens/min",
    "concurrentJobs": "jobs at once",
    "queuedJobs": "jobs waiting",
    "monthlyTokens": "tokens/month",
    "monthlyCost": "cost/month",
    "priority": "priority",
    "weight": "turns in a row",
    "waitSecs": "waits (s)",
    "createdDate": "created",
    "expiryDate": "expires",
    "cancelledDate": "revoked",
    "lastUsedDate": "last used",
    "refId": "refId",
    "notes": "notes",
}
_WIDTH: Final = max(map(len, _SHOWN.values()))
#: The number of a key, as every command but `create` and `list` takes it.
_ID: Final = click.argument("key_id", metavar="ID", type=click.IntRange(min=1))


#: What a key is made of and what can be changed later.
_fields: Final = options(
    click.option("--user-name", "userName", help="Shown beside the key."),
    click.option("--scopes", help=f"Some of {', '.join(Scope)}."),
    click.option("--models", help="Names or patterns, comma-separated: 'llama3*,gpt-4o'."),
    click.option("--requests-per-minute", "requestsPerMinute", type=int),
    click.option("--tokens-per-minute", "tokensPerMinute", type=int),
    click.option("--concurrent-jobs", "concurrentJobs", type=int),
    click.option("--queued-jobs", "queuedJobs", type=int),
    click.option("--monthly-tokens", "monthlyTokens", type=int),
    click.option("--monthly-cost", "monthlyCost", type=float),
    click.option("--priority", type=click.Choice(list(Tier)), help="The best one of its jobs."),
    click.option("--weight", type=int, help="Jobs in a row, where owners take turns."),
    click.option("--wait-secs", "waitSecs", type=int, help="Wait for limits instead of a 429."),
    click.option("--expires", "expiryDate", help="When: 2027-01-31T00:00:00Z."),
    click.option("--notes", help="For people."),
)


@click.group()
def keys() -> None:
    """Issue and manage API keys; needs the admin secret (REPLYTO_AUTH_SECRET or data directory)."""


@keys.command()
@click.argument("name")
@click.option("--user-id", "userId", help="Keys of the same user share their jobs.")
@click.option("--ref-id", "refId", help="Your own name for the key.")
@_fields
@at_url
def create(url: str | None, **fields: Any) -> None:
    """Issue a key and show it, this once."""
    _show_secret(connect_as_admin(url, None).call("CreateApiKey", fields))


@keys.command("list")
@click.option("--name", help="Of this name.")
@click.option("--user-id", "userId", help="Of this user.")
@click.option("--all", "includeCancelled", is_flag=True, help="Revoked ones too.")
@take(100)
@at_url
def list_(url: str | None, **wanted: Any) -> None:
    """List keys, the newest first."""
    _LISTING.show(connect_as_admin(url, None).call("QueryApiKeys", wanted))


@keys.command()
@_ID
@at_url
def show(key_id: int, url: str | None) -> None:
    """Show all that is known of a key."""
    wanted = {"id": key_id, "includeCancelled": True}
    found = connect_as_admin(url, None).call("QueryApiKeys", wanted)["results"]
    if not found:
        raise click.ClickException(f"there is no API key with the id {key_id}")
    _show(found[0])


@keys.command()
@_ID
@click.option("--name")
@_fields
@click.option("--reset", multiple=True, help="Take a field away: expiryDate, tokensPerMinute, …")
@at_url
def update(key_id: int, url: str | None, reset: tuple[str, ...], **fields: Any) -> None:
    """Change a key; what is not named stays as it is."""
    wanted = {**fields, "id": key_id, "reset": list(reset) or None}
    _show(connect_as_admin(url, None).call("UpdateApiKey", wanted)["result"])


@keys.command()
@_ID
@click.option(
    "--grace", "grace_s", default=0, metavar="SECONDS", help="How long the old secret stays valid."
)
@at_url
def rotate(key_id: int, url: str | None, grace_s: int) -> None:
    """Give a key another secret and show it, this once."""
    wanted = {"id": key_id, "graceSecs": grace_s}
    _show_secret(connect_as_admin(url, None).call("RotateApiKey", wanted))


@keys.command()
@_ID
@at_url
def revoke(key_id: int, url: str | None) -> None:
    """End a key for good, within a second."""
    row = connect_as_admin(url, None).call("RevokeApiKey", {"id": key_id})["result"]
    Console().say(f"The key {key_id} ({printable(row['name'])}) is revoked.")


def _show_secret(row: dict[str, Any]) -> None:
    _show(row)
    Console().say("This is the only time that the key is shown.")


def _show(row: dict[str, Any]) -> None:
    console = Console()
    for name, label in _SHOWN.items():
        if name in row:
            value = row[name]
            text = ", ".join(value) if isinstance(value, list) else str(value)
            console.say(f"{label:<{_WIDTH}}  {printable(text)}")


def _list_row(row: dict[str, Any]) -> tuple[str, ...]:
    state = "revoked" if "cancelledDate" in row else "valid"
    if "expiryDate" in row and state == "valid":
        state = f"until {row['expiryDate'][:10]}"
    return (
        str(row["id"]),
        row["visibleKey"],
        printable(row["name"]),
        printable(row["owner"]),
        ",".join(row["scopes"]),
        row.get("lastUsedDate", "-")[:16],
        state,
    )


_LISTING: Final = Listing(
    ("ID", "KEY", "NAME", "OWNER", "SCOPES", "LAST USED", "STATE"),
    _list_row,
    "No keys were issued.",
)

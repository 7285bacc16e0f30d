"""`replyto keys`: issue, list, show, change, rotate and revoke API keys, through the gateway."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

import click

from cli.console import Console
from cli.gateway_api import connect_as_admin
from cli.table import table
from cli.text import printable
from shared.api_keys.scopes import Scope

F = TypeVar("F", bound=Callable[..., Any])

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


def _gateway_option(command: F) -> F:
    return click.option("--url", help="The gateway. Default: the one of this machine.")(command)


def _fields(command: F) -> F:
    """Add what a key is made of and what can be changed later."""
    for option in (
        click.option("--notes", help="For people."),
        click.option("--expires", "expiryDate", help="When: 2027-01-31T00:00:00Z."),
        click.option("--monthly-cost", "monthlyCost", type=float),
        click.option("--monthly-tokens", "monthlyTokens", type=int),
        click.option("--queued-jobs", "queuedJobs", type=int),
        click.option("--concurrent-jobs", "concurrentJobs", type=int),
        click.option("--tokens-per-minute", "tokensPerMinute", type=int),
        click.option("--requests-per-minute", "requestsPerMinute", type=int),
        click.option("--models", help="Names or patterns, between commas: 'llama3*,gpt-4o'."),
        click.option("--scopes", help=f"Some of {', '.join(Scope)}."),
        click.option("--user-name", "userName", help="Shown beside the key."),
    ):
        command = option(command)
    return command


@click.group()
def keys() -> None:
    """Issue and manage API keys; needs the admin secret (REPLYTO_AUTH_SECRET or data directory)."""


@keys.command()
@click.argument("name")
@click.option("--user-id", "userId", help="Keys of the same user share their jobs.")
@click.option("--ref-id", "refId", help="Your own name for the key.")
@_fields
@_gateway_option
def create(url: str | None, **fields: Any) -> None:
    """Issue a key and show it, this once."""
    _show_secret(connect_as_admin(url, None).call("CreateApiKey", fields))


@keys.command("list")
@click.option("--name", help="Of this name.")
@click.option("--user-id", "userId", help="Of this user.")
@click.option("--all", "includeCancelled", is_flag=True, help="Revoked ones too.")
@click.option("--take", default=100, show_default=True, type=click.IntRange(1, 1000))
@_gateway_option
def list_(url: str | None, **wanted: Any) -> None:
    """List keys, the newest first."""
    page = connect_as_admin(url, None).call("QueryApiKeys", wanted)
    console = Console()
    if not page["results"]:
        console.say("No keys were issued.")
        return
    head = ("ID", "KEY", "NAME", "OWNER", "SCOPES", "LAST USED", "STATE")
    lines = table([head, *map(_list_row, page["results"])])
    console.say(console.style(lines[0], bold=True))
    for line in lines[1:]:
        console.say(line)
    if page["total"] > len(page["results"]):
        console.say(f"… {len(page['results'])} of {page['total']}; see --take")


@keys.command()
@_ID
@_gateway_option
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
@_gateway_option
def update(key_id: int, url: str | None, reset: tuple[str, ...], **fields: Any) -> None:
    """Change a key; what is not named stays as it is."""
    wanted = {**fields, "id": key_id, "reset": list(reset) or None}
    _show(connect_as_admin(url, None).call("UpdateApiKey", wanted)["result"])


@keys.command()
@_ID
@click.option("--grace", "grace_s", default=0, metavar="SECONDS", help="The old one goes on.")
@_gateway_option
def rotate(key_id: int, url: str | None, grace_s: int) -> None:
    """Give a key another secret and show it, this once."""
    wanted = {"id": key_id, "graceSecs": grace_s}
    _show_secret(connect_as_admin(url, None).call("RotateApiKey", wanted))


@keys.command()
@_ID
@_gateway_option
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

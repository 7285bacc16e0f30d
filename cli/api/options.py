"""Options and arguments of the commands that call the gateway's API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

import click

from shared.listen_address import base_url, listen_host, url_host

F = TypeVar("F", bound=Callable[..., Any])


def options(*wanted: Callable[[F], F]) -> Callable[[F], F]:
    """Return what adds these options to a command, whose help names them in this order."""

    def add(command: F) -> F:
        for option in reversed(wanted):
            command = option(command)
        return command

    return add


def _host(_: click.Context, __: click.Parameter, value: str) -> str:
    try:
        return listen_host(value)
    except ValueError as exc:
        raise click.BadParameter(str(exc)) from None


def _url(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    """Return the URL; an address alone, as people type it, is one of HTTP."""
    if not value:
        return None
    text = value if "://" in value else f"http://{_typed_address(value)}"
    try:
        return base_url(text)
    except ValueError as exc:
        raise click.BadParameter(str(exc)) from None


def _typed_address(text: str) -> str:
    """Return an IPv6 address with brackets, anything else as it is."""
    try:
        return url_host(listen_host(text))
    except ValueError:
        return text


#: Where a server of ours listens.
at_host: Final = click.option(
    "--host", default="127.0.0.1", show_default=True, callback=_host, help="Address to listen on."
)
#: Where the gateway is.
at_url: Final = click.option(
    "--url", callback=_url, help="The gateway. Default: the one of this machine."
)
#: Where it is, and who calls.
at_gateway: Final = options(
    click.option("--key", help="An API key. Default: the one in the data directory."), at_url
)
#: When what is listed was made.
created_between: Final = options(
    click.option("--from", "from_", help="Created at or after this time: 2026-01-31T08:00:00Z."),
    click.option("--to", help="Created at or before this time."),
)


def take(default: int) -> Callable[[F], F]:
    """Return the option that says how many at the most."""
    return click.option("--take", default=default, show_default=True, type=click.IntRange(1, 1000))


def which(job: str) -> dict[str, Any]:
    """Return how a DTO names this job: a number is its id, anything else its RefId."""
    return {"id": int(job)} if job.isascii() and job.isdecimal() else {"refId": job}

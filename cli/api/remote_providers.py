"""The providers of a gateway elsewhere, by its API and a key: what needs no Redis of it."""

from __future__ import annotations

from typing import Any

import click

from cli.api.gateway import connect_as_admin
from cli.text import printable


def show(url: str | None, key: str | None) -> None:
    """List the providers."""
    rows = connect_as_admin(url, key).call("QueryAiProviders", {"take": 1000})["results"]
    if not rows:
        click.echo("There are no providers.")
    for row in rows:
        click.echo(_line(row))


def switch(url: str | None, key: str | None, name: str, *, enabled: bool) -> None:
    """Let a provider be called, or no more."""
    connect_as_admin(url, key).call("UpdateAiProvider", {"name": name, "enabled": enabled})
    click.echo(f"{name} is {'enabled' if enabled else 'disabled'}.")


def try_one(url: str | None, key: str | None, *, name: str, model: str | None, prompt: str) -> None:
    """Have a provider answer."""
    gateway = connect_as_admin(url, key)
    if model is None:
        rows = gateway.call("QueryAiProviders", {"name": name})["results"]
        if not rows:
            raise click.ClickException(f"there is no provider '{name}'")
        model = rows[0]["models"][0]["model"]
    body = gateway.call("ChatAiProvider", {"provider": name, "model": model, "prompt": prompt})
    click.echo(printable(str(body["choices"][0]["message"]["content"])))


def _line(row: dict[str, Any]) -> str:
    standing = row["status"] if row["enabled"] else "disabled"
    reason = f" ({row['offlineReason']})" if row.get("offlineReason") and row["enabled"] else ""
    models = ", ".join(model["model"] for model in row["models"])
    return printable(
        f"{row['name']}  {standing}{reason}  {row['aiTypeId']}  priority {row['priority']}"
        f"  {row.get('apiBaseUrl', '')}  [{row['origin']}]"
    ) + printable(f"\n    {models}")

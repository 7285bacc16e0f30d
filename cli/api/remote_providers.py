"""The providers of a gateway elsewhere, by its API and a key: what needs no Redis of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import click

from cli.api.gateway import GatewayApi, connect_as_admin
from cli.text import printable, readable
from shared.providers.provider import Provider
from shared.providers.registry_document import Difference
from shared.security.masked_url import masked_url

#: What a file can say of a provider and the API cannot.
_IN_FILES_ALONE: Final = ("headers", "query", "operations", "model_operations")
#: Of these the API takes 0 for no limit.
_LIMITS: Final = ("concurrency", "requestsPerMinute", "tokensPerMinute")
_URLS: Final = ("apiBaseUrl", "heartbeatUrl", "metricsUrl", "proxy")
#: What gateways of a version before do not show, and what that means.
_LATE: Final = {"adaptive": False, "batch": False, "batchPrice": 0.5}


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
    click.echo(readable(str(body["choices"][0]["message"]["content"])))


def diff(url: str | None, key: str | None, file: Iterable[Provider]) -> list[Difference]:
    """Return what `apply` would change there."""
    return _differences(connect_as_admin(url, key), [_sent(one) for one in file])


def apply(url: str | None, key: str | None, file: Iterable[Provider]) -> list[Difference]:
    """Make the providers there equal the file, one call after the other; return what changed.

    Where a call fails, those before it stay: the next time goes on from there.
    """
    gateway, wanted = connect_as_admin(url, key), {one.name: _sent(one) for one in file}
    found = _differences(gateway, list(wanted.values()))
    for one in found:
        if one.kind == "remove":
            gateway.call("DeleteAiProvider", {"name": one.name})
        elif one.kind == "add":
            gateway.call("CreateAiProvider", _without_nothing(wanted[one.name]))
        else:
            changed = {name: wanted[one.name][name] for name, _, _ in one.fields}
            # Nothing of a text is an empty one.
            told = {name: "" if value is None else value for name, value in changed.items()}
            gateway.call("UpdateAiProvider", {"name": one.name, **told})
    return found


def told(difference: Difference) -> str:
    """Return a difference as lines."""
    mark = {"add": "+", "remove": "-", "change": "~"}[difference.kind]
    rows = [f"    {name}: {was!r} → {now!r}" for name, was, now in difference.fields]
    return "\n".join([f"{mark} {difference.name}", *rows])


def _differences(gateway: GatewayApi, wanted: list[dict[str, Any]]) -> list[Difference]:
    rows = gateway.call("QueryAiProviders", {"take": 1000})["results"]
    known = {row["name"]: _seen(row) for row in rows}
    found = []
    for one in wanted:
        there = known.pop(one["name"], None)
        if there is None:
            found.append(Difference(one["name"], "add"))
        elif fields := _changes(there, one):
            found.append(Difference(one["name"], "change", fields))
    return [*found, *(Difference(name, "remove") for name in known)]


def _changes(there: dict[str, Any], one: dict[str, Any]) -> tuple[tuple[str, Any, Any], ...]:
    shown = {name: masked_url(v) if name in _URLS and v else v for name, v in one.items()}
    return tuple((name, there[name], shown[name]) for name in shown if there[name] != shown[name])


def _sent(one: Provider) -> dict[str, Any]:
    """Return a provider of a file as the API takes it. Raises click.ClickException."""
    for name in _IN_FILES_ALONE:
        if getattr(one, name):
            raise click.ClickException(
                f"{one.name}: {name} cannot be sent to a gateway elsewhere; apply the file where "
                "its Redis is reached"
            )
    models = [{"model": name, "apiModel": own} for name, own in sorted(one.models.items())]
    return {
        "name": one.name,
        "aiTypeId": one.type,
        "apiBaseUrl": str(one.base_url),
        "apiKeyVar": one.api_key_env,
        "apiKeyHeader": one.api_key_header,
        "heartbeatUrl": str(one.heartbeat_url) if one.heartbeat_url else None,
        "metricsUrl": str(one.metrics_url) if one.metrics_url else None,
        "metricsGauges": list(one.metrics_gauges),
        "proxy": str(one.proxy) if one.proxy else None,
        "caFile": str(one.ca_file) if one.ca_file else None,
        "clientCert": str(one.client_cert) if one.client_cert else None,
        "clientKey": str(one.client_key) if one.client_key else None,
        "concurrency": one.concurrency or 0,
        "adaptive": one.adaptive,
        "batch": one.batch,
        "batchPrice": one.batch_price,
        "requestsPerMinute": one.requests_per_minute or 0,
        "tokensPerMinute": one.tokens_per_minute or 0,
        "priority": one.priority,
        "enabled": one.enabled,
        "models": models,
        "defaults": {name: given.members for name, given in one.defaults.items()},
    }


def _seen(row: dict[str, Any]) -> dict[str, Any]:
    """Return a provider of the API in the same form."""
    names = ("apiKeyVar", "apiKeyHeader", "heartbeatUrl", "proxy", "caFile", "clientCert")
    more = ("name", "aiTypeId", "apiBaseUrl", "clientKey", "metricsUrl")
    seen = {name: row.get(name) for name in (*names, *more)}
    limits = {name: row.get(name) or 0 for name in _LIMITS}
    late = {name: row.get(name, usual) for name, usual in _LATE.items()}
    models = sorted(
        ({"model": one["model"], "apiModel": one["apiModel"]} for one in row["models"]),
        key=lambda one: str(one["model"]),
    )
    rest = {"priority": row["priority"], "enabled": row["enabled"], "models": models}
    lists = {"metricsGauges": row.get("metricsGauges") or [], "defaults": row.get("defaults") or {}}
    return {**seen, **limits, **late, **rest, **lists}


def _without_nothing(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _line(row: dict[str, Any]) -> str:
    standing = row["status"] if row["enabled"] else "disabled"
    reason = f" ({row['offlineReason']})" if row.get("offlineReason") and row["enabled"] else ""
    models = ", ".join(model["model"] for model in row["models"])
    return (
        printable(
            f"{row['name']}  {standing}{reason}  {row['aiTypeId']}  priority {row['priority']}"
            f"  {row.get('apiBaseUrl', '')}  [{row['origin']}]"
        )
        + f"\n    {printable(models)}"
    )

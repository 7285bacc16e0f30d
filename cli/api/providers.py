"""`replyto providers`: shows the live registry, makes it equal the file, tries a provider."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NoReturn

import click
import redis
import requests

from cli.api import remote_providers
from cli.api.gateway import own_admin_secret, own_settings, own_url
from cli.api.options import at_gateway
from cli.reasons import why_no_answer
from cli.text import printable, readable
from shared.providers import registry_document as documents
from shared.providers.health import HealthBook
from shared.providers.health_store import HealthStore
from shared.providers.provider import Provider, read_file
from shared.providers.registry_document import Difference, Entry, RegistryDocument
from shared.providers.registry_store import RegistryStore
from shared.settings import Settings, SettingsError
from shared.store import client as redis_client
from shared.store.clock import unix_ms

#: Longest wait for a provider that is tried (seconds).
_TRIAL_LIMIT_S = 120.0
_FILE = click.argument("file", required=False, type=click.Path(path_type=Path))


@click.group()
def providers() -> None:
    """Show and change the LLM providers of a running ReplyTo.

    With --url and --key (the admin secret, or a key with the scope) of one that runs elsewhere.
    """


@providers.command("list")
@at_gateway
def list_(url: str | None, key: str | None) -> None:
    """List the providers: what they serve, and how they do."""
    if url or key:
        remote_providers.show(url, key)
        return
    client, _ = _connected()
    document, book = RegistryStore(client).read()[1], HealthBook()
    HealthStore(client).refresh(book)
    if not document.entries:
        click.echo("There are no providers.")
    for entry in document.entries:
        click.echo(_line(entry, book))


@providers.command()
@_FILE
@at_gateway
def diff(file: Path | None, url: str | None, key: str | None) -> None:
    """Show what `apply` would change. Exit status 1 when that is something."""
    if url or key:
        found = remote_providers.diff(url, key, _read(own_settings(), file))
    else:
        client, settings = _connected()
        found = documents.differences(RegistryStore(client).read()[1], _read(settings, file))
    for difference in found:
        click.echo(remote_providers.told(difference))
    if found:
        sys.exit(1)
    click.echo("The registry is as the file says.")


@providers.command()
@_FILE
@at_gateway
def apply(file: Path | None, url: str | None, key: str | None) -> None:
    """Make the registry equal the file (default: REPLYTO_PROVIDERS_FILE)."""
    if url or key:
        wanted = _read(own_settings(), file)
        _tell_applied(len(wanted), remote_providers.apply(url, key, wanted))
        return
    client, settings = _connected()
    wanted, now_ms = _read(settings, file), unix_ms()
    changes: list[Difference] = []

    def make(document: RegistryDocument) -> RegistryDocument:
        changes[:] = documents.differences(document, wanted)
        return documents.applied(document, wanted, now_ms)

    RegistryStore(client).change(make)
    _tell_applied(len(wanted), changes)


def _tell_applied(count: int, changes: list[Difference]) -> None:
    for difference in changes:
        click.echo(remote_providers.told(difference))
    click.echo(f"Applied: {count} providers, {len(changes)} changed.")


@providers.command()
@click.argument("name")
@at_gateway
def enable(name: str, url: str | None, key: str | None) -> None:
    """Let a provider be called."""
    if url or key:
        remote_providers.switch(url, key, name, enabled=True)
        return
    _switch(name, enabled=True)


@providers.command()
@click.argument("name")
@at_gateway
def disable(name: str, url: str | None, key: str | None) -> None:
    """Call a provider no more; what runs there may finish."""
    if url or key:
        remote_providers.switch(url, key, name, enabled=False)
        return
    _switch(name, enabled=False)


@providers.command("test")
@click.argument("name")
@click.option("--model", help="The model to ask. Default: its first one.")
@click.option("--prompt", default="Say hello.", show_default=True)
@at_gateway
def test_(name: str, model: str | None, prompt: str, url: str | None, key: str | None) -> None:
    """Have a provider answer, also one that is offline. It is asked a real question."""
    if key:
        remote_providers.try_one(url, key, name=name, model=model, prompt=prompt)
        return
    client, settings = _connected()
    entry = RegistryStore(client).read()[1].entry(name)
    if entry is None:
        _fail(f"there is no provider '{name}'")
    base, secret = url or own_url(settings), own_admin_secret(settings)
    request = {"provider": name, "model": model or next(iter(entry.provider.models))}
    try:
        answer = _session().post(
            f"{base}/api/ChatAiProvider",
            json={**request, "prompt": prompt},
            headers={"Authorization": f"Bearer {secret}"},
            timeout=_TRIAL_LIMIT_S,
        )
        body = answer.json()
    except (requests.RequestException, ValueError) as exc:
        _fail(f"no answer from {base}: {why_no_answer(exc)}")
    if not answer.ok:
        _fail(body.get("error", {}).get("message", f"status {answer.status_code}"))
    click.echo(f"{name} answered in {answer.elapsed.total_seconds():.2f} s:")
    click.echo(readable(str(body["choices"][0]["message"]["content"])))


def _session() -> requests.Session:
    """Return a session for the gateway, which is reached without the environment's proxies."""
    session = requests.Session()
    session.trust_env = False
    return session


def _switch(name: str, *, enabled: bool) -> None:
    client, _ = _connected()

    def make(document: RegistryDocument) -> RegistryDocument:
        entry = document.entry(name)
        if entry is None:
            _fail(f"there is no provider '{name}'")
        provider = entry.provider.model_copy(update={"enabled": enabled})
        return documents.changed(document, entry.id, provider)

    RegistryStore(client).change(make)
    click.echo(f"{name} is {'enabled' if enabled else 'disabled'}.")


def _connected() -> tuple[redis.Redis, Settings]:
    """Return a client of the ledger that answers, and the settings."""
    settings = own_settings()
    try:
        client = redis_client.connect(
            settings.redis_address, timeout_s=redis_client.GATEWAY_TIMEOUT_S, name="replyto-cli"
        )
    except SettingsError as exc:
        _fail(str(exc))
    try:
        client.ping()
    except redis.RedisError as exc:
        # Not the URL: it may hold a password.
        _fail(f"Redis does not answer; is ReplyTo running, and REPLYTO_REDIS_URL right? ({exc})")
    return client, settings


def _read(settings: Settings, file: Path | None) -> list[Provider]:
    path = file or settings.providers_file
    try:
        found = read_file(path)
    except SettingsError as exc:
        _fail(str(exc))
    if found is None:
        _fail(f"there is no {path}")
    return found


def _line(entry: Entry, book: HealthBook) -> str:
    one = entry.provider
    condition = book.condition_of(one, "", unix_ms())
    standing = condition.standing if one.enabled else "disabled"
    reason = f" ({condition.reason})" if condition.reason and one.enabled else ""
    limit = f", {one.concurrency} at once" if one.concurrency else ""
    models = ", ".join(one.models)
    through = f"  through {one.shown_proxy}" if one.proxy else ""
    return (
        printable(
            f"{one.name}  {standing}{reason}  {one.type}  priority {one.priority}{limit}"
            f"  {one.shown_url}{through}  [{entry.origin}]"
        )
        + f"\n    {printable(models)}"
    )


def _fail(message: str) -> NoReturn:
    raise click.ClickException(message)

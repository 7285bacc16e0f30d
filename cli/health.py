"""`replyto health`: whether a gateway or a worker does its work, for containers and probes.

Exit status 0 says that it does, 1 that it does not, with the reason. Each asks one thing: nothing
here is generated, migrated or searched for, so it may run every few seconds.
"""

from __future__ import annotations

import http.client
import json
import re
import signal
import socket
from typing import Final, NoReturn
from urllib.parse import urlsplit

import click
import redis
from pydantic import ValidationError

from cli.api.options import at_url
from cli.reasons import why_no_answer
from cli.running import url_of
from shared.listen_address import reachable_host, url_host
from shared.settings import Settings, SettingsError, first_wrong
from shared.store.client import connect
from shared.telemetry.workers import LOST_AFTER_S, WorkerBook

_OK: Final = 200
#: Most bytes of an answer that are read.
_MOST_BYTES: Final = 65_536

_timeout = click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(min=0.1),
    default=2.0,
    show_default=True,
    help="Longest wait, seconds.",
)


@click.group(invoke_without_command=True)
@at_url
@_timeout
@click.pass_context
def health(ctx: click.Context, url: str | None, timeout_s: float) -> None:
    """Tell whether ReplyTo works: exit status 0 when it does, else 1.

    Without a command, the gateway, its Redis, its database, and that a worker is heard.
    """
    if ctx.invoked_subcommand is None:
        _limit(timeout_s)
        status, body = _get(_at(url), "/readyz", timeout_s)
        _end(is_well=status == _OK, told=_states(body) or f"answered {status}")


@health.command()
@at_url
@_timeout
def gateway(url: str | None, timeout_s: float) -> None:
    """Tell whether the gateway can accept work."""
    _limit(timeout_s)
    at = _at(url)
    status, _ = _get(at, "/up", timeout_s)
    _end(is_well=status == _OK, told=f"gateway at {at}: {'ok' if status == _OK else status}")


@health.command()
@click.argument("name", required=False)
@_timeout
def worker(name: str | None, timeout_s: float) -> None:
    """Tell whether a worker of this machine is heard.

    NAME is what it was given with -n: chat1, or chat1@host of another machine. Without it, any
    worker of this machine will do, which in a container is the one in it.
    """
    _limit(timeout_s)
    host = f"@{socket.gethostname()}"
    heard = _names_heard(timeout_s)
    if name is not None:
        full = name if "@" in name else name + host
        _end(is_well=full in heard, told=_as_heard(full, is_heard=full in heard))
    names = sorted(one for one in heard if one.endswith(host))
    who = ", ".join(names) or f"workers of {host[1:]}"
    _end(is_well=bool(names), told=_as_heard(who, is_heard=bool(names)))


def _limit(timeout_s: float) -> None:
    """End the command in any case: a peer may answer one byte at a time."""

    def end(*_: object) -> None:
        raise click.ClickException(f"no whole answer within {2 * timeout_s:g} s")

    signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, 2 * timeout_s)
    click.get_current_context().call_on_close(lambda: signal.setitimer(signal.ITIMER_REAL, 0))


def _as_heard(who: str, *, is_heard: bool) -> str:
    if is_heard:
        return f"{who}: ok"
    return f"{who}: not heard for {LOST_AFTER_S:.0f} s: dead, frozen, or cut off from Redis"


def _names_heard(timeout_s: float) -> set[str]:
    try:
        url = _settings().effective_redis_url
        with connect(url, timeout_s=timeout_s, name="replyto-health") as client:
            return WorkerBook(client).names_heard()
    except SettingsError as exc:
        raise click.ClickException(str(exc)) from None
    except (redis.RedisError, ValueError) as exc:
        raise click.ClickException(f"Redis does not answer: {_tame(exc)}") from None
    except OSError as exc:
        raise click.ClickException(f"REPLYTO_DATA_DIR: {_tame(exc)}") from None


def _at(url: str | None) -> str:
    """Return the gateway's address on this machine, whatever its public one is.

    That of `replyto up`, whatever port it found, or the one that the settings say.
    """
    if url:
        return url.rstrip("/")
    settings = _settings()
    if (noted := url_of(settings.data_dir)) is not None:
        return noted
    return f"http://{url_host(reachable_host(settings.host))}:{settings.port}"


def _get(url: str, path: str, timeout_s: float) -> tuple[int, bytes]:
    """GET a path of the gateway. Raises click.ClickException when there is no answer."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=timeout_s)
    try:
        connection.request("GET", parts.path + path)
        answer = connection.getresponse()
        return answer.status, answer.read(_MOST_BYTES)
    except (OSError, http.client.HTTPException) as exc:
        raise click.ClickException(f"no answer from {url}: {why_no_answer(exc)}") from None
    finally:
        connection.close()


def _states(body: bytes) -> str:
    """Return what `/readyz` names with its state; nothing of an answer that is not one."""
    try:
        checks = json.loads(body)["checks"]
        return ", ".join(f"{name}: {state}" for name, state in checks.items())
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""


def _tame(exc: Exception) -> str:
    """Return an error in one line, without the credentials of a URL in it."""
    return re.sub(r"//[^/\s]*@", "//", " ".join(str(exc).split())) or type(exc).__name__


def _settings() -> Settings:
    try:
        return Settings()  # type: ignore[call-arg,unused-ignore]
    except ValidationError as exc:
        raise click.ClickException(first_wrong(exc)) from None


def _end(*, is_well: bool, told: str) -> NoReturn:
    if is_well:
        click.echo(told)
        raise SystemExit(0)
    raise click.ClickException(told)

"""Asks providers' servers how many requests wait in their own queue, and hears what others found.

A page that is away, huge, late or no text of Prometheus says nothing: then no work is held back.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

import gevent
import requests
from redis.exceptions import RedisError

from shared.named_error import named
from shared.providers.provider import Provider
from shared.providers.written import gauges
from shared.queues.server_queue_store import ServerQueueStore
from shared.queues.server_queues import Reading, told, waiting_in
from workers.maintenance.probe_call import answered, unreached
from workers.maintenance.probes import ProbeDeps
from workers.providers.base import ProviderError
from workers.routing.deps import RoutingDeps

log = logging.getLogger(__name__)

#: How often it is looked whose turn it is, and for what was found (seconds).
LOOK_S: Final = 0.25
#: Longest wait for a page, all of it (seconds); its largest size, and that of a piece (bytes).
_TIMEOUT_S: Final = 2.0
_MOST_BYTES: Final = 2 * 1024 * 1024
_PIECE: Final = 65_536
_OK: Final = 200


class _Untold(Exception):
    """The page tells nothing; the text says why."""


def look_at_servers(deps: ProbeDeps) -> None:
    """Ask the servers whose turn it is, each beside the others. Raises redis.RedisError."""
    asked = {one.name: one for one in _telling(deps.routing) if one.enabled}
    if not asked:
        return
    store = ServerQueueStore(deps.process.redis)
    for name in store.take_turns(list(asked)):
        gevent.spawn(look, deps, store, asked[name])


def hear_of_servers(deps: RoutingDeps, on_change: Callable[[], None]) -> None:
    """Take over what was found last. Raises redis.RedisError.

    `on_change` is called where bulk work that was left may be taken, or is to be left from now on:
    a poll in flight asks for what was right when it began.
    """
    names, before = [one.name for one in _telling(deps)], deps.servers.shut
    deps.servers.learn(ServerQueueStore(deps.process.redis).read(names))
    if before != deps.servers.shut:
        on_change()


def look(deps: ProbeDeps, store: ServerQueueStore, provider: Provider) -> None:
    """Ask one server, and let all know."""
    try:
        before = store.read([provider.name])[provider.name]
        reading = _reading(deps, provider, before)
        store.tell(provider.name, reading)
    except RedisError as exc:
        log.debug("queue of %s not told: %s", provider.name, exc)
        return
    if reading.problem and not (before and before.problem):
        log.warning("provider %s: its metrics tell nothing: %s", provider.name, reading.problem)


def _telling(deps: RoutingDeps) -> list[Provider]:
    return [one for one in deps.registry.providers if one.metrics_url]


def _reading(deps: ProbeDeps, provider: Provider, before: Reading | None) -> Reading:
    now_ms = round(deps.process.clock() * 1000)
    try:
        waiting = waiting_in(_page(deps, provider), provider.metrics_gauges or gauges.KNOWN)
    except requests.RequestException as exc:
        return Reading(now_ms, problem=unreached(exc))
    except (_Untold, ProviderError, ValueError) as exc:
        return Reading(now_ms, problem=str(exc))
    except Exception as exc:
        if deps.complaints.is_new(f"{provider.name}, its metrics", named(exc)):
            log.exception("provider %s: its metrics could not be read", provider.name)
        return Reading(now_ms, problem=f"not read: {type(exc).__name__}")
    return told(now_ms, waiting, before)


def _page(deps: ProbeDeps, provider: Provider) -> bytes:
    url = str(provider.metrics_url)
    with answered(deps.access, deps.session, provider, url, _TIMEOUT_S, is_plain=True) as response:
        if response.status_code != _OK:
            raise _Untold(f"it answered {response.status_code}")
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise _Untold("its page is compressed, which was not asked for")
        return _read(response)


def _read(response: requests.Response) -> bytes:
    body = bytearray()
    for piece in response.iter_content(_PIECE):
        body += piece
        if len(body) > _MOST_BYTES:
            raise _Untold(f"its page has more than {_MOST_BYTES // 1024**2} MiB")
    return bytes(body)

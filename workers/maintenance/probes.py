"""Asks providers that are offline whether they are back. Never a completion: a probe costs nothing.

One prober at a time over the cluster, by a lease in Redis; whoever asks for a probe by name is
answered by any. Runs in a greenlet of its own: a provider that hangs holds up no tick.
"""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

import gevent
import requests

from shared import redis_keys as keys
from shared.lease import Lease
from shared.provider_extras import resolved
from shared.provider_health import Health, Standing
from shared.providers import Provider
from shared.scripts import ScriptRunner
from workers.deps import Deps
from workers.provider_egress import provider_egress
from workers.provider_key import provider_key
from workers.providers.base import ProviderError
from workers.providers.no_connection import why

log = logging.getLogger(__name__)

#: How often it is looked who is due (seconds).
INTERVAL_S: Final = 1.0
#: Longest wait for a probe's answer (seconds).
_TIMEOUT_S: Final = 5.0
#: A prober that died lets another one probe after this (seconds).
_LEASE_S: Final = 15.0
#: How long an answer waits for who asked (seconds).
_ANSWER_LIVES_S: Final = 60
_CREDENTIALS: Final = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
_BUSY: Final = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT)


def probe_providers(deps: Deps) -> None:
    """Answer the wishes for a probe, and probe who is offline and due."""
    gevent.joinall([gevent.spawn(_answer, deps, wish) for wish in _wishes(deps)])
    now_ms = round(deps.clock() * 1000)
    due = [one for one in deps.registry.providers if _is_due(deps, one, now_ms)]
    if due:
        _probe_alone(deps, due)


def _probe_alone(deps: Deps, due: Sequence[Provider]) -> None:
    lease, token = Lease(ScriptRunner(deps.redis), keys.PROBE_LEASE), uuid.uuid4().hex
    if not lease.hold(token, _LEASE_S):
        return
    try:
        gevent.joinall([gevent.spawn(_probe, deps, provider) for provider in due])
    finally:
        lease.give_back(token)


def problem_of(deps: Deps, provider: Provider) -> str:
    """Probe a provider; return what is wrong with it, empty when nothing is."""
    url = str(provider.heartbeat_url or provider.models_url)
    try:
        key = provider_key(deps, provider)
        response = deps.llm_session.get(
            url,
            headers=_headers(deps, provider, key),
            params=dict(resolved(provider.query, deps.environment)),
            timeout=_TIMEOUT_S,
            allow_redirects=False,
            **provider_egress(deps, provider, url).options,
        )
    except ProviderError as exc:
        return str(exc)
    except requests.RequestException as exc:
        return f"it could not be reached{why(exc) or f' ({type(exc).__name__})'}"
    return _judged(response.status_code, has_key=bool(key or not provider.api_key_env))


def _headers(deps: Deps, provider: Provider, key: str | None) -> dict[str, str]:
    version = {"anthropic-version": "2023-06-01"} if provider.type == "anthropic" else {}
    own = resolved(provider.headers, deps.environment)
    return {**version, **dict(provider.key_headers(key)), **dict(own)}


def _judged(status: int, *, has_key: bool) -> str:
    """Say what a probe's status means: any answer of a server that works is a sign of life."""
    if status in _CREDENTIALS:
        # Without the key, which the chat workers may have, nothing can be told.
        return f"it refused the gateway's key ({status})" if has_key else ""
    is_down = status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _BUSY
    return f"it answered a probe with {status}" if is_down else ""


def _is_due(deps: Deps, provider: Provider, now_ms: int) -> bool:
    health = deps.health.of(provider.name)
    return provider.enabled and health.standing is Standing.OFFLINE and now_ms >= health.until_ms


def _probe(deps: Deps, provider: Provider) -> None:
    problem = problem_of(deps, provider)
    before = deps.health.of(provider.name)
    if problem:
        until_ms = round((deps.clock() + deps.settings.provider_probe_s) * 1000)
        after = before.model_copy(update={"until_ms": until_ms, "reason": problem})
    else:
        log.info("provider %s is back", provider.name)
        # On probation: the next failure is the start of a longer rest.
        after = Health(rests=before.rests, since_ms=round(deps.clock() * 1000))
    deps.health_store.set(provider.name, after, if_standing=[Standing.OFFLINE])


def _wishes(deps: Deps) -> list[dict[str, str]]:
    wishes = []
    while (text := deps.redis.lpop(keys.PROBE_REQUESTS)) is not None:
        wishes.append(json.loads(text))  # type: ignore[arg-type]
    return wishes


def _answer(deps: Deps, wish: dict[str, str]) -> None:
    provider = deps.registry.named(wish["provider"])
    problem = problem_of(deps, provider) if provider else "it does not exist"
    if provider and not problem and deps.health.of(provider.name).standing is Standing.OFFLINE:
        deps.health_store.set(provider.name, Health(), if_standing=[Standing.OFFLINE])
    answer = keys.probe_answer(wish["token"])
    deps.redis.rpush(answer, json.dumps({"problem": problem}))
    deps.redis.expire(answer, _ANSWER_LIVES_S)

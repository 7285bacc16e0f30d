"""Asks providers that are offline whether they are back. Never a completion: a probe costs nothing.

One prober at a time over the cluster, by a lease in Redis; whoever asks for a probe by name is
answered by any. Runs in a greenlet of its own: a provider that hangs holds up no tick.
"""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

import gevent
import requests

from shared.named_error import named
from shared.providers.health import Health, Standing
from shared.providers.health_store import Failed
from shared.providers.probe_requests import ProbeRequest, request_probe, take_requests
from shared.providers.provider import Provider
from shared.store import redis_keys as keys
from shared.store.complaints import Complaints
from shared.store.lease import Lease
from shared.store.scripts import ScriptRunner
from workers.maintenance.model_lists import ModelsUnknown, model_names
from workers.maintenance.probe_call import answered, unreached
from workers.process import Process
from workers.providers.access import Access
from workers.providers.base import ProviderError
from workers.routing.deps import RoutingDeps
from workers.routing.rests import rest_policy

log = logging.getLogger(__name__)

#: How often it is looked who is due (seconds).
INTERVAL_S: Final = 1.0
#: How often it is looked for providers that nobody has probed yet (seconds).
FIRST_PROBES_S: Final = 15.0
#: Longest wait for a probe's answer (seconds).
_TIMEOUT_S: Final = 5.0
#: A prober that died lets another one probe after this (seconds).
_LEASE_S: Final = 15.0
#: How long an answer waits for who asked (seconds).
_ANSWER_LIVES_S: Final = 60
_CREDENTIALS: Final = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
_BUSY: Final = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT)


@dataclass(frozen=True, slots=True)
class ProbeDeps:
    """Who may be probed, and how they are called."""

    process: Process
    routing: RoutingDeps
    access: Access
    session: requests.Session
    complaints: Complaints = field(default_factory=lambda: Complaints(log, "provider"))


def probe_providers(deps: ProbeDeps) -> None:
    """Answer the requests for a probe, and probe who is offline and due."""
    gevent.joinall(
        [gevent.spawn(_fulfil, deps, request) for request in take_requests(deps.process.redis)]
    )
    now_ms = round(deps.process.clock() * 1000)
    due = [one for one in deps.routing.registry.providers if _is_due(deps, one, now_ms)]
    if due:
        _probe_alone(deps, due)


def _probe_alone(deps: ProbeDeps, due: Sequence[Provider]) -> None:
    lease, token = Lease(ScriptRunner(deps.process.redis), keys.PROBE_LEASE), uuid.uuid4().hex
    if not lease.hold(token, _LEASE_S):
        return
    try:
        gevent.joinall([gevent.spawn(_probe, deps, provider) for provider in due])
    finally:
        lease.give_back(token)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a probe found: what is wrong, empty when nothing is.

    `is_for_all`: no call can succeed, whatever is asked: there is no answer, or the key is refused.
    `is_away`: nobody answered at all.
    """

    problem: str = ""
    is_for_all: bool = False
    is_away: bool = False


def examine(deps: ProbeDeps, provider: Provider) -> Finding:
    """Probe a provider. What nobody has foreseen is told as any other problem of it."""
    try:
        return _examined(deps, provider)
    except Exception as exc:
        if deps.complaints.is_new(provider.name, named(exc)):
            log.exception("provider %s: its probe failed", provider.name)
        return Finding(f"its probe failed: {type(exc).__name__}")


def _examined(deps: ProbeDeps, provider: Provider) -> Finding:
    if provider.type == "local":
        # It is in the workers themselves: nobody is to be called.
        return Finding()
    url = str(provider.heartbeat_url or provider.models_url)
    try:
        key = deps.access.key(provider)
        # Its status says all; a list of models without end is not read.
        with answered(deps.access, deps.session, provider, url, _TIMEOUT_S) as response:
            status = response.status_code
    except ProviderError as exc:
        return Finding(str(exc))
    except requests.RequestException as exc:
        return Finding(unreached(exc), is_for_all=True, is_away=_is_away(exc))
    return _judged(status, has_key=bool(key or not provider.api_key_env))


def _is_away(error: requests.RequestException) -> bool:
    """Whether nobody is there: a proxy or a certificate that refuses says nothing of that."""
    barred = (requests.exceptions.ProxyError, requests.exceptions.SSLError)
    return isinstance(error, requests.ConnectionError) and not isinstance(error, barred)


def _judged(status: int, *, has_key: bool) -> Finding:
    """Say what a probe's status means: any answer of a server that works is a sign of life."""
    if status in _CREDENTIALS:
        # Without the key, which the chat workers may have, nothing can be told.
        said = f"it refused the gateway's key ({status})"
        return Finding(said, is_for_all=True) if has_key else Finding()
    is_down = status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _BUSY
    return Finding(f"it answered a probe with {status}") if is_down else Finding()


def _is_due(deps: ProbeDeps, provider: Provider, now_ms: int) -> bool:
    health, settings = deps.routing.health.of(provider.name), deps.process.settings
    # Further ahead than any look can be put off: the clock was set back.
    longest_ms = 1000 * max(settings.provider_probe_s, settings.provider_rest_cap_s)
    is_time = not now_ms < health.until_ms <= now_ms + longest_ms
    return provider.enabled and health.standing is Standing.OFFLINE and is_time


def _probe(deps: ProbeDeps, provider: Provider) -> None:
    problem = examine(deps, provider).problem
    before = deps.routing.health.of(provider.name)
    if problem:
        until_ms = round((deps.process.clock() + deps.process.settings.provider_probe_s) * 1000)
        after = before.model_copy(update={"until_ms": until_ms, "reason": problem})
    else:
        log.info("provider %s is back", provider.name)
        # On probation: the next failure is the start of a longer rest.
        now_ms = round(deps.process.clock() * 1000)
        after = Health(rests=before.rests, since_ms=now_ms, jobs=before.jobs)
    deps.routing.health_store.set(provider.name, after, if_standing=[Standing.OFFLINE])


def probe_unknown(deps: ProbeDeps) -> None:
    """Have providers probed of which nothing is known: new ones, and all after a first start."""
    redis = deps.process.redis
    known: set[bytes] = set(redis.hkeys(keys.PROBED))  # type: ignore[arg-type]
    for provider in deps.routing.registry.providers:
        if provider.enabled and provider.name.encode() not in known:
            request_probe(redis, ProbeRequest(provider.name))


def _note(deps: ProbeDeps, provider: Provider, problem: str) -> None:
    text = json.dumps({"atMs": round(deps.process.clock() * 1000), "problem": problem})
    deps.process.redis.hset(keys.PROBED, provider.name, text)


def _fulfil(deps: ProbeDeps, request: ProbeRequest) -> None:
    if request.draft:
        _tell_models(deps, request)
        return
    provider = deps.routing.registry.named(request.provider)
    if provider is None:
        _answer(deps, request, "it does not exist")
        return
    found = examine(deps, provider)
    _note(deps, provider, found.problem)
    if request.refusal and found.is_for_all:
        _take_offline(deps, provider, f"{found.problem}; a call: {request.refusal}")
    elif found.is_away and request.token:
        # Somebody asked whether it is there: so it is known before the first job finds out.
        _take_offline(deps, provider, found.problem)
    elif not found.problem and deps.routing.health.of(provider.name).standing is Standing.OFFLINE:
        deps.routing.health_store.set(provider.name, Health(), if_standing=[Standing.OFFLINE])
    _answer(deps, request, found.problem)


def _take_offline(deps: ProbeDeps, provider: Provider, reason: str) -> None:
    log.warning("provider %s is offline: %s", provider.name, reason)
    refused = Failed(Standing.OFFLINE, reason, at_once=True)
    deps.routing.health_store.failed(
        provider.name, "", refused, rest_policy(deps.process.settings), job_id=0
    )


def _tell_models(deps: ProbeDeps, request: ProbeRequest) -> None:
    try:
        draft = Provider.model_validate_json(request.draft)
        models = model_names(deps.access, deps.session, draft)
    except ModelsUnknown as exc:
        _answer(deps, request, str(exc))
    else:
        _answer(deps, request, "", models)


def _answer(
    deps: ProbeDeps, request: ProbeRequest, problem: str, models: Sequence[str] | None = None
) -> None:
    if not request.token:
        return
    answer = keys.probe_answer(request.token)
    told = {"problem": problem, **({} if models is None else {"models": models})}
    deps.process.redis.rpush(answer, json.dumps(told))
    deps.process.redis.expire(answer, _ANSWER_LIVES_S)

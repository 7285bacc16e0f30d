"""Tries one provider, also one that is offline: a pinned job on the usual way, or a probe."""

from __future__ import annotations

import json
import secrets
import time
from typing import Any, Final

from flask import Blueprint, Response

from gateway.auth.authenticator import Principal
from gateway.http.routes import Call, route
from gateway.inference.accept import allowance_of, no_such_model
from gateway.inference.answer import answer_of, wait_for
from gateway.providers.conditions import named
from gateway.providers.forms import checked_provider, given_fields
from gateway.providers.network import permitted
from gateway.providers.secrets import check_places, check_secrets
from gateway.services import Services
from shared.dtos import catalog
from shared.dtos.providers import (
    BoolResponse,
    ChatAiProvider,
    CheckAiProviderStatus,
    ListAiProviderModels,
    ListAiProviderModelsResponse,
)
from shared.errors import ModelNotFound, ProbeTimedOut, ValidationFailed
from shared.jobs.job import NewJob
from shared.jobs.moves import Accepted
from shared.providers.probe_requests import ProbeRequest, request_probe
from shared.queues import names as task_names
from shared.store import redis_keys
from shared.wire.chat_request import ChatCall, parse_chat_completion

blueprint = Blueprint("provider_testing", __name__)

#: How long a check waits for a worker to make it (seconds).
_PROBE_LIMIT_S: Final = 15


@route(blueprint, catalog.TRY_PROVIDER)
def try_provider(call: Call[ChatAiProvider]) -> Response:
    """Have this provider answer, whatever is known of its health."""
    gateway, principal, wanted = call.services, call.principal, call.request
    chat = _chat(wanted)
    if not principal.may_use(wanted.model):
        raise no_such_model(wanted.model)
    _check(gateway, wanted)
    told = wait_for(gateway, lambda mailbox: _accept(gateway, principal, wanted, chat, mailbox))
    return answer_of(told)


@route(blueprint, catalog.CHECK_PROVIDER)
def check(call: Call[CheckAiProviderStatus]) -> BoolResponse:
    """Have a worker probe the provider now. One that is offline and well comes back."""
    provider = named(call.services, call.request.provider)
    problem = _probe(call.services, provider.name)
    return BoolResponse(result=not problem, reason=problem or None)


@route(blueprint, catalog.LIST_PROVIDER_MODELS)
def list_models(call: Call[ListAiProviderModels]) -> ListAiProviderModelsResponse:
    """Have a worker ask which models there are, with a key that is not kept."""
    gateway, principal, wanted = call.services, call.principal, call.request
    fields = given_fields(gateway, wanted)
    before = gateway.registry.named(wanted.name) if wanted.name else None
    known = {} if before is None else before.model_dump(mode="json")
    # One that is not saved has no models yet.
    draft = {"name": "draft", "models": {"?": "?"}, **known}
    allowed = permitted(gateway.settings, known, fields)
    provider = checked_provider(draft, allowed)
    check_places(gateway.settings, allowed)
    check_secrets(gateway.settings, principal, before, provider)
    told = _asked(gateway, ProbeRequest("", secrets.token_hex(8), draft=provider.model_dump_json()))
    problem = told["problem"]
    return ListAiProviderModelsResponse(results=told.get("models", []), reason=problem or None)


def _probe(gateway: Services, name: str) -> str:
    """Ask the workers for a probe; return what is wrong, empty when nothing is."""
    return str(_asked(gateway, ProbeRequest(name, secrets.token_hex(8)))["problem"])


def _asked(gateway: Services, request: ProbeRequest) -> dict[str, Any]:
    """Return a worker's answer. Raises ProbeTimedOut."""
    request_probe(gateway.redis, request)
    until = time.monotonic() + _PROBE_LIMIT_S
    while time.monotonic() < until:
        # Shorter than the time limit of the connection.
        answer: Any = gateway.redis.blpop([redis_keys.probe_answer(request.token)], timeout=1)
        if answer is not None:
            told: dict[str, Any] = json.loads(answer[1])
            return told
    gateway.redis.lrem(redis_keys.PROBE_REQUESTS, 0, request.to_json())
    raise ProbeTimedOut


def _chat(wanted: ChatAiProvider) -> ChatCall:
    body = wanted.request
    if body is None:
        if not wanted.prompt:
            raise ValidationFailed("prompt: give a prompt, or a request.", field="prompt")
        body = {"messages": [{"role": "user", "content": wanted.prompt}]}
    whole = {**body, "model": wanted.model, "stream": False}
    return parse_chat_completion(json.dumps(whole).encode())


def _check(gateway: Services, wanted: ChatAiProvider) -> None:
    if wanted.model not in named(gateway, wanted.provider).models:
        raise ModelNotFound(
            f"The provider '{wanted.provider}' does not have '{wanted.model}'.", field="model"
        )


def _accept(
    gateway: Services, principal: Principal, wanted: ChatAiProvider, call: ChatCall, mailbox: str
) -> Accepted:
    return gateway.jobs.accept(
        NewJob(
            owner=principal.owner,
            ref_id=secrets.token_hex(16),
            model=wanted.model,
            request=call.chat.body.encode("utf-8"),
            fingerprint="",
            priority=task_names.INTERACTIVE,
            timeout_s=gateway.settings.sync_timeout_s,
            provider=wanted.provider,
            mailbox=mailbox,
            forced=True,
            allowance=allowance_of(principal, call.chat.body),
        )
    )

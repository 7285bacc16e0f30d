"""Tries one provider, also one that is offline: a pinned job on the usual way."""

from __future__ import annotations

import json
import secrets

from flask import Blueprint, Response, request

from gateway.answering import answer_of, wait_for
from gateway.auth import Principal
from gateway.binding import bind
from gateway.routes import dto_route
from gateway.services import Services, services
from shared import task_names
from shared.api_keys.scopes import Scope
from shared.chat_request import ChatCall, parse_chat_completion
from shared.dtos.providers import ChatAiProvider
from shared.errors import ModelNotFound, ProviderNotFound, ValidationFailed
from shared.job import NewJob
from shared.moves import Accepted

blueprint = Blueprint("provider_trial", __name__)


@dto_route(blueprint, "ChatAiProvider", "POST")
def try_provider() -> Response:
    """Have this provider answer, whatever is known of its health."""
    gateway = services()
    principal = gateway.keys.authenticate_admin(request, Scope.ADMIN_PROVIDERS)
    wanted = bind(ChatAiProvider)
    call = _call(wanted)
    _check(gateway, wanted)
    told = wait_for(gateway, lambda mailbox: _accept(gateway, principal, wanted, call, mailbox))
    return answer_of(told)


def _call(wanted: ChatAiProvider) -> ChatCall:
    body = wanted.request
    if body is None:
        if not wanted.prompt:
            raise ValidationFailed("prompt: give a prompt, or a request.", field="prompt")
        body = {"messages": [{"role": "user", "content": wanted.prompt}]}
    whole = {**body, "model": wanted.model, "stream": False}
    return parse_chat_completion(json.dumps(whole).encode())


def _check(gateway: Services, wanted: ChatAiProvider) -> None:
    provider = gateway.registry.named(wanted.provider)
    if provider is None:
        raise ProviderNotFound(f"There is no provider '{wanted.provider}'.", field="provider")
    if wanted.model not in provider.models:
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
        )
    )

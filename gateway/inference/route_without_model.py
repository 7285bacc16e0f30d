"""Where a request goes that names no model: a prompt stored at a provider carries its own.

See `prompt` in https://platform.openai.com/docs/api-reference/responses/create.
"""

from __future__ import annotations

from dataclasses import replace

from gateway.providers.conditions import condition_of, named
from gateway.services import Services
from shared.api_keys.principal import Principal
from shared.errors import OperationNotSupported, ValidationFailed
from shared.operation import RESPONSES_BY_CHAT
from shared.providers.provider import Provider
from shared.wire.chat_request import ChatCall


def with_route(gateway: Services, principal: Principal, call: ChatCall) -> ChatCall:
    """Return the call pinned to a provider that can have it, as one for its first model.

    The body stays without a model. A call with a model is returned as it is. Raises
    ValidationFailed, ProviderNotFound, OperationNotSupported.
    """
    if call.chat.model:
        return call
    if principal.models:
        raise ValidationFailed(
            "model is required: this key may use some models only.", field="model"
        )
    provider = _provider(gateway, call)
    chat = replace(call.chat, model=next(iter(provider.models)))
    return replace(call, chat=chat, provider=provider.name)


def _provider(gateway: Services, call: ChatCall) -> Provider:
    """Return the one that is asked for; else of those that may have it the best that is online."""
    if call.provider:
        named(gateway, call.provider)
    able = [
        one
        for one in gateway.registry.providers
        if one.enabled
        and one.type not in RESPONSES_BY_CHAT
        and one.can(call.chat.operation)
        and call.provider in (None, one.name)
    ]
    if not able:
        raise OperationNotSupported(
            "model is required: there is no provider that could have a stored prompt.",
            field="model",
        )
    # A call that is named by a RefId comes to the same provider again, or it would be another one.
    is_named = call.ref_id is not None
    return max(able, key=lambda p: (is_named or condition_of(gateway, p).is_usable, p.priority))

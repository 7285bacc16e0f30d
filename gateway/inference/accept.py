"""Turns a checked call into an accepted job."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from os import urandom
from typing import NamedTuple

from gateway.auth.authenticator import Principal
from gateway.base_url import base_url
from gateway.http import heavy
from gateway.http.request import incoming
from gateway.providers.conditions import obstacles
from gateway.services import Services
from shared.api_keys.limits import Allowance, guess_tokens
from shared.errors import (
    ModelNotFound,
    NoProviderOnline,
    OperationNotSupported,
    ProviderNotFound,
    ServiceError,
)
from shared.jobs.job import NewJob
from shared.jobs.moves import Accepted
from shared.operation import MEDIA
from shared.providers.provider import Provider
from shared.telemetry.tally import Tallied
from shared.wire.chat_request import ChatCall
from shared.wire.queueing.tier import Tier, granted, tier_of_rank
from shared.wire.run_after import delay_s

log = logging.getLogger(__name__)


def accept_job(
    services: Services,
    principal: Principal,
    call: ChatCall,
    *,
    priority: int,
    timeout_s: float,
    mailbox: str = "",
) -> tuple[Accepted, str]:
    """Accept the call as a job; return it with its RefId.

    Raises ModelNotFound, ProviderNotFound, OperationNotSupported, CallbackTargetRefused,
    RefIdConflict, GroupClosed, QueueFull, and RateLimitExceeded and its kin.
    """
    made, here = made_before(services, principal, call), incoming()
    here.model = call.chat.model
    if made:
        here.job_id = made.id
        return made, call.ref_id or ""
    place = Place(here.request_id, _base_url(services, call), here.group_id)
    new = new_job(principal, call, place, priority=priority, timeout_s=timeout_s, mailbox=mailbox)
    accepted = services.jobs.accept(new)
    if accepted.is_new:
        services.tally.add(Tallied.ACCEPTED, new.model, new.operation.value)
    here.job_id = accepted.id
    log.debug("job %s: accepted for %s", accepted.id, new.model)
    return accepted, new.ref_id


class Place(NamedTuple):
    """The request that brings a call: its id, and where the gateway was reached."""

    request_id: str
    base_url: str
    #: The group of those of its calls that name none.
    group_id: str = ""


def new_job(
    principal: Principal,
    call: ChatCall,
    place: Place,
    *,
    priority: int,
    timeout_s: float,
    mailbox: str = "",
) -> NewJob:
    """Return the job that a checked call is to be. Raises ValidationFailed: a year is the most."""
    if call.run_after:
        delay_s(call.run_after, time.time())
    return NewJob(
        owner=principal.owner,
        ref_id=call.ref_id or urandom(16).hex(),
        model=call.chat.model,
        request=call.chat.body.encode("utf-8"),
        # A RefId made here is in nobody's hands: there is nothing to compare with.
        fingerprint=_fingerprint(principal, call) if call.ref_id else "",
        priority=priority,
        timeout_s=min(call.timeout_s or timeout_s, timeout_s),
        tag=call.tag or "",
        provider=call.provider or "",
        reply_to=call.reply_to or "",
        mailbox=mailbox,
        streamed=call.chat.stream,
        base_url=place.base_url,
        request_id=place.request_id,
        operation=call.chat.operation,
        allowance=allowance_of(principal, call.chat.body),
        run_after=call.run_after,
        group=call.group_id or place.group_id,
        flow=call.flow,
        tier=_tier(principal, call),
        weight=(principal.limits.weight or 1) if principal.limits else 1,
    )


def _tier(principal: Principal, call: ChatCall) -> int:
    """Return the rank of the job's tier. Raises Forbidden. Keys of the settings may have any."""
    if principal.limits is None and call.tier is None:
        return 0
    if not principal.key_id:
        return granted(call.tier, Tier.HIGH, by_default=Tier.NORMAL)
    limits = principal.limits
    return granted(call.tier, tier_of_rank(limits.priority if limits else None))


def _base_url(services: Services, call: ChatCall) -> str:
    """Return what links begin with, where the job will have some."""
    has_links = call.reply_to or call.chat.operation in MEDIA
    return base_url(services.settings) if has_links else ""


def allowance_of(principal: Principal, body: str) -> Allowance | None:
    """Return what a job with this request is accepted under, None when its key has no limits."""
    limits = principal.limits
    if limits is None:
        return None
    most = limits.tokens_per_minute
    tokens = guess_tokens(body, most=most) if most else 0
    return Allowance(principal.key_id, limits, tokens)


def _fingerprint(principal: Principal, call: ChatCall) -> str:
    if heavy.is_light(call.chat.body):
        return call.fingerprint()
    return heavy.beside(call.fingerprint, caller=principal.owner)


def made_before(services: Services, principal: Principal, call: ChatCall) -> Accepted | None:
    """Check a call. One that could not be made now may be repeated: return the job it made before.

    Raises what `check` raises.
    """
    try:
        check(services, principal, call)
    except ServiceError:
        owner, ref_id = principal.owner, call.ref_id
        made = ref_id and services.jobs.acceptance.find_made(
            owner, ref_id, _fingerprint(principal, call)
        )
        if not made:
            raise
        return made
    return None


def no_such_model(model: str) -> ModelNotFound:
    """Return the error for a model that there is not, or not for the caller."""
    # A model that this key may not use does not exist for it, as the list of models says.
    return ModelNotFound(
        f"The model '{model}' does not exist; GET /v1/models lists those that do.",
        field="model",
    )


def check(services: Services, principal: Principal, call: ChatCall) -> None:
    """Raise what keeps the call from being a job of its caller's; nothing is changed."""
    model, serving = call.chat.model, services.registry.serving(call.chat.model)
    if not (principal.may_use(model) and serving):
        raise no_such_model(model)
    if call.provider and call.provider not in {provider.name for provider in serving}:
        raise ProviderNotFound(
            f"The provider '{call.provider}' does not exist or does not have '{model}'.",
            field="provider",
        )
    _check_operation(call, serving)
    if services.settings.no_provider == "refuse":
        _refuse_unless_online(services, model, call.provider or "")
    if call.reply_to:
        services.settings.callback_targets.check(call.reply_to)


def _refuse_unless_online(services: Services, model: str, provider: str) -> None:
    kept_from = obstacles(services, model, provider)
    if kept_from:
        raise NoProviderOnline(f"No provider of '{model}' is online: {kept_from}.", retry_after_s=5)


def _check_operation(call: ChatCall, serving: Sequence[Provider]) -> None:
    chat, pinned = call.chat, call.provider
    asked = [provider for provider in serving if pinned in (None, provider.name)]
    if not any(provider.can(chat.operation, chat.model) for provider in asked):
        at = f" at the provider '{pinned}'" if pinned else ""
        raise OperationNotSupported(
            f"The model '{chat.model}' does not support the operation '{chat.operation}'{at}.",
            field="model",
        )

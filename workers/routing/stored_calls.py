"""What a call that was stored for later may do: the models and limits of its key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from shared.api_keys.limits import Allowance, Limits, guess_tokens
from shared.api_keys.record import may_use
from shared.errors import ModelNotFound, OperationNotSupported, ServiceError
from shared.providers.provider import Registry
from shared.wire.chat_request import ChatCall
from shared.wire.queueing.tier import Tier, granted, tier_of_rank

_TOO_MANY: Final = 429
_OURS: Final = 500


class Stored(Protocol):
    """A batch or a schedule: who asked for it, and what that key might do."""

    @property
    def key_id(self) -> str:
        """Name the key."""
        ...

    @property
    def models(self) -> tuple[str, ...]:
        """Tell the patterns of models that it may use; none: all."""
        ...

    @property
    def limits(self) -> Mapping[str, int] | None:
        """Tell its limits by their names."""
        ...


def check_served(registry: Registry, stored: Stored, call: ChatCall) -> None:
    """Raise ModelNotFound or OperationNotSupported, as the gateway says it to who asks now."""
    model, operation = call.chat.model, call.chat.operation
    serving = registry.serving(model)
    if not serving or not may_use(stored.models, model):
        raise ModelNotFound(f"The model '{model}' does not exist.", field="model")
    wanted = [one for one in serving if call.provider in (None, one.name)]
    if not any(one.can(operation, model) for one in wanted):
        told = f"The model '{model}' does not support the operation '{operation}'."
        raise OperationNotSupported(told, field="model")


def allowance_of(stored: Stored, call: ChatCall) -> Allowance | None:
    """Return what the job is counted against; None without limits."""
    if not stored.limits:
        return None
    limits = Limits.from_mapping(stored.limits)
    most = limits.tokens_per_minute
    tokens = guess_tokens(call.chat.body, most=most) if most else 0
    return Allowance(stored.key_id, limits, tokens)


def standing_of(stored: Stored, call: ChatCall) -> tuple[int, int]:
    """Return the rank of the job's tier and its weight. Raises Forbidden."""
    limits = Limits.from_mapping(stored.limits or {})
    if not stored.key_id:
        return granted(call.tier, Tier.HIGH, by_default=Tier.NORMAL), 1
    return granted(call.tier, tier_of_rank(limits.priority)), limits.weight or 1


def passes_by_itself(error: ServiceError) -> bool:
    """Whether the same call may be accepted later: there is no room, or something is away."""
    return error.status >= _OURS or error.status == _TOO_MANY

"""Which lines of a batch a provider's own batch gets, and until when. Pure."""

from __future__ import annotations

from typing import Final

from shared.batches.batch import WISH, Batch, Wish, flow_of
from shared.providers.provider import Provider, Registry
from shared.wire.chat_request import ChatCall
from workers.providers.batches.base import OPERATIONS

#: Providers promise a day; a batch that has less is run by ourselves, unless it asks otherwise.
_LEAST_S: Final = 86_000
#: What is left of a batch's time for lines that the provider did not come to: this part of it, and
#: at most so much (seconds).
_PART: Final = 12
_MOST_S: Final = 7200.0


def wish_of(batch: Batch) -> Wish:
    """Return how this batch is to be run. What it may not have is not wished.

    Limits of a key, and flow keys, are kept where jobs are accepted: these lines run as jobs.
    """
    wish = Wish((batch.metadata or {}).get(WISH, Wish.AUTO))
    if batch.limits or flow_of(batch.metadata):
        return Wish.SINGLE
    if wish is Wish.AUTO and batch.expires_at - batch.created < _LEAST_S:
        return Wish.SINGLE
    return wish


def has_own(registry: Registry) -> bool:
    """Whether any provider takes batches."""
    return any(one.batch and one.enabled for one in registry.providers)


def own_provider(registry: Registry, call: ChatCall, wish: Wish) -> Provider | None:
    """Return the provider whose batch gets this call; None for a call that runs singly."""
    chat = call.chat
    if call.flow:
        return None
    able = [
        one
        for one in registry.serving(chat.model)
        if call.provider in (None, one.name) and one.can(chat.operation, chat.model)
    ]
    # Who asks for the cheaper way gets it; else nobody goes before the provider of the first rank.
    asked = able if wish is Wish.PROVIDER else able[:1]
    taking = (one for one in asked if one.batch and chat.operation in OPERATIONS[one.type])
    return next(taking, None)


def ends_s(batch: Batch) -> float:
    """Return until when providers have time (unix seconds): then the rest runs singly."""
    if wish_of(batch) is Wish.PROVIDER:
        return float(batch.expires_at)
    return batch.expires_at - min(_MOST_S, (batch.expires_at - batch.created) / _PART)

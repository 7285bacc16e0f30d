"""Keeps the leases of this process's attempts, and hears which of them to abort."""

from __future__ import annotations

import logging

from shared.jobs.moves import Renewal
from shared.store import redis_keys
from workers.chat.deps import ChatDeps
from workers.chat.running import AbortReason

log = logging.getLogger(__name__)


def renew_leases(deps: ChatDeps) -> None:
    """Renew all leases in one round trip; abort what was cancelled or given to another worker."""
    leased = deps.running.leased()
    deps.routing.slots.renew(
        [
            (provider, job_id)
            for provider, job_id in deps.running.calling()
            if (known := deps.routing.registry.named(provider)) is not None and known.is_limited
        ]
    )
    for (job_id, _), renewal in zip(leased, deps.jobs.renew(leased), strict=True):
        if renewal is Renewal.CANCEL:
            deps.running.abort(job_id, AbortReason.CANCELLED)
        elif renewal is Renewal.LOST:
            deps.running.abort(job_id, AbortReason.LEASE_LOST)


def listen_for_aborts(deps: ChatDeps) -> None:
    """Abort jobs as their ids come in, until the connection breaks. Raises redis.RedisError.

    A message lost here costs time, not the wish: the next renewal brings it too.
    """
    with deps.process.redis.pubsub(ignore_subscribe_messages=True) as pubsub:  # type: ignore[no-untyped-call]
        pubsub.subscribe(redis_keys.abort_channel(deps.process.name))
        while True:
            message = pubsub.get_message(timeout=deps.process.settings.lease_renew_s)
            if message is not None:
                _abort(deps, message["data"])


def _abort(deps: ChatDeps, wish: bytes) -> None:
    if wish == redis_keys.ABORT_ALL.encode():
        deps.running.abort_all(AbortReason.CANCELLED)
    else:
        deps.running.abort(int(wish), AbortReason.CANCELLED)

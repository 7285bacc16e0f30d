"""Learns the limits of providers with `adaptive`: every process counts, one judges."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from typing import Final

from shared.providers.provider import Provider
from shared.queues.adaptive import INTERVAL_MS, MOST, Adaptive, Seen, judged
from shared.queues.adaptive_store import AdaptiveStore
from shared.queues.server_queue_store import ServerQueueStore
from shared.store import redis_keys as keys
from shared.store.complaints import Complaints
from shared.store.lease import Lease
from shared.store.scripts import ScriptRunner
from workers.routing.deps import RoutingDeps

log = logging.getLogger(__name__)

#: How often a process tells what it has seen, and how often limits are judged (seconds).
EXCHANGE_S: Final = 0.25
JUDGE_S: Final = INTERVAL_MS / 1000
_LEASE_S: Final = 5.0


def exchange_limits(deps: RoutingDeps) -> None:
    """Tell what this process has seen, and hear what holds. Raises redis.RedisError."""
    names = [one.name for one in deps.registry.providers if one.adaptive]
    if names:
        store = AdaptiveStore(deps.process.redis)
        deps.learned.learn(store.exchange(deps.learned.take(), names))


class Judge:
    """One process's part in judging. Call it again and again."""

    def __init__(self, deps: RoutingDeps) -> None:
        self._deps = deps
        self._store = AdaptiveStore(deps.process.redis)
        self._servers = ServerQueueStore(deps.process.redis)
        self._lease = Lease(ScriptRunner(deps.process.redis), keys.ADAPTIVE_LEASE)
        self._token = uuid.uuid4().hex
        self._complaints = Complaints(log, "learned limit of provider")

    def __call__(self) -> None:
        """Judge all limits once. Raises redis.RedisError."""
        wanted = [one for one in self._deps.registry.providers if one.adaptive]
        if not wanted or not self._lease.hold(self._token, _LEASE_S):
            return
        now_ms = round(self._deps.process.clock() * 1000)
        for provider in wanted:
            with self._complaints.about(provider.name):
                self._judge(provider, wanted, now_ms)

    def _judge(self, provider: Provider, wanted: Sequence[Provider], now_ms: int) -> None:
        before, seen = self._store.take(provider.name)
        after = self._judged(provider, before, seen, now_ms)
        self._store.put(provider.name, after)
        if after.limit != before.limit:
            log.info("provider %s: takes %s at once", provider.name, after.limit)
        if after.limit > before.limit:
            # Who waits for a slot hears of the new ones at once.
            self._deps.learned.learn(self._store.exchange({}, [one.name for one in wanted]))
            applied = self._deps.learned.applied(provider)
            self._deps.slots.hand_over([applied], self._deps.servers.shut)

    def _judged(self, provider: Provider, before: Adaptive, seen: Seen, now_ms: int) -> Adaptive:
        most, name = provider.concurrency or MOST, provider.name
        reading = self._servers.read([name])[name] if provider.metrics_url else None
        if reading is None or reading.problem:
            return judged(before, seen, now_ms, most)
        if reading.at_ms <= before.judge_ms and not seen.refused:
            # It was read before the limit was what it is.
            return before
        return judged(before, seen, now_ms, most, reading.waiting)

"""A worker's dependencies on a fake Redis, with an LLM whose answers the test decides."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field
from typing import Any

import redis
import requests

from shared.artifacts.artifacts import Artifacts
from shared.callbacks.delivery_index import DeliveryIndex
from shared.callbacks.delivery_store import DeliveryStore
from shared.callbacks.samples import CallbackTestStore
from shared.history.unstored import Unstored
from shared.history.writer import HistoryWriter
from shared.ledger.chunk_store import ChunkStore
from shared.ledger.job_store import JobStore
from shared.operation import Operation
from shared.providers.health import HealthBook
from shared.providers.health_store import HealthStore
from shared.providers.provider import Provider, Registry
from shared.providers.registry_follower import RegistryFollower
from shared.queues.slots import SlotStore
from shared.recovery.overdue import OverdueDeliveries
from shared.recovery.recovery_store import RecoveryStore
from shared.settings import Settings
from shared.telemetry.counters import Counters
from tests.support.factories import FakeClock, new_database
from workers.callbacks.leases import Leases
from workers.callbacks.slots import Slots
from workers.chat.relay import Relays
from workers.deps import Deps, signing_keys
from workers.providers.base import Dialects, ProviderCall
from workers.routing.traffic import Traffic

REGISTRY = Registry(
    [
        Provider.model_validate(
            {
                "name": name,
                "base_url": "http://127.0.0.1:1/v1",
                "priority": priority,
                "models": {"m": f"{name}/m"},
                "api_key_env": "ACME_KEY",
            }
        )
        for name, priority in (("best", 2), ("other", 1))
    ]
)


@dataclass
class FakeLlm:
    """A dialect that records its calls and answers as told."""

    operations = frozenset(Operation)
    always_tells_usage = False

    answer: Callable[[ProviderCall], bytes] = lambda call: b'{"id":"x"}'
    chunks: Callable[[ProviderCall], Iterable[bytes]] = lambda call: ()
    calls: list[ProviderCall] = field(default_factory=list)
    #: How many streams were closed.
    closed: int = 0

    def ask(self, session: requests.Session, call: ProviderCall) -> bytes:
        self.calls.append(call)
        return self.answer(call)

    def stream(self, session: requests.Session, call: ProviderCall) -> Generator[bytes, None, None]:
        self.calls.append(call)
        try:
            yield from self.chunks(call)
        finally:
            self.closed += 1


def build(
    client: redis.Redis, settings: Settings, clock: FakeClock, llm: FakeLlm, **fields: Any
) -> Deps:
    """Return dependencies whose every clock is the fake one."""
    deliveries = DeliveryStore(client, settings, clock)
    registry, health = Registry(fields.pop("providers", REGISTRY.providers)), HealthBook()
    defaults: dict[str, Any] = {
        "settings": settings,
        "jobs": JobStore(client, settings, clock),
        "recovery": RecoveryStore(client, settings, clock),
        "deliveries": deliveries,
        "overdue_deliveries": OverdueDeliveries(client, settings, clock),
        "delivery_index": DeliveryIndex(client, clock),
        "registry": registry,
        "health": health,
        "health_store": HealthStore(client, clock),
        "slots": SlotStore(client, settings, clock),
        "traffic": Traffic(lambda: clock() / 1000),
        "follower": RegistryFollower(client, registry, health),
        "dialects": Dialects({"openai": llm}),
        "llm_session": requests.Session(),
        "sender": None,
        "callback_slots": Slots(10),
        "callback_leases": Leases(deliveries, settings.callback_lease_s, lambda: clock() / 1000),
        "redis": client,
        "counters": Counters(client),
        "relays": Relays(ChunkStore(client), clock.advance),
        "database": (database := new_database()),
        "history": HistoryWriter(database),
        "artifacts": Artifacts(database, settings, clock=lambda: clock() / 1000),
        "unstored": Unstored(client, settings),
        "callback_tests": CallbackTestStore(client),
        "signing_keys": signing_keys(client, settings, lambda: clock() / 1000),
        "worker_name": "w1",
        "environment": {"ACME_KEY": "sk-secret"},
        "monotonic": lambda: clock() / 1000,
        "clock": lambda: clock() / 1000,
        "sleep": clock.advance,
        "jitter": lambda: 0.0,
    }
    return Deps(**{**defaults, **fields})

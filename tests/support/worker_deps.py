"""A worker's dependencies on a fake Redis, with an LLM whose answers the test decides."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import redis
import requests

from shared.artifacts.artifacts import Artifacts
from shared.callbacks.delivery_index import DeliveryIndex
from shared.callbacks.delivery_store import DeliveryStore
from shared.callbacks.samples import CallbackTestStore
from shared.database.database import Database
from shared.egress.way_out import Egresses
from shared.history.unstored import Unstored
from shared.history.writer import HistoryWriter
from shared.ledger.chunk_store import ChunkStore
from shared.ledger.job_store import JobStore
from shared.operation import Operation
from shared.providers.health import HealthBook
from shared.providers.health_store import HealthStore
from shared.providers.prices import Prices
from shared.providers.provider import Provider, Registry
from shared.providers.registry_follower import RegistryFollower
from shared.queues.flows import FlowStore
from shared.queues.slots import SlotStore
from shared.recovery.overdue import OverdueDeliveries
from shared.recovery.recovery_store import RecoveryStore
from shared.settings import Settings
from shared.telemetry.counters import Counters
from shared.telemetry.tally import Tally
from tests.support.factories import FakeClock, new_database
from workers.batches.desk import Desk, desk_of, own_desk
from workers.callbacks.deps import CallbackDeps
from workers.callbacks.leases import Leases
from workers.callbacks.signing_keys import SigningKeys
from workers.callbacks.slots import Slots
from workers.chat.deps import ChatDeps
from workers.chat.lanes import Lanes
from workers.chat.relay import Relays
from workers.chat.running import Running
from workers.chat.usage import UsageSupport
from workers.completion.deps import CompletionDeps
from workers.deps import signing_keys
from workers.history.deps import HistoryDeps
from workers.maintenance.probes import ProbeDeps
from workers.maintenance.recovery import TickDeps
from workers.process import Process
from workers.providers.access import Access
from workers.providers.base import Dialects, ProviderCall
from workers.routing.deps import RoutingDeps
from workers.routing.server_queues import ServerQueues
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


@dataclass(frozen=True)
class Deps:
    """All that the rooms of a worker work with, in one hand; `chat` and its siblings are theirs."""

    settings: Settings
    jobs: JobStore
    recovery: RecoveryStore
    deliveries: DeliveryStore
    delivery_index: DeliveryIndex
    overdue_deliveries: OverdueDeliveries
    registry: Registry
    dialects: Dialects
    llm_session: requests.Session
    sender: Any
    redis: redis.Redis
    counters: Counters
    relays: Relays
    database: Database
    history: HistoryWriter
    unstored: Unstored
    callback_tests: CallbackTestStore
    signing_keys: SigningKeys
    callback_slots: Slots
    callback_leases: Leases
    health: HealthBook
    follower: RegistryFollower
    health_store: HealthStore
    slots: SlotStore
    flows: FlowStore
    artifacts: Artifacts
    traffic: Traffic
    worker_name: str
    environment: Mapping[str, str]
    monotonic: Callable[[], float]
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    jitter: Callable[[], float]
    prices: Prices = field(default_factory=Prices)
    running: Running = field(default_factory=Running)
    lanes: Lanes = field(default_factory=Lanes)
    usage: UsageSupport = field(default_factory=UsageSupport)
    tally: Tally = field(default_factory=Tally)
    egresses: Egresses = field(default_factory=lambda: Egresses({}))
    servers: ServerQueues = field(default_factory=ServerQueues)

    @property
    def process(self) -> Process:
        return Process(
            self.settings,
            self.redis,
            self.counters,
            self.tally,
            self.worker_name,
            self.monotonic,
            self.clock,
            self.sleep,
            self.jitter,
        )

    @property
    def routing(self) -> RoutingDeps:
        return RoutingDeps(
            self.process,
            self.registry,
            self.follower,
            self.health,
            self.health_store,
            self.slots,
            self.flows,
            self.traffic,
            servers=self.servers,
        )

    @property
    def access(self) -> Access:
        return Access(self.settings, self.environment, self.egresses)

    @property
    def chat(self) -> ChatDeps:
        return ChatDeps(
            self.process,
            self.routing,
            self.jobs.attempts,
            self.jobs.reader,
            self.artifacts,
            self.access,
            self.dialects,
            self.llm_session,
            self.relays,
            self.running,
            self.lanes,
            self.usage,
        )

    @property
    def callbacks(self) -> CallbackDeps:
        return CallbackDeps(
            self.process,
            self.jobs.reader,
            self.deliveries,
            self.callback_tests,
            self.sender,
            self.signing_keys,
            self.callback_slots,
            self.callback_leases,
        )

    @property
    def completion(self) -> CompletionDeps:
        return CompletionDeps(self.process, self.jobs.completion, self.jobs.reader, self.prices)

    @property
    def keeping(self) -> HistoryDeps:
        return HistoryDeps(self.process, self.unstored, self.history, self.prices)

    @property
    def batches(self) -> Desk:
        own = own_desk(self.database, self.access, self.llm_session, self.prices)
        return desk_of(
            self.process,
            self.registry,
            self.database,
            self.artifacts,
            replace(own, spawn=lambda work: work()),
        )

    @property
    def tick(self) -> TickDeps:
        return TickDeps(
            self.process,
            self.routing,
            self.recovery,
            self.overdue_deliveries,
            self.delivery_index,
        )

    @property
    def probes(self) -> ProbeDeps:
        return ProbeDeps(self.process, self.routing, self.access, self.llm_session)


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
        "flows": FlowStore(client, settings, clock),
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

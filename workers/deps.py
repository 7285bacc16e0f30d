"""Builds what the tasks and timers of a worker process work with, once, a part for each room."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import requests
from redis import Redis

from shared.artifacts.artifacts import Artifacts
from shared.callbacks.delivery_index import DeliveryIndex
from shared.callbacks.delivery_store import DeliveryStore
from shared.callbacks.samples import CallbackTestStore
from shared.callbacks.signing_keys import CallbackKeyStore
from shared.database.database import Database
from shared.egress.way_out import Egresses
from shared.groups.store import GroupStore
from shared.history.reader import HistoryReader
from shared.history.unstored import Unstored
from shared.history.writer import HistoryWriter
from shared.lean import take_out
from shared.ledger.attempts import Attempts
from shared.ledger.chunk_store import ChunkStore
from shared.ledger.commands import Commands
from shared.ledger.completion import Completion
from shared.ledger.reader import Reader
from shared.providers.health import HealthBook
from shared.providers.health_store import HealthStore
from shared.providers.prices import FilePrices
from shared.providers.provider import Registry, read_file
from shared.providers.registry_follower import RegistryFollower
from shared.queues.flows import FlowStore
from shared.queues.slots import SlotStore
from shared.recovery.overdue import OverdueDeliveries
from shared.recovery.recovery_store import RecoveryStore
from shared.security.provider_places import ANYWHERE, ProviderPlaces
from shared.settings import Settings
from shared.store import client as redis_client
from shared.telemetry.counters import Counters
from workers import lean
from workers.batches.desk import Desk, desk_of, own_desk
from workers.callbacks.deps import CallbackDeps
from workers.callbacks.leases import Leases
from workers.callbacks.sender import sender_of
from workers.callbacks.signing_keys import SigningKeys
from workers.callbacks.slots import Slots
from workers.chat.deps import ChatDeps
from workers.chat.dialects import all_dialects
from workers.chat.lanes import Lanes, kept_slots
from workers.chat.relay import Relays
from workers.chat.running import Running
from workers.chat.usage import UsageSupport
from workers.completion.deps import CompletionDeps
from workers.groups.keeper import GroupDeps
from workers.history.deps import HistoryDeps
from workers.maintenance.probes import ProbeDeps
from workers.maintenance.recovery import TickDeps
from workers.process import Process
from workers.providers.access import Access
from workers.providers.connections import Adapter
from workers.routing.candidates import queues_of_full_rooms, queues_without_bulk
from workers.routing.deps import RoutingDeps
from workers.routing.traffic import Traffic
from workers.schedules.ticker import ScheduleDeps, schedule_deps


@dataclass(frozen=True, slots=True)
class Deps:
    """What each room of a worker process works with."""

    process: Process
    database: Database
    chat: ChatDeps
    callbacks: CallbackDeps
    completion: CompletionDeps
    history: HistoryDeps
    batches: Desk
    schedules: ScheduleDeps
    groups: GroupDeps
    tick: TickDeps
    probes: ProbeDeps


def build_deps(settings: Settings, worker_name: str, concurrency: int) -> Deps:
    """Return the dependencies of a worker process of so many slots. Connects when first used."""
    if not settings.lean:
        take_out(lean.STEPS)
    process = _process(settings, worker_name)
    database = Database(settings.effective_database_url)
    artifacts, prices = Artifacts(database, settings), FilePrices(settings.providers_file)
    unstored = Unstored(process.redis, settings)
    chat = _chat_deps(process, _routing(process), artifacts, os.environ, concurrency)
    return Deps(
        process=process,
        database=database,
        chat=chat,
        callbacks=_callback_deps(process, concurrency),
        completion=CompletionDeps(
            process, Completion(process.redis, settings), chat.reader, prices
        ),
        history=HistoryDeps(process, unstored, HistoryWriter(database), prices),
        batches=desk_of(
            process,
            chat.routing.registry,
            database,
            artifacts,
            own_desk(database, chat.access, chat.llm_session, prices),
        ),
        schedules=schedule_deps(process, chat.routing.registry, database),
        groups=group_deps(process, database),
        tick=_tick_deps(process, chat.routing),
        probes=ProbeDeps(process, chat.routing, chat.access, chat.llm_session),
    )


def _process(settings: Settings, name: str) -> Process:
    client = redis_client.connect(
        settings.redis_address,
        timeout_s=redis_client.WORKER_TIMEOUT_S,
        name="replyto-worker",
    )
    return Process(settings, client, Counters(client), name=name)


def _routing(process: Process) -> RoutingDeps:
    file = read_file(process.settings.providers_file)
    registry, health = Registry(file or []), HealthBook()
    return RoutingDeps(
        process=process,
        registry=registry,
        follower=RegistryFollower(process.redis, registry, health, file),
        health=health,
        health_store=HealthStore(process.redis),
        slots=SlotStore(process.redis, process.settings),
        flows=FlowStore(process.redis, process.settings),
        traffic=Traffic(),
    )


def _chat_deps(
    process: Process,
    routing: RoutingDeps,
    artifacts: Artifacts,
    environment: Mapping[str, str],
    concurrency: int,
) -> ChatDeps:
    settings = process.settings
    lanes = Lanes(concurrency - kept_slots(concurrency, settings.interactive_share))
    lanes.without_bulk = partial(queues_without_bulk, routing)
    dialects = all_dialects(settings)
    lanes.without_queued = partial(queues_of_full_rooms, routing, dialects.rooms)
    return ChatDeps(
        process=process,
        routing=routing,
        jobs=Attempts(process.redis, settings),
        reader=Reader(process.redis, settings),
        artifacts=artifacts,
        access=Access(settings, environment, Egresses(environment)),
        dialects=dialects,
        llm_session=llm_session(concurrency, settings.provider_places),
        relays=Relays(ChunkStore(process.redis), process.sleep),
        running=Running(),
        lanes=lanes,
        usage=UsageSupport(),
    )


def group_deps(process: Process, database: Database) -> GroupDeps:
    """Return what the keeper of groups works with."""
    client, settings = process.redis, process.settings
    return GroupDeps(
        process=process,
        groups=GroupStore(client, settings),
        reader=Reader(client, settings),
        commands=Commands(client, settings),
        history=HistoryReader(database),
    )


def _callback_deps(process: Process, concurrency: int) -> CallbackDeps:
    deliveries = DeliveryStore(process.redis, process.settings)
    return CallbackDeps(
        process=process,
        jobs=Reader(process.redis, process.settings),
        deliveries=deliveries,
        tests=CallbackTestStore(process.redis),
        sender=sender_of(process.settings),
        signing_keys=signing_keys(process.redis, process.settings),
        slots=Slots(concurrency),
        leases=Leases(deliveries, process.settings.callback_lease_s),
    )


def _tick_deps(process: Process, routing: RoutingDeps) -> TickDeps:
    return TickDeps(
        process=process,
        routing=routing,
        recovery=RecoveryStore(process.redis, process.settings),
        overdue_deliveries=OverdueDeliveries(process.redis, process.settings),
        delivery_index=DeliveryIndex(process.redis),
    )


def signing_keys(
    client: Redis, settings: Settings, monotonic: Callable[[], float] = time.monotonic
) -> SigningKeys:
    """Return what callbacks are signed with."""
    return SigningKeys(
        CallbackKeyStore(client, settings),
        settings.private_keys,
        monotonic,
        with_secrets=settings.callback_signing != "asymmetric",
    )


def llm_session(calls: int, places: ProviderPlaces = ANYWHERE) -> requests.Session:
    """Return a session that keeps connections to each provider open for so many calls at once."""
    session = requests.Session()
    # No .netrc credentials: a provider's settings say all that is sent to it. Proxies and
    # certificates are the egress's matter (`shared/egress/way_out.py`).
    session.trust_env = False
    for scheme in ("http://", "https://"):
        session.mount(scheme, Adapter(places, pool_connections=100, pool_maxsize=calls))
    return session

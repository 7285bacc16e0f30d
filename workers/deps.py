"""What the tasks work with, built once per worker process."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import requests
from redis import Redis

from shared.artifacts.artifacts import Artifacts
from shared.callbacks.delivery_index import DeliveryIndex
from shared.callbacks.delivery_store import DeliveryStore
from shared.callbacks.samples import CallbackTestStore
from shared.callbacks.signing_keys import CallbackKeyStore
from shared.database.database import Database
from shared.egress.way_out import Egresses
from shared.history.unstored import Unstored
from shared.history.writer import HistoryWriter
from shared.ledger.chunk_store import ChunkStore
from shared.ledger.job_store import JobStore
from shared.providers.health import HealthBook
from shared.providers.health_store import HealthStore
from shared.providers.prices import FilePrices, Prices
from shared.providers.provider import Registry, read_file
from shared.providers.registry_follower import RegistryFollower
from shared.queues.slots import SlotStore
from shared.recovery.overdue import OverdueDeliveries
from shared.recovery.recovery_store import RecoveryStore
from shared.security.provider_places import ANYWHERE, ProviderPlaces
from shared.settings import Settings
from shared.store import client as redis_client
from shared.telemetry.counters import Counters
from shared.telemetry.tally import Tally
from workers.callbacks.leases import Leases
from workers.callbacks.sender import Sender, sender_of
from workers.callbacks.signing_keys import SigningKeys
from workers.callbacks.slots import Slots
from workers.chat.lanes import Lanes, kept_slots
from workers.chat.relay import Relays
from workers.chat.running import Running
from workers.chat.usage import UsageSupport
from workers.media.local import LocalDialect
from workers.providers.anthropic.dialect import AnthropicDialect
from workers.providers.base import Dialects
from workers.providers.connections import Adapter
from workers.providers.ollama import OllamaDialect
from workers.providers.openai import OpenAiDialect
from workers.providers.pictures.automatic1111 import Automatic1111Dialect
from workers.providers.pictures.comfyui import ComfyUiDialect
from workers.providers.pictures.replicate import ReplicateDialect
from workers.routing.traffic import Traffic


@dataclass(frozen=True)
class Deps:
    """The worker's connections and settings. Tests build their own."""

    settings: Settings
    jobs: JobStore
    recovery: RecoveryStore
    deliveries: DeliveryStore
    delivery_index: DeliveryIndex
    overdue_deliveries: OverdueDeliveries
    registry: Registry
    dialects: Dialects
    llm_session: requests.Session
    sender: Sender
    redis: Redis
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
    artifacts: Artifacts
    prices: Prices = field(default_factory=Prices)
    running: Running = field(default_factory=Running)
    lanes: Lanes = field(default_factory=Lanes)
    traffic: Traffic = field(default_factory=Traffic)
    usage: UsageSupport = field(default_factory=UsageSupport)
    tally: Tally = field(default_factory=Tally)
    worker_name: str = "worker"
    environment: Mapping[str, str] = field(default_factory=dict)
    #: The ways out to the providers.
    egresses: Egresses = field(default_factory=lambda: Egresses({}))
    #: Monotonic seconds.
    monotonic: Callable[[], float] = time.monotonic
    #: Unix seconds.
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random


def build_deps(settings: Settings, worker_name: str, concurrency: int) -> Deps:
    """Return the dependencies of a worker process of so many slots. Connects when first used."""
    kept = kept_slots(concurrency, settings.interactive_share)
    client = redis_client.connect(
        settings.redis_address,
        timeout_s=redis_client.WORKER_TIMEOUT_S,
        name="replyto-worker",
    )
    deliveries = DeliveryStore(client, settings)
    database = Database(settings.effective_database_url)
    file = read_file(settings.providers_file)
    registry, health = Registry(file or []), HealthBook()
    return Deps(
        settings=settings,
        jobs=JobStore(client, settings),
        recovery=RecoveryStore(client, settings),
        deliveries=deliveries,
        delivery_index=DeliveryIndex(client),
        overdue_deliveries=OverdueDeliveries(client, settings),
        registry=registry,
        dialects=Dialects(
            {
                "openai": OpenAiDialect(),
                "ollama": OllamaDialect(),
                "anthropic": AnthropicDialect(),
                "automatic1111": Automatic1111Dialect(),
                "comfyui": ComfyUiDialect(),
                "replicate": ReplicateDialect(),
                "local": LocalDialect(settings.media_concurrency),
            }
        ),
        llm_session=llm_session(concurrency, settings.provider_places),
        sender=sender_of(settings),
        redis=client,
        counters=Counters(client),
        relays=Relays(ChunkStore(client), time.sleep),
        database=database,
        history=HistoryWriter(database),
        unstored=Unstored(client, settings),
        prices=FilePrices(settings.providers_file),
        callback_tests=CallbackTestStore(client),
        signing_keys=signing_keys(client, settings),
        callback_slots=Slots(concurrency),
        callback_leases=Leases(deliveries, settings.callback_lease_s),
        health=health,
        follower=RegistryFollower(client, registry, health, file),
        health_store=HealthStore(client),
        slots=SlotStore(client, settings),
        artifacts=Artifacts(database, settings),
        lanes=Lanes(concurrency - kept),
        worker_name=worker_name,
        environment=os.environ,
        egresses=Egresses(os.environ),
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

"""What the views work with, built once per gateway process."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, cast

import redis
from flask import Flask, current_app

from gateway import lean
from gateway.admin.metrics_page import MetricsPage
from gateway.auth.authenticator import Keys
from gateway.auth.issued_keys import IssuedKeys
from gateway.auth.key_keeper import KeyKeeper
from gateway.auth.open_sessions import OpenSessions
from gateway.auth.sessions import Sessions
from gateway.readiness import Readiness
from gateway.waiting.chunk_reader import ChunkReader
from gateway.waiting.mailbox import Mailbox
from shared.api_keys.store import KeyStore
from shared.artifacts.artifacts import Artifacts
from shared.callbacks.delivery_index import DeliveryIndex
from shared.callbacks.delivery_store import DeliveryStore
from shared.callbacks.samples import CallbackTestStore
from shared.callbacks.signing_keys import CallbackKeyStore
from shared.callbacks.subscriptions import SubscriptionStore
from shared.conversations import ConversationStore
from shared.database.database import Database
from shared.history.live import LiveJobs
from shared.history.query import JobQueries
from shared.history.reader import HistoryReader
from shared.history.statistics import Statistics
from shared.history.writer import HistoryWriter
from shared.lean import take_out
from shared.ledger.chunk_store import ChunkStore
from shared.ledger.job_store import JobStore
from shared.ledger.response_names import ResponseNames
from shared.providers.health import HealthBook
from shared.providers.health_store import HealthStore
from shared.providers.prices import FilePrices, Prices
from shared.providers.provider import Provider, Registry, read_file
from shared.providers.registry_follower import RegistryFollower
from shared.settings import Settings
from shared.store import client as redis_client
from shared.telemetry.counters import Counters
from shared.telemetry.tally import Tally
from shared.telemetry.workers import WorkerBook

_EXTENSION = "replyto"
#: Returns the app itself, where the proxy would look it up for each thing that it is asked.
_app: Final[Callable[[], Flask]] = current_app._get_current_object  # type: ignore[attr-defined]  # noqa: SLF001


@dataclass(frozen=True, slots=True)
class AuthParts:
    """Who calls: keys as requests bring them, sessions of the pages, and where keys are kept."""

    keys: Keys
    sessions: Sessions
    key_store: KeyStore
    key_keeper: KeyKeeper


@dataclass(frozen=True, slots=True)
class CallbackStores:
    """Deliveries, and what owners have set for theirs."""

    deliveries: DeliveryStore
    index: DeliveryIndex
    keys: CallbackKeyStore
    tests: CallbackTestStore
    subscriptions: SubscriptionStore


@dataclass(frozen=True, slots=True)
class ProviderParts:
    """How the registry is changed and followed, and how the providers do."""

    follower: RegistryFollower
    health: HealthBook
    health_store: HealthStore


@dataclass(frozen=True, slots=True)
class WaitingParts:
    """How requests wait for their jobs, and follow their streams."""

    mailbox: Mailbox
    chunks: ChunkStore
    chunk_reader: ChunkReader


@dataclass(frozen=True, slots=True)
class JobLists:
    """Jobs as lists and sums: those under way, and those that have ended."""

    live: LiveJobs
    queries: JobQueries
    statistics: Statistics


@dataclass(frozen=True, slots=True)
class Services:
    """The gateway's connections and settings. Tests build their own."""

    settings: Settings
    redis: redis.Redis
    database: Database
    jobs: JobStore
    history: HistoryReader
    lists: JobLists
    registry: Registry
    providers: ProviderParts
    auth: AuthParts
    waiting: WaitingParts
    callbacks: CallbackStores
    response_names: ResponseNames
    artifacts: Artifacts
    conversations: ConversationStore
    counters: Counters
    tally: Tally
    readiness: Readiness
    metrics: MetricsPage
    prices: Prices
    #: Where the keys of providers are.
    environment: Mapping[str, str] = field(default_factory=dict)


def build_services(settings: Settings) -> Services:
    """Return the services of a gateway process. Connects when first used."""
    if not settings.lean:
        take_out(lean.STEPS)
    client = redis_client.connect(
        settings.redis_address,
        timeout_s=redis_client.GATEWAY_TIMEOUT_S,
        name="replyto-gateway",
    )
    database = Database(settings.effective_database_url)
    file = read_file(settings.providers_file)
    built = services_on(client, database, settings, file, os.environ)
    built.providers.follower.start()
    return built


def services_on(
    client: redis.Redis,
    database: Database,
    settings: Settings,
    file: Sequence[Provider] | None,
    environment: Mapping[str, str],
) -> Services:
    """Return services on this Redis and this database; `file` is what providers.toml says."""
    providers = None if file is None else list(file)
    registry, health = Registry(providers or []), HealthBook()
    jobs = JobStore(client, settings, known_id=HistoryWriter(database).last_id)
    return Services(
        settings=settings,
        redis=client,
        database=database,
        jobs=jobs,
        history=HistoryReader(database),
        lists=JobLists(LiveJobs(jobs), JobQueries(database), Statistics(database)),
        registry=registry,
        providers=ProviderParts(
            RegistryFollower(client, registry, health, providers), health, HealthStore(client)
        ),
        auth=_auth(client, database, settings),
        waiting=_waiting(client, settings),
        callbacks=_callbacks(client, settings),
        response_names=ResponseNames(client, settings),
        artifacts=Artifacts(database, settings),
        conversations=ConversationStore(database, most_bytes=settings.text_quota_bytes),
        counters=Counters(client),
        tally=Tally(),
        readiness=Readiness(jobs, database, WorkerBook(client)),
        metrics=MetricsPage(client, registry, settings),
        prices=FilePrices(settings.providers_file),
        environment=environment,
    )


def _auth(client: redis.Redis, database: Database, settings: Settings) -> AuthParts:
    sessions = Sessions(client, OpenSessions(settings) if settings.pages_open else None)
    key_store = KeyStore(client)
    key_keeper = KeyKeeper(database, key_store)
    keys = Keys(settings, sessions, IssuedKeys(client, key_store, key_keeper.rebuild))
    return AuthParts(keys, sessions, key_store, key_keeper)


def _waiting(client: redis.Redis, settings: Settings) -> WaitingParts:
    chunks = ChunkStore(client)
    return WaitingParts(
        Mailbox(client, settings.sync_limit), chunks, ChunkReader(chunks, settings.stream_limit)
    )


def _callbacks(client: redis.Redis, settings: Settings) -> CallbackStores:
    return CallbackStores(
        deliveries=DeliveryStore(client, settings),
        index=DeliveryIndex(client),
        keys=CallbackKeyStore(client, settings),
        tests=CallbackTestStore(client),
        subscriptions=SubscriptionStore(client),
    )


def attach(app: Flask, services: Services) -> None:
    """Give the app's views their services."""
    app.extensions[_EXTENSION] = services


def services() -> Services:
    """Return the services of the app that handles this request."""
    return cast("Services", _app().extensions[_EXTENSION])

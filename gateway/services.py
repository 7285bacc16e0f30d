"""What the views work with, built once per gateway process."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

import redis
from flask import Flask, current_app

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


@dataclass(frozen=True, slots=True)
class Services:
    """The gateway's connections and settings. Tests build their own."""

    settings: Settings
    jobs: JobStore
    registry: Registry
    keys: Keys
    sessions: Sessions
    mailbox: Mailbox
    counters: Counters
    tally: Tally
    chunks: ChunkStore
    chunk_reader: ChunkReader
    conversations: ConversationStore
    key_store: KeyStore
    key_keeper: KeyKeeper
    deliveries: DeliveryStore
    delivery_index: DeliveryIndex
    callback_keys: CallbackKeyStore
    callback_tests: CallbackTestStore
    subscriptions: SubscriptionStore
    response_names: ResponseNames
    database: Database
    health: HealthBook
    follower: RegistryFollower
    redis: redis.Redis
    health_store: HealthStore
    readiness: Readiness
    metrics: MetricsPage
    artifacts: Artifacts
    prices: Prices
    #: Where the keys of providers are.
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def history(self) -> HistoryReader:
        """The jobs that have ended."""
        return HistoryReader(self.database)

    @property
    def job_queries(self) -> JobQueries:
        """Lists of them."""
        return JobQueries(self.database)

    @property
    def statistics(self) -> Statistics:
        """Sums of them."""
        return Statistics(self.database)

    @property
    def live_jobs(self) -> LiveJobs:
        """The jobs under way."""
        return LiveJobs(self.jobs)


def build_services(settings: Settings) -> Services:
    """Return the services of a gateway process. Connects when first used."""
    client = redis_client.connect(
        settings.redis_address,
        timeout_s=redis_client.GATEWAY_TIMEOUT_S,
        name="replyto-gateway",
    )
    database = Database(settings.effective_database_url)
    file = read_file(settings.providers_file)
    built = services_on(client, database, settings, file, os.environ)
    built.follower.start()
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
    chunks, sessions = ChunkStore(client), _sessions(client, settings)
    key_store = KeyStore(client)
    key_keeper = KeyKeeper(database, key_store)
    jobs = JobStore(client, settings, known_id=HistoryWriter(database).last_id)
    return Services(
        settings=settings,
        jobs=jobs,
        registry=registry,
        keys=Keys(settings, sessions, IssuedKeys(client, key_store, key_keeper.rebuild)),
        sessions=sessions,
        mailbox=Mailbox(client, settings.sync_limit),
        counters=Counters(client),
        tally=Tally(),
        chunks=chunks,
        chunk_reader=ChunkReader(chunks, settings.stream_limit),
        deliveries=DeliveryStore(client, settings),
        delivery_index=DeliveryIndex(client),
        callback_keys=CallbackKeyStore(client, settings),
        callback_tests=CallbackTestStore(client),
        subscriptions=SubscriptionStore(client),
        response_names=ResponseNames(client, settings),
        health=health,
        follower=RegistryFollower(client, registry, health, providers),
        redis=client,
        health_store=HealthStore(client),
        readiness=Readiness(jobs, database, WorkerBook(client)),
        metrics=MetricsPage(client, registry, settings),
        artifacts=Artifacts(database, settings),
        prices=FilePrices(settings.providers_file),
        environment=environment,
        database=database,
        conversations=ConversationStore(database),
        key_store=key_store,
        key_keeper=key_keeper,
    )


def _sessions(client: redis.Redis, settings: Settings) -> Sessions:
    return Sessions(client, OpenSessions(settings) if settings.pages_open else None)


def attach(app: Flask, services: Services) -> None:
    """Give the app's views their services."""
    app.extensions[_EXTENSION] = services


def services() -> Services:
    """Return the services of the app that handles this request."""
    return cast("Services", current_app.extensions[_EXTENSION])

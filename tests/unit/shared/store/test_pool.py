"""The pool of connections to Redis, and commands on them, beside a real Redis."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import redis

from cli.ports import free_port
from cli.up import embedded_redis
from shared.store.client import connect
from shared.store.pool import Packer
from tests.conftest import RedisServer


class OwnRedis:
    """A redis-server that a test may kill, always on the same port."""

    def __init__(self, folder: Path) -> None:
        self._port = free_port()
        self._folder = folder
        self.url = f"redis://127.0.0.1:{self._port}/0"
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        argv = [str(embedded_redis.find_server()), "--port", str(self._port)]
        argv += ["--bind", "127.0.0.1", "--save", "", "--dir", str(self._folder)]
        self._process = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
        until = time.monotonic() + 60
        while not embedded_redis.answers(self.url):
            assert self._process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.02)

    def kill(self) -> None:
        """End it as a crash would."""
        self._process.kill()
        self._process.wait(60)


def made(client: redis.Redis) -> int:
    return client.connection_pool._created_connections


def client_of(server: RedisServer, **options: Any) -> redis.Redis:
    return connect(server.url, **{"timeout_s": 60, "name": "test", **options})


@pytest.mark.parametrize(
    ("command", "packed"),
    [
        (("SET", "k", b"\xff\x00"), b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$2\r\n\xff\x00\r\n"),
        (("SET", "ü", 12), b"*3\r\n$3\r\nSET\r\n$2\r\n\xc3\xbc\r\n$2\r\n12\r\n"),
        (("SET", "k", bytearray(b"a")), b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\na\r\n"),
        (("CONFIG GET", "x"), b"*3\r\n$6\r\nCONFIG\r\n$3\r\nGET\r\n$1\r\nx\r\n"),
        ((b"CONFIG GET", "x"), b"*3\r\n$6\r\nCONFIG\r\n$3\r\nGET\r\n$1\r\nx\r\n"),
    ],
)
def test_command_is_packed_as_redis_reads_it(command: tuple[Any, ...], packed: bytes) -> None:
    assert b"".join(Packer().pack(*command)) == packed


def test_argument_that_nobody_can_pack_is_refused() -> None:
    with pytest.raises(redis.DataError):
        Packer().pack("SET", "k", None)


@pytest.mark.usefixtures("real_redis")
def test_one_connection_serves_commands_that_follow_each_other(redis_server: RedisServer) -> None:
    client = client_of(redis_server)
    for number in range(10):
        client.set("k", number)
        with pytest.raises(redis.ResponseError):
            client.lpush("k", "x")
        assert client.get("k") == b"%d" % number
    assert made(client) == 1


def test_caller_waits_for_a_connection_that_another_gives_back(redis_server: RedisServer) -> None:
    client = client_of(redis_server, max_connections=1, timeout_s=60)
    pool, answers = client.connection_pool, []
    held = pool.get_connection()
    callers = [threading.Thread(target=lambda: answers.append(client.ping())) for _ in range(5)]
    for caller in callers:
        caller.start()
    pool.release(held)
    for caller in callers:
        caller.join(60)
    assert answers == [True] * 5
    assert made(client) == 1


def test_caller_is_told_when_no_connection_becomes_free(redis_server: RedisServer) -> None:
    client = client_of(redis_server, max_connections=1, timeout_s=0.05)
    held = client.connection_pool.get_connection()
    with pytest.raises(redis.ConnectionError, match="No connection available"):
        client.ping()
    client.connection_pool.release(held)
    assert client.ping()


def test_connection_is_given_back_when_redis_cannot_be_reached() -> None:
    client = connect("redis://127.0.0.1:1/0", timeout_s=1, name="test", max_connections=1)
    for _ in range(3):
        with pytest.raises(redis.ConnectionError, match="refused"):
            client.ping()


@pytest.mark.usefixtures("real_redis")
def test_many_threads_share_few_connections(redis_server: RedisServer) -> None:
    client = client_of(redis_server, max_connections=3, timeout_s=60)

    def count() -> None:
        for _ in range(200):
            client.incr("n")

    threads = [threading.Thread(target=count) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert client.get("n") == b"2400"
    assert made(client) <= 3
    assert not client.connection_pool._in_use_connections


@pytest.mark.usefixtures("real_redis")
def test_broken_off_command_leaves_nothing_for_the_next_one(redis_server: RedisServer) -> None:
    """Whatever ends the wait for an answer, that answer is nobody else's."""
    client = client_of(redis_server, max_connections=1)
    connection = client.connection_pool.get_connection()
    connection.connect()
    connection._sock.settimeout(0.05)
    client.connection_pool.release(connection)
    with pytest.raises(redis.TimeoutError):
        client.blpop(["nothing"], timeout=1)
    client.set("k", "v")
    assert client.get("k") == b"v"


def test_forked_process_makes_connections_of_its_own(redis_server: RedisServer) -> None:
    client = client_of(redis_server)
    pool, held = client.connection_pool, client.connection_pool.get_connection()
    # As the pool finds itself after a fork.
    pool.pid = -1
    client.ping()
    pool.release(held)
    assert made(client) == 1
    assert pool.get_connection() is not held


def test_every_client_works_again_once_redis_was_killed_and_is_back(tmp_path: Path) -> None:
    """No connection that died is tried longer than one command needs to see it."""
    server = OwnRedis(tmp_path)
    try:
        clients = [connect(server.url, timeout_s=10, name="test") for _ in range(5)]
        pools = [client.connection_pool for client in clients]
        for pool in pools:
            held = [pool.get_connection() for _ in range(10)]
            for connection in held:
                pool.release(connection)
        server.kill()
        for client in clients:
            with pytest.raises(redis.ConnectionError):
                client.ping()
        server.start()
        for client, pool in zip(clients, pools, strict=True):
            assert made(client) == 10
            held = [pool.get_connection() for _ in range(9)]
            # Each of its connections in turn, those that nobody has used since.
            for connection in (*held, None):
                assert client.ping()
                if connection:
                    pool.release(connection)
    finally:
        server.kill()


@pytest.mark.integration
def test_client_is_closed_while_others_take_connections(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of(redis_server)
    pool = client.connection_pool
    held = [pool.get_connection() for _ in range(2)]
    for connection in held:
        # Somebody else's turn comes as the socket is closed.
        monkeypatch.setattr(connection, "disconnect", lambda *_: pool.get_connection())
    client.close()
    pool.disconnect()
    assert made(client) == 4


@pytest.mark.usefixtures("real_redis")
def test_command_larger_than_the_systems_buffer_is_sent_whole(redis_server: RedisServer) -> None:
    client, value = client_of(redis_server), b"0123456789" * 2_000_000
    client.set("large", value)
    assert client.get("large") == value


@pytest.mark.usefixtures("real_redis")
def test_send_that_fails_closes_the_connection(redis_server: RedisServer) -> None:
    client = client_of(redis_server)
    client.ping()
    (connection,) = client.connection_pool._available_connections
    connection._sock.shutdown(socket.SHUT_RDWR)
    with pytest.raises(redis.ConnectionError):
        connection.send_command("PING")
    assert not connection.is_connected
    assert client.ping()

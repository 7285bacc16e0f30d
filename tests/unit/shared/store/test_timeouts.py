"""How long a Redis that is frozen may hold its callers."""

from __future__ import annotations

import socket

import pytest
import redis

from shared.store.client import connect
from tests.conftest import RedisServer

TIMEOUT_S = 0.2


def test_command_gives_up_after_one_timeout_when_redis_is_frozen() -> None:
    """A frozen process: the kernel accepts its connections, and nobody answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"redis://127.0.0.1:{server.getsockname()[1]}/0"
        client = connect(url, timeout_s=TIMEOUT_S, name="test")
        with pytest.raises(redis.TimeoutError):
            client.ping()
        # A second try would have dialled again.
        client.connection_pool.disconnect()
        server.setblocking(False)
        server.accept()[0].close()
        with pytest.raises(BlockingIOError):
            server.accept()


def test_command_is_tried_again_when_its_connection_broke(redis_server: RedisServer) -> None:
    client = connect(redis_server.url, timeout_s=60, name="broken")
    client.ping()
    with redis.Redis.from_url(redis_server.url) as other:
        other.client_kill_filter(_type="normal", skipme=True)
    assert client.ping()
    client.connection_pool.disconnect()

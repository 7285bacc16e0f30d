"""Servers of tests whose port, or whose bus's port, another process has."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from cli.ports import bind_problem, free_port
from tests.support.servers.own_redis import start_redis
from tests.support.servers.redis_versions import servers

pytestmark = pytest.mark.integration


def _port_with_free_bus() -> int:
    return next(
        port for _ in range(50) if not bind_problem("127.0.0.1", (port := free_port()) + 10_000)
    )


@pytest.mark.parametrize("above", [0, 10_000], ids=["its port", "its bus's port"])
@pytest.mark.parametrize("name", servers())
def test_server_starts_elsewhere_when_another_process_has(
    name: str, above: int, tmp_path: Path
) -> None:
    first, second = _port_with_free_bus(), _port_with_free_bus()
    with socket.create_server(("127.0.0.1", first + above)):
        ports = iter([first, second])
        more = ("--cluster-enabled", "yes")
        process, port = start_redis(servers()[name], tmp_path, *more, next_port=lambda: next(ports))
    process.kill()
    process.wait(20)
    assert port == second

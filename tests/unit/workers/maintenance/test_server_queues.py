"""Servers are asked for their queues, once a second over the cluster, whatever they send."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import gevent
import pytest
import redis
import requests

from shared.providers.provider import Provider
from shared.queues.server_queue_store import ServerQueueStore
from shared.queues.server_queues import Reading
from shared.store import redis_keys as keys
from shared.telemetry.overview import read_overview
from tests.support.factories import FakeClock, new_settings
from tests.support.servers.queueing import Page, QueueingServer
from tests.support.worker_deps import FakeLlm, build
from workers.maintenance import server_queues
from workers.maintenance.probes import ProbeDeps
from workers.maintenance.server_queues import hear_of_servers, look, look_at_servers
from workers.routing.server_queues import ServerQueues


@pytest.fixture(scope="module")
def server() -> Iterator[QueueingServer]:
    server = QueueingServer().start()
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def _as_new(server: QueueingServer) -> None:
    server.page, server.others = None, 0
    server.looks.clear()


def provider(server: QueueingServer, **fields: Any) -> Provider:
    told = {"name": "p", "base_url": server.url, "models": ["m"], "api_key_env": "ACME_KEY"}
    return Provider.model_validate({**told, "metrics_url": server.metrics_url, **fields})


@pytest.fixture
def deps(real_redis: redis.Redis, fake_clock: FakeClock, server: QueueingServer) -> ProbeDeps:
    return _probes(real_redis, fake_clock, provider(server))


def _probes(client: redis.Redis, clock: FakeClock, *providers: Provider) -> ProbeDeps:
    return build(client, new_settings(), clock, FakeLlm(), providers=providers).probes


def read(deps: ProbeDeps) -> Reading:
    """Look at the first provider; return what all know then."""
    store, one = ServerQueueStore(deps.process.redis), deps.routing.registry.providers[0]
    look(deps, store, one)
    found = store.read([one.name])[one.name]
    assert found is not None
    return found


def test_what_waits_is_known_to_all(
    deps: ProbeDeps, server: QueueingServer, fake_clock: FakeClock
) -> None:
    server.others = 3
    since_ms = fake_clock.now_ms
    assert read(deps) == Reading(since_ms, 3, since_ms)
    fake_clock.advance(2)
    assert read(deps) == Reading(fake_clock.now_ms, 3, since_ms)
    other, changed = replace(deps.routing, servers=ServerQueues()), []
    hear_of_servers(other, lambda: changed.append("shut"))
    assert other.servers.shut == {"p"}
    hear_of_servers(other, lambda: changed.append("nothing"))
    server.others = 0
    fake_clock.advance(1)
    read(deps)
    hear_of_servers(other, lambda: changed.append("open"))
    assert (other.servers.shut, changed) == (frozenset(), ["shut", "open"])
    (row,) = read_overview(deps.process.redis, deps.routing.registry.providers).providers
    assert row.queue == Reading(fake_clock.now_ms)


def test_server_is_asked_once_a_second_over_the_cluster(
    deps: ProbeDeps, server: QueueingServer, fake_clock: FakeClock
) -> None:
    others = [_probes(deps.process.redis, fake_clock, provider(server)) for _ in range(3)]
    for _ in range(10):
        for one in (deps, *others):
            look_at_servers(one)
        gevent.sleep(0.01)
    assert len(server.looks) == 1


def _says(status: str, body: bytes, **headers: str) -> Callable[[], Page]:
    named = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return lambda: (status, named, [body])


@pytest.mark.parametrize(
    ("page", "why"),
    [
        pytest.param(_says("404 Not Found", b""), "it answered 404", id="there is none"),
        pytest.param(
            _says("302 Found", b"", Location="http://127.0.0.1:1/"), "answered 302", id="elsewhere"
        ),
        pytest.param(_says("200 OK", b"<html>hello</html>"), "none of the gauges", id="a page"),
        pytest.param(_says("200 OK", b"tgi_queue_size -5\n"), "is -5", id="a lie"),
        pytest.param(_says("200 OK", b"x" * 5_000_000), "more than 2 MiB", id="huge"),
        pytest.param(
            _says("200 OK", gzip.compress(b"x" * 9_000_000), Content_Encoding="gzip"),
            "compressed",
            id="a bomb",
        ),
    ],
)
def test_page_that_is_none_holds_nothing_back_and_is_told(
    deps: ProbeDeps, server: QueueingServer, page: Callable[[], Page], why: str
) -> None:
    server.others = 3
    read(deps)
    hear_of_servers(deps.routing, lambda: None)
    server.page = page
    assert why in read(deps).problem
    (row,) = read_overview(deps.process.redis, deps.routing.registry.providers).providers
    assert row.queue is not None
    assert why in row.queue.problem


class _Dripping(requests.Response):
    def __init__(self) -> None:
        super().__init__()
        self.status_code = 200

    def iter_content(self, *_: Any, **__: Any) -> Iterator[bytes]:
        while True:
            gevent.sleep(0.001)
            yield b" "

    def close(self) -> None:
        """There is nothing to close."""


class _Session(requests.Session):
    def get(self, *_: Any, **__: Any) -> requests.Response:
        return _Dripping()


def test_page_that_drips_for_ever_is_given_up(
    deps: ProbeDeps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_queues, "_TIMEOUT_S", 0.05)
    assert "could not be reached" in read(replace(deps, session=_Session())).problem


def test_server_that_is_away_holds_nothing_back(
    real_redis: redis.Redis, fake_clock: FakeClock
) -> None:
    gone = QueueingServer().start()
    deps = _probes(real_redis, fake_clock, provider(gone))
    gone.stop()
    assert "could not be reached" in read(deps).problem


def test_nobody_who_looks_is_told_and_holds_nothing_back(deps: ProbeDeps) -> None:
    servers = ServerQueues()
    routing = replace(deps.routing, servers=servers)
    for _ in range(4):
        servers.began("p")
    for _ in range(12):
        hear_of_servers(routing, lambda: None)
    assert servers.shut == frozenset()
    (row,) = read_overview(deps.process.redis, deps.routing.registry.providers).providers
    assert row.queue is not None
    assert "no completion worker" in row.queue.problem


def test_key_is_told_to_the_providers_own_server_alone(
    real_redis: redis.Redis, fake_clock: FakeClock, server: QueueingServer
) -> None:
    elsewhere = provider(server, base_url="http://127.0.0.1:1/v1", headers={"x-own": "secret"})
    read(_probes(real_redis, fake_clock, elsewhere))
    read(_probes(real_redis, fake_clock, provider(server, headers={"x-own": "secret"})))
    told = [(look.get("authorization"), look.get("x-own")) for _, look in server.looks]
    assert told == [(None, None), ("Bearer sk-secret", "secret")]
    assert {look["accept-encoding"] for _, look in server.looks} == {"identity"}


def test_disabled_provider_is_not_asked(
    real_redis: redis.Redis, fake_clock: FakeClock, server: QueueingServer
) -> None:
    deps = _probes(real_redis, fake_clock, provider(server, enabled=False))
    look_at_servers(deps)
    gevent.sleep(0.05)
    assert not server.looks


def test_one_process_has_the_turn_until_a_second_is_over(real_redis: redis.Redis) -> None:
    stores = [ServerQueueStore(real_redis) for _ in range(3)]
    assert [store.take_turns(["p", "q"]) for store in stores] == [["p", "q"], [], []]
    assert 0 < real_redis.pttl(keys.server_turn("p")) <= 1000
    real_redis.delete(keys.server_turn("p"))
    assert [store.take_turns(["p", "q"]) for store in stores] == [["p"], [], []]

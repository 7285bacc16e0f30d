"""A worker whose first provider takes batches of its own, of OpenAI's API and of Anthropic's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import redis

from shared.batches.store import BatchStore
from shared.providers.prices import Price, Prices
from shared.providers.provider import Provider
from shared.settings import Settings
from tests.support import worker_deps
from tests.support.factories import FakeClock, new_settings
from tests.support.servers.anthropic_batches import AnthropicBatchServer
from tests.support.servers.batch_server import BatchServer
from tests.support.servers.openai_batches import OpenAiBatchServer
from tests.support.worker_deps import Deps


@pytest.fixture(params=["openai", "anthropic"])
def server(request: pytest.FixtureRequest) -> Iterator[BatchServer]:
    made = OpenAiBatchServer() if request.param == "openai" else AnthropicBatchServer()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return new_settings(artifacts=str(tmp_path / "files"), storage_free_bytes=0, queue_limit=1000)


@pytest.fixture
def deps(
    fake_redis: redis.Redis, settings: Settings, fake_clock: FakeClock, server: BatchServer
) -> Deps:
    kind = "openai" if isinstance(server, OpenAiBatchServer) else "anthropic"
    cheap = {
        "name": "cheap",
        "type": kind,
        "base_url": f"{server.url}/v1",
        "models": {"m": "claude-sonnet-4-5"},
        "api_key_env": "BATCH_KEY",
        "batch": True,
        "priority": 2,
    }
    other = {"name": "other", "base_url": "http://127.0.0.1:1/v1", "models": ["m", "n"]}
    deps = worker_deps.build(
        fake_redis,
        settings,
        fake_clock,
        worker_deps.FakeLlm(),
        providers=list(map(Provider.model_validate, (cheap, other))),
        environment={"BATCH_KEY": server.key},
        prices=Prices({"m": Price(input=2.0, output=10.0)}),
    )
    return replace(deps, sleep=lambda _: None)


@pytest.fixture
def store(deps: Deps) -> BatchStore:
    return BatchStore(deps.database)

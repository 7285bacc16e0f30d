"""Which queues a worker consumes as the registry changes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import redis
from celery import Celery
from kombu import Queue

from shared.providers.provider import Provider
from shared.settings import Settings
from tests.support.factories import FakeClock
from tests.support.worker_deps import FakeLlm, build
from workers.chat.deps import ChatDeps
from workers.context import attach, deps_of
from workers.pools import adjust, follows_registry, queue_problem


class Consumer:
    """Celery's consumer, as far as it adds and takes away queues."""

    def __init__(self, app: Celery) -> None:
        self.app = app

    def add_task_queue(self, name: str) -> None:
        self.app.amqp.queues.select_add(self.app.amqp.queues[name])

    def cancel_task_queue(self, name: str) -> None:
        self.app.amqp.queues.deselect(name)


def _provider(*models: str, **fields: Any) -> Provider:
    return Provider.model_validate(
        {"name": "acme", "base_url": "http://127.0.0.1:1/v1", "models": list(models), **fields}
    )


@pytest.fixture
def app(fake_redis: redis.Redis, settings: Settings, fake_clock: FakeClock) -> Celery:
    app = Celery(set_as_current=False)
    app.conf.task_create_missing_queues = False
    app.conf.task_queues = [Queue("chat.m"), Queue("completion")]
    deps = build(fake_redis, settings, fake_clock, FakeLlm(), providers=[_provider("m")])
    attach(app, deps.chat)
    return app


def _consumed(app: Celery) -> list[str]:
    return sorted(app.amqp.queues.consume_from)


def test_worker_serves_new_models_and_no_longer_those_that_are_gone(app: Celery) -> None:
    registry = deps_of(app, ChatDeps).routing.registry
    registry.replace([_provider("m", "new")])
    adjust(Consumer(app))
    assert _consumed(app) == ["chat.m", "chat.new", "completion"]
    registry.replace([_provider("new")])
    adjust(Consumer(app))
    assert _consumed(app) == ["chat.new", "completion"]


def test_worker_serves_models_of_a_disabled_provider_too(app: Celery) -> None:
    deps_of(app, ChatDeps).routing.registry.replace([_provider("off", enabled=False)])
    adjust(Consumer(app))
    assert _consumed(app) == ["chat.off", "completion"]


def test_worker_started_with_queues_keeps_to_them(app: Celery) -> None:
    assert follows_registry(app)
    app.amqp.queues.deselect("completion")
    assert follows_registry(app)
    app.amqp.queues.select(["chat.m"])
    assert not follows_registry(SimpleNamespace(amqp=app.amqp))


KNOWN = ("completion", "callbacks", "media", "chat.llama3.1:8b")


@pytest.mark.parametrize(
    ("take", "leave", "told"),
    [
        pytest.param(["chat.llama3.1:8b", "completion"], [], "", id="known ones"),
        pytest.param([], ["completion", "chat.later"], "", id="a model that may come, left out"),
        pytest.param(
            ["chat.lama3.1:8b"],
            [],
            "-Q: there is no provider with the model 'lama3.1:8b'; did you mean chat.llama3.1:8b?",
            id="a mistyped model",
        ),
        pytest.param(
            ["zzz"], [], "-Q: there is no queue 'zzz'", id="a queue that is like no other"
        ),
        pytest.param(
            [],
            ["completion", "calbacks"],
            "-X: there is no queue 'calbacks'; did you mean callbacks?",
            id="a mistyped queue that Celery would not leave out",
        ),
    ],
)
def test_queue_that_is_none_is_told(take: list[str], leave: list[str], told: str) -> None:
    assert queue_problem(KNOWN, take, leave) == told

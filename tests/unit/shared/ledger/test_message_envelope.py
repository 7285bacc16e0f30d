"""The message our script writes, held against what the installed Celery and kombu write and read.

`shared/lua/includes/push_message.lua` writes Celery's message protocol 2 as kombu's Redis
transport stores it: https://docs.celeryq.dev/en/stable/internals/protocol.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from celery import Celery
from kombu import Connection

from shared.callbacks.delivery_store import DeliveryStore
from shared.jobs.moves import Result
from shared.ledger.job_store import JobStore
from shared.queues import names as task_names
from shared.recovery.recovery_store import RecoveryStore
from shared.settings import Settings
from shared.store import redis_keys as keys
from tests.conftest import RedisServer
from tests.support.factories import FakeClock, MessageLists, new_job

TRANSPORT_OPTIONS = {"priority_steps": list(task_names.PRIORITIES), "ack_emulation": False}
PRIORITIES = [pytest.param(priority, id=f"priority {priority}") for priority in (0, 5, 9)]
MODELS = [
    pytest.param("m", id="a plain name"),
    pytest.param("org/model \"7b\" 50% 'é' 模型 💬 \\ \x7f", id="an odd name"),
]
#: What may differ: who sent it, what only a log shows, and where a result would go (there is none).
FREE_HEADERS = {"id", "root_id", "origin", "argsrepr"}
FREE_PROPERTIES = {"correlation_id", "delivery_tag", "reply_to", "body_encoding"}


def ours(store: JobStore, client: redis.Redis, model: str, priority: int) -> dict[str, Any]:
    """Accept a job; return its message."""
    store.accept(new_job(model=model, priority=priority))
    (message,) = MessageLists(client).messages(task_names.chat_queue(model), priority)
    return message


@pytest.fixture
def real_store(real_redis: redis.Redis, settings: Settings, fake_clock: FakeClock) -> JobStore:
    return JobStore(real_redis, settings, fake_clock)


@pytest.fixture
def send(redis_server: RedisServer, real_redis: redis.Redis) -> Iterator[Callable[..., Any]]:
    """Return a function that lets the installed Celery send a message, and returns it."""
    app = Celery("sender", broker=redis_server.url, set_as_current=False)
    app.conf.update(task_serializer="json", broker_transport_options=TRANSPORT_OPTIONS)

    def send_task(queue: str, priority: int, job_id: int) -> dict[str, Any]:
        real_redis.flushall()
        app.send_task(
            task_names.CHAT, args=(job_id,), queue=queue, priority=priority, ignore_result=True
        )
        (message,) = MessageLists(real_redis).messages(queue, priority)
        return message

    yield send_task
    app.close()


@pytest.mark.integration
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("priority", PRIORITIES)
def test_message_says_what_celery_says_field_by_field(
    real_store: JobStore,
    real_redis: redis.Redis,
    send: Callable[..., dict[str, Any]],
    model: str,
    priority: int,
) -> None:
    mine = ours(real_store, real_redis, model, priority)
    theirs = send(task_names.chat_queue(model), priority, 1)

    assert mine.keys() == theirs.keys()
    assert mine["headers"].keys() == theirs["headers"].keys() | {"place"}
    assert mine["properties"].keys() == theirs["properties"].keys()
    for field in theirs["headers"].keys() - FREE_HEADERS:
        assert mine["headers"][field] == theirs["headers"][field], field
    for field in theirs["properties"].keys() - FREE_PROPERTIES:
        assert mine["properties"][field] == theirs["properties"][field], field
    for field in ("content-type", "content-encoding"):
        assert mine[field] == theirs[field]


@pytest.mark.integration
def test_messages_carry_the_same_body_when_kombu_decodes_them(
    real_store: JobStore, real_redis: redis.Redis, send: Callable[..., Any]
) -> None:
    mine = ours(real_store, real_redis, "m", 5)
    theirs = send("chat.m", 5, 1)

    expected = [[1], {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}]
    assert decoded(mine) == expected
    assert decoded(theirs) == expected


def decoded(message: dict[str, Any]) -> Any:
    """Return a message's payload as kombu decodes it for each of its virtual transports."""
    with Connection("memory://") as connection, connection.channel() as channel:
        return channel.Message(message, channel=channel, accept=["application/json"]).decode()


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("priority", PRIORITIES)
def test_message_is_decoded_by_kombu_to_the_call_of_the_task(
    job_store: JobStore, ledger_redis: redis.Redis, model: str, priority: int
) -> None:
    message = ours(job_store, ledger_redis, model, priority)

    args, kwargs, embed = decoded(message)

    assert (args, kwargs) == ([1], {})
    assert embed == {"callbacks": None, "errbacks": None, "chain": None, "chord": None}


@pytest.mark.integration
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("priority", PRIORITIES)
def test_message_is_received_by_a_kombu_consumer(
    redis_server: RedisServer, real_store: JobStore, model: str, priority: int
) -> None:
    job_id = real_store.accept(new_job(model=model, priority=priority)).id

    with Connection(redis_server.url, transport_options=TRANSPORT_OPTIONS) as connection:
        queue = connection.SimpleQueue(task_names.chat_queue(model))
        message = queue.get(block=False)
        message.ack()
        queue.close()

    assert message.headers["task"] == task_names.CHAT
    assert message.payload[0] == [job_id]
    assert message.delivery_info["routing_key"] == task_names.chat_queue(model)
    assert message.properties["priority"] == priority


@pytest.mark.integration
@pytest.mark.parametrize("model", MODELS)
def test_message_lists_are_those_that_kombu_consumes(redis_server: RedisServer, model: str) -> None:
    queue = task_names.chat_queue(model)
    with Connection(redis_server.url, transport_options=TRANSPORT_OPTIONS) as connection:
        channel = connection.default_channel
        theirs = [channel._q_for_pri(queue, priority) for priority in task_names.PRIORITIES]

    assert [keys.message_list(queue, priority) for priority in task_names.PRIORITIES] == theirs


def test_message_names_itself_once_and_alike_everywhere(
    job_store: JobStore, lists: MessageLists
) -> None:
    for _ in range(3):
        job_store.accept(new_job())

    messages = lists.messages("chat.m", 5)
    ids = [message["headers"]["id"] for message in messages]

    assert len(set(ids)) == 3
    for message, task_id in zip(messages, ids, strict=True):
        assert message["headers"]["root_id"] == task_id
        assert message["properties"]["correlation_id"] == task_id
        assert message["properties"]["delivery_tag"] == task_id


def test_message_of_a_job_is_never_named_alike_when_it_is_pushed_again(
    job_store: JobStore, recovery: RecoveryStore, lists: MessageLists
) -> None:
    job_id = job_store.accept(new_job()).id
    names = set()
    for attempt in range(1, 6):
        (message,) = lists.messages("chat.m", 5)
        names.add(message["headers"]["id"])
        lists.take_chat()
        job_store.claim(job_id, "chat.m", 5, "w")
        job_store.defer(job_id, attempt, 0)
        recovery.promote_jobs()

    assert len(names) == 5


def test_message_of_each_step_names_the_task_and_queue_of_its_worker(
    job_store: JobStore, delivery_store: DeliveryStore, lists: MessageLists
) -> None:
    job_id = job_store.accept(new_job(reply_to="https://example.com")).id
    claim = job_store.claim(job_id, "chat.m", 5, "w")
    assert claim is not None
    job_store.execute(job_id, claim.attempt, Result.response(b"{}"))
    job = job_store.get(job_id)
    assert job is not None
    job_store.complete([job])

    steps = {
        ("chat.m", 5): task_names.CHAT,
        (task_names.COMPLETION_QUEUE, 0): task_names.COMPLETE,
        (task_names.CALLBACKS_QUEUE, 0): task_names.DELIVER,
    }
    for (queue, priority), task in steps.items():
        (message,) = lists.messages(queue, priority)
        assert message["headers"]["task"] == task
        assert message["properties"]["delivery_info"] == {"exchange": "", "routing_key": queue}
        assert message["properties"]["priority"] == priority
        assert json.loads(message["headers"]["argsrepr"]) == [job_id]
    assert delivery_store.claim(job_id) is not None

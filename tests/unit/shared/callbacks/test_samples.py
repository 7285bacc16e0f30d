"""A receiver tried out: the gateway asks, the worker sends once, the gateway shows the outcome."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import redis
from pydantic import SecretStr
from standardwebhooks.webhooks import Webhook

from shared.callbacks.delivery import DeliveryState
from shared.callbacks.samples import CallbackTestStore
from shared.queues import names as task_names
from shared.store import redis_keys as keys
from tests.support.factories import FakeClock, MessageLists, new_settings
from tests.support.worker_deps import Deps, FakeLlm, build
from workers.callbacks.outcome import CallbackAnswer
from workers.callbacks.sample import send_sample

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
URL = "https://example.com/cb?x=1"


class Sender:
    """Stands for the network: records what is posted, answers as told."""

    def __init__(self) -> None:
        self.answer = CallbackAnswer(status=204, ip="192.0.2.1")
        self.posts: list[tuple[str, bytes, dict[str, str]]] = []

    def post(
        self, url: str, body: bytes, headers: dict[str, str], owner: str = ""
    ) -> CallbackAnswer:
        self.posts.append((url, body, headers))
        return self.answer


@pytest.fixture
def sender() -> Sender:
    return Sender()


@pytest.fixture
def deps(ledger_redis: redis.Redis, fake_clock: FakeClock, sender: Sender) -> Deps:
    settings = new_settings(callback_secret=SecretStr(SECRET))
    return build(ledger_redis, settings, fake_clock, FakeLlm(), sender=sender)


@pytest.fixture
def store(deps: Deps) -> CallbackTestStore:
    return deps.callback_tests


def test_request_puts_a_message_at_the_front(
    store: CallbackTestStore, lists: MessageLists, ledger_redis: redis.Redis
) -> None:
    first, second = (store.request("ann", URL, box)[0] for box in ("box|1", "box|2"))
    messages = lists.messages(task_names.CALLBACKS_QUEUE)
    assert [message["headers"]["task"] for message in messages] == [task_names.TEST_CALLBACK] * 2
    assert lists.ids(task_names.CALLBACKS_QUEUE) == [second, first]
    assert 0 < ledger_redis.pttl(keys.callback_test(first)) <= 300_000
    assert store.outcome(first) is None


def test_sample_is_sent_once_signed_and_its_outcome_kept(deps: Deps, sender: Sender) -> None:
    test_id, epoch = deps.callback_tests.request("ann", URL, "box|1")
    send_sample(deps.callbacks, test_id)
    send_sample(deps.callbacks, test_id)
    ((url, body, headers),) = sender.posts
    assert url == URL
    assert headers["webhook-id"] == f"msg_{epoch}_{test_id}"
    moment = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
    signature = Webhook(SECRET).sign(headers["webhook-id"], moment, body.decode())
    assert headers["webhook-signature"] == signature
    outcome = deps.callback_tests.outcome(test_id)
    assert outcome is not None
    assert outcome.step.state is DeliveryState.DELIVERED
    assert (outcome.attempt.status, outcome.attempt.ip) == (204, "192.0.2.1")
    assert (outcome.attempt.trigger, outcome.attempt.number) == ("test", 1)
    assert b"test of your callback receiver" in body


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (CallbackAnswer(status=500), DeliveryState.PENDING),
        (CallbackAnswer(status=410), DeliveryState.STOPPED),
        (CallbackAnswer(error="dns", detail="no such name"), DeliveryState.PENDING),
    ],
)
def test_outcome_says_what_would_follow(
    deps: Deps, sender: Sender, answer: CallbackAnswer, state: DeliveryState
) -> None:
    sender.answer = answer
    test_id, _ = deps.callback_tests.request("ann", URL, "box|1")
    send_sample(deps.callbacks, test_id)
    outcome = deps.callback_tests.outcome(test_id)
    assert outcome is not None
    assert (outcome.step.state, outcome.attempt.error) == (state, answer.error)


def test_outcome_of_a_test_that_is_gone_is_not_kept_for_ever(
    deps: Deps, sender: Sender, ledger_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    test_id, _ = deps.callback_tests.request("ann", URL, "box|1")
    post = sender.post

    def slow(*given: Any) -> CallbackAnswer:
        ledger_redis.delete(keys.callback_test(test_id))
        return post(*given)

    monkeypatch.setattr(sender, "post", slow)
    send_sample(deps.callbacks, test_id)
    assert ledger_redis.exists(keys.callback_test(test_id)) == 0
    send_sample(deps.callbacks, 999)
    assert len(sender.posts) == 1


def test_sample_is_not_sent_when_receivers_that_hang_hold_all_slots(
    deps: Deps, sender: Sender
) -> None:
    while deps.callback_slots.reserve():
        pass
    test_id, _ = deps.callback_tests.request("ann", URL, "box|1")
    send_sample(deps.callbacks, test_id)
    outcome = deps.callback_tests.outcome(test_id)
    assert outcome is not None
    assert (outcome.attempt.error, sender.posts) == ("busy", [])


def test_who_waits_is_told(deps: Deps, real_redis: redis.Redis) -> None:
    with real_redis.pubsub(ignore_subscribe_messages=True) as pubsub:  # type: ignore[no-untyped-call]
        pubsub.subscribe("box")
        pubsub.get_message(timeout=60)
        store = CallbackTestStore(real_redis)
        test_id, _ = store.request("ann", URL, "box|token")
        fresh = build(real_redis, deps.settings, FakeClock(), FakeLlm(), sender=deps.sender)
        send_sample(fresh.callbacks, test_id)
        message = pubsub.get_message(timeout=60)
    assert message["data"] == b"token"

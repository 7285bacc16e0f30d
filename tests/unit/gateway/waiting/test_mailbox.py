"""Requests that wait for jobs: each is woken by its own message, whatever the connection does."""

from __future__ import annotations

import pytest
import redis

from gateway.waiting import mailbox as module
from gateway.waiting.mailbox import Mailbox, Waiter
from shared.errors import TooManyWaiting
from tests.acceptance.system.polling import until

#: Longer than any test runs: what is found was found because of a message.
NEVER_S = 300.0


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RECHECK_S", NEVER_S)


def listeners(client: redis.Redis, waiter: Waiter) -> int:
    channel = waiter.address.partition("|")[0]
    return int(client.pubsub_numsub(channel)[0][1])


def subscribers(client: redis.Redis) -> set[str]:
    return {row["id"] for row in client.client_list(_type="pubsub")}


def tell(client: redis.Redis, waiter: Waiter, news: bytes = b"") -> None:
    """Do what the script does that moves a job."""
    channel, token = waiter.address.split("|")
    client.publish(channel, token.encode() + news)


def test_message_wakes_the_request_that_it_names(ledger_redis: redis.Redis) -> None:
    mailbox = Mailbox(ledger_redis, limit=10)
    with mailbox.waiter() as one, mailbox.waiter() as other:
        assert one.address != other.address
        until(lambda: listeners(ledger_redis, one), "the subscription stands")
        woken = []
        for _ in range(3):
            tell(ledger_redis, other)
            assert other.wait_until(lambda: "found", 60) == "found"
            woken.append(one.wait_until(lambda: True, 0.05))
        # All may look once when the subscription begins.
        assert woken[1:] == [None, None]


def test_request_hears_the_news_of_its_own_message(ledger_redis: redis.Redis) -> None:
    mailbox = Mailbox(ledger_redis, limit=10)
    with mailbox.waiter() as one, mailbox.waiter() as other:
        until(lambda: listeners(ledger_redis, one), "the subscription stands")
        tell(ledger_redis, other, b"\x1f7\x1fa\x1fb")
        assert other.wait_until(lambda: other.news or None, 60) == b"7\x1fa\x1fb"
        assert one.news == b""
        # What is said later is no news of before.
        tell(ledger_redis, other)
        until(lambda: not other.news, "it has heard of it")


@pytest.mark.integration
def test_request_is_woken_after_the_subscription_was_lost(real_redis: redis.Redis) -> None:
    mailbox = Mailbox(real_redis, limit=10)
    with mailbox.waiter() as waiter:
        until(lambda: listeners(real_redis, waiter), "the subscription stands")
        tell(real_redis, waiter)
        assert waiter.wait_until(lambda: True, 60)
        real_redis.client_kill_filter(_type="pubsub")
        # What was said in between is lost: so all look once more.
        assert waiter.wait_until(lambda: True, 60)
        until(lambda: listeners(real_redis, waiter), "the subscription stands")
        tell(real_redis, waiter)
        assert waiter.wait_until(lambda: True, 60)


@pytest.mark.integration
def test_subscription_outlives_times_without_messages(
    real_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RECHECK_S", 0.02)
    mailbox = Mailbox(real_redis, limit=10)
    with mailbox.waiter() as waiter:
        until(lambda: listeners(real_redis, waiter), "the subscription stands")
        connected = subscribers(real_redis)
        assert waiter.wait_until(lambda: None, 0.2) is None
        assert connected <= subscribers(real_redis)
        tell(real_redis, waiter)
        assert waiter.wait_until(lambda: True, 60)


def test_no_more_wait_than_may(ledger_redis: redis.Redis) -> None:
    mailbox = Mailbox(ledger_redis, limit=1)
    with mailbox.waiter(), pytest.raises(TooManyWaiting), mailbox.waiter():
        pass
    with mailbox.waiter():
        pass


class Away(redis.ConnectionError):
    """What no other test's mailbox meets."""


def test_outage_is_logged_once(
    ledger_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "_RECONNECT_S", 0.001)
    tries: list[str] = []

    def fail(*_: object, **__: object) -> None:
        tries.append("one")
        raise Away

    mailbox = Mailbox(ledger_redis, limit=10)
    with monkeypatch.context() as away:
        away.setattr(ledger_redis, "pubsub", fail)
        with mailbox.waiter() as waiter:
            until(lambda: len(tries) > 2, "it was tried again")
            away.undo()
            assert waiter.wait_until(lambda: True, 60)
    [said] = [record.getMessage() for record in caplog.records if "Away" in record.getMessage()]
    assert said.startswith("mailbox lost its connection, subscribing again: ")

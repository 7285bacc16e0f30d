"""What a waiting request hears of its job is what it would be told if it asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import redis

from shared.jobs.job import JobState
from shared.jobs.moves import Result
from shared.ledger.job_store import JobStore
from shared.ledger.news import read_news
from shared.store import redis_keys as keys
from tests.unit.shared.ledger.test_job_store import started

RESULTS = [
    pytest.param(Result.response(b'{"id":"1"}'), id="response"),
    pytest.param(Result.response(b""), id="empty"),
    pytest.param(Result.response(b'{"a":"\x1f","b":"\xc3\xa9"}\x1f\x1f'), id="separators"),
    pytest.param(Result.response(b"x" * 8192), id="as large as may be"),
    pytest.param(Result(JobState.FAILED, 502, b'{"error":{}}'), id="error"),
]


@contextmanager
def heard_by(client: redis.Redis, channel: str) -> Iterator[list[bytes]]:
    """Collect what is said on a channel in the block."""
    said: list[bytes] = []
    with client.pubsub(ignore_subscribe_messages=True) as pubsub:
        pubsub.subscribe(channel)
        pubsub.get_message(timeout=60)
        yield said
        while message := pubsub.get_message(timeout=0.2):
            said.append(message["data"])


@pytest.mark.parametrize("result", RESULTS)
def test_news_of_a_result_are_what_the_ledger_tells(
    job_store: JobStore, ledger_redis: redis.Redis, result: Result
) -> None:
    claim = started(job_store, mailbox="mailbox:one|1+")
    with heard_by(ledger_redis, "mailbox:one") as said:
        job_store.execute(claim.id, claim.attempt, result)

    [message] = said
    token, _, news = message.partition(b"\x1f")
    told = job_store.answer(claim.id)
    assert token == b"1+"
    assert told is not None
    assert read_news(news, claim.id) == told
    ledger_redis.delete(keys.job(claim.id))
    assert job_store.answer(claim.id, news) == told


@pytest.mark.parametrize("mailbox", ["mailbox:one|1", "mailbox:one|1+"])
def test_only_the_token_is_told_of_a_large_result_and_to_who_hears_no_news(
    job_store: JobStore, ledger_redis: redis.Redis, mailbox: str
) -> None:
    claim = started(job_store, mailbox=mailbox)
    size = 8193 if mailbox.endswith("+") else 1
    with heard_by(ledger_redis, "mailbox:one") as said:
        job_store.execute(claim.id, claim.attempt, Result.response(b"x" * size))

    assert said == [mailbox.partition("|")[2].encode()]


def test_an_answer_that_could_not_follow_all_is_asked_for(
    job_store: JobStore, ledger_redis: redis.Redis
) -> None:
    claim = started(job_store, mailbox="mailbox:one|1+")
    ledger_redis.hset(keys.job(claim.id), "adjusted", f"{claim.attempt} temperature")
    with heard_by(ledger_redis, "mailbox:one") as said:
        job_store.execute(claim.id, claim.attempt, Result.response(b"{}"))

    assert said == [b"1+"]
    told = job_store.answer(claim.id, said[0].partition(b"\x1f")[2])
    assert told is not None
    assert told.made.adjusted == "temperature"


@pytest.mark.parametrize("news", [b"", b"8\x1f1\x1f2\x1fp\x1f200\x1fresponse\x1f{}", b"7\x1f1"])
def test_news_of_another_job_or_none_tell_nothing(news: bytes) -> None:
    assert read_news(news, 7) is None

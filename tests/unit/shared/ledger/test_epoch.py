"""An id and its epoch never name two jobs, whatever Redis forgets."""

from __future__ import annotations

from pathlib import Path

import pytest
import redis

from shared.errors import DatabaseUnavailable
from shared.jobs.epoch import FORGOTTEN, Epoch, new_epoch
from shared.ledger.job_store import JobStore
from shared.security.signing import message_id
from shared.settings import Settings
from shared.store import redis_keys as keys
from shared.store.client import connect
from tests.conftest import RedisServer
from tests.support.factories import FakeClock, new_job
from tests.unit.shared.store.test_pool import OwnRedis


def accept(store: JobStore, ref_id: str) -> tuple[int, str]:
    """Return the new job's id and epoch."""
    job = store.get(store.accept(new_job(ref_id=ref_id)).id)
    assert job is not None
    return job.id, job.epoch


def test_first_ledger_begins_at_one(job_store: JobStore) -> None:
    job_id, epoch = accept(job_store, "a")
    assert job_id == 1
    assert epoch
    assert accept(job_store, "b") == (2, epoch)


def test_emptied_ledger_goes_on_above_the_history_in_another_epoch(
    ledger_redis: redis.Redis, settings: Settings, fake_clock: FakeClock
) -> None:
    store = JobStore(ledger_redis, settings, fake_clock, known_id=lambda: 40)
    _, before = accept(store, "a")
    ledger_redis.flushall()
    job_id, epoch = accept(store, "b")
    assert job_id > 40 + FORGOTTEN
    assert epoch != before


def test_nothing_is_accepted_while_nobody_can_say_what_the_history_knows(
    ledger_redis: redis.Redis, settings: Settings, fake_clock: FakeClock
) -> None:
    def known_id() -> int:
        raise DatabaseUnavailable

    store = JobStore(ledger_redis, settings, fake_clock, known_id)
    with pytest.raises(DatabaseUnavailable):
        store.accept(new_job())
    assert ledger_redis.keys("job*") == []


def test_ledger_behind_the_history_gets_another_epoch(
    job_store: JobStore, ledger_redis: redis.Redis
) -> None:
    _, before = accept(job_store, "a")
    epoch = Epoch(ledger_redis).ensure(7)
    assert epoch != before
    assert Epoch(ledger_redis).ensure(7) == epoch
    assert accept(job_store, "b") == (8 + FORGOTTEN, epoch)


@pytest.mark.integration
def test_server_that_was_started_again_gives_no_id_twice(
    tmp_path: Path, settings: Settings
) -> None:
    own = OwnRedis(tmp_path)
    client = connect(own.url, timeout_s=20, name="test")
    store = JobStore(client, settings)
    first = [accept(store, f"a{number}") for number in range(3)]
    # As after the loss of what had not reached the disk: the ids are known no more.
    forgotten, epoch = first[-1]
    client.set(keys.JOB_ID, forgotten - 1)
    client.save()
    own.kill()
    own.start()
    job_id, later = accept(store, "b")
    assert job_id > forgotten
    assert later != epoch
    assert accept(store, "c") == (job_id + 1, later)
    client.connection_pool.disconnect()
    own.kill()


@pytest.mark.integration
def test_new_connection_to_the_same_server_changes_nothing(
    real_redis: redis.Redis, settings: Settings
) -> None:
    store = JobStore(real_redis, settings)
    first = accept(store, "a")
    real_redis.connection_pool.disconnect()
    assert accept(store, "b") == (first[0] + 1, first[1])


@pytest.mark.integration
def test_full_server_that_was_started_again_lets_read_what_it_has(
    real_redis: redis.Redis, redis_server: RedisServer, settings: Settings
) -> None:
    store = JobStore(real_redis, settings)
    job_id, epoch = accept(store, "a")
    # As after a restart or a failover: another process held the ledger.
    real_redis.hset(keys.LEDGER, "run", "another")
    real_redis.connection_pool.disconnect()
    with redis.Redis.from_url(redis_server.url) as operator:
        operator.config_set("maxmemory", 1)
        try:
            assert store.get(job_id) is not None
        finally:
            operator.config_set("maxmemory", 0)
    assert accept(store, "b")[1] != epoch


def test_new_webhook_id_is_none_of_the_old_form() -> None:
    assert message_id(7, 1, "kx3") == "msg_kx3_7_2"
    assert message_id(7, 0, "kx3") == "msg_kx3_7"
    assert message_id(7, 1) == "msg_7_2"
    assert not any(new_epoch()[0].isdigit() for _ in range(100))

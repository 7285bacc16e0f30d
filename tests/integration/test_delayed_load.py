"""A hundred thousand delayed jobs become due in the same second: all go, and others go on.

Takes a minute, so only `make test-delayed` runs it.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from statistics import quantiles
from typing import Final

import pytest
import redis

from shared.ledger.job_store import JobStore
from shared.recovery.recovery_store import RecoveryStore
from shared.store import redis_keys as keys
from tests.support.factories import new_job, new_settings

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(
        not os.environ.get("REPLYTO_TEST_DELAYED"), reason="`make test-delayed` runs this"
    ),
]

_JOBS: Final = 100_000
_IN_ONE_POST: Final = 1_000
_LONGEST_S: Final = 10.0
_AHEAD_S: Final = 90.0


def test_a_hundred_thousand_jobs_due_at_once_are_soon_in_line_and_starve_nobody(
    real_redis: redis.Redis,
) -> None:
    settings = new_settings(owner_queue_limit=_JOBS * 2, queue_limit=_JOBS * 2)
    store, recovery = JobStore(real_redis, settings), RecoveryStore(real_redis, settings)
    due_s = int(time.time() + _AHEAD_S)
    for first in range(0, _JOBS, _IN_ONE_POST):
        news = [
            new_job(ref_id=f"r{first + n}", run_after=str(due_s * 1000), timeout_s=86_400.0)
            for n in range(_IN_ONE_POST)
        ]
        assert len(list(store.accept_all(news))) == _IN_ONE_POST
    memory = real_redis.info("memory")["used_memory"]
    assert time.time() < due_s, "the machine was too slow to queue them before they were due"
    assert store.queued(["m"])["chat.m"] == 0
    idle = _others(store, "idle", until=lambda n: n >= 200)
    time.sleep(max(0.0, due_s - time.time()))

    done, cpu_s = threading.Event(), _cpu_s(real_redis)
    beside: list[float] = []
    other = threading.Thread(
        target=lambda: beside.extend(_others(store, "beside", until=lambda _: done.is_set()))
    )
    other.start()
    while recovery.bring_forward():
        time.sleep(0.005)
    took_s, cpu_s = time.time() - due_s, _cpu_s(real_redis) - cpu_s
    done.set()
    other.join()

    assert real_redis.zcard(keys.LATER) == 0
    assert store.queued(["m"])["chat.m"] == _JOBS
    print(  # noqa: T201 - what it was run for
        f"\n{_JOBS:,} jobs were in line {took_s:.1f} s after they were due, {cpu_s:.1f} s of CPU, "
        f"{memory / 2**20:.0f} MiB of Redis; accept and claim of another owner's job: "
        f"p95 {_p95(idle):.1f} ms before, {_p95(beside):.1f} ms meanwhile, "
        f"at most {max(beside):.1f} ms"
    )
    assert took_s < _LONGEST_S
    assert max(beside) < 1_000


def _others(store: JobStore, name: str, *, until: Callable[[int], bool]) -> list[float]:
    """Let another owner queue jobs, each claimed at its turn; return how long each took (ms)."""
    took: list[float] = []
    while not until(len(took)):
        begin = time.perf_counter()
        made = store.accept(new_job(owner="another", ref_id=f"{name}{len(took)}", model="other"))
        # As a worker does.
        store.client.rpop(keys.message_list("chat.other", 5))
        claim = store.claim(made.id, "chat.other", 5, "w")
        took.append((time.perf_counter() - begin) * 1000)
        assert claim is not None
        time.sleep(0.005)
    return took


def _p95(values: list[float]) -> float:
    return quantiles(values, n=20)[-1]


def _cpu_s(server: redis.Redis) -> float:
    """Return the CPU time of this process and of Redis."""
    told = server.info("cpu")
    return time.process_time() + told["used_cpu_user"] + told["used_cpu_sys"]

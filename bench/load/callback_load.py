"""Makes jobs end at a steady pace, and asks the receivers when their callbacks came."""

from __future__ import annotations

import json
import sys
import time
import urllib.request
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from bench.load.children import Child
from bench.load.instant_llm import BODY
from bench.load.receivers import address
from bench.load.stack import MODEL, QUEUE, Stack, listening
from bench.result import BenchmarkFailed
from cli.ports import free_port
from shared.jobs.job import NewJob
from shared.jobs.moves import Result
from shared.ledger.job_store import JobStore
from shared.queues import names as task_names
from shared.store import redis_keys

_PATIENCE_S = 60.0
_PAUSE_S = 0.005


@dataclass(frozen=True, slots=True)
class Started:
    """A job that an LLM is about to answer."""

    id: int
    attempt: int
    receiver: int


class CallbackLoad:
    """Jobs for one set of receivers, which live as long as this does."""

    def __init__(self, stack: Stack, answering: int, hanging: int = 0) -> None:
        self._stack, self._answering = stack, answering
        self._client = stack.client()
        self._jobs = JobStore(self._client, stack.settings)
        self._port = free_port()
        argv = [sys.executable, "-m", "bench.load.receivers", str(self._port)]
        self._receivers: Child = stack.children.start(
            f"receivers{self._port}", [*argv, str(answering), str(hanging)]
        )
        self._receivers.wait_until(listening(self._port, address(0)))
        self._started: list[Started] = []
        #: Of jobs whose callback is answered: when they were executed (unix ms), and by whom.
        self._executed: dict[int, tuple[float, int]] = {}
        self._came: dict[int, float] = {}

    def start(self, receivers: Sequence[int]) -> None:
        """Bring one job for each of these receivers as far as its LLM call."""
        for number in receivers:
            new = NewJob(
                owner="bench",
                ref_id=uuid.uuid4().hex,
                model=MODEL,
                request=b"{}",
                fingerprint="",
                priority=task_names.QUEUED,
                timeout_s=3600,
                reply_to=f"http://{address(number)}:{self._port}/cb?n={number}",
            )
            job_id = self._jobs.accept(new).id
            self._client.rpop(redis_keys.message_list(QUEUE, task_names.QUEUED))
            claim = self._jobs.claim(job_id, QUEUE, task_names.QUEUED, "bench")
            if claim is None:
                raise BenchmarkFailed("a job could not be started")
            self._started.append(Started(job_id, claim.attempt, number))

    def execute(self, per_s: float = float("inf")) -> None:
        """Let the LLM answer all of them, so many a second."""
        began = time.perf_counter()
        result = Result.response(BODY)
        for number, job in enumerate(self._started):
            while (time.perf_counter() - began) * per_s < number:
                time.sleep(_PAUSE_S)
            if job.receiver < self._answering:
                self._executed[job.id] = (time.time() * 1000, job.receiver)
            self._jobs.execute(job.id, job.attempt, result)
        self._started.clear()

    def latencies_ms(self, receivers: int) -> list[float]:
        """Wait for all callbacks that are answered; return how long after execute they came.

        Only those to the first so many receivers count.
        """
        self._wait()
        return [
            self._came[job_id] - executed
            for job_id, (executed, receiver) in self._executed.items()
            if receiver < receivers
        ]

    def reset(self) -> None:
        """Forget what was sent so far."""
        self._executed.clear()

    def wait_until_completed(self) -> None:
        """Wait until all that was executed is complete, its deliveries pushed."""
        until = time.monotonic() + _PATIENCE_S
        while self._client.zcard(redis_keys.EXECUTED):
            if time.monotonic() > until:
                raise BenchmarkFailed("jobs were not completed")
            time.sleep(_PAUSE_S)

    def seconds(self) -> float:
        """Wait likewise; return the time between the first callback and the last one."""
        self._wait()
        moments = [self._came[job_id] for job_id in self._executed]
        return (max(moments) - min(moments)) / 1000

    def _wait(self) -> None:
        until = time.monotonic() + _PATIENCE_S
        while missing := self._executed.keys() - self._came.keys():
            if time.monotonic() > until:
                raise BenchmarkFailed(f"{len(missing)} callbacks did not come")
            time.sleep(0.1)
            url = f"http://{address(0)}:{self._port}/"
            with urllib.request.urlopen(url, timeout=10) as answer:
                # The first time counts: a callback may come twice.
                self._came = {**dict(json.load(answer)), **self._came}

    def forget(self) -> None:
        """End the receivers, and every trace of deliveries to them."""
        self._receivers.ask_to_stop()
        self._receivers.end()
        for pattern in (
            "delivery:*",
            f"{redis_keys.ENDPOINT_PREFIX}*",
            f"{redis_keys.HOST_PREFIX}*",
        ):
            for key in self._client.scan_iter(pattern, count=1000):
                self._client.delete(key)
        self._client.delete(redis_keys.DELIVERIES_DELAYED, redis_keys.ENDPOINTS_WAKES)
        self._client.close()

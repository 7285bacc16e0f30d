"""Redis is killed under load and started again: what was accepted is answered, and only once."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.acceptance.api import Api, chat
from tests.acceptance.polling import until
from tests.acceptance.stack import CHAT, REDIS, Stack

RECOVERY_LIMIT_S = 40.0
MODELS = ("demo-instant", "demo-slow-300ms", "demo-slow-1s")
#: Clients that queue, and clients that wait for their answers.
QUEUING, WAITING = 4, 3
#: Pause of a client between two calls, and before it repeats one that failed (seconds).
_PAUSE_S = 0.03


@pytest.fixture
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("redis-killed"), demo_models=MODELS) as stack:
        yield stack.open()


class Load:
    """Clients that call until told to stop, and repeat a failed call with its RefId, as told."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._enough = threading.Event()
        #: Job id by RefId: what the gateway said it accepted.
        self.accepted: dict[str, int] = {}
        #: The answers that waiting clients got.
        self.answers: dict[str, bytes] = {}
        self.failures = 0

    def stop(self) -> None:
        """Let the clients finish their call and end."""
        self._enough.set()

    def queue(self, client: int) -> None:
        """Queue one job after the other."""
        with self._stack.api() as api:
            for number in self._numbers():
                marker = f"queued-{client}-{number}"
                self._call(api, marker, self._queue_once)

    def wait(self, client: int) -> None:
        """Call synchronously, one after the other."""
        with self._stack.api() as api:
            for number in self._numbers():
                marker = f"waiting-{client}-{number}"
                self._call(api, marker, self._wait_once)

    def _numbers(self) -> Iterator[int]:
        number = 0
        while not self._enough.wait(_PAUSE_S):
            yield number
            number += 1

    def _call(self, api: Api, marker: str, once: Callable[[Api, str], None]) -> None:
        def succeeds() -> bool:
            try:
                once(api, marker)
            except (requests.RequestException, AssertionError):
                self.failures += 1
                return False
            return True

        until(succeeds, f"{marker} is accepted", within_s=RECOVERY_LIMIT_S, every_s=_PAUSE_S)

    def _queue_once(self, api: Api, marker: str) -> None:
        model = MODELS[int(marker.rpartition("-")[2]) % len(MODELS)]
        target = self._stack.receiver.url(f"/{marker}")
        answer = api.queue(chat(model, f"<{marker}>"), refId=marker, replyTo=target)
        self.accepted[marker] = answer["id"]

    def _wait_once(self, api: Api, marker: str) -> None:
        target = self._stack.receiver.url(f"/{marker}")
        body = chat(MODELS[0], f"<{marker}>", refId=marker, replyTo=target)
        response = api.post("/v1/chat/completions", json=body)
        assert response.status_code == 200, response.text
        self.accepted[marker] = int(response.headers["x-job-id"])
        self.answers[marker] = response.content


@pytest.mark.timeout(180)
def test_redis_killed_under_load_loses_nothing_and_nothing_is_answered_twice(
    own_stack: Stack, record_property: Callable[[str, object], None]
) -> None:
    load = Load(own_stack)
    with ThreadPoolExecutor(QUEUING + WAITING) as threads:
        clients = [threads.submit(load.queue, n) for n in range(QUEUING)]
        clients += [threads.submit(load.wait, n) for n in range(WAITING)]
        try:
            until(lambda: len(load.accepted) > 60, "the load has begun")
            own_stack.kill(REDIS)
            killed_at = time.monotonic()
            until(lambda: load.failures, "the clients notice")
            in_flight = outlast_all_calls(own_stack)
            own_stack.start(REDIS)
            at_restart = len(load.accepted)
            until(lambda: len(load.accepted) > at_restart + 60, "the load goes on")
        finally:
            load.stop()
        for client in clients:
            client.result()
    with own_stack.api() as api:
        for marker, job_id in load.accepted.items():
            api.until_ended(job_id, within_s=RECOVERY_LIMIT_S)
            own_stack.receiver.wait_for(f"/{marker}", within_s=RECOVERY_LIMIT_S)
        took_s = time.monotonic() - killed_at
        record_property("recovery_s", round(took_s, 1))
        assert took_s <= RECOVERY_LIMIT_S
        for marker, job_id in load.accepted.items():
            assert_answered_once(own_stack, api, load, marker, job_id)
    assert len(set(load.accepted.values())) == len(load.accepted)
    # A paid answer is kept in hand until Redis takes it: nobody asks the LLM again.
    asked = [call.body for call in own_stack.llm.requests]
    assert [body for body in in_flight if asked.count(body) > 1] == []


def outlast_all_calls(stack: Stack) -> set[bytes]:
    """Wait until the LLM has answered all it was asked; return what it was still working on.

    The worker has these answers now, and no Redis to put them into.
    """
    in_flight = {call.body for call in stack.llm.requests if call.status is None}
    assert in_flight
    until(lambda: all(call.status for call in stack.llm.requests), "the LLM has answered all")
    until(lambda: "result kept in hand" in stack.log(CHAT), "the worker has the answers")
    return in_flight


def assert_answered_once(stack: Stack, api: Api, load: Load, marker: str, job_id: int) -> None:
    """The job has one stored answer; receiver and waiting client saw that one."""
    job = api.job(job_id)
    callbacks = stack.receiver.received(f"/{marker}")
    assert (job["state"], job["refId"]) == ("Completed", marker)
    assert f"<{marker}>" in json.loads(job["responseBody"])["choices"][0]["message"]["content"]
    assert {callback.body.decode() for callback in callbacks} == {job["responseBody"]}
    assert {callback.headers["webhook-id"] for callback in callbacks} == {f"msg_{job_id}"}
    if marker in load.answers:
        assert load.answers[marker].decode() == job["responseBody"]


def test_worker_that_waits_for_redis_goes_on_with_its_calls() -> None:
    """The pause between two attempts to connect is the main greenlet's only."""
    program = (
        "import celery, sys; celery.maybe_patch_concurrency(sys.argv);"
        "import workers.app, time, gevent, kombu.utils.functional as kombu;"
        "assert time.sleep is gevent.sleep; assert kombu.sleep is gevent.sleep"
    )
    command = [sys.executable, "-c", program, "-A", "workers.app", "worker", "-P", "gevent"]
    subprocess.run(command, cwd=Path(__file__).parents[2], check=True, timeout=60)

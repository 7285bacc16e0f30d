"""Redis killed under load and started again: what the clients and the receiver saw of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import requests

from tests.acceptance.system.api import Api, chat
from tests.acceptance.system.polling import until
from tests.acceptance.system.stack import CHAT, REDIS, Stack

#: All must be answered within this of the kill (seconds). Promised are 40, see `test_faults.py`.
RECOVERY_LIMIT_S = 60.0
MODELS = ("demo-instant", "demo-slow-300ms", "demo-slow-1s")
#: Clients that queue, and clients that wait for their answers.
QUEUING, WAITING = 4, 3
#: Pause of a client between two calls, and before it repeats one that failed (seconds).
_PAUSE_S = 0.03
#: Jobs to accept before the kill, and again after it.
_JOBS = 60


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

        until(succeeds, f"{marker} is accepted", every_s=_PAUSE_S)

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


class Outage:
    """The whole story. `in_flight` is what the LLM was working on when Redis was killed."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.load = Load(stack)
        self.in_flight: set[bytes] = set()
        self.took_s = 0.0

    def run(self) -> Outage:
        """Make it happen; return when all that was accepted is answered."""
        with ThreadPoolExecutor(QUEUING + WAITING) as threads:
            clients = [threads.submit(self.load.queue, n) for n in range(QUEUING)]
            clients += [threads.submit(self.load.wait, n) for n in range(WAITING)]
            try:
                killed_at = self._break()
            finally:
                self.load.stop()
            for client in clients:
                client.result()
        with self.stack.api() as api:
            for marker, job_id in self.load.accepted.items():
                api.until_ended(job_id)
                self.stack.receiver.wait_for(f"/{marker}")
        self.took_s = time.monotonic() - killed_at
        return self

    def _break(self) -> float:
        """Kill Redis in the middle of the load and start it again; return when (monotonic)."""
        accepted = self.load.accepted
        until(lambda: len(accepted) > _JOBS, "the load has begun")
        self.stack.kill(REDIS)
        killed_at = time.monotonic()
        until(lambda: self.load.failures, "the clients notice")
        self.in_flight = outlast_all_calls(self.stack)
        self.stack.start(REDIS)
        before = len(accepted)
        until(lambda: len(accepted) > before + _JOBS, "the load goes on")
        return killed_at


@dataclass(frozen=True, slots=True)
class RunningOutage:
    """An outage in the background."""

    stack: Stack
    future: Future[Outage]

    def result(self) -> Outage:
        """Return it when it is over. Raises what went wrong in it."""
        return self.future.result()

    def logs(self) -> dict[str, str]:
        """Return the last lines of each process."""
        return self.stack.logs()


def outlast_all_calls(stack: Stack) -> set[bytes]:
    """Wait until the LLM has answered all it was asked; return what it was still working on.

    The worker has these answers now, and no Redis to put them into.
    """
    in_flight = {call.body for call in stack.llm.requests if call.status is None}
    assert in_flight
    until(lambda: all(call.status for call in stack.llm.requests), "the LLM has answered all")
    until(lambda: "result held in memory" in stack.log(CHAT), "the worker has the answers")
    return in_flight

"""Every process is stopped and started again under load: nobody is told that something is wrong."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import requests

from cli.up import processes
from shared.queues import names as task_names
from tests.acceptance.system.api import FINAL, Api, chat
from tests.acceptance.system.polling import until
from tests.acceptance.system.stack import CALLBACKS, COMPLETION, GATEWAY, REDIS, Stack
from tests.support.factories import new_settings

MODEL, LONG, LONE = "demo-slow-300ms", "demo-slow-2s", "demo-slow-3s"
#: Clients that queue jobs, and clients that wait for their answers.
QUEUING, WAITING = 2, 2
#: Pause of a client between two calls (seconds).
PAUSE_S = 0.05
#: A client finds somebody to talk to, and a job its end, within this (seconds).
PATIENCE_S = 120.0
#: A process whose calls take three seconds at most has stopped within this, which is less than the
#: 30 that it may take when something holds it up (seconds).
STOPPED_WITHIN_S = 25.0
OTHER = "-other"
FIRST = ("chat-a", COMPLETION, CALLBACKS)
SECOND = ("chat-b", COMPLETION + OTHER, CALLBACKS + OTHER)


class TwoOfEach(Stack):
    """A stack that knows another completion worker and another callbacks worker."""

    def _argv(self, role: str) -> list[str]:
        sizes = {
            COMPLETION: (task_names.COMPLETION_QUEUE, processes.COMPLETION_CONCURRENCY),
            CALLBACKS: (task_names.CALLBACKS_QUEUE, new_settings().callback_concurrency),
        }
        kind = role.removesuffix(OTHER)
        if kind in sizes and kind != role:
            queue, size = sizes[kind]
            return processes.worker(role, concurrency=size, queues=[queue])
        return super()._argv(role)


class Load:
    """Clients that call until told to stop. One that was not answered calls again, same RefId."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._enough = threading.Event()
        #: Job id by RefId, of all that were accepted.
        self.accepted: dict[str, int] = {}
        #: What waiting clients got, by RefId.
        self.answers: dict[str, bytes] = {}
        #: Every answer: HTTP status and code of the error.
        self.told: Counter[tuple[int, str | None]] = Counter()
        #: Calls that got no answer: refused, or the connection broke.
        self.unanswered = 0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Call for as long as the block runs."""
        with ThreadPoolExecutor(QUEUING + WAITING) as threads:
            clients = [threads.submit(self._client, f"queued-{n}") for n in range(QUEUING)]
            clients += [threads.submit(self._client, f"waiting-{n}") for n in range(WAITING)]
            try:
                yield
            finally:
                self._enough.set()
            for client in clients:
                client.result()

    def goes_on(self) -> None:
        """Return when a few more were accepted."""
        before = len(self.accepted)
        until(lambda: len(self.accepted) > before + 2 * (QUEUING + WAITING), "the load goes on")

    def _client(self, name: str) -> None:
        with self._stack.api() as api:
            number = 0
            while not self._enough.wait(PAUSE_S):
                number += 1
                self._until_answered(api, f"{name}-{number}")

    def _until_answered(self, api: Api, ref_id: str) -> None:
        def is_answered() -> bool:
            try:
                return self._call(api, ref_id)
            except requests.ConnectionError:
                self.unanswered += 1
                return False

        until(is_answered, f"{ref_id} is answered", within_s=PATIENCE_S, every_s=PAUSE_S)

    def _call(self, api: Api, ref_id: str) -> bool:
        extra = {"refId": ref_id, "replyTo": self._stack.receiver.url(f"/{ref_id}")}
        request = chat(MODEL, f"<{ref_id}>")
        if ref_id.startswith("queued"):
            body = {"request": request, **extra}
            response = api.post("/api/QueueOpenAiChatCompletion", json=body)
        else:
            response = api.post("/v1/chat/completions", json={**request, **extra})
        self._note(ref_id, response)
        return response.ok

    def _note(self, ref_id: str, response: requests.Response) -> None:
        code = None if response.ok else response.json()["error"]["code"]
        self.told[response.status_code, code] += 1
        if not response.ok:
            return
        if ref_id.startswith("queued"):
            self.accepted[ref_id] = response.json()["id"]
        else:
            self.accepted[ref_id] = int(response.headers["x-job-id"])
            self.answers[ref_id] = response.content


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with TwoOfEach(tmp_path_factory.mktemp("rolling"), demo_models=[MODEL, LONG, LONE]) as stack:
        for role in (FIRST[0], SECOND[0]):
            stack.pool(role, [MODEL, LONG], concurrency=50)
        # A slot of three is kept for synchronous calls: two jobs at once.
        stack.pool("lone", [LONE], concurrency=3)
        yield stack.open(REDIS, GATEWAY, *FIRST, *SECOND, "lone")


def restart(stack: Stack, roles: Sequence[str]) -> None:
    """Stop processes as an operator does, and start them again; return when they are ready."""
    with ThreadPoolExecutor(len(roles)) as threads:
        assert list(threads.map(stack.stop, roles)) == [0] * len(roles)
    stack.start(*roles)
    stack.wait_ready()


def test_rolling_restart_under_load_is_not_noticed(
    stack: Stack, record_property: Callable[[str, object], None]
) -> None:
    load = Load(stack)
    with load.running():
        load.goes_on()
        for roles in (FIRST, SECOND):
            restart(stack, roles)
            load.goes_on()
        # Workers come and go without any client noticing.
        assert (set(load.told), load.unanswered) == ({(200, None)}, 0)
        finished = stop_gateway_in_mid_call(stack)
        stack.start(GATEWAY)
        stack.wait_ready()
        load.goes_on()
    record_property("calls", dict(load.told))
    assert finished.status_code == 200
    # No connection for a moment, but no error: the only one documented is that Redis is away.
    assert set(load.told) <= {(200, None), (503, "store_unavailable")}
    assert load.unanswered > 0
    assert_each_answered_once(stack, load)


def stop_gateway_in_mid_call(stack: Stack) -> requests.Response:
    """Stop the gateway while the LLM works on a synchronous call; return that call's answer."""
    marker = uuid.uuid4().hex
    with stack.api() as api, ThreadPoolExecutor(2) as threads:
        answer = threads.submit(api.post, "/v1/chat/completions", json=chat(LONG, marker))
        until(lambda: stack.llm_calls(marker), "the LLM is called")
        began = time.monotonic()
        stopped = threads.submit(stack.stop, GATEWAY)
        until(lambda: is_refused(stack), "new connections are refused")
        assert stopped.result() == 0
        # The connections that clients keep open for their next calls do not hold it up.
        assert time.monotonic() - began < STOPPED_WITHIN_S
        return answer.result()


def is_refused(stack: Stack) -> bool:
    """Whether the gateway takes no connection. One that it takes is answered well."""
    try:
        with stack.api() as api:
            assert api.get("/up", timeout=PATIENCE_S).status_code == 200
    except requests.ConnectionError:
        return True
    return False


def assert_each_answered_once(stack: Stack, load: Load) -> None:
    """Every job has one answer; the LLM, the receiver and the client saw that one only."""
    with stack.api() as api:
        for ref_id, job_id in load.accepted.items():
            api.until_ended(job_id, within_s=PATIENCE_S)
            [callback] = stack.receiver.wait_for(f"/{ref_id}", within_s=PATIENCE_S)
            job = api.job(job_id)
            assert (job["state"], job["refId"], job["attempts"]) == ("Completed", ref_id, 1)
            assert callback.body.decode() == job["responseBody"]
            if ref_id in load.answers:
                assert load.answers[ref_id].decode() == job["responseBody"]
    assert len(set(load.accepted.values())) == len(load.accepted)
    prompts = Counter(
        json.loads(call.body)["messages"][-1]["content"]
        for call in stack.llm_calls("<")
        if json.loads(call.body)["model"] == MODEL
    )
    assert prompts == Counter(f"<{ref_id}>" for ref_id in load.accepted)


def test_stopped_worker_finishes_its_calls_and_leaves_the_rest_queued(stack: Stack) -> None:
    marker = uuid.uuid4().hex
    with stack.api() as api:
        job_ids = [api.queue(chat(LONE, f"<{marker}-{number}>"))["id"] for number in range(6)]
        until(lambda: len(stack.llm_calls(marker)) >= 2, "two run")
        began = time.monotonic()
        assert stack.stop("lone") == 0
        took_s = time.monotonic() - began
        called = len(stack.llm_calls(marker))
        assert stack.llm_calls_over(marker) == called
        # What ran was finished, and nothing more was begun.
        assert 2 <= called <= 4
        assert took_s < STOPPED_WITHIN_S
        states = Counter(
            api.until_state(job_id, "Queued", *FINAL)["jobState"] for job_id in job_ids
        )
        assert states == {"Completed": called, "Queued": len(job_ids) - called}
        stack.start("lone")
        for job_id in job_ids:
            assert api.until_ended(job_id)["jobState"] == "Completed"
    assert all(call.finished for call in stack.llm_calls(marker))
    assert len(stack.llm_calls(marker)) == len(job_ids)

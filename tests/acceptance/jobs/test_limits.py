"""More work than can be done: what is refused, what may be given up, and what ends by itself."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from openai import OpenAI

from shared.settings import new_api_key
from shared.store import redis_keys
from shared.telemetry.counters import Count
from tests.acceptance.system.api import Api, chat
from tests.acceptance.system.polling import quickest, until
from tests.acceptance.system.stack import CALLBACKS, COMPLETION, GATEWAY, REDIS, Stack
from tests.support.factories import dump

# --- bounds -----------------------------------------------------------------------------------

#: The window is part of the queue; what an owner has in it is not counted as its share.
QUEUE_LIMIT, OWNER_LIMIT, WINDOW, SYNC_LIMIT = 9, 5, 1, 9
#: How many jobs one owner can have: one runs, one is handed out, the others wait.
SHARE = 1 + WINDOW + OWNER_LIMIT
#: Models of a worker that does one call at a time: one's calls end when they are cancelled.
HELD, FAST = "demo-hang", "demo-slow-100ms"
SDK_CLIENTS = 10
#: What changes while nobody does anything: leases, heartbeats, counts, how fast queues move.
_RESTLESS = (redis_keys.LEASES, redis_keys.COUNTERS, "worker:", "drain:")


@dataclass(frozen=True, slots=True)
class Bounded:
    """A ReplyTo with narrow bounds, and the key of a second owner."""

    stack: Stack
    admin_key: str

    def logs(self) -> dict[str, str]:
        """Return the last lines of each process."""
        return self.stack.logs()


@pytest.fixture(scope="module")
def bounded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bounded]:
    admin_key = new_api_key()
    settings = {
        "REPLYTO_QUEUE_LIMIT": str(QUEUE_LIMIT),
        "REPLYTO_OWNER_QUEUE_LIMIT": str(OWNER_LIMIT),
        "REPLYTO_QUEUE_WINDOW": str(WINDOW),
        "REPLYTO_SYNC_LIMIT": str(SYNC_LIMIT),
        "REPLYTO_AUTH_SECRET": admin_key,
    }
    directory = tmp_path_factory.mktemp("bounded")
    with Stack(directory, demo_models=[HELD, FAST], settings=settings) as stack:
        one = stack.pool("one", [HELD, FAST], concurrency=1)
        yield Bounded(stack.open(REDIS, GATEWAY, COMPLETION, one), admin_key)


def post(api: Api, model: str, **fields: Any) -> requests.Response:
    """Try to queue a job."""
    body = {"request": chat(model, uuid.uuid4().hex), **fields}
    return api.post("/api/QueueOpenAiChatCompletion", json=body)


def cancel_all(api: Api, job_ids: list[int]) -> None:
    """Cancel jobs, and return when they have ended."""
    for job_id in job_ids:
        api.post("/api/CancelJob", json={"id": job_id}).raise_for_status()
    for job_id in job_ids:
        api.until_ended(job_id)


@contextmanager
def full_line(bounded: Bounded) -> Iterator[tuple[Api, Api]]:
    """Run one job and let the first owner fill its share of the line; return both owners."""
    with bounded.stack.api() as first, bounded.stack.api(bounded.admin_key) as second:
        job_ids = [first.queue(chat(HELD, "runs"))["id"]]
        first.until_state(job_ids[0], "Started")
        job_ids += [first.queue(chat(HELD, "waits"))["id"] for _ in range(SHARE - 1)]
        try:
            yield first, second
        finally:
            cancel_all(first, job_ids)


def assert_refused(response: requests.Response, code: str) -> None:
    """The answer is one that every SDK understands as: come again in so many seconds."""
    assert response.status_code == 429
    assert 1 <= int(response.headers["retry-after"]) <= 120
    assert response.headers["x-request-id"].startswith("req_")
    # An SDK may repeat it: nothing was done.
    assert "x-should-retry" not in response.headers
    assert "x-job-id" not in response.headers
    body = response.json()
    assert (body["error"]["type"], body["error"]["code"]) == ("rate_limit_exceeded", code)
    assert body["responseStatus"]["errorCode"] == "TooManyRequests"


def counted(stack: Stack, count: Count) -> int:
    return int(stack.redis.hget(redis_keys.COUNTERS, count) or 0)


def ledger(stack: Stack) -> dict[bytes, Any]:
    """Return all that is stored, but for what changes by itself."""
    everything = dump(stack.redis)
    return {key: row for key, row in everything.items() if not key.decode().startswith(_RESTLESS)}


def settled_ledger(stack: Stack) -> dict[bytes, Any]:
    """Return the same once nothing is on its way any more: jobs of before go into the history."""
    seen: list[dict[bytes, Any]] = [ledger(stack)]

    def is_settled() -> bool:
        time.sleep(1.0)
        seen.append(ledger(stack))
        return seen[-1] == seen[-2]

    until(is_settled, "nothing changes any more")
    return seen[-1]


def test_owner_with_a_full_share_is_refused_and_another_owner_is_not(bounded: Bounded) -> None:
    before = counted(bounded.stack, Count.REFUSED_OWNER_QUEUE_FULL)
    with full_line(bounded) as (first, second):
        assert_refused(post(first, HELD), "owner_queue_full")
        assert counted(bounded.stack, Count.REFUSED_OWNER_QUEUE_FULL) == before + 1
        cancel_all(second, [post(second, HELD).json()["id"]])
        # Another model's line is another line.
        assert post(first, FAST).status_code == 200


def test_full_queue_refuses_every_owner(bounded: Bounded) -> None:
    with full_line(bounded) as (_, second):
        added = [post(second, HELD) for _ in range(QUEUE_LIMIT + 1 - SHARE)]
        assert [response.status_code for response in added] == [200] * len(added)
        assert_refused(post(second, HELD), "queue_full")
        assert_refused(second.post("/v1/chat/completions", json=chat(HELD)), "queue_full")
        cancel_all(second, [response.json()["id"] for response in added])


def test_refused_job_leaves_nothing_behind(bounded: Bounded) -> None:
    with full_line(bounded) as (first, _):
        before = settled_ledger(bounded.stack)
        for number in range(3):
            response = post(first, HELD, refId=f"refused-{number}", tag="t", replyTo="http://a.b")
            assert_refused(response, "owner_queue_full")
        assert ledger(bounded.stack) == before
        assert first.get("/api/GetOpenAiChat", params={"refId": "refused-0"}).status_code == 404


def test_more_synchronous_calls_than_may_wait_are_refused(bounded: Bounded) -> None:
    with (
        bounded.stack.api() as first,
        bounded.stack.api(bounded.admin_key) as second,
        ThreadPoolExecutor(SYNC_LIMIT) as threads,
    ):
        marker = uuid.uuid4().hex
        owners = [first] * SHARE + [second] * (SYNC_LIMIT - SHARE)
        waiting = []
        for number, api in enumerate(owners):
            body = chat(HELD, refId=f"{marker}-{number}")
            waiting.append(threads.submit(api.post, "/v1/chat/completions", json=body))
            until(lambda: _find(api, body["refId"]), "it waits")  # noqa: B023
            if number == 0:
                until(lambda: _find(api, body["refId"])["jobState"] == "Started", "it runs")  # noqa: B023
        assert_refused(second.post("/v1/chat/completions", json=chat(FAST)), "too_many_waiting")
        # To queue a job needs nobody to wait.
        assert post(second, FAST).status_code == 200
        for number, api in enumerate(owners):
            api.post("/api/CancelJob", json={"refId": f"{marker}-{number}"}).raise_for_status()
        assert [answer.result().status_code for answer in waiting] == [499] * SYNC_LIMIT


def _find(api: Api, ref_id: object) -> dict[str, Any]:
    """Return the status of a job that may not be there yet."""
    response = api.get("/api/GetOpenAiChatStatus", params={"refId": ref_id})
    return dict(response.json()) if response.ok else {}


def test_worker_of_one_slot_takes_the_next_job_at_once(bounded: Bounded) -> None:
    with bounded.stack.api() as api:

        def line_s() -> float:
            """Return how long the jobs of a line take."""
            began = time.monotonic()
            for job_id in [api.queue(chat(FAST))["id"] for _ in range(SHARE - 1)]:
                assert api.until_ended(job_id)["jobState"] == "Completed"
            return time.monotonic() - began

        # With a pause of half a second after each job it would be three, each time.
        quickest(line_s, limit_s=2)


def test_openai_sdk_gets_through_with_its_own_retries(bounded: Bounded) -> None:
    stack = bounded.stack
    with (
        OpenAI(base_url=f"{stack.url}/v1", api_key=stack.api_key, max_retries=10) as client,
        stack.api() as api,
    ):

        def ask(text: str) -> str:
            messages = [{"role": "user", "content": text}]
            answer = client.chat.completions.create(model=FAST, messages=messages)
            return str(answer.choices[0].message.content)

        ask("how fast the queue moves is known from now on")
        before, questions = refused(stack), [f"question {n}" for n in range(SDK_CLIENTS)]
        # While this one runs nobody else does, however late they come.
        job_id = api.queue(chat(HELD))["id"]
        api.until_state(job_id, "Started")
        with ThreadPoolExecutor(SDK_CLIENTS) as threads:
            asked = [threads.submit(ask, question) for question in questions]
            until(lambda: refused(stack) > before, "one is refused")
            cancel_all(api, [job_id])
            answers = [one.result() for one in asked]
    for question, answer in zip(questions, answers, strict=True):
        assert answer.endswith(f"You said: {question}")


def refused(stack: Stack) -> int:
    """Return how many calls of one owner were refused since the start."""
    counts = (Count.REFUSED_OWNER_QUEUE_FULL, Count.REFUSED_SYNC_LIMIT)
    return sum(counted(stack, count) for count in counts)


# --- ends: cancelled, too late, poisoned --------------------------------------------------------

MANY = 100
#: All of them must have ended, and the LLM's connections be closed, within this (seconds). A worker
#: that was not told would see it when it renews its leases, after ten.
CANCELLED_WITHIN_S = 5.0
#: Models whose calls hang, each with a worker of one slot; and one that takes its time.
LINE, HANG, SLOW = "demo-hang-instant", "demo-hang", "demo-slow-10s"
#: Time to a dead worker's jobs being put on their way again (seconds).
LEASE_S = 5.0
CRASHES = 3
#: What the status tells of a job only while it is queued.
_WHILE_QUEUED = {"queuePosition", "estimatedStartSecs"}


@dataclass(frozen=True, slots=True)
class Ends:
    """A ReplyTo on which a job takes down its workers while other tests go on."""

    stack: Stack
    poisoned: Future[int]

    def logs(self) -> dict[str, str]:
        """Return the last lines of each process."""
        return self.stack.logs()


@pytest.fixture(scope="module")
def ends(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ends]:
    settings = {
        "REPLYTO_LEASE_S": str(LEASE_S),
        "REPLYTO_LEASE_RENEW_S": "0.5",
        "REPLYTO_TICK_S": "0.2",
        "REPLYTO_MAX_CRASHES": str(CRASHES),
    }
    directory = tmp_path_factory.mktemp("ends")
    with (
        Stack(directory, demo_models=[SLOW, LINE, HANG], settings=settings) as stack,
        ThreadPoolExecutor(1) as thread,
    ):
        pools = [stack.pool("line", [LINE], 1), stack.pool("poisoned", [HANG], 1)]
        pools.append(stack.pool("slow", [SLOW], 5))
        stack.open(REDIS, GATEWAY, COMPLETION, CALLBACKS, *pools)
        yield Ends(stack, thread.submit(_poison, stack))


def _poison(stack: Stack) -> int:
    """Kill the worker of a job each time it runs it; return the job's id when it has ended."""
    with stack.api() as api:
        target = stack.receiver.url("/poisoned")
        job_id = int(api.queue(chat(HANG, "<poison>"), replyTo=target)["id"])
        for number in range(CRASHES):
            calls = number + 1
            until(lambda: len(stack.llm_calls("<poison>")) == calls, "the LLM is called")  # noqa: B023
            stack.restart("poisoned")
        api.until_ended(job_id)
    return job_id


def test_hundred_running_calls_are_cancelled_at_once(
    stack: Stack, api: Api, record_property: Callable[[str, object], None]
) -> None:
    took_s = quickest(lambda: _cancel_many_s(stack, api), limit_s=CANCELLED_WITHIN_S)
    record_property("took_s", round(took_s, 2))


def _cancel_many_s(stack: Stack, api: Api) -> float:
    """Cancel calls that run; return how long it took until all had ended (seconds)."""
    marker = uuid.uuid4().hex
    job_ids = []
    for number in range(MANY):
        target = stack.receiver.url(f"/{marker}/{number}")
        job_ids.append(api.queue(chat(HANG, marker), replyTo=target)["id"])
    until(lambda: len(stack.llm_calls(marker)) == MANY, "all run", every_s=0.1)
    assert stack.llm_calls_over(marker) == 0
    with ThreadPoolExecutor(8) as threads:
        began = time.monotonic()
        wishes = [
            threads.submit(api.post, "/api/CancelJob", json={"id": job_id}) for job_id in job_ids
        ]
        assert {wish.result().json()["status"] for wish in wishes} == {"aborting"}
    until(lambda: _states(stack, job_ids) == {"Cancelled"}, "all are cancelled")
    until(lambda: stack.llm_calls_over(marker) == MANY, "the LLM's connections are closed")
    took_s = time.monotonic() - began
    # The LLM saw each client leave before its answer.
    assert {call.finished for call in stack.llm_calls(marker)} == {False}
    for number, job_id in enumerate(job_ids):
        [callback] = stack.receiver.wait_for(f"/{marker}/{number}")
        assert callback.headers["x-job-id"] == str(job_id)
        assert callback.headers["x-job-state"] == "Cancelled"
    return took_s


def _states(stack: Stack, job_ids: list[int]) -> set[str]:
    pipe = stack.redis.pipeline(transaction=False)
    for job_id in job_ids:
        pipe.hget(redis_keys.job(job_id), "state")
    return {state.decode() for state in pipe.execute()}


def test_status_of_a_queued_job_tells_its_place_until_it_starts(ends: Ends) -> None:
    with ends.stack.api() as api:
        job_ids = [api.queue(chat(LINE))["id"] for _ in range(4)]
        last, seen = job_ids[-1], []
        # Each call hangs until it is cancelled, so the next one starts when the test says so.
        for job_id in job_ids[:-1]:
            api.until_state(job_id, "Started")
            seen.append(api.status(last))
            cancel_all(api, [job_id])
        assert api.until_state(last, "Started").keys().isdisjoint(_WHILE_QUEUED)
        cancel_all(api, [last])
    assert [status["queuePosition"] for status in seen] == [2, 1, 0]
    assert all(status["estimatedStartSecs"] >= 0 for status in seen)
    first = seen[0]
    assert first["status"] == (
        f"Queued, 2 jobs before it, starts in about {first['estimatedStartSecs']} s"
    )


def test_job_whose_deadline_passes_while_it_waits_fails_without_a_call(ends: Ends) -> None:
    stack, marker = ends.stack, f"<{uuid.uuid4().hex}>"
    with stack.api() as api:
        before = api.queue(chat(LINE))["id"]
        api.until_state(before, "Started")
        target = stack.receiver.url("/late")
        late = api.queue(chat(LINE, marker), replyTo=target, timeoutSecs=1)["id"]
        status = api.until_ended(late)
        assert status["jobState"] == "Failed"
        assert status["responseStatus"]["errorCode"] == "Timeout"
        [callback] = stack.receiver.wait_for("/late")
        assert json.loads(callback.body)["error"]["code"] == "deadline_exceeded"
        cancel_all(api, [before])
        assert api.job(late)["attempts"] == 0
    assert stack.llm_calls(marker) == []


def test_synchronous_call_is_answered_at_its_deadline_and_lets_go_of_the_llm(ends: Ends) -> None:
    stack, marker = ends.stack, f"<{uuid.uuid4().hex}>"
    with stack.api() as api:
        began = time.monotonic()
        response = api.post("/v1/chat/completions", json=chat(SLOW, marker, timeoutSecs=4))
        took_s = time.monotonic() - began
        assert response.status_code == 504
        assert took_s > 3.9
        job_id = int(response.headers["x-job-id"])
        assert api.until_ended(job_id)["jobState"] == "Failed"
        # The time was up: another attempt would have been for nobody.
        assert api.job(job_id)["attempts"] == 1
    until(lambda: stack.llm_calls_over(marker) == 1, "the LLM's connection is closed")
    # Before it had an answer.
    assert [call.finished for call in stack.llm_calls(marker)] == [False]


def test_job_that_takes_down_its_worker_three_times_fails_with_the_reason(ends: Ends) -> None:
    stack, job_id = ends.stack, ends.poisoned.result()
    with stack.api() as api:
        job = api.job(job_id)
    assert (job["state"], job["attempts"]) == ("Failed", CRASHES)
    assert len(stack.llm_calls("<poison>")) == CRASHES
    [callback] = stack.receiver.wait_for("/poisoned")
    assert callback.headers["x-job-state"] == "Failed"
    assert json.loads(callback.body)["error"]["code"] == "worker_lost"
    attempts = json.loads(job["meta"]["attempts"])
    assert [row["number"] for row in attempts] == [1, 2, 3]
    assert {row["outcome"] for row in attempts} == {"worker_lost"}
    assert all("poisoned@" in row["detail"] for row in attempts)

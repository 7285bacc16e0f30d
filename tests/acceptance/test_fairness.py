"""Two thousand jobs of one owner wait; others, and who waits for an answer, do not notice."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

import pytest

from gateway.auth import BOOTSTRAP_OWNER
from shared.job_store import JobStore
from shared.settings import new_api_key
from shared.task_names import QUEUED
from tests.acceptance.api import Api, chat
from tests.acceptance.polling import until
from tests.acceptance.stack import COMPLETION, GATEWAY, REDIS, Stack
from tests.factories import new_job, new_settings

MODEL, CALL_S = "demo-slow-200ms", 0.2
BACKLOG = 2000
CONCURRENCY = 10
#: A fifth of the slots is kept for synchronous calls.
OPEN_SLOTS = 8
#: Another model, whose worker has two slots for queued jobs, and one that is kept.
LONG, LONG_S, FEW = "demo-slow-2s", 2.0, 3
WINDOW = new_settings().queue_window
TEN = 10
#: All of a second owner's ten jobs must have begun within this (seconds).
BEGUN_WITHIN_S = 3.0
#: The fastest of so many tries counts: a busy machine is no unfairness.
TRIES = 3
CALLS = 8


@dataclass(frozen=True, slots=True)
class Backlog:
    """A ReplyTo that has much to do for its first owner. `idle_s`: a call before it had."""

    stack: Stack
    admin_key: str
    idle_s: float

    def logs(self) -> dict[str, str]:
        """Return the last lines of each process."""
        return self.stack.logs()


@pytest.fixture(scope="module")
def backlog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backlog]:
    admin_key = new_api_key()
    settings = {"REPLYTO_AUTH_SECRET": admin_key}
    directory = tmp_path_factory.mktemp("backlog")
    with Stack(directory, demo_models=[MODEL, LONG], settings=settings) as stack:
        pools = [stack.pool("pool", [MODEL], CONCURRENCY), stack.pool("few", [LONG], FEW)]
        stack.open(REDIS, GATEWAY, COMPLETION, *pools)
        with stack.api() as api:
            idle_s = median(call_s(api) for _ in range(CALLS))
        jobs = JobStore(stack.redis, new_settings())
        for number in range(BACKLOG):
            request = f'{{"model":"{MODEL}","messages":[{{"role":"user","content":"{number}"}}]}}'
            jobs.accept(
                new_job(
                    owner=BOOTSTRAP_OWNER, model=MODEL, request=request.encode(), priority=QUEUED
                )
            )
        yield Backlog(stack, admin_key, idle_s)


def call_s(api: Api, model: str = MODEL) -> float:
    """Make a synchronous call; return how long it took (seconds)."""
    began = time.monotonic()
    response = api.post("/v1/chat/completions", json=chat(model))
    assert response.status_code == 200, response.text
    return time.monotonic() - began


def test_ten_jobs_of_a_second_owner_begin_within_three_seconds(backlog: Backlog) -> None:
    took_s = []
    while not took_s or (took_s[-1] > BEGUN_WITHIN_S and len(took_s) < TRIES):
        seconds, others = _second_owner(backlog)
        took_s.append(seconds)
        # Whatever the machine does: the window goes first, and then the owners alternate. What is
        # running or being claimed at the moment comes on top.
        assert others <= WINDOW + TEN + 2 * CONCURRENCY
    assert min(took_s) <= BEGUN_WITHIN_S


def _second_owner(backlog: Backlog) -> tuple[float, int]:
    """Queue ten jobs; return when the last began (seconds), and how many others began before."""
    stack, marker = backlog.stack, f"<{uuid.uuid4().hex}>"
    with stack.api(backlog.admin_key) as second:
        before, began = len(stack.llm.requests), time.time()
        for _ in range(TEN):
            second.queue(chat(MODEL, marker))
        until(lambda: len(stack.llm_calls(marker)) == TEN, "all ten begin")
    last = stack.llm_calls(marker)[-1]
    others = stack.llm.requests.index(last) + 1 - TEN - before
    return last.received_at - began, others


def test_synchronous_calls_are_answered_as_if_nothing_waited(backlog: Backlog) -> None:
    with backlog.stack.api() as api:
        took_s = [call_s(api) for _ in range(CALLS)]
    assert median(took_s) <= 2 * backlog.idle_s
    assert max(took_s) <= backlog.idle_s + 5 * CALL_S


def test_synchronous_call_has_a_slot_when_queued_jobs_have_taken_all_others(
    backlog: Backlog,
) -> None:
    stack, marker = backlog.stack, f"<{uuid.uuid4().hex}>"
    with stack.api() as api:
        for _ in range(2 * FEW):
            api.queue(chat(LONG, marker))
        until(lambda: len(stack.llm_calls(marker)) == FEW - 1, "the other slots are taken")
        assert call_s(api, LONG) < 1.5 * LONG_S


def test_slot_that_becomes_free_takes_the_next_job_at_once(backlog: Backlog) -> None:
    calls = backlog.stack.llm.requests
    began, seconds = len(calls), 2.0
    time.sleep(seconds)
    per_s = (len(backlog.stack.llm.requests) - began) / seconds
    # With a pause of a second whenever the pool is full it would be a quarter.
    assert per_s >= 0.5 * OPEN_SLOTS / CALL_S


def test_first_owners_jobs_still_wait(backlog: Backlog) -> None:
    """The other tests would prove nothing if the backlog had been gone."""
    stack = backlog.stack
    assert len(stack.llm.requests) < BACKLOG
    states = {stack.redis.hget(f"job:{n}", "state") for n in range(BACKLOG, BACKLOG + CALLS)}
    assert states == {b"Queued"}

"""Batches of many lines: each answered once whatever dies, as fast as queued jobs, beside calls.

Takes a quarter of an hour and a machine with nothing else to do, so only `make test-bulk` runs it.
REPLYTO_TEST_BULK says of how many lines.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from openai import APIError, OpenAI
from redis.exceptions import RedisError

from cli.ports import free_port
from cli.up import processes
from shared.store import redis_keys as keys
from tests.acceptance.system.api import chat
from tests.acceptance.system.polling import until
from tests.acceptance.system.stack import CHAT, COMPLETION, GATEWAY, REDIS, Stack

pytestmark = [
    pytest.mark.skipif(
        not os.environ.get("REPLYTO_TEST_BULK"), reason="`make test-bulk` runs this"
    ),
    pytest.mark.timeout(3600),
]

LINES: Final = int(os.environ.get("REPLYTO_TEST_BULK") or 50_000)
#: Who is killed, and when: shares of the lines that are answered. The completion worker feeds.
KILLS: Final = [
    (0.08, COMPLETION),
    (0.2, CHAT),
    (0.32, GATEWAY),
    (0.44, REDIS),
    (0.56, COMPLETION),
    (0.68, REDIS),
    (0.8, CHAT),
    (0.95, COMPLETION),
]
#: Every so many lines are refused by the LLM: they are the error file's.
WRONG: Final = 100
#: Lines and jobs whose speed is compared, in turns.
RACE: Final = max(5_000, LINES // 5)
TURNS: Final = 2
#: What an LLM of the field takes at least; what is added to it counts. And calls of each kind.
SLOW: Final = "demo-slow-300ms"
CALLS: Final = {"demo-instant": 200, SLOW: 60}
#: Lines of a batch that is not over while calls are made beside it.
BESIDE: Final = 40_000
#: Makes calls; prints how long each took (ms).
CALLER: Final = """
import http.client, json, sys, time
from urllib.parse import urlsplit
url, key, model, count = sys.argv[1:]
connection = http.client.HTTPConnection(urlsplit(url).netloc)
body = json.dumps({"model": model, "messages": [{"role": "user", "content": "Hello"}]})
headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
took = []
for _ in range(int(count)):
    began = time.perf_counter()
    connection.request("POST", "/v1/chat/completions", body, headers)
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 200
    took.append((time.perf_counter() - began) * 1000)
    time.sleep(0.02)
print(json.dumps(took))
"""
_IN_ONE_POST: Final = 1_000


def test_each_line_is_answered_once_whatever_dies(tmp_path: Path) -> None:
    with stack_of(tmp_path, "demo-instant", "demo-fail-400") as stack:
        batch, samples = run_killed(stack, LINES)
        with client_of(stack) as client:
            answers = content(client, batch.output_file_id)
            failures = content(client, batch.error_file_id)
        counts = batch.request_counts
        right = [n for n in range(LINES) if n % WRONG]
        wrong = [n for n in range(LINES) if not n % WRONG]
        assert (counts.total, counts.completed, counts.failed) == (LINES, len(right), len(wrong))
        check_answers(answers, right)
        assert [json.loads(one)["custom_id"] for one in failures] == [f"q{n}" for n in wrong]
        calls = stack.llm_calls_over("")
        print(  # noqa: T201 - what it was run for
            f"\n{LINES:,} lines, {len(KILLS)} kills: each answered once; {calls:,} calls of the "
            f"LLM; Redis held {most(samples, 0, 0.5):.1f} MiB at most in the first half, then "
            f"{most(samples, 0.5, 1):.1f}"
        )
        # Flat: what the window and what ended in the last half minute hold; no more with each line.
        if LINES >= 20_000:
            assert most(samples, 0.5, 1) < 1.25 * most(samples, 0, 0.5)
        # Whose worker was killed is asked again; nothing else is.
        assert calls < LINES * 1.05


def test_lines_are_as_fast_as_jobs_queued_many_at_once(tmp_path: Path) -> None:
    with stack_of(tmp_path, "demo-instant") as stack:
        ratios = []
        for turn in range(TURNS):
            queued_s = timed(lambda turn=turn: queue_all(stack, turn))  # type: ignore[misc]
            batch_s = timed(lambda: run_batch(stack, RACE))
            print(  # noqa: T201
                f"\n{RACE:,}: queued {RACE / queued_s:.0f}/s, in a batch {RACE / batch_s:.0f}/s"
            )
            ratios.append(queued_s / batch_s)
        assert max(ratios) >= 0.9


def test_calls_beside_a_batch_take_no_longer(tmp_path: Path) -> None:
    models = ("demo-instant", SLOW)
    with llm_of_its_own(tmp_path) as url, stack_of(tmp_path / "stack", providers=url) as stack:
        idle = {model: p95(stack, model) for model in models}
        with client_of(stack) as client:
            batch = start(client, (line(n, "demo-instant") for n in range(BESIDE)))
            until(lambda: done(client, batch) > 0, "the batch runs")
            time.sleep(3)
            before, began = done(client, batch), time.monotonic()
            beside = {model: p95(stack, model) for model in models}
            rate = (done(client, batch) - before) / (time.monotonic() - began)
            client.batches.cancel(batch.id)
        told = [
            f"{one}: p95 {idle[one]:.1f} ms idle, {beside[one]:.1f} ms beside" for one in models
        ]
        print("\n" + "; ".join(told) + f"; {rate:.0f} lines/s meanwhile")  # noqa: T201
        for model in models:
            assert beside[model] <= 1.5 * idle[model]


# --- what is run ----------------------------------------------------------------------------


@contextmanager
def stack_of(directory: Path, *models: str, providers: str = "") -> Iterator[Stack]:
    settings = {"REPLYTO_QUEUE_LIMIT": "10000000", "REPLYTO_OWNER_QUEUE_LIMIT": "10000000"}
    with Stack(directory, demo_models=models, settings=settings, providers=providers) as stack:
        stack.open()
        yield stack


@contextmanager
def llm_of_its_own(directory: Path) -> Iterator[str]:
    """Run the LLM where neither the caller nor a part of ReplyTo is; give the provider's text."""
    port = free_port()
    with subprocess.Popen(processes.demo_llm(port), cwd=directory) as process:
        try:
            yield (
                f'[[provider]]\nname = "demo"\nbase_url = "http://127.0.0.1:{port}/v1"\n'
                f'models = ["demo-instant", "{SLOW}"]\n'
            )
        finally:
            process.kill()


def p95(stack: Stack, model: str) -> float:
    """Return the 95th percentile of calls one after another (ms), by a process of its own."""
    command = [sys.executable, "-c", CALLER, stack.url, stack.api_key, model, str(CALLS[model])]
    told = subprocess.run(command, check=True, capture_output=True, text=True)
    return statistics.quantiles(json.loads(told.stdout), n=20)[-1]


def done(client: OpenAI, batch: Any) -> int:
    counts = client.batches.retrieve(batch.id).request_counts
    return int(counts.completed) if counts else 0


def client_of(stack: Stack) -> OpenAI:
    return OpenAI(base_url=f"{stack.url}/v1", api_key=stack.api_key, max_retries=9)


def line(number: int, model: str) -> str:
    body = {"model": model, "messages": [{"role": "user", "content": f"Say q{number}!"}]}
    call = {"custom_id": f"q{number}", "method": "POST", "url": "/v1/chat/completions"}
    return json.dumps({**call, "body": body}) + "\n"


def start(client: OpenAI, lines: Iterator[str]) -> Any:
    file = client.files.create(file=("in.jsonl", "".join(lines).encode()), purpose="batch")
    return client.batches.create(
        input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h"
    )


def run_killed(stack: Stack, lines: int) -> tuple[Any, list[tuple[float, float]]]:
    """Run a batch to its end while processes are killed.

    Return it; and what share of it was done when, with Redis's memory then (MiB).
    """
    left, samples = list(KILLS), list[tuple[float, float]]()
    with client_of(stack) as client:
        models = ("demo-instant" if n % WRONG else "demo-fail-400" for n in range(lines))
        batch = start(client, (line(n, model) for n, model in enumerate(models)))
        deadline = time.monotonic() + 3000
        while time.monotonic() < deadline:
            time.sleep(0.25)
            try:
                batch = client.batches.retrieve(batch.id)
                used = stack.redis.info("memory")["used_memory"] / 2**20
            except (APIError, RedisError):
                continue
            done = batch.request_counts.completed or 0
            if left and done >= left[0][0] * lines:
                stack.restart(left.pop(0)[1])
            samples.append((done / lines, used))
            if batch.status == "completed":
                assert not left
                return batch, samples
    raise AssertionError(batch)


def most(samples: Sequence[tuple[float, float]], since: float, until: float) -> float:
    """Return the most memory that was held between two shares of the work."""
    return max(used for share, used in samples if since <= share <= until)


def run_batch(stack: Stack, lines: int) -> None:
    with client_of(stack) as client:
        batch = start(client, (line(n, "demo-instant") for n in range(lines)))

        def is_done() -> bool:
            return client.batches.retrieve(batch.id).status == "completed"

        until(is_done, "the batch is completed", within_s=1200, every_s=0.25)


def queue_all(stack: Stack, turn: int) -> None:
    ids: list[int] = []
    with stack.api() as api:
        for first in range(0, RACE, _IN_ONE_POST):
            news = [
                {"request": chat("demo-instant", f"Say q{n}!"), "refId": f"race{turn}-{n}"}
                for n in range(first, min(RACE, first + _IN_ONE_POST))
            ]
            told = api.post("/api/QueueOpenAiChatCompletion[]", json=news)
            assert told.status_code == 200, told.text
            ids += [one["id"] for one in told.json()]

    def all_ended() -> bool:
        while ids:
            some = ids[-250:]
            pipe = stack.redis.pipeline(transaction=False)
            for job_id in some:
                pipe.hget(keys.job(job_id), "state")
            if any(state != b"Completed" for state in pipe.execute()):
                return False
            del ids[-250:]
        return True

    until(all_ended, "all jobs ended", within_s=1200, every_s=0.25)


def timed(work: Callable[[], None]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


# --- what came of it ------------------------------------------------------------------------


def content(client: OpenAI, file_id: str) -> list[bytes]:
    """Return the lines of a file, which has just the bytes that are said."""
    whole = client.files.content(file_id).content
    assert len(whole) == client.files.retrieve(file_id).bytes
    assert whole.endswith(b"\n")
    return whole.splitlines()


def check_answers(answers: list[bytes], numbers: list[int]) -> None:
    """Each line has the answer to its own question, in the order of the input."""
    assert len(answers) == len(numbers)
    for text, number in zip(answers, numbers, strict=True):
        answer = json.loads(text)
        assert answer["custom_id"] == f"q{number}"
        said = answer["response"]["body"]["choices"][0]["message"]["content"]
        assert said.endswith(f"Say q{number}!"), said

"""Measurement `in-flight`: thousands of ten-second calls at once, and the memory they take."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bench.capacity import memory, recording_llm
from bench.capacity.memory import MIB, Memory
from bench.capacity.recording_llm import LlmCall
from bench.load import stack as stacks
from bench.load.children import Child
from bench.load.clients import CHAT
from bench.load.stack import MODEL, QUEUE, Stack
from bench.options import Options
from bench.result import BenchmarkFailed, Goal, Report, Spread
from bench.terminal import Progress
from shared.jobs.job import NewJob
from shared.ledger.job_store import JobStore
from shared.queues import names as task_names
from shared.store import redis_keys

_CALLS = 5_000
_CALL_S = 10.0
_WORKERS = 2
_PATIENCE_S = 180.0
_LOOK_S = 0.25
_LIMIT_MIB = 1024
_OWNER = "bench"
#: What stands for the job's number in its request.
_QUESTION = "What is the answer to life"


@dataclass(frozen=True, slots=True)
class _Course:
    """How it went. `peak`: most calls in flight, as the LLM saw it."""

    calls: int
    seconds: float
    peak: int
    idle: Memory
    full: Memory
    worker_cpu_s: float


def run(options: Options, progress: Progress) -> Report:
    """Measure."""
    count = _CALLS // 10 if options.quick else _CALLS
    progress.say("starting the workers")
    with stacks.running(
        llm=recording_llm.command_line,
        own_name=f"demo-slow-{_CALL_S:g}s",
        # All slots for queued jobs: there are no others here.
        settings={"REPLYTO_INTERACTIVE_SHARE": "0"},
    ) as stack:
        chats = [stack.worker(f"chat{n}", [QUEUE], count // _WORKERS) for n in range(_WORKERS)]
        workers = [*chats, stack.completion_worker(), _callbacks_worker(stack)]
        course = _follow(stack, workers, count, progress)
    return _report(course)


def _callbacks_worker(stack: Stack) -> Child:
    size = stack.settings.callback_concurrency
    return stack.worker("callbacks", [task_names.CALLBACKS_QUEUE], size)


def _follow(stack: Stack, workers: Sequence[Child], count: int, progress: Progress) -> _Course:
    pids = [worker.pid for worker in workers]
    idle = full = memory.of(pids)
    cpu_s = sum(worker.cpu_s for worker in workers)
    progress.say(f"queueing {count} jobs")
    # Queued before the workers may look: all shall start together.
    for worker in workers:
        worker.pause()
    ids = _queue(stack, count)
    progress.say(f"{count} calls of {_CALL_S:g} s each")
    began = time.monotonic()
    for worker in workers:
        worker.resume()
    with stack.client() as client:
        while left := client.zcard(redis_keys.DEADLINES) + client.zcard(redis_keys.EXECUTED):
            now = memory.of(pids)
            full = Memory(max(full.rss, now.rss), max(full.pss, now.pss))
            if time.monotonic() - began > _PATIENCE_S:
                raise BenchmarkFailed(f"{left} jobs are left after {_PATIENCE_S:g} s")
            time.sleep(_LOOK_S)
        seconds = time.monotonic() - began
        _check_jobs(JobStore(client, stack.settings), ids)
    calls = list(recording_llm.calls(stack.folder))
    _check_calls(calls, count)
    used = sum(worker.cpu_s for worker in workers) - cpu_s
    return _Course(count, seconds, _peak(calls), idle, full, used)


def _queue(stack: Stack, count: int) -> list[int]:
    """Accept jobs as the gateway does, each with a prompt of its own."""
    job = NewJob(
        owner=_OWNER,
        ref_id="",
        model=MODEL,
        request=b"",
        fingerprint="",
        priority=task_names.QUEUED,
        timeout_s=3600,
    )
    with stack.client() as client:
        jobs = JobStore(client, stack.settings)
        return [
            jobs.accept(job._replace(ref_id=f"job-{n}", request=_request(n))).id
            for n in range(count)
        ]


def _request(number: int) -> bytes:
    return CHAT.replace(_QUESTION, f"job-{number}: {_QUESTION}").encode()


def _check_jobs(jobs: JobStore, ids: Sequence[int]) -> None:
    states = Counter(
        f"{job.state} in attempt {job.attempt}" if job else "lost" for job in jobs.summaries(ids)
    )
    if set(states) != {"Completed in attempt 1"}:
        raise BenchmarkFailed(f"not every job was completed at once: {dict(states)}")


def _check_calls(calls: Sequence[LlmCall], count: int) -> None:
    prompts = Counter(call.prompt for call in calls)
    broken = sum(not call.finished for call in calls)
    if len(calls) != count or len(prompts) != count or broken:
        raise BenchmarkFailed(
            f"{len(calls)} calls for {count} jobs, {len(prompts)} different, {broken} broken off"
        )


def _peak(calls: Sequence[LlmCall]) -> int:
    """Return the most calls that overlap: each lasts as long as the others."""
    moments = sorted(call.received_at for call in calls)
    return max(
        number + 1 - bisect_left(moments, moment - _CALL_S) for number, moment in enumerate(moments)
    )


def _report(course: _Course) -> Report:
    full_mib = course.full.rss / MIB
    return Report(
        name="in-flight",
        title=f"{course.calls:,} ten-second calls in flight",
        about=(
            f"{course.calls:,} jobs are queued for {_WORKERS} idle chat workers of "
            f"{course.calls // _WORKERS:,} slots each (`-c {course.calls // _WORKERS}`, "
            f"`REPLYTO_INTERACTIVE_SHARE=0`); the LLM takes {_CALL_S:g} s for each. Leases are as "
            "by default: 30 s, renewed every 10 s. Memory is that of all worker processes: "
            f"{_WORKERS} chat workers, the completion worker, the callbacks worker. Every job must "
            "be Completed in its first attempt, and the LLM must have seen every prompt once, to "
            "the end."
        ),
        columns=("", "value"),
        rows=[
            ("jobs completed, lost, run twice", f"{course.calls:,}, 0, 0"),
            ("most calls in flight at once, seen by the LLM", f"{course.peak:,}"),
            ("from the start of all to the last completed", f"{course.seconds:.1f} s"),
            ("RSS of all workers, idle", f"{course.idle.rss / MIB:.0f} MiB"),
            ("RSS of all workers, highest", f"{full_mib:.0f} MiB"),
            ("PSS of all workers, highest (shared pages once)", f"{course.full.pss / MIB:.0f} MiB"),
            (
                "RSS a call in flight",
                f"{(course.full.rss - course.idle.rss) / course.peak / 1024:.0f} KiB",
            ),
            ("CPU of all workers a job", f"{course.worker_cpu_s / course.calls * 1e6:,.0f} µs"),
        ],
        goals=[
            Goal(
                "memory of all workers (RSS)",
                Spread.of([full_mib]),
                now=_LIMIT_MIB,
                unit="MiB",
                at_least=False,
            ),
            Goal("calls in flight at once", Spread.of([course.peak]), now=course.calls, unit=""),
        ],
    )

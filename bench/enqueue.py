"""Benchmark `enqueue`: how many jobs one gateway process accepts, against a naive Flask view."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from bench.load import stack as stacks
from bench.load.children import Child
from bench.load.clients import Target, queue_to, warn_of_generator
from bench.load.load import Load
from bench.load.stack import Stack, listening
from bench.options import Options
from bench.result import Goal, Report, Spread
from bench.rounds import alternate, cpu_note, ratio
from bench.terminal import Progress
from cli.ports import free_port

_CLIENTS = 32
#: No worker takes what all rounds put in, more than a queue holds by default.
_WITHOUT_BOUNDS = {"REPLYTO_QUEUE_LIMIT": "10000000", "REPLYTO_OWNER_QUEUE_LIMIT": "10000000"}
_OURS, _NAIVE = "ReplyTo's gateway", "naive Flask view"


@dataclass(frozen=True, slots=True)
class _Turn:
    load: Load
    cpu_us: float
    redis_us: float


@dataclass(frozen=True, slots=True)
class _Contender:
    """A server to load, its process, and the Redis behind it."""

    target: Target
    process: Child
    redis: Child

    def turn(self, seconds: float) -> _Turn:
        cpu_s, redis_s = self.process.cpu_s, self.redis.cpu_s
        load = self.target.load(_CLIENTS, seconds)
        return _Turn(
            load,
            (self.process.cpu_s - cpu_s) / load.answered * 1e6,
            (self.redis.cpu_s - redis_s) / load.answered * 1e6,
        )


def run(options: Options, progress: Progress) -> Report:
    """Measure."""
    progress.say("starting two gateways")
    with stacks.running(settings=_WITHOUT_BOUNDS) as stack:
        contenders = {_OURS: _replyto(stack), _NAIVE: _naive(stack)}
        for contender in contenders.values():
            contender.turn(1.0)
        turns = alternate(
            {name: lambda c=c: c.turn(options.load_s) for name, c in contenders.items()},  # type: ignore[misc]
            options.short_rounds,
            progress,
        )
    return _report(turns)


def _replyto(stack: Stack) -> _Contender:
    process, port = stack.gateway()
    return _Contender(queue_to(port, stack.headers), process, stack.ledger)


def _naive(stack: Stack) -> _Contender:
    port = free_port()
    process = stack.children.start(
        "naive",
        [sys.executable, "-m", "bench.baselines.flask_gateway"],
        {"REPLYTO_PORT": str(port), "CELERY_BROKER_URL": stack.other_redis_url},
    )
    process.wait_until(listening(port))
    return _Contender(queue_to(port), process, stack.ledger)


def _report(turns: dict[str, list[_Turn]]) -> Report:
    per_s = {name: [turn.load.per_s for turn in own] for name, own in turns.items()}
    cpu_us = {name: [turn.cpu_us for turn in own] for name, own in turns.items()}
    return Report(
        name="enqueue",
        title="Enqueue: accepted jobs a second of one gateway process",
        about=(
            f"{_CLIENTS} clients POST a chat of two messages to `/api/QueueOpenAiChatCompletion`. "
            "No worker runs. ReplyTo authenticates, validates, and accepts the job with its "
            "message in one step; the naive view parses JSON, does `HSET` and `apply_async`. Both "
            "are one gunicorn/gevent process of the same configuration, on the same Redis with "
            "`appendonly yes`."
        ),
        columns=("gateway", "jobs/s", "p50 ms", "p99 ms", "gateway µs/job", "Redis µs/job"),
        rows=[
            (
                name,
                Spread.of(per_s[name]).show(),
                Spread.of([turn.load.p50_ms for turn in own]).show(1),
                Spread.of([turn.load.p99_ms for turn in own]).show(1),
                Spread.of(cpu_us[name]).show(),
                Spread.of([turn.redis_us for turn in own]).show(),
            )
            for name, own in turns.items()
        ],
        goals=[Goal("enqueue, x naive", ratio(per_s[_OURS], per_s[_NAIVE]), now=2, later=2.5)],
        notes=(
            cpu_note(cpu_us[_OURS], cpu_us[_NAIVE]),
            *warn_of_generator([turn.load for own in turns.values() for turn in own]),
        ),
    )
